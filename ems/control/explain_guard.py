"""The end of an explanation: what the guard took away, and how much of a raise it let through."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ems.control.cycle import Stages
from ems.control.guarding.thermal import time_to_trip_s
from ems.control.memory import RowKey
from ems.control.seen.in_force import commanded, phases_allowed
from ems.model.decision import LimitReason, Setpoint
from ems.model.explanation import Stage, Step
from ems.model.site import Station
from ems.model.snapshot import Snapshot

LOWERED_BY_GUARD: Final = frozenset(
    {
        LimitReason.METER_LOST,
        LimitReason.NOT_COMMISSIONED,
        LimitReason.IGNORES_LIMIT,
        LimitReason.PHASE_IMBALANCE,
        LimitReason.GRID_OPERATOR,
        LimitReason.PRICE,
    }
)
"""Reasons that hold whatever is commanded: not a raise that takes its time."""


def guard_steps(now: Snapshot, stages: Stages, station: Station) -> Iterator[Step]:
    """One step for the guard, and one for the raise where the wish is above what is commanded."""
    yield from _Guarding(now, stages, station).steps()


@dataclass(frozen=True, slots=True)
class _Guarding:
    """One station at the end of a cycle."""

    now: Snapshot
    stages: Stages
    station: Station

    def steps(self) -> Iterator[Step]:
        """The guard's cut, or that there was none; and how much of a raise it let through."""
        calmed = self.stages.calmed[self.station.station_id]
        final = self.stages.guarded.setpoints[self.station.station_id]
        limit = commanded(self.now.state_of(self.station.station_id), self.now.now_s)
        in_force_a = self.station.fallback_a if limit is None else limit.limit_a
        in_force_phases = final.phases if limit is None or limit.limit_a <= 0 else limit.phases
        rises = calmed.limit_a > in_force_a or calmed.phases > in_force_phases
        changed = (final.limit_a, final.phases) != (calmed.limit_a, calmed.phases)
        cut = changed and (
            final.limit_a < min(calmed.limit_a, in_force_a)
            or not rises
            or (final.reason != calmed.reason and final.reason.code in LOWERED_BY_GUARD)
        )
        kept = final if cut or not rises else calmed
        key, facts = self._tightest(kept)
        yield Step(
            stage=Stage.GUARD,
            reason=kept.reason,
            before_a=calmed.limit_a,
            limit_a=kept.limit_a,
            phases=kept.phases,
            facts=facts,
            circuit_id=key and key[0],
            phase=key and key[1],
        )
        if rises and not cut:
            yield Step(
                stage=Stage.RAISE,
                reason=final.reason,
                before_a=calmed.limit_a,
                limit_a=final.limit_a,
                phases=final.phases,
                facts={"commanded_a": in_force_a, **self._raise_facts(calmed)},
            )

    def _tightest(self, setpoint: Setpoint) -> tuple[RowKey | None, dict[str, float]]:
        """The fuse and phase above the station that has least to spare beyond what is given, with its numbers."""
        rooms = self.stages.room.rooms
        keys = self._keys(setpoint)
        if not keys:
            return None, {}
        key = min(keys, key=lambda each: rooms[each].now_a - self._given_a(each))
        named = (setpoint.reason.circuit_id, setpoint.reason.phase)
        key = next((each for each in keys if each == named), key)
        spot = rooms[key]
        view = self.stages.views.get(key[0])
        facts = {
            "usable_a": spot.usable_a,
            "house_a": spot.house_a,
            "held_a": spot.held_a,
            "room_a": spot.now_a,
            "at_risk_a": spot.at_risk_a,
            "given_a": self._given_a(key),
        }
        facts |= known_only(thermal=self.stages.thermal.get(key))
        if view is not None and view.good is not None:
            facts["measured_a"] = view.good.current_a[key[1]]
            facts |= self._time_to_trip(key, view.good.current_a[key[1]])
        return key, facts

    def _time_to_trip(self, key: RowKey, current_a: float) -> dict[str, float]:
        theta = self.stages.thermal.get(key)
        if theta is None:
            return {}
        left_s = time_to_trip_s(self.now.site.circuits[key[0]], theta, current_a)
        return {"time_to_trip_s": left_s} if math.isfinite(left_s) else {}

    def _keys(self, setpoint: Setpoint) -> list[RowKey]:
        return [
            (circuit.circuit_id, phase)
            for circuit in self.now.site.circuits.above(self.station.circuit_id)
            for phase in phases_allowed(self.station, setpoint.phases)
            if (circuit.circuit_id, phase) in self.stages.room.rooms
        ]

    def _given_a(self, key: RowKey) -> float:
        """What the final set-points may load that fuse and phase with."""
        setpoints = self.stages.guarded.setpoints
        return sum(
            setpoints[each.station_id].limit_a
            for each in self.now.site.below(key[0])
            if key[1] in phases_allowed(each, setpoints[each.station_id].phases)
        )

    def _raise_facts(self, wanted: Setpoint) -> dict[str, float]:
        """How long there has been room on every fuse on the way, and what raises may fill there."""
        keys = self._keys(wanted)
        since_s = [self.stages.guarded.room_since_s.get(key) for key in keys]
        facts = {"ramp_a_per_s": self.now.site.policy.ramp_a_per_s}
        facts |= known_only(room_a=min((self.stages.room.rooms[key].for_raises_a for key in keys), default=None))
        lasted_s = [self.now.now_s - each for each in since_s if each is not None]
        return facts | ({"room_for_s": min(lasted_s)} if keys and len(lasted_s) == len(keys) else {})


def known_only(**numbers: float | None) -> dict[str, float]:
    """Those of the numbers that are known."""
    return {name: number for name, number in numbers.items() if number is not None}
