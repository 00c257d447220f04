"""What the fuses leave for the cars, as the systems without solar mode work it out."""

from __future__ import annotations

from collections.abc import Iterable

from ems.model.electrical import PerPhase
from ems.model.readings import GridReading
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.seen import fresh_meter, on_house, usable_a


class FuseRoom:
    """Limits less the house, which is worked out once for each sample: cars that moved since are none of its news."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._house: dict[str, tuple[float, PerPhase]] = {}
        """Per metered circuit: when the sample was taken, and what was no car in it."""

    def free_a(self, now: Snapshot) -> dict[str, PerPhase] | None:
        """Per circuit and phase, what the cars may take; None while the main meter's sample is too old.

        A sub-circuit without a fresh meter is taken to feed cars only.
        """
        if fresh_meter(now, now.site.circuits.main.circuit_id, self._within_s) is None:
            return None
        free_a = {}
        for circuit in now.site.circuits:
            free_a[circuit.circuit_id] = PerPhase.on(circuit.phases, usable_a(circuit))
            reading = fresh_meter(now, circuit.circuit_id, self._within_s)
            if reading is not None:
                free_a[circuit.circuit_id] -= self._house_a(now, circuit.circuit_id, reading)
        return free_a

    def _house_a(self, now: Snapshot, circuit_id: str, reading: GridReading) -> PerPhase:
        taken_at_s, house_a = self._house.get(circuit_id, (None, reading.current_a))
        if taken_at_s != reading.taken_at_s:
            house_a = reading.current_a
            for station in now.site.below(circuit_id):
                house_a -= on_house(station.wiring, now.state_of(station.station_id))
            self._house[circuit_id] = (reading.taken_at_s, house_a)
        return house_a


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
