"""The tree of counters of `openwb`: what each phase of each fuse has left while currents are handed out (B.1–B.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ems.model.electrical import NOMINAL_V, PerPhase, Wiring
from ems.model.readings import GridReading
from ems.model.site import Site, Station
from ems.sim.policies.seen import usable_a

BLIND_W: Final = 7000.0
"""All cars together while the grid meter is lost."""


@dataclass(slots=True)
class Counters:
    """Current and power that are still to be had in this cycle."""

    site: Site
    left_a: dict[str, list[float]]
    left_w: float

    def room_a(self, station: Station, wiring: Wiring) -> float:
        """The most that `station` could still take on each phase of `wiring`."""
        room_a = self.left_w / (NOMINAL_V * len(wiring))
        for circuit in self.site.circuits.above(station.circuit_id):
            left_a = self.left_a[circuit.circuit_id]
            for phase in wiring:
                room_a = min(room_a, left_a[phase])
        return max(0.0, room_a)

    def share_a(self, station: Station, wiring: Wiring, waiting: Iterable[tuple[Station, Wiring]]) -> float:
        """What is left on each phase on the way up, divided by how many of `waiting` hang on it; the least of these."""
        rivals = tuple(waiting)
        share_a = self.room_a(station, wiring)
        for circuit in self.site.circuits.above(station.circuit_id):
            below = [w for rival, w in rivals if self.site.circuits.feeds(circuit.circuit_id, rival.circuit_id)]
            left_a = self.left_a[circuit.circuit_id]
            for phase in wiring:
                share_a = min(share_a, left_a[phase] / sum(phase in w for w in below))
        return max(0.0, share_a)

    def take(self, station: Station, wiring: Wiring, amount_a: float) -> None:
        """Note that `amount_a` on each phase of `wiring` is given away."""
        self.left_w -= amount_a * NOMINAL_V * len(wiring)
        for circuit in self.site.circuits.above(station.circuit_id):
            left_a = self.left_a[circuit.circuit_id]
            for phase in wiring:
                left_a[phase] -= amount_a


def fresh_counters(site: Site, meters: dict[str, GridReading], cars_a: dict[str, PerPhase], cars_w: float) -> Counters:
    """Limits less what is no car. A circuit without an entry in `meters` is taken to feed cars only.

    Without the main meter all cars together get the blind cap. The main circuit's power limit is its fuse at 230 V.
    """
    left_a = {}
    for circuit in site.circuits:
        limit_a = PerPhase.on(circuit.phases, usable_a(circuit))
        reading = meters.get(circuit.circuit_id)
        if reading is not None:
            limit_a -= reading.current_a
            for station in site.below(circuit.circuit_id):
                limit_a += cars_a[station.station_id]
        left_a[circuit.circuit_id] = [max(0.0, amps) for amps in limit_a]
    main = site.circuits.main
    reading = meters.get(main.circuit_id)
    fuse_w = usable_a(main) * NOMINAL_V * len(main.phases)
    return Counters(site, left_a, BLIND_W if reading is None else max(0.0, fuse_w - reading.power_w + cars_w))
