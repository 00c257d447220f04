"""Rules of grid operators and tariffs: they fit the connection, its stations and its broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.config.problems import ANY, Finding
from ems.config.schema import SiteFile, StationEntry
from ems.model.electrical import NOMINAL_V

CONTROLLABLE_ABOVE_W: Final = 4200.0
"""From this power on a charging station is a controllable device of § 14a EnWG (`breakers-and-rules.md` §5)."""


def imbalance(file: SiteFile) -> Iterator[Finding]:
    """A bound between phases, in a house that has one."""
    if file.connection.phases == 1 and file.connection.max_imbalance_a is not None:
        yield Finding(
            place=("connection", "max_imbalance_a"),
            problem="stands beside a single phase",
            cure="one phase has nothing to be balanced with; delete the line",
            rests_on=(("connection", "phases"),),
        )


def grid_operator(file: SiteFile) -> Iterator[Finding]:
    """A signal without a broker, and a count of devices that leaves stations out."""
    operator = file.grid_operator
    if operator is None:
        return
    if operator.signal and not file.mqtt:
        yield Finding(
            place=("grid_operator", "signal"),
            problem="needs a broker",
            cure="add the section `mqtt: {host: …}`",
            rests_on=(("mqtt",),),
        )
    stations = sum(_most_w(station) > CONTROLLABLE_ABOVE_W for station in file.stations)
    if operator.devices < stations:
        yield Finding(
            place=("grid_operator", "devices"),
            problem=f"is {operator.devices}, fewer than the {stations} stations above 4.2 kW",
            cure="count every charging station, heat pump, cooler and battery above 4.2 kW",
            rests_on=(("stations", ANY, "max_a"), ("stations", ANY, "wired")),
        )


def _most_w(station: StationEntry) -> float:
    return station.max_a * len(station.wired) * NOMINAL_V
