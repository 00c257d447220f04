"""The cars that follow the sun: what each may do next, and the pattern they charge in together (`control.md` §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ems.control.demand import Demand, phases_used
from ems.control.headroom import Headroom
from ems.control.memory import Memory, StationTimers
from ems.control.seen.learn import NOTHING, Learned
from ems.control.sun.joint import Pattern
from ems.control.sun.patterns import OFF, Choice, Costs, Regrets, SunCar, best_change, weigh
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import PerPhase
from ems.model.quick import quick
from ems.model.site import Keenness, Policy, Station
from ems.model.snapshot import Snapshot

LONGEST_ELAPSED_S: Final = 5.0
"""Time that nobody looked brings no regret."""

PRIORITY_W: Final = 200.0
"""What one step of priority is worth: the better car takes over after some 15 min (assumed)."""

WAIT_W_PER_S: Final = 20.0 / 3600
LONGEST_WAIT_W: Final = 60.0
"""A car that waited for hours takes its turn within an hour or two (rotation, `control.md` §2; assumed)."""

BLOCKED_AFTER_S: Final = 15.0
"""A start takes a cycle, and up to ten seconds where room must have lasted (`control.md` §4)."""

DAY_S: Final = 86_400.0
SWITCH_DWELL_S: Final = 60.0
"""Phases change no sooner than this after the last start or change (`control.md` §5, minimum dwell)."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SunPlan:
    """What the sun's cars do now."""

    wishes: Mapping[str, Demand]
    """All wishes; those of the sun's cars settled to on, off, and how many phases."""

    regrets: Regrets
    cars: Sequence[SunCar] = ()
    least_w: Mapping[str, float] = field(default_factory=dict)
    """What the minimum of each of those that charge needs."""

    extra_w: Mapping[str, float] = field(default_factory=dict)
    """What the limit of each may promise beyond the surplus, since its car stays that far below it, and since it will
    be rounded down."""


def plan_sun(
    wishes: Mapping[str, Demand],
    now: Snapshot,
    memory: Memory,
    room: Headroom,
    surplus_w: float | None,
    learned: Mapping[str, Learned],
    volts: PerPhase,
) -> SunPlan:
    """Settle who of the sun's cars charges, and on how many phases."""
    settled = {station_id: _as_it_stands(wish, memory) for station_id, wish in wishes.items()}
    followers = [station for station in now.site.stations if _follows(wishes[station.station_id])]
    if not followers:
        return SunPlan(wishes=settled, regrets=memory.regrets)
    if (surplus_w or 0.0) <= 0 and _all_stay_off(followers, wishes, memory):
        return _night(followers, settled, memory, surplus_w, learned, volts)
    costs = costs_of(now.site.policy)
    cars = [_sun_car(s, wishes[s.station_id], now, memory, room, learned, volts) for s in followers]
    elapsed_s = 0.0 if surplus_w is None else min(LONGEST_ELAPSED_S, max(0.0, now.now_s - memory.last_at_s))
    regrets = weigh(
        memory.regrets,
        cars,
        surplus_w or 0.0,
        elapsed_s,
        costs,
        running={s.station_id: _running(s, room) for s in followers},
        fits=lambda pattern: _fits(pattern, followers, wishes, now, room),
    )
    least_w: dict[str, float] = {}
    extra_w: dict[str, float] = {}
    for station, car, phases in zip(followers, cars, regrets.pattern, strict=True):
        wish = wishes[station.station_id]
        if phases == 0:
            reason = _why_off(car, cars, regrets, surplus_w, costs, memory, now)
            settled[station.station_id] = wish.kept_off(car.last_phases or wish.phases, reason)
            continue
        settled[station.station_id] = wish.on_phases(phases)
        least_w[station.station_id] = car.least_w(phases)
        known = learned.get(station.station_id, NOTHING)
        above_a = max(0.0, known.offset_a) + _rounding_a(station, costs.aversion)
        extra_w[station.station_id] = above_a * _volts_used(station, phases, known, volts)
    return SunPlan(wishes=settled, regrets=regrets, cars=cars, least_w=least_w, extra_w=extra_w)


def _rounding_a(station: Station, aversion: float) -> float:
    """What rounding down to the station's step gives away too much: half a step where bought power weighs as much as
    sun given away, less the more it weighs (the level at which the two expected losses balance)."""
    return station.step_a / (1.0 + aversion)


def _all_stay_off(followers: Sequence[Station], wishes: Mapping[str, Demand], memory: Memory) -> bool:
    """Whether all are off and may be, and nothing has been gained: without sun nothing changes that."""
    if not memory.regrets.is_quiet(tuple(station.station_id for station in followers)):
        return False
    candidates = (wishes[station.station_id].candidate for station in followers)
    return not any(candidate is not None and candidate.must for candidate in candidates)


def _night(
    followers: Sequence[Station],
    settled: dict[str, Demand],
    memory: Memory,
    surplus_w: float | None,
    learned: Mapping[str, Learned],
    volts: PerPhase,
) -> SunPlan:
    """All of them off as before; the short way to what the weighing would say."""
    for station in followers:
        wish = settled[station.station_id]
        known = learned.get(station.station_id, NOTHING)
        last_phases = memory.timers_of(station.station_id).last_phases
        lo_a = station.min_a if wish.candidate is None else wish.candidate.lo_a
        least_w = min(
            (lo_a - max(0.0, known.offset_a)) * _volts_used(station, phases, known, volts)
            for phases in _offers(station, wish, known, last_phases)
        )
        reason = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=surplus_w, needed_w=least_w)
        settled[station.station_id] = wish.kept_off(last_phases or wish.phases, reason)
    return SunPlan(wishes=settled, regrets=memory.regrets)


def _follows(wish: Demand) -> bool:
    return wish.candidate is not None and wish.follows_sun and wish.draws


def _as_it_stands(wish: Demand, memory: Memory) -> Demand:
    """A solar car that wants nothing now leaves its contactor where it is."""
    if wish.candidate is None or not wish.follows_sun or wish.draws:
        return wish
    return wish.on_phases(memory.timers_of(wish.station_id).last_phases or wish.phases)


def costs_of(policy: Policy) -> Costs:
    """The prices of changes, as the house has chosen them."""
    return _costs(policy.start_wh, policy.stop_wh, policy.switch_wh, policy.keenness)


@lru_cache(maxsize=16)
def _costs(start_wh: float, stop_wh: float, switch_wh: float, keenness: Keenness) -> Costs:
    return Costs(start_wh=start_wh, stop_wh=stop_wh, switch_wh=switch_wh, aversion=keenness.grid_weight)


def _sun_car(
    station: Station,
    wish: Demand,
    now: Snapshot,
    memory: Memory,
    room: Headroom,
    learned: Mapping[str, Learned],
    volts: PerPhase,
) -> SunCar:
    policy = now.site.policy
    timers = memory.timers_of(station.station_id)
    known = learned.get(station.station_id, NOTHING)
    changes = len([at_s for at_s in timers.switched_at_s if at_s > now.now_s - DAY_S])
    last_phases = timers.last_phases
    offers = _offers(station, wish, known, last_phases)
    choices = [_choice(station, wish, phases, known, room, volts, now) for phases in offers]
    if wish.candidate is not None and not wish.candidate.must:
        choices.insert(0, OFF)
    return SunCar(
        station_id=station.station_id,
        choices=tuple(choices),
        may_stop=timers.on_since_s is None or now.now_s - timers.on_since_s >= policy.min_on_s,
        may_start=timers.off_since_s is None or now.now_s - timers.off_since_s >= policy.min_off_s,
        may_switch=_is_set(station, wish) or (changes < policy.phase_switches_per_day and _dwelt(timers, now.now_s)),
        wears=2.0 if 2 * changes >= policy.phase_switches_per_day else 1.0,
        last_phases=last_phases,
        blocked=_is_blocked(station, now, memory, room),
        bonus_w=_bonus_w(wish, timers, now, memory),
    )


def _is_set(station: Station, wish: Demand) -> bool:
    """Whether a person chose its phases."""
    return station.can_switch_phases and wish.phases == wish.least_phases


def _is_blocked(station: Station, now: Snapshot, memory: Memory, room: Headroom) -> bool:
    """Whether the pattern has it charge, and the fuses have not let it for a while."""
    if not memory.regrets.of(station.station_id) or _running(station, room):
        return False
    off_since_s = memory.timers_of(station.station_id).off_since_s
    return off_since_s is not None and now.now_s - off_since_s >= BLOCKED_AFTER_S


def _bonus_w(wish: Demand, timers: StationTimers, now: Snapshot, memory: Memory) -> float:
    """Whom the sun goes to when it feeds one car only: the higher priority within minutes, then the other in turn."""
    priority = 0 if wish.candidate is None else wish.candidate.priority
    waited_s = 0.0
    if timers.on_since_s is None:
        waited_s = now.now_s - (memory.started_at_s if timers.off_since_s is None else timers.off_since_s)
    return PRIORITY_W * priority + min(LONGEST_WAIT_W, WAIT_W_PER_S * waited_s)


def _dwelt(timers: StationTimers, now_s: float) -> bool:
    since_s = timers.same_phases_since_s
    return since_s is None or now_s - since_s >= SWITCH_DWELL_S


def _offers(station: Station, wish: Demand, known: Learned, last_phases: int) -> tuple[int, ...]:
    """The numbers of phases worth offering: one and all where the car can use both, else what it stands at."""
    if not station.can_switch_phases or wish.phases == wish.least_phases:
        return (wish.phases,)
    if phases_used(station, wish.phases, known) == 1:
        return (last_phases or wish.phases,)
    return (1, wish.phases)


def _choice(
    station: Station, wish: Demand, phases: int, known: Learned, room: Headroom, volts: PerPhase, now: Snapshot
) -> Choice:
    candidate = wish.candidate
    lo_a = station.min_a if candidate is None else candidate.lo_a
    hi_a = station.max_a if candidate is None else candidate.hi_a
    loads = room.loaded(station, phases)
    for circuit_id in now.site.circuits.ids_above(station.circuit_id):
        for phase in loads:
            room_a = room.rooms[circuit_id, phase].for_raises_a
            if room_a < hi_a:
                hi_a = room_a
    offset_a = max(0.0, known.offset_a)
    volts_used = _volts_used(station, phases, known, volts)
    return Choice(
        phases=phases,
        least_w=(lo_a - offset_a) * volts_used,
        most_w=(max(lo_a, hi_a) - offset_a) * volts_used,
    )


def _volts_used(station: Station, phases: int, known: Learned, volts: PerPhase) -> float:
    return volts.sum_over(station.wiring[: phases_used(station, phases, known)])


def _running(station: Station, room: Headroom) -> int:
    limit = room.commanded[station.station_id]
    return limit.phases if limit is not None and limit.limit_a > 0 else 0


def _fits(
    pattern: Pattern,
    followers: Sequence[Station],
    wishes: Mapping[str, Demand],
    now: Snapshot,
    room: Headroom,
) -> bool:
    """Whether every fuse has room for the minimums of that pattern beside those of all other cars."""
    phases_of = {station.station_id: phases for station, phases in zip(followers, pattern, strict=True)}
    for (circuit_id, phase), spot in room.rooms.items():
        load_a = 0.0
        for station in now.site.below(circuit_id):
            wish = wishes[station.station_id]
            phases = phases_of.get(station.station_id, wish.phases)
            if phases == 0 or phase not in room.loaded(station, phases):
                continue
            load_a += wish.candidate.lo_a if wish.candidate is not None else wish.rest_a
        if load_a > spot.for_raises_a and load_a > 0:
            return False
    return True


def _why_off(
    car: SunCar,
    cars: Sequence[SunCar],
    regrets: Regrets,
    surplus_w: float | None,
    costs: Costs,
    memory: Memory,
    now: Snapshot,
) -> Reason:
    least_w = min([choice.least_w for choice in car.choices if choice.phases])
    others_w = 0.0
    for other, phases in zip(cars, regrets.pattern, strict=True):
        if phases:
            others_w += other.least_w(phases)
    nearest = best_change(cars, regrets, costs, car.station_id)
    if nearest is not None and nearest[0] >= nearest[1] and not car.may_start:
        off_since_s = memory.timers_of(car.station_id).off_since_s or now.now_s
        return Reason(
            code=LimitReason.SETTLING, remaining_s=max(0.0, off_since_s + now.site.policy.min_off_s - now.now_s)
        )
    return Reason(
        code=LimitReason.SOLAR_SURPLUS,
        surplus_w=surplus_w,
        needed_w=others_w + least_w,
        gained_wh=None if nearest is None else nearest[0],
        change_wh=None if nearest is None else nearest[1],
    )
