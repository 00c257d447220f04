"""The circuits of `evcc`: one scalar current each, the clamp of every limit below them (`baselines.md` A.2 and A.5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from ems.model.electrical import Circuit
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.sim.policies.seen import usable_a

METER_TIMEOUT_S: Final = 60.0


class EvccCircuits:
    """The measured current of every circuit, largest phase, as one tick saw it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._measured_a: dict[str, float] = {}

    def update(self, now: Snapshot, drawn_a: Mapping[str, float]) -> None:
        """Take the meters, and where none is, the sum of `drawn_a` (largest phase of each station) below.

        A sub-circuit's meter that is silent for 60 s counts as infinitely loaded, which stops the cars below it.
        """
        measured_a = dict.fromkeys((circuit.circuit_id for circuit in self._site.circuits), 0.0)
        for station in self._site.stations:
            measured_a[station.circuit_id] += drawn_a[station.station_id]
        for circuit in reversed(self._site.circuits.circuits):
            reading = now.meters.get(circuit.circuit_id)
            if reading is not None:
                fresh = now.now_s - reading.taken_at_s <= METER_TIMEOUT_S
                measured_a[circuit.circuit_id] = max(reading.current_a) if fresh else math.inf
            if circuit.parent_id is not None:
                measured_a[circuit.parent_id] += measured_a[circuit.circuit_id]
        self._measured_a = measured_a

    def allowed_a(self, circuit_id: str, old_a: float, new_a: float) -> float:
        """`new_a`, lowered until every circuit up to the main one has room for the change from `old_a`."""
        for circuit in self._site.circuits.above(circuit_id):
            new_a = self._clamped_a(circuit, old_a, new_a)
        return new_a

    def _clamped_a(self, circuit: Circuit, old_a: float, new_a: float) -> float:
        room_a = usable_a(circuit) - self._measured_a[circuit.circuit_id]
        if max(0.0, new_a - old_a) > room_a:
            return min(new_a, max(0.0, old_a + room_a))
        return new_a
