"""What is known of a kind of station, on the wire."""

from __future__ import annotations

from ems.api.wire.words import Shape


class KnownQuirk(Shape):
    """One thing that is peculiar about a station."""

    key: str
    """As in `stations[].quirks` of the site file."""

    value: str | float | bool | list[str | float]
    said_by: str
    """The row of shipped quirks that says so, or `site file`."""


class KnownWay(Shape):
    """A form in which limits are told."""

    form: str
    """As in the table of `docs/stations.md`."""

    purpose: str
    connector: int
    unit: str
    level: int


class StationQuirks(Shape):
    """Who a station says it is, and what follows from that."""

    vendor: str | None
    """Null for a station that has not said who it is."""

    model: str | None
    firmware: str | None
    rows: list[str]
    """Names of the shipped rows that are about it, the general ones first."""

    quirks: list[KnownQuirk]
    way: KnownWay | None
    """How it is told its limits now; null while it has taken none."""

    obeyed: KnownWay | None
    """What its kind was seen to obey."""

    ignored: list[KnownWay]
    """What its kind took and did not obey."""
