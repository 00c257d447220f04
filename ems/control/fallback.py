"""The static dead-man proof (`control.md` §7): do all fuses hold when nobody controls any more?

A verified station falls back to its own fallback current; one whose fall-back nobody has tested may draw all its
hardware can. Together with the largest other load they must fit each phase of each fuse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ems.model.electrical import Circuit, Phase
from ems.model.site import Site, Station

KAPPA: Final = 1.0
"""κ: the share of the derated fuse rating that the sum may reach (`control.md` §7)."""

LARGEST_A: Final = 32.0
"""The largest fallback current that a site file may state."""

_ROUNDING_A: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseProof:
    """One phase of one fuse without control."""

    circuit_id: str
    phase: Phase
    stations_a: float
    """What the stations behind it may draw: fallback currents of verified ones, hardware maxima of the others."""

    other_load_a: float | None
    """Largest current of everything else, as stated here or further up; None when nobody has worked it out."""

    bound_a: float
    """κ times rating times derating."""

    covered: bool
    culprits: tuple[str, ...] = ()
    """The stations that draw on an uncovered phase, largest first; none when the other load alone is too much."""


def proof(site: Site) -> tuple[FuseProof, ...]:
    """One row for every phase of every fuse, in the order of the circuit tree."""
    return tuple(_row(site, circuit, phase) for circuit in site.circuits for phase in circuit.phases)


def is_covered(rows: Iterable[FuseProof]) -> bool:
    """Whether every fuse holds."""
    return all(row.covered for row in rows)


def uncontrolled_a(station: Station) -> float:
    """What a station may draw per wired phase when it hears nothing, amperes."""
    return station.fallback_a if station.lease_verified else station.hardware_max_a


def largest_fallbacks(site: Site) -> Mapping[str, float]:
    """The largest fallback current of every station, amperes, that is covered once all of them are verified.

    Each is 0 or at least the station's minimum. Stations of high priority get their minimum first, then those that
    need less of it; what is left is shared evenly. Behind a fuse whose other load is unknown, all are 0.
    """
    rows = tuple(_Room(site, circuit, phase) for circuit in site.circuits for phase in circuit.phases)
    admitted: list[Station] = []
    for station in sorted(site.stations, key=_admission_order):
        trial = {each.station_id: each.min_a for each in (*admitted, station)}
        if all(row.holds(trial) for row in rows):
            admitted.append(station)
    shares = _filled(admitted, rows)
    return {station.station_id: shares.get(station.station_id, 0.0) for station in site.stations}


def with_fallbacks(site: Site, fallbacks: Mapping[str, float]) -> Site:
    """The site with these fallback currents, all verified: what it would be after commissioning them."""
    stations = (
        replace(station, fallback_a=fallbacks[station.station_id], lease_verified=True) for station in site.stations
    )
    return replace(site, stations=tuple(stations))


def _row(site: Site, circuit: Circuit, phase: Phase) -> FuseProof:
    drawing = [
        station for station in site.below(circuit.circuit_id) if phase in station.wiring and uncontrolled_a(station) > 0
    ]
    stations_a = math.fsum(uncontrolled_a(station) for station in drawing)
    bound_a = _bound_a(circuit)
    other_a = site.circuits.other_load_a(circuit.circuit_id)
    # A load that was stated further up need not flow here, so it accuses no fuse without stations.
    idle = circuit.largest_other_load_a is None and not drawing
    covered = idle or (other_a is not None and stations_a + other_a <= bound_a + _ROUNDING_A)
    return FuseProof(
        circuit_id=circuit.circuit_id,
        phase=phase,
        stations_a=stations_a,
        other_load_a=other_a,
        bound_a=bound_a,
        covered=covered,
        culprits=() if covered else _largest_first(drawing),
    )


def _largest_first(stations: Iterable[Station]) -> tuple[str, ...]:
    return tuple(station.station_id for station in sorted(stations, key=uncontrolled_a, reverse=True))


def _bound_a(circuit: Circuit) -> float:
    return KAPPA * circuit.fuse.rating_a * circuit.derating


class _Room:
    """What one phase of one fuse leaves for fallback currents."""

    def __init__(self, site: Site, circuit: Circuit, phase: Phase) -> None:
        other_a = site.circuits.other_load_a(circuit.circuit_id)
        self.room_a: Final = 0.0 if other_a is None else max(_bound_a(circuit) - other_a, 0.0)
        self.station_ids: Final = tuple(
            station.station_id for station in site.below(circuit.circuit_id) if phase in station.wiring
        )

    def left_a(self, shares: Mapping[str, float]) -> float:
        return self.room_a - math.fsum(shares.get(name, 0.0) for name in self.station_ids)

    def holds(self, shares: Mapping[str, float]) -> bool:
        return self.left_a(shares) >= -_ROUNDING_A


def _admission_order(station: Station) -> tuple[int, float]:
    return (-station.goal.priority, station.min_a * len(station.wiring))


def _filled(admitted: Sequence[Station], rows: Sequence[_Room]) -> Mapping[str, float]:
    """Progressive filling from the minimums: all rise together, and a station stops where a row is full."""
    shares = {station.station_id: station.min_a for station in admitted}
    rising = {station.station_id: station for station in admitted if _ceiling_a(station) > station.min_a}
    while rising:
        rise_a = min(
            *(_ceiling_a(station) - shares[name] for name, station in rising.items()),
            *(_rise_a(row, shares, rising) for row in rows),
        )
        shares.update({name: shares[name] + rise_a for name in rising})
        full = {name for row in rows if row.left_a(shares) <= _ROUNDING_A for name in row.station_ids}
        rising = {
            name: station
            for name, station in rising.items()
            if name not in full and _ceiling_a(station) - shares[name] > _ROUNDING_A
        }
    return {station.station_id: _in_steps(station, shares[station.station_id]) for station in admitted}


def _ceiling_a(station: Station) -> float:
    return min(station.max_a, LARGEST_A)


def _rise_a(row: _Room, shares: Mapping[str, float], rising: Mapping[str, Station]) -> float:
    """How far the rising stations of a row can rise together."""
    count = sum(name in rising for name in row.station_ids)
    return max(row.left_a(shares), 0.0) / count if count else math.inf


def _in_steps(station: Station, current_a: float) -> float:
    """Rounded down to what the station's limit can be set to."""
    steps = math.floor((current_a + _ROUNDING_A) / station.step_a)
    return max(round(steps * station.step_a, 3), station.min_a)
