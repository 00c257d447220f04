"""Entries of the site file that are connectors of one charging station: those that share its identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ems.config.schema import StationEntry
from ems.config.schema_csms import BootAnswer

OF_THE_STATION: Final = ("serial", "ocpp", "security_profile", "password", "quirks", "boot")
"""Keys that are the whole station's: given with any of its connectors, they hold for all."""


def identity_of(entry: StationEntry) -> str:
    """The last part of the address that the station of this entry connects to."""
    return entry.id if entry.identity is None else entry.identity


def together(stations: Sequence[StationEntry]) -> Mapping[str, tuple[StationEntry, ...]]:
    """By identity the connectors of each station, the lowest first, each with all that is said of the station.

    Raises ValueError where two entries are the same connector of one station.
    """
    groups: dict[str, list[StationEntry]] = {}
    for entry in stations:
        groups.setdefault(identity_of(entry), []).append(entry)
    return {identity: _completed(identity, group) for identity, group in groups.items()}


def is_alone(group: Sequence[StationEntry]) -> bool:
    """Whether a station has no connector but its first, as far as anybody configured: that one stands for all of it."""
    return len(group) == 1 and group[0].connector == 1


def of_the_station(group: Sequence[StationEntry]) -> StationEntry:
    """What holds for a station as a whole: the entry of its first connector, and the most that any of them can draw.

    It is kept waiting, or turned down, where any of them is.
    """
    kept = next((each.boot for each in group if each.boot is not BootAnswer.ACCEPT), BootAnswer.ACCEPT)
    most_a = max(each.hardware_max_a or each.max_a for each in group)
    return group[0].model_copy(update={"hardware_max_a": most_a, "boot": kept})


def is_further(earlier: Sequence[StationEntry], entry: StationEntry) -> bool:
    """Whether an entry is meant as one more connector of an earlier one's station: one of them names its connector."""
    return any(
        identity_of(each) == identity_of(entry)
        and each.id != entry.id
        and ("connector" in each.model_fields_set or "connector" in entry.model_fields_set)
        for each in earlier
    )


def _completed(identity: str, group: Sequence[StationEntry]) -> tuple[StationEntry, ...]:
    if len({entry.connector for entry in group}) < len(group):
        raise ValueError(
            f"two stations have the identity {identity!r}; it is what tells them apart, unless they are"
            " different connectors of one station"
        )
    ordered = sorted(group, key=lambda entry: entry.connector)
    said = {key: value for key in OF_THE_STATION if (value := _said(key, ordered)) is not None}
    return tuple(
        entry.model_copy(update={key: value for key, value in said.items() if not says(entry, key)})
        for entry in ordered
    )


def says(entry: StationEntry, key: str) -> bool:
    """Whether an entry itself says that of its station."""
    return key in entry.model_fields_set and getattr(entry, key) is not None


def _said(key: str, group: Sequence[StationEntry]) -> object:
    return next((getattr(entry, key) for entry in group if says(entry, key)), None)
