"""Since when each station charges or pauses, and when it changed its phases: what the next cycle must know."""

from __future__ import annotations

from dataclasses import replace

from ems.control.guard import Guarded
from ems.control.memory import Memory, StationTimers
from ems.control.sun.sun_cars import DAY_S
from ems.model.decision import Setpoint
from ems.model.snapshot import Snapshot


def timers_after(now: Snapshot, memory: Memory, guarded: Guarded) -> dict[str, StationTimers]:
    """Those of every station after this cycle.

    A station that nobody can tell anything keeps its timers: what it does meanwhile is not our doing.
    """
    return {
        station_id: station_timers(
            memory.timers_of(station_id), setpoint, station_id in guarded.shed, now, station_id in guarded.squeezed
        )
        if now.state_of(station_id).connected
        else memory.timers_of(station_id)
        for station_id, setpoint in guarded.setpoints.items()
    }


def charging_since_s(memory: Memory) -> dict[str, float]:
    """Since when each station that charges does so on the same phases, monotonic."""
    return {
        station_id: since_s
        for station_id, timers in memory.timers.items()
        if (since_s := timers.same_phases_since_s) is not None
    }


def station_timers(
    before: StationTimers, setpoint: Setpoint, shed: bool, now: Snapshot, squeezed: bool = False
) -> StationTimers:
    """Those of one station after it got that set-point."""
    if setpoint.limit_a <= 0:
        if before.on_since_s is None and not (shed or squeezed):
            return before
        return replace(
            before,
            on_since_s=None,
            off_since_s=before.off_since_s if before.on_since_s is None else now.now_s,
            shed_at_s=now.now_s if shed else before.shed_at_s,
            squeezed_at_s=now.now_s if squeezed else before.squeezed_at_s,
        )
    switched = before.last_phases not in {0, setpoint.phases}
    if before.on_since_s is not None and not switched and before.last_phases:
        return before
    recent = tuple(at_s for at_s in before.switched_at_s if at_s > now.now_s - DAY_S)
    return StationTimers(
        on_since_s=now.now_s if before.on_since_s is None else before.on_since_s,
        last_phases=setpoint.phases,
        switched_at_s=(*recent, now.now_s) if switched else recent,
    )
