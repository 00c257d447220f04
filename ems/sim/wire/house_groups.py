"""Which entries of a site file are one device: a hybrid stands there several times. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ems.config.schema import BatteryEntry, MeterEntry, SolarEntry
from ems.devices.profile_parts import Kind

Entry: TypeAlias = MeterEntry | SolarEntry | BatteryEntry


def kind_of(entry: Entry) -> Kind:
    """What it is used as."""
    return "meter" if isinstance(entry, MeterEntry) else "inverter" if isinstance(entry, SolarEntry) else "battery"


def devices_of(asked: Iterable[tuple[str, int | None, Entry]]) -> Iterator[list[Entry]]:
    """The entries of each device, by where it answers and its profile."""
    groups: dict[tuple[str, int | None, str | None], list[Entry]] = {}
    for host, port, entry in asked:
        groups.setdefault((host, port, entry.profile), []).append(entry)
    for group in groups.values():
        yield from _once_each(group)


def _once_each(group: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Devices of the group, each with at most one entry of a kind, and those with points of their own alone."""
    rest = list(group)
    while rest:
        taken: list[Entry] = []
        for entry in rest:
            alone = entry.profile is None and taken
            if not alone and kind_of(entry) not in {kind_of(each) for each in taken}:
                taken.append(entry)
        rest = [entry for entry in rest if entry not in taken]
        yield taken
