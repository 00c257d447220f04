"""Limits go up slowly: into room that has lasted, in steps, never into what another car may still draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.control.demand import least_wanted_a
from ems.control.headroom import Headroom
from ems.control.memory import Memory, RowKey
from ems.control.seen.in_force import commanded_since_s
from ems.control.settle import rounded_down
from ems.control.sun.surplus import FOLLOWS_SUN
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.site import Station
from ems.model.snapshot import Snapshot

RAISE_STEP_S: Final = 5.0
"""A limit rises at most once in this time, by `Policy.ramp_a_per_s` times it."""

MARGIN_LASTS_S: Final = 300.0
"""So long after a stop by the guard a restart wants more than the minimum. Later it would only keep a place unused that
the sharing holds free for the car (assumed)."""

SUN_TAKES_OF_ROOM: Final = 0.5
"""A car that follows the sun may rise by this share of the room that its fuses leave, where that is more than the ramp:
clouds open in seconds, and far below the fuse a slow ramp protects nothing (assumed)."""


def raise_slowly(
    base: Mapping[str, Setpoint],
    wishes: Mapping[str, Setpoint],
    now: Snapshot,
    memory: Memory,
    room: Headroom,
    room_since_s: Mapping[RowKey, float],
) -> dict[str, Setpoint]:
    """`base` with as much of each wish as is allowed now, highest priority first; never above a wish."""
    given = dict(base)
    if not wishes:
        return given
    ladder = _Ladder(now=now, memory=memory, room=room, room_since_s=room_since_s, used_a=_used(base, now, room))
    for station in sorted(now.site.stations, key=lambda s: -now.goal_of(s.station_id).priority):
        wish = wishes.get(station.station_id)
        if wish is not None:
            given[station.station_id] = ladder.climb(station, base[station.station_id], wish)
    return given


def _used(base: Mapping[str, Setpoint], now: Snapshot, room: Headroom) -> dict[RowKey, float]:
    """Per row, what all stations may draw: their set-points, or what they may not yet have let go."""
    used_a = {}
    on = {s.station_id: room.loaded(s, base[s.station_id].phases) for s in now.site.stations}
    for key, row in room.rooms.items():
        total_a = 0.0
        for station in now.site.on_phase(row.circuit_id, key[1]):
            station_id = station.station_id
            limit_a = base[station_id].limit_a if key[1] in on[station_id] else 0.0
            total_a += max(limit_a, room.ceilings_a[station_id][key[1]])
        used_a[key] = total_a
    return used_a


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spare:
    """The tightest row of one station, and the most the station may take there."""

    key: RowKey
    most_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ladder:
    """The raises of one cycle: each leaves less for the next."""

    now: Snapshot
    memory: Memory
    room: Headroom
    room_since_s: Mapping[RowKey, float]
    used_a: dict[RowKey, float]

    def climb(self, station: Station, base: Setpoint, wish: Setpoint) -> Setpoint:
        """One step from `base` towards the wish, or `base` with the reason why not."""
        keys = [
            (circuit.circuit_id, phase)
            for circuit in self.now.site.circuits.above(station.circuit_id)
            for phase in self.room.loaded(station, wish.phases)
        ]
        base_phases = self.room.loaded(station, base.phases)
        ceilings_a = self.room.ceilings_a[station.station_id]
        held_a = {key: max(base.limit_a if key[1] in base_phases else 0.0, ceilings_a[key[1]]) for key in keys}
        options = [
            _Spare(key=key, most_a=self.room.rooms[key].for_raises_a - self.used_a[key] + held_a[key]) for key in keys
        ]
        spare = min(options, key=lambda option: option.most_a)
        held_back = self._too_early(keys) or self._too_soon(station, spare)
        if held_back is not None:
            return replace(base, reason=held_back)
        raised = self._raised(station, base, wish, spare)
        for key in keys:
            self.used_a[key] += max(0.0, raised.limit_a - held_a[key])
        return raised

    def _too_early(self, keys: list[RowKey]) -> Reason | None:
        """Why the fuses do not allow a raise yet; None when they do."""
        wait_s = self.now.site.policy.raise_wait_s
        for key in keys:
            if key not in self.room_since_s:
                return self.room.rooms[key].raise_reason
            lasted_s = self.now.now_s - self.room_since_s[key]
            if lasted_s < wait_s:
                return _settling(wait_s - lasted_s)
        return None

    def _too_soon(self, station: Station, spare: _Spare) -> Reason | None:
        """Why the station must wait after its last change, or after the guard stopped it; None when it need not."""
        policy = self.now.site.policy
        since_s = commanded_since_s(self.now.state_of(station.station_id))
        if since_s is not None and self.now.now_s - since_s < RAISE_STEP_S:
            return _settling(RAISE_STEP_S - (self.now.now_s - since_s))
        timers = self.memory.timers_of(station.station_id)
        for stopped_at_s in (timers.shed_at_s, timers.squeezed_at_s):
            if stopped_at_s is not None and self.now.now_s - stopped_at_s < policy.restart_wait_s:
                return _settling(policy.restart_wait_s - (self.now.now_s - stopped_at_s))
        if timers.shed_at_s is None or self.now.now_s - timers.shed_at_s > MARGIN_LASTS_S:
            return None
        if spare.most_a < station.min_a + policy.restart_margin_a:
            return self.room.rooms[spare.key].raise_reason
        return None

    def _raised(self, station: Station, base: Setpoint, wish: Setpoint, spare: _Spare) -> Setpoint:
        """From a pause to the minimum, else up by at most one ramp."""
        starts = wish.phases > base.phases or base.limit_a <= 0
        least_a = least_wanted_a(station, self.now.goal_of(station.station_id))
        ramp_to_a = max(least_a, 0.0 if starts else base.limit_a + self._step_a(station, base, spare))
        target_a = rounded_down(min(wish.limit_a, spare.most_a, ramp_to_a), station)
        fuse_binds = spare.most_a < min(wish.limit_a, ramp_to_a)
        reason = self.room.rooms[spare.key].raise_reason if fuse_binds else _settling(None)
        if target_a <= 0 or (target_a <= base.limit_a and not starts):
            return replace(base, reason=reason)
        return wish.lowered_to(target_a, reason)

    def _step_a(self, station: Station, base: Setpoint, spare: _Spare) -> float:
        """How far one raise goes."""
        ramp_a = self.now.site.policy.ramp_a_per_s * RAISE_STEP_S
        if self.now.goal_of(station.station_id).mode not in FOLLOWS_SUN:
            return ramp_a
        return max(ramp_a, SUN_TAKES_OF_ROOM * (spare.most_a - base.limit_a))


def _settling(remaining_s: float | None) -> Reason:
    return Reason(code=LimitReason.SETTLING, remaining_s=remaining_s)
