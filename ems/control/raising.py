"""Limits go up slowly: into room that has lasted, in steps, never into what another car may still draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.control.headroom import Headroom
from ems.control.in_force import commanded_since_s, phases_allowed
from ems.control.memory import Memory, RowKey
from ems.control.settle import rounded_down
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.site import Station
from ems.model.snapshot import Snapshot

RAISE_STEP_S: Final = 5.0
"""A limit rises at most once in this time, by `Policy.ramp_a_per_s` times it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spare:
    """The tightest row of one station, and the most the station may take there."""

    key: RowKey
    most_a: float


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
    used_a = _used(base, now, room)
    for station in sorted(now.site.stations, key=lambda s: -now.goal_of(s.station_id).priority):
        wish = wishes.get(station.station_id)
        if wish is None:
            continue
        keys = _keys(station, wish.phases, now)
        spare = _spare(station, base[station.station_id], keys, used_a, room)
        held_back = _held_back(station, keys, spare, now, memory, room, room_since_s)
        if held_back is not None:
            given[station.station_id] = replace(base[station.station_id], reason=held_back)
            continue
        raised = _raised(station, base[station.station_id], wish, spare, now, room)
        given[station.station_id] = raised
        for key in keys:
            already_a = max(base[station.station_id].limit_a, room.ceilings_a[station.station_id][key[1]])
            used_a[key] += max(0.0, raised.limit_a - already_a)
    return given


def _used(base: Mapping[str, Setpoint], now: Snapshot, room: Headroom) -> dict[RowKey, float]:
    """Per row, what all stations may draw: their set-points, or what they may not yet have let go."""
    used_a = {}
    for key, row in room.rooms.items():
        used_a[key] = sum(
            max(
                base[s.station_id].limit_a if key[1] in phases_allowed(s, base[s.station_id].phases) else 0.0,
                room.ceilings_a[s.station_id][key[1]],
            )
            for s in now.site.below(row.circuit_id)
        )
    return used_a


def _keys(station: Station, phases: int, now: Snapshot) -> list[RowKey]:
    return [
        (circuit.circuit_id, phase)
        for circuit in now.site.circuits.above(station.circuit_id)
        for phase in phases_allowed(station, phases)
    ]


def _spare(
    station: Station, base: Setpoint, keys: list[RowKey], used_a: Mapping[RowKey, float], room: Headroom
) -> _Spare:
    own_a = room.ceilings_a[station.station_id]
    options = [
        _Spare(key=key, most_a=room.rooms[key].for_raises_a - used_a[key] + max(base.limit_a, own_a[key[1]]))
        for key in keys
    ]
    return min(options, key=lambda option: option.most_a)


def _held_back(
    station: Station,
    keys: list[RowKey],
    spare: _Spare,
    now: Snapshot,
    memory: Memory,
    room: Headroom,
    room_since_s: Mapping[RowKey, float],
) -> Reason | None:
    """Why the limit may not rise at all now; None when it may."""
    policy = now.site.policy
    for key in keys:
        if key not in room_since_s:
            return room.rooms[key].raise_reason
        lasted_s = now.now_s - room_since_s[key]
        if lasted_s < policy.raise_wait_s:
            return _settling(policy.raise_wait_s - lasted_s)
    since_s = commanded_since_s(now.state_of(station.station_id))
    if since_s is not None and now.now_s - since_s < RAISE_STEP_S:
        return _settling(RAISE_STEP_S - (now.now_s - since_s))
    shed_at_s = memory.timers_of(station.station_id).shed_at_s
    if shed_at_s is None:
        return None
    if now.now_s - shed_at_s < policy.restart_wait_s:
        return _settling(policy.restart_wait_s - (now.now_s - shed_at_s))
    if spare.most_a < station.min_a + policy.restart_margin_a:
        return room.rooms[spare.key].raise_reason
    return None


def _raised(station: Station, base: Setpoint, wish: Setpoint, spare: _Spare, now: Snapshot, room: Headroom) -> Setpoint:
    """The next step towards the wish: from a pause to the minimum, else by at most one ramp."""
    ramp_to_a = max(station.min_a, base.limit_a + now.site.policy.ramp_a_per_s * RAISE_STEP_S)
    target_a = rounded_down(min(wish.limit_a, spare.most_a, ramp_to_a), station)
    fuse_binds = spare.most_a < min(wish.limit_a, ramp_to_a)
    if target_a <= base.limit_a:
        return replace(base, reason=room.rooms[spare.key].raise_reason if fuse_binds else _settling(None))
    if target_a < wish.limit_a:
        return wish.lowered_to(target_a, room.rooms[spare.key].raise_reason if fuse_binds else _settling(None))
    return wish


def _settling(remaining_s: float | None) -> Reason:
    return Reason(code=LimitReason.SETTLING, remaining_s=remaining_s)
