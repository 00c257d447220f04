"""Connectors of one charging station: each once, and nothing said of the station that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.config.connectors import OF_THE_STATION, identity_of, is_further
from ems.config.problems import Finding, Place
from ems.config.repeats import repeats
from ems.config.schema import SiteFile, StationEntry

UNSHOWN: Final = frozenset({"password", "quirks"})
"""Keys whose values are not for a message."""


def connectors(file: SiteFile) -> Iterator[Finding]:
    """Two entries for one connector."""
    first: dict[tuple[str, int], tuple[str, Place]] = {}
    for i, station in enumerate(file.stations):
        place: Place = ("stations", i, "connector")
        earlier = first.setdefault((identity_of(station), station.connector), (station.id, place))
        if earlier[1] is place or not is_further(file.stations[:i], station):
            continue
        yield Finding(
            place=place,
            problem=f"is {station.connector}, as that of {earlier[0]}, which is of the same station",
            cure="give each connector of a station its own number: 1, 2, as its type plate or manual counts them",
            rests_on=(earlier[1],),
        )


def stations_agree(file: SiteFile) -> Iterator[Finding]:
    """Keys of the whole station for which two of its connectors have different values."""
    for key in OF_THE_STATION:
        first: dict[str, tuple[StationEntry, Place]] = {}
        for i, station in enumerate(file.stations):
            value = getattr(station, key)
            if value is None:
                continue
            place: Place = ("stations", i, key)
            other, earlier = first.setdefault(identity_of(station), (station, place))
            if value == getattr(other, key) or other.connector == station.connector:
                continue
            shown = "is another" if key in UNSHOWN else f"is {value}"
            yield Finding(
                place=place,
                problem=f"{shown} than with {other.id}" if key in UNSHOWN else f"{shown}, another than with {other.id}",
                cure="both are connectors of one station, which has one connection: say it once, or the same with each",
                rests_on=(earlier,),
            )


def second_systems(file: SiteFile) -> Iterator[Finding]:
    """Connectors that would be one and the same station in a second central system."""
    named: list[tuple[str, Place]] = []
    for i, station in enumerate(file.stations):
        if station.upstream is not None:
            own = station.upstream.identity
            place: Place = ("stations", i, "upstream") if own is None else ("stations", i, "upstream", "identity")
            named.append((f"{station.upstream.url}/{identity_of(station) if own is None else own}", place))
    yield from repeats(named, "station's second central system", "give each connector an upstream.identity of its own")
