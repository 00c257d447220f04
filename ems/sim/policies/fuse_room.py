"""What the fuses leave for the cars, as the systems without solar mode work it out."""

from __future__ import annotations

from collections.abc import Iterable

from ems.model.electrical import PerPhase
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.seen import fresh_meter, on_house, usable_a


def free_for_cars_a(now: Snapshot, within_s: float) -> dict[str, PerPhase] | None:
    """Per circuit and phase, limit less everything that is no car; None while the main meter is older than `within_s`.

    A sub-circuit without a fresh meter is taken to feed cars only.
    """
    site = now.site
    if fresh_meter(now, site.circuits.main.circuit_id, within_s) is None:
        return None
    cars_a = {s.station_id: on_house(s.wiring, now.state_of(s.station_id)) for s in site.stations}
    free_a = {}
    for circuit in site.circuits:
        limit = PerPhase.on(circuit.phases, usable_a(circuit))
        reading = fresh_meter(now, circuit.circuit_id, within_s)
        if reading is not None:
            limit -= reading.current_a
            for station in site.below(circuit.circuit_id):
                limit += cars_a[station.station_id]
        free_a[circuit.circuit_id] = limit
    return free_a


def equal_share_a(station: Station, among: Iterable[Station], site: Site, free_a: dict[str, PerPhase]) -> float:
    """What `station` gets when each circuit and phase is divided equally among those of `among` that use it, in A."""
    rivals = tuple(among)
    share_a = station.max_a
    for circuit in site.circuits.above(station.circuit_id):
        below = [rival for rival in rivals if site.circuits.feeds(circuit.circuit_id, rival.circuit_id)]
        for phase in station.wiring:
            count = sum(phase in rival.wiring for rival in below)
            share_a = min(share_a, free_a[circuit.circuit_id][phase] / count)
    return share_a
