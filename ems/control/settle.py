"""Calm: whose turn it is, and which changes are worth a message (`control.md` §5).

`take_turns` comes before the sharing, `calm` after it. Who of the sun's cars charges is settled in `sun_cars`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ems.control.demand import Demand
from ems.control.headroom import Headroom
from ems.control.memory import Memory
from ems.control.seen.in_force import commanded, commanded_since_s
from ems.control.sharing.rows import Share
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import SentLimit

HAIR_A: Final = 1e-6
"""Rounding of tenths of amps."""

START_MARGIN_A: Final = 0.3
"""A meter's noise: a car starts with its minimum and so much room (assumed)."""

CLOUD_A: Final = 1.0
"""A drop of the sun's limit of this size is not kept waiting: until the car has come down it buys (assumed; lower at
once, `ocpp-smart-charging.md` §4)."""

ROTATES_AFTER_S: Final = 1800.0
"""A car that charged this long gives way to an equal one that was left out (rotation, `control.md` §2)."""


def take_turns(wishes: Mapping[str, Demand], memory: Memory, now: Snapshot, room: Headroom) -> dict[str, Demand]:
    """Let those that were left out longest go first; who has charged for long no longer counts as the one to keep.

    Who waits for room to start counts with its minimum at the fuses, and takes no sun yet.
    """
    return {station_id: _turn(wish, memory, now, room) for station_id, wish in wishes.items()}


def _turn(wish: Demand, memory: Memory, now: Snapshot, room: Headroom) -> Demand:
    candidate = wish.candidate
    if candidate is None:
        return wish
    timers = memory.timers_of(wish.station_id)
    if not candidate.running:
        left_out_since_s = memory.started_at_s if timers.off_since_s is None else timers.off_since_s
        # A start that fits by a hair would be taken back with the next sample.
        margin_a = START_MARGIN_A if candidate.must else 0.0
        lo_a = min(candidate.hi_a, candidate.lo_a + margin_a)
        turn = replace(candidate, lo_a=lo_a, waited_s=now.now_s - left_out_since_s)
        if not waits_for_room(wish, memory, now, room):
            return replace(wish, candidate=turn)
        turn = replace(turn, hi_a=lo_a, hi_reason=Reason(code=LimitReason.SETTLING))
        return replace(wish, candidate=turn, draws=False)
    if timers.on_since_s is not None and now.now_s - timers.on_since_s > ROTATES_AFTER_S:
        return replace(wish, candidate=replace(candidate, running=False))
    return wish


def waits_for_room(wish: Demand, memory: Memory, now: Snapshot, room: Headroom) -> bool:
    """Whether a car is to charge from the sun, and a fuse must have had room for a while before it starts."""
    limit = room.commanded[wish.station_id]
    if wish.candidate is None or not wish.follows_sun or limit is None or limit.limit_a > 0:
        return False
    station = now.site.station(wish.station_id)
    latest_s = now.now_s - now.site.policy.raise_wait_s
    return any(
        memory.room_since_s.get((circuit_id, phase), now.now_s) > latest_s
        for circuit_id in now.site.circuits.ids_above(station.circuit_id)
        for phase in room.loaded(station, wish.phases)
    )


def calm(shares: Mapping[str, Share], wishes: Mapping[str, Demand], now: Snapshot) -> dict[str, Setpoint]:
    """Set-points from shares: rounded down, and unchanged where the change is too small or comes too soon."""
    return {station.station_id: _calm(station, shares, wishes, now) for station in now.site.stations}


def _calm(station: Station, shares: Mapping[str, Share], wishes: Mapping[str, Demand], now: Snapshot) -> Setpoint:
    wish = wishes[station.station_id]
    share = shares.get(station.station_id)
    if share is None:
        return Setpoint(station_id=station.station_id, limit_a=wish.rest_a, phases=wish.phases, reason=wish.why_not)
    wanted_a = rounded_down(share.limit_a, station)
    limit = commanded(now.state_of(station.station_id), now.now_s)
    if limit is not None and _is_to_stay(limit, wanted_a, wish, share, now, station):
        kept_a = limit.limit_a if wish.candidate is None else min(limit.limit_a, wish.candidate.hi_a)
        wanted_a = rounded_down(kept_a, station)
    return Setpoint(station_id=station.station_id, limit_a=wanted_a, phases=wish.phases, reason=share.reason)


def _is_to_stay(limit: SentLimit, wanted_a: float, wish: Demand, share: Share, now: Snapshot, station: Station) -> bool:
    """Whether the sun asks a car that charges, on as many phases as before, for too small a change or too soon."""
    if limit.limit_a <= 0 or wanted_a <= 0 or limit.phases != wish.phases:
        return False
    by_sun = share.reason.code is LimitReason.SOLAR_SURPLUS
    return by_sun and not _worth_a_message(wanted_a - limit.limit_a, now, station)


def _worth_a_message(change_a: float, now: Snapshot, station: Station) -> bool:
    """Whether it is large enough and not too soon after the last one; a small one is worth it once it has lasted."""
    if change_a <= -CLOUD_A:
        return True
    policy = now.site.policy
    since_s = commanded_since_s(now.state_of(station.station_id))
    elapsed_s = float("inf") if since_s is None else now.now_s - since_s
    least_a = station.step_a if elapsed_s >= policy.small_change_interval_s else policy.dead_band_a
    return elapsed_s >= policy.change_interval_s and abs(change_a) >= least_a - HAIR_A


def rounded_down(limit_a: float, station: Station) -> float:
    """Down to the station's step, and to 0 below its minimum: never a limit between 0 and the minimum."""
    # A hair of tolerance, so that 8.3 stays 8.3 although 8.3 / 0.1 is 82.99…
    steps = math.floor(limit_a / station.step_a + 1e-6)
    limit = round(steps * station.step_a, 1)
    return limit if limit >= station.min_a else 0.0
