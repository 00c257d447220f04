"""Energy by a time: before its latest start a car follows its mode, from then on it charges (`control.md` §8).

Just in time, without prices or forecasts. The sun that comes before puts the start off. Nothing here lifts a limit: a
car that hurries is one of mode fast, under all the bounds of that mode, and fuses come last as for any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ems.control.demand import highest_allowed, least_wanted_a, phases_wanted
from ems.control.headroom import Headroom, usable
from ems.control.memory import Memory, RowKey
from ems.control.pace import Pace, Pull, paced
from ems.control.seen.learn import NOTHING, Learned
from ems.control.sharing.caps import de14a_minimum_w
from ems.model.decision import LimitReason, Notice, NoticeCode, Reason
from ems.model.electrical import Circuit, PerPhase, Phase
from ems.model.goals import ChargeMode, Deadline, Goal
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import ConnectorStatus, StationState

USUAL_WITHIN_S: Final = 1800.0
"""Time constant of the house's usual load: a hob comes and goes, an evening stays (assumed). After a start it is as
long as the service has looked: the first looks know little."""

EXPECTED_STEP_KWH: Final = 0.5
"""What people are told of a goal that will be missed is counted in these."""


def usual_house(now: Snapshot, memory: Memory, room: Headroom) -> Mapping[RowKey, float]:
    """What everything but the cars usually draws on each phase of each circuit; no sun is counted on.

    Empty while no goal has a time.
    """
    if not any(True for _ in _timed(now)):
        return {}
    within_s = min(USUAL_WITHIN_S, max(1.0, now.now_s - memory.started_at_s))
    kept = math.exp(-max(0.0, now.now_s - memory.last_at_s) / within_s)
    usual: dict[RowKey, float] = {}
    for key, spot in room.rooms.items():
        circuit_id, phase = key
        likely_a = room.house_a.get(circuit_id)
        before_a = memory.usual_a.get(key)
        if likely_a is not None:
            house_a = max(0.0, likely_a[phase])
            usual[key] = house_a if before_a is None else house_a + (before_a - house_a) * kept
        elif before_a is not None:
            usual[key] = before_a
        elif not now.site.circuits[circuit_id].metered:
            usual[key] = max(0.0, spot.house_a)
    return usual


def pace_of_goals(
    now: Snapshot,
    memory: Memory,
    usual_a: Mapping[RowKey, float],
    learned: Mapping[str, Learned],
    volts: PerPhase,
) -> Mapping[str, Pace]:
    """How every goal with a time stands."""
    if now.utc_s is None:
        return memory.paces
    paces: dict[str, Pace] = {}
    outlook = _Outlook(now, memory, usual_a, learned, volts)
    for station, goal, deadline in _timed(now):
        state, before = now.state_of(station.station_id), memory.paces.get(station.station_id)
        if not state.connected:
            if before is not None:
                paces[station.station_id] = before
        elif state.plugged and goal.energy_kwh is not None and not goal.fulfilled:
            off = goal.mode is ChargeMode.OFF
            pace = paced(
                before,
                energy_kwh=goal.energy_kwh,
                by_utc_s=deadline.by_utc_s,
                left_kwh=deadline.left_kwh,
                now_utc_s=now.utc_s,
                sure=outlook.pull(station, goal, deadline, sure=True),
                best=Pull(now_w=0.0, later_w=0.0) if off else outlook.pull(station, goal, deadline, sure=False),
                target_soc=goal.target_soc,
            )
            paces[station.station_id] = replace(pace, due=False, began_utc_s=None, spare_s=0.0) if off else pace
    return paces


def hurried(now: Snapshot, paces: Mapping[str, Pace]) -> Snapshot:
    """The same look, with cars whose latest start has come in mode fast; itself where none has."""
    hurries = {
        station_id: replace(goal, mode=ChargeMode.FAST, hurry=_why(goal, pace, now))
        for station_id, pace in paces.items()
        if pace.due and (goal := now.goal_of(station_id)).mode in {ChargeMode.SOLAR, ChargeMode.MIN_SOLAR}
    }
    return replace(now, goals={**now.goals, **hurries}) if hurries else now


def pace_notices(now: Snapshot, paces: Mapping[str, Pace]) -> Iterator[Notice]:
    """Goals that will be missed."""
    for station_id, pace in paces.items():
        if pace.at_risk:
            yield Notice(
                code=NoticeCode.GOAL_AT_RISK,
                station_id=station_id,
                energy_kwh=pace.energy_kwh,
                expected_kwh=told_kwh(pace),
                by_utc_s=pace.by_utc_s,
                utc_offset_s=_offset_s(now.goal_of(station_id)),
            )


def told_kwh(pace: Pace) -> float:
    """What will be in the car, in steps that do not change every minute, and less than what was asked for."""
    return math.floor(pace.expected_kwh / EXPECTED_STEP_KWH) * EXPECTED_STEP_KWH


def _timed(now: Snapshot) -> Iterator[tuple[Station, Goal, Deadline]]:
    for station in now.site.stations:
        goal = now.goal_of(station.station_id)
        if goal.deadline is not None:
            yield station, goal, goal.deadline


def _why(goal: Goal, pace: Pace, now: Snapshot) -> Reason:
    late = now.utc_s is not None and now.utc_s >= pace.by_utc_s
    return Reason(
        code=LimitReason.PLAN,
        energy_kwh=pace.energy_kwh,
        by_utc_s=pace.by_utc_s,
        start_utc_s=None if late else pace.began_utc_s or None,
        expected_kwh=told_kwh(pace) if pace.at_risk and not late else None,
        utc_offset_s=_offset_s(goal),
    )


def _offset_s(goal: Goal) -> float:
    return 0.0 if goal.deadline is None else goal.deadline.utc_offset_s


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a car can ask of a bound; in amps, or in watts where the bound is a power."""

    priority: int
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What cars can take, under their own bounds and under the fuses as they usually are."""

    now: Snapshot
    memory: Memory
    usual_a: Mapping[RowKey, float]
    learned: Mapping[str, Learned]
    volts: PerPhase

    def pull(self, station: Station, goal: Goal, deadline: Deadline, *, sure: bool) -> Pull:
        """The power of that car; `sure`: a car whose phases nobody knows uses one, else all."""
        phases = self._phases(station, goal, sure=sure)
        now_w = self._power_w(station, goal, phases)
        if deadline.eases_utc_s is None:
            return Pull(now_w=now_w, later_w=now_w)
        later_w = self._power_w(station, replace(goal, max_a=deadline.lasting_max_a), phases)
        return Pull(now_w=now_w, later_w=later_w, eases_utc_s=deadline.eases_utc_s)

    def _phases(self, station: Station, goal: Goal, *, sure: bool) -> int:
        wanted = phases_wanted(station, goal)
        known = self.learned.get(station.station_id, NOTHING).phases or station.vehicle_phases
        return min(wanted, known or (1 if sure else wanted))

    def _power_w(self, station: Station, goal: Goal, phases: int) -> float:
        known = self.learned.get(station.station_id, NOTHING)
        most_a = _most_a(station, goal, known, self.now.state_of(station.station_id))
        volts = self.volts.sum_over(station.wiring[:phases])
        limit_a = most_a
        for circuit in self.now.site.circuits.above(station.circuit_id):
            rivals = self._rivals(station, circuit)
            for phase in station.wiring[:phases] if station.wiring_known else station.wiring:
                claims = [claim for other, claim in rivals if phase in other.wiring]
                limit_a = min(limit_a, _part(self._left_a(circuit, phase), goal.priority, most_a, claims))
            left_w = self._left_w(circuit)
            if left_w is not None:
                claims = [_in_watts(claim, self.volts.sum_over(other.wiring)) for other, claim in rivals]
                limit_a = min(limit_a, _part(left_w, goal.priority, most_a * volts, claims) / volts)
        if limit_a < min(least_wanted_a(station, goal), most_a):
            return 0.0
        amps = limit_a - max(0.0, known.offset_a)
        return (amps if known.takes_a is None else min(amps, known.takes_a)) * volts

    def _left_a(self, circuit: Circuit, phase: Phase) -> float:
        return usable(circuit, self.now.site.policy.hold_fraction) - self.usual_a.get((circuit.circuit_id, phase), 0.0)

    def _left_w(self, circuit: Circuit) -> float | None:
        """Of the caps in watts that last; None where there is none."""
        caps_w = [] if circuit.max_power_w is None else [circuit.max_power_w]
        site = self.now.site
        if circuit.parent_id is None and site.peak is not None:
            peak = self.memory.peak
            caps_w.append(site.peak.limit_w if peak is None else peak.target_w(site.peak))
        house_w = sum(
            self.usual_a.get((circuit.circuit_id, phase), 0.0) * self.volts[phase] for phase in circuit.phases
        )
        left_w = [cap_w - house_w for cap_w in caps_w]
        operator = site.grid_operator
        if circuit.parent_id is None and operator is not None and operator.always:
            left_w.append(de14a_minimum_w(operator.devices, operator.large_heat_pump_w))
        return min(left_w, default=None)

    def _rivals(self, station: Station, circuit: Circuit) -> list[tuple[Station, _Claim]]:
        """Other cars that will charge at night too, and what they can ask for."""
        rivals = []
        for other in self.now.site.below(circuit.circuit_id):
            claim = None if other.station_id == station.station_id else self._claim(other)
            if claim is not None:
                rivals.append((other, claim))
        return rivals

    def _claim(self, station: Station) -> _Claim | None:
        goal, state = self.now.goal_of(station.station_id), self.now.state_of(station.station_id)
        if not state.plugged or goal.fulfilled or goal.mode is ChargeMode.OFF:
            return None
        known = self.learned.get(station.station_id, NOTHING)
        most_a = _most_a(station, goal, known, state)
        insists = goal.mode is ChargeMode.FAST or goal.deadline is not None
        if not insists and goal.mode is not ChargeMode.MIN_SOLAR:
            return None
        if not insists or state.status is ConnectorStatus.SUSPENDED_EV:
            most_a = station.min_a
        return _Claim(goal.priority, min(station.min_a, most_a), most_a)


def _most_a(station: Station, goal: Goal, known: Learned, state: StationState) -> float:
    most_a, _ = highest_allowed(station, goal, known.takes_a, outside_a=state.outside_a, upstream_a=state.upstream_a)
    return most_a


def _in_watts(claim: _Claim, volts: float) -> _Claim:
    return _Claim(claim.priority, claim.least * volts, claim.most * volts)


def _part(left: float, priority: int, most: float, claims: Sequence[_Claim]) -> float:
    """What the sharing leaves one car of a bound: higher priorities first, lower at their minimum, equals alike."""
    first = sum(claim.most for claim in claims if claim.priority > priority)
    last = sum(claim.least for claim in claims if claim.priority < priority)
    alike = sum(claim.most for claim in claims if claim.priority == priority)
    return (left - first - last) * most / (most + alike) if most > 0.0 else 0.0
