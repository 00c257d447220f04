"""What the cars drew at an instant: a band, from their reports and the limits that were in force (`control.md` §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ems.control.memory import Memory
from ems.control.seen.in_force import Bounds, limits_within, phases_allowed, phases_changed
from ems.model.electrical import PerPhase
from ems.model.quick import quick
from ems.model.same import by_identity
from ems.model.site import Policy, Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, StationState

CAR_READING_LASTS_S: Final = 35.0
"""An older report says nothing: three reporting intervals of 10 s and a message (scenario M06)."""

STEADY_SLACK_A: Final = 1.0
"""A car that charges at a constant limit moves by no more than this between reports (`breakers-and-rules.md` §4)."""

FOLLOWS_WITHIN_A: Final = 2.0
"""A car that drew no less than this below its limit follows it; usual offsets are 0.2 to 1 A (`control.md` §5)."""

ARRIVED_WITHIN_A: Final = 0.5
"""A car is at its limit up to this (`control.md` §7)."""

DRAWING_A: Final = 1.0

SAME_TIME_S: Final = 1.5
"""A report this near to the meter's sample says what the car drew in it."""

WAKES_WITHIN_S: Final = 60.0
"""A car starts 10 to 30 s after it was allowed to (`control.md` §1); then it ramps up, and then it reports."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The current of one or more cars, in house phases, lies between `low_a` and `high_a`."""

    low_a: PerPhase = PerPhase()
    high_a: PerPhase = PerPhase()
    vouched_a: PerPhase = PerPhase()
    """`high_a` of the cars that follow their limit or wake up just now, `low_a` of the others."""

    proven_a: PerPhase = PerPhase()
    """`high_a` of the cars that were seen to follow their limit, `low_a` of the others."""

    def __add__(self, other: Draw) -> Draw:
        return Draw(
            low_a=self.low_a + other.low_a,
            high_a=self.high_a + other.high_a,
            vouched_a=self.vouched_a + other.vouched_a,
            proven_a=self.proven_a + other.proven_a,
        )


NO_DRAW: Final = Draw()


class Draws:
    """What each car drew at an instant, worked out once per look."""

    __slots__ = ("_known", "_memory", "_now", "_unruly")

    def __init__(self, now: Snapshot, memory: Memory, unruly: frozenset[str] = frozenset()) -> None:
        """`unruly`: stations that ignore their limit, of which only the reports say anything."""
        self._now = now
        self._memory = memory
        self._unruly = unruly
        self._known: dict[tuple[str, float], Draw] = {}

    def of(self, station: Station, at_s: float) -> Draw:
        """See `car_draw`; `station` is the one of the look's site."""
        key = (station.station_id, at_s)
        draw = self._known.get(key)
        if draw is None:
            reported = self._as_reported(station, at_s) if station.station_id in self._unruly else None
            draw = self._known[key] = reported or car_draw(self._now, self._memory, station, at_s)
        return draw

    def _as_reported(self, station: Station, at_s: float) -> Draw | None:
        """What a station that ignores its limit said it drew; None where it said nothing lately."""
        report = self._now.state_of(station.station_id).car
        if report is None or at_s - report.taken_at_s > CAR_READING_LASTS_S:
            return None
        least_a, most_a = _reported_a(station, report)
        return Draw(low_a=least_a, high_a=most_a, vouched_a=least_a, proven_a=least_a)

    def sum(self, stations: Iterable[Station], at_s: float) -> Draw:
        """See `cars_draw`."""
        return sum_of([self.of(station, at_s) for station in stations])


def sum_of(draws: Iterable[Draw]) -> Draw:
    """Several cars together."""
    total = NO_DRAW
    for draw in draws:
        if total is NO_DRAW:
            total = draw
        elif draw is not NO_DRAW:
            total = total + draw
    return total


def cars_draw(now: Snapshot, memory: Memory, stations: Iterable[Station], at_s: float) -> Draw:
    """What the cars at these stations drew together at `at_s`, monotonic seconds."""
    return sum_of(car_draw(now, memory, station, at_s) for station in stations)


def car_draw(now: Snapshot, memory: Memory, station: Station, at_s: float) -> Draw:
    """What one car drew at `at_s`: at least what report and limits in force allow, at most the highest limit."""
    state = now.state_of(station.station_id)
    report = state.car
    if _was_gone(state, at_s):
        return NO_DRAW
    policy = now.site.policy
    bounds = _bounds(station, state, at_s, policy.car_reacts_within_s, unknown_until_s(now, memory))
    if bounds.high_a == 0.0 and (report is None or max(report.current_a, default=0.0) == 0.0):
        return NO_DRAW
    allowed_a = PerPhase.on(phases_allowed(station, bounds.phases), bounds.high_a)
    waking = _is_plugged(state) and _is_waking(memory, station, at_s)
    if report is None or not _is_plugged(state):
        return Draw(high_a=allowed_a, vouched_a=allowed_a if waking else PerPhase())
    if at_s - report.taken_at_s > CAR_READING_LASTS_S and state.connected:
        return Draw(high_a=allowed_a)
    if waking and max(report.current_a, default=0.0) <= DRAWING_A and abs(at_s - report.taken_at_s) <= SAME_TIME_S:
        return NO_DRAW
    return _reported_draw(station, state, report, bounds, waking, policy, memory.started_at_s)


@by_identity(1024)
def _reported_draw(
    station: Station,
    state: StationState,
    report: CarReading,
    bounds: Bounds,
    waking: bool,  # by place, as all that is remembered by
    policy: Policy,
    started_at_s: float,
) -> Draw:
    """A car that followed its limit when it reported is taken to follow a change of the limit since then.

    Remembered, since a report stays the newest for ten seconds, and the limits in force often stay as long.
    """
    late_s = policy.car_reacts_within_s + policy.message_s
    then = _bounds(station, state, report.taken_at_s, late_s, _unknown_until_s(policy, started_at_s))
    least_a, most_a = _reported_a(station, report)
    largest_a = max(report.current_a, default=0.0)
    low_a = least_a if largest_a <= bounds.low_a else PerPhase(*[min(amps, bounds.low_a) for amps in least_a])
    followed = then.low_a >= station.min_a and largest_a >= then.low_a - FOLLOWS_WITHIN_A
    steady = bounds.low_a == bounds.high_a == then.low_a == then.high_a
    if steady and (followed or (largest_a > DRAWING_A and not waking)):
        slack_a = PerPhase(*[amps + STEADY_SLACK_A if amps > DRAWING_A else amps for amps in most_a])
        return Draw(low_a=low_a, high_a=slack_a, vouched_a=low_a, proven_a=low_a)
    allowed_a = PerPhase.on(phases_allowed(station, bounds.phases), bounds.high_a)
    follows = followed and not steady
    arrived = follows and not waking and _has_come_down(state, report, bounds)
    high_a = (most_a if arrived else allowed_a).upper(low_a)
    credit_a = _where_it_draws(station, state, report, high_a, low_a) if followed or not waking else high_a
    return Draw(
        low_a=low_a,
        high_a=high_a,
        vouched_a=credit_a if follows or waking else low_a,
        proven_a=credit_a if follows else low_a,
    )


def _where_it_draws(
    station: Station, state: StationState, report: CarReading, high_a: PerPhase, low_a: PerPhase
) -> PerPhase:
    """`high_a` on the phases that the car was seen to use, `low_a` on the others.

    A one-phase car at a three-phase station must not hide what the house draws on the other two. A car that still ramps
    up may come on the others too; where phases were changed a short while ago, the report says nothing about them.
    """
    drawn_a, _ = _reported_a(station, report)
    changed = phases_changed(state, report.taken_at_s - WAKES_WITHIN_S)
    if not station.wiring_known or changed or max(report.current_a, default=0.0) <= DRAWING_A:
        return high_a
    return PerPhase(*[h if d > DRAWING_A else lo for h, d, lo in zip(high_a, drawn_a, low_a, strict=True)])


def _has_come_down(state: StationState, report: CarReading, bounds: Bounds) -> bool:
    """Whether the report shows the car at the newest limit already, which is the lowest: it cannot rise from there."""
    newest = state.sent[-1] if state.sent else None
    return (
        newest is not None
        and newest.limit_a == bounds.low_a
        and report.taken_at_s >= newest.sent_at_s
        and max(report.current_a, default=0.0) <= newest.limit_a + ARRIVED_WITHIN_A
    )


def _reported_a(station: Station, report: CarReading) -> tuple[PerPhase, PerPhase]:
    """The least and the most that the report says of each house phase; the same where the wiring is known."""
    wires = len(station.wiring)
    currents_a = report.current_a if len(report.current_a) == wires else (*report.current_a, *(0.0,) * wires)[:wires]
    if station.wiring_known:
        on_house_a = [0.0, 0.0, 0.0]
        for phase, amps in zip(station.wiring, currents_a, strict=True):
            on_house_a[phase] = amps
        exact_a = PerPhase(*on_house_a)
        return exact_a, exact_a
    return PerPhase.on(station.wiring, min(currents_a)), PerPhase.on(station.wiring, max(currents_a))


def _is_plugged(state: StationState) -> bool:
    """Whether a car may hang there, as far as anybody knows."""
    return state.plugged or state.status is None or not state.connected


def _was_gone(state: StationState, at_s: float) -> bool:
    """Whether no car drew at `at_s`: it had left by then, and its last report said so."""
    report = state.car
    return (
        not _is_plugged(state)
        and report is not None
        and report.taken_at_s <= at_s
        and max(report.current_a, default=0.0) <= DRAWING_A
    )


def _is_waking(memory: Memory, station: Station, at_s: float) -> bool:
    """Whether a car was allowed to start a short while ago, or nobody knows yet what it has been allowed."""
    timers = memory.timers_of(station.station_id)
    since_s = timers.on_since_s
    if since_s is None and timers.off_since_s is None:
        since_s = memory.started_at_s
    return since_s is not None and at_s - since_s < WAKES_WITHIN_S


def is_unheard(now: Snapshot, memory: Memory, station: Station) -> bool:
    """Whether nothing came of that station since we started, and it may still follow a lease of our earlier life."""
    state = now.state_of(station.station_id)
    silent = not state.connected and not state.sent and state.car is None and state.came_at_s is None
    return silent and now.now_s <= unknown_until_s(now, memory) + now.site.policy.car_reacts_within_s


def unknown_until_s(now: Snapshot, memory: Memory) -> float:
    """Until then a station that nobody heard of may follow a lease of our earlier life."""
    return _unknown_until_s(now.site.policy, memory.started_at_s)


def _unknown_until_s(policy: Policy, started_at_s: float) -> float:
    return started_at_s + policy.lease_s + 10.0


def _bounds(station: Station, state: StationState, at_s: float, late_s: float, unknown_s: float) -> Bounds:
    """The limits in force from `late_s` before `at_s`, since a car may follow that late."""
    return limits_within(station, state, at_s - late_s, at_s, unknown_until_s=unknown_s)
