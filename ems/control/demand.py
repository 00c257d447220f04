"""What each car may and wants to draw: one function per charge mode (design §4, step 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from ems.control.seen.in_force import commanded
from ems.control.seen.learn import NOTHING, SPARE_A, Learned
from ems.control.sharing.rows import Candidate
from ems.model.decision import NO_REASON, LimitReason, Reason
from ems.model.goals import ChargeMode, Deadline, Goal
from ems.model.quick import quick
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import ConnectorStatus, is_plugged


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One station's wish before sharing: a candidate, or the reason why there is none."""

    station_id: str
    phases: int
    """How many station phases the limit allows."""

    candidate: Candidate | None = None
    follows_sun: bool = False
    """Whether its current is to be covered by surplus."""

    least_phases: int = 1
    """A car that follows the sun is not brought below so many."""

    draws: bool = True
    """False for a car that says it wants nothing now, or waits for room: it then takes no share of the surplus."""

    why_not: Reason = NO_REASON
    rest_a: float = 0.0
    """The limit of a station without a candidate."""

    def on_phases(self, phases: int) -> Demand:
        """The same on so many phases; itself where it is on them."""
        if phases == self.phases:
            return self
        return replace(self, phases=phases)

    def kept_off(self, phases: int, why_not: Reason) -> Demand:
        """The same without a candidate, its contactor at so many phases."""
        return Demand(
            station_id=self.station_id,
            phases=phases,
            follows_sun=self.follows_sun,
            draws=self.draws,
            why_not=why_not,
            rest_a=self.rest_a,
        )


Wish = Callable[[Demand], Demand]


def demands(now: Snapshot, learned: Mapping[str, Learned]) -> dict[str, Demand]:
    """The wish of every station."""
    return {s.station_id: demand(s, now, learned.get(s.station_id, NOTHING)) for s in now.site.stations}


def demand(station: Station, now: Snapshot, known: Learned = NOTHING) -> Demand:
    """The wish of one station, from its connection, its mode, and its car as far as it is known."""
    state = now.state_of(station.station_id)
    limit = commanded(state, now.now_s)
    return _demand(
        station,
        _hurried(now.goal_of(station.station_id)) if state.hurried else now.goal_of(station.station_id),
        state.status,
        state.connected,
        state.in_transaction,
        None if limit is None else limit.limit_a,
        known.takes_a,
        state.outside_a,
    )


@lru_cache(maxsize=4096)
def _demand(
    station: Station,
    goal: Goal,
    status: ConnectorStatus | None,
    connected: bool,
    in_transaction: bool,
    limit_a: float | None,
    takes_a: float | None,
    outside_a: float | None,
) -> Demand:
    """Remembered, since little of this changes from one second to the next."""
    phases = phases_wanted(station, goal)
    idle = Demand(station_id=station.station_id, phases=phases, least_phases=min(phases, goal.least_phases))
    if not connected:
        return replace(idle, why_not=Reason(code=LimitReason.STATION_SILENT))
    if status is None and not in_transaction:
        # Right after a connection nobody knows whether a car charges; a pause would cost it a minute.
        rest_a = station.fallback_a if limit_a is None else min(station.fallback_a, limit_a)
        return replace(idle, rest_a=rest_a, why_not=Reason(code=LimitReason.SETTLING))
    if not is_plugged(status, in_transaction=in_transaction):
        return replace(idle, why_not=Reason(code=LimitReason.CAR))
    if goal.fulfilled and goal.mode is not ChargeMode.OFF:
        reached = Reason(code=LimitReason.PLAN, energy_kwh=goal.energy_kwh, target_soc=goal.target_soc)
        return replace(idle, why_not=reached)
    hi_a, hi_reason = highest_allowed(station, goal, takes_a, outside_a)
    if hi_a < station.min_a:
        return replace(idle, why_not=hi_reason)
    if goal.mode is ChargeMode.OFF and goal.deadline is not None:
        return replace(idle, why_not=_off_although_wanted(goal, goal.deadline))
    candidate = Candidate(
        station_id=station.station_id,
        lo_a=min(least_wanted_a(station, goal), hi_a),
        hi_a=hi_a,
        hi_reason=goal.hurry or hi_reason,
        priority=goal.priority,
        running=limit_a is not None and limit_a > 0,
    )
    wish = replace(idle, draws=status is not ConnectorStatus.SUSPENDED_EV, candidate=candidate)
    mode = goal.mode
    if mode is ChargeMode.SOLAR and station.keeps_minimum and in_transaction:
        mode = ChargeMode.MIN_SOLAR
    return _rest_at_minimum(WISHES[mode](wish), status)


def _hurried(goal: Goal) -> Goal:
    """Priority that was asked for at the station puts the sun aside; fuses and people's own limits stay."""
    return replace(goal, mode=ChargeMode.FAST) if goal.mode in {ChargeMode.SOLAR, ChargeMode.MIN_SOLAR} else goal


def least_wanted_a(station: Station, goal: Goal) -> float:
    """Below this the car pauses: the station's minimum, or a person's above it."""
    return station.min_a if goal.min_a is None else max(station.min_a, goal.min_a)


def phases_wanted(station: Station, goal: Goal) -> int:
    wired = len(station.wiring)
    return wired if goal.phases is None or not station.can_switch_phases else max(1, min(wired, goal.phases))


def _off_although_wanted(goal: Goal, deadline: Deadline) -> Reason:
    return Reason(
        code=LimitReason.USER,
        energy_kwh=goal.energy_kwh,
        by_utc_s=deadline.by_utc_s,
        utc_offset_s=deadline.utc_offset_s,
    )


def stay_off(wish: Demand) -> Demand:
    return replace(wish, candidate=None, why_not=Reason(code=LimitReason.USER))


def follow_sun(wish: Demand) -> Demand:
    return replace(wish, follows_sun=True)


def keep_minimum_add_sun(wish: Demand) -> Demand:
    return replace(_insist(wish), follows_sun=True)


def take_all_allowed(wish: Demand) -> Demand:
    return _insist(wish)


WISHES: Final[Mapping[ChargeMode, Wish]] = {
    ChargeMode.OFF: stay_off,
    ChargeMode.SOLAR: follow_sun,
    ChargeMode.MIN_SOLAR: keep_minimum_add_sun,
    ChargeMode.FAST: take_all_allowed,
}


def highest_allowed(
    station: Station, goal: Goal, takes_a: float | None = None, outside_a: float | None = None
) -> tuple[float, Reason]:
    """The tightest of installer, car, person and who else limits the station, and who it is."""
    bounds = [(station.max_a, LimitReason.INSTALLER_LIMIT)]
    if station.hardware_max_a < station.max_a:
        bounds.append((station.hardware_max_a, LimitReason.STATION_MAX))
    if station.vehicle_max_a is not None:
        bounds.append((station.vehicle_max_a, LimitReason.CAR))
    if takes_a is not None:
        bounds.append((max(station.min_a, takes_a + SPARE_A), LimitReason.CAR))
    if goal.max_a is not None:
        bounds.append((goal.max_a, LimitReason.USER))
    if outside_a is not None:
        bounds.append((outside_a, LimitReason.STATION_MAX))
    tightest_a, code = min(bounds, key=lambda bound: bound[0])
    return tightest_a, Reason(code=code, limit_a=tightest_a)


def phases_used(station: Station, phases: int, known: Learned) -> int:
    """How many of `phases` offered phases the car loads: as measured, else as the vehicle is known, else all."""
    used = known.phases or station.vehicle_phases
    return used if used and used < phases else phases


def _insist(wish: Demand) -> Demand:
    if wish.candidate is None:
        return wish
    return replace(wish, candidate=replace(wish.candidate, must=True))


def _rest_at_minimum(wish: Demand, status: ConnectorStatus | None) -> Demand:
    """A car that says it is done keeps the minimum, so that it can start again without being asked."""
    if wish.candidate is None or status is not ConnectorStatus.SUSPENDED_EV:
        return wish
    resting = replace(
        wish.candidate, hi_a=wish.candidate.lo_a, hi_reason=Reason(code=LimitReason.CAR, limit_a=wish.candidate.lo_a)
    )
    return replace(wish, candidate=resting)
