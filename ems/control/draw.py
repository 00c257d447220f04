"""What the cars drew at an instant: a band, from their reports and the limits that were in force (`control.md` §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ems.control.in_force import Bounds, limits_within, phases_allowed
from ems.control.memory import Memory
from ems.model.electrical import PerPhase
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading

CAR_READING_LASTS_S: Final = 35.0
"""An older report says nothing: three reporting intervals of 10 s and a message (scenario M06)."""

STEADY_SLACK_A: Final = 1.0
"""A car that charges at a constant limit moves by no more than this between reports (`breakers-and-rules.md` §4)."""

FOLLOWS_WITHIN_A: Final = 2.0
"""A car that drew no less than this below its limit follows it; usual offsets are 0.2 to 1 A (`control.md` §5)."""

DRAWING_A: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The current of one or more cars, in house phases, lies between `low_a` and `high_a`."""

    low_a: PerPhase = PerPhase()
    high_a: PerPhase = PerPhase()
    vouched_a: PerPhase = PerPhase()
    """`high_a` of the cars that are known to follow their limit, `low_a` of the others."""

    def __add__(self, other: Draw) -> Draw:
        return Draw(
            low_a=self.low_a + other.low_a,
            high_a=self.high_a + other.high_a,
            vouched_a=self.vouched_a + other.vouched_a,
        )


def cars_draw(now: Snapshot, memory: Memory, circuit_id: str, at_s: float) -> Draw:
    """What all cars behind a circuit drew at `at_s`, monotonic seconds."""
    return sum((car_draw(now, memory, station, at_s) for station in now.site.below(circuit_id)), start=Draw())


def car_draw(now: Snapshot, memory: Memory, station: Station, at_s: float) -> Draw:
    """What one car drew at `at_s`: at least what report and limits in force allow, at most the highest limit."""
    state = now.state_of(station.station_id)
    if state.connected and not state.plugged:
        return Draw()
    bounds = _bounds(now, memory, station, at_s)
    allowed_a = PerPhase.on(phases_allowed(station, bounds.phases), bounds.high_a)
    report = state.car
    if report is None:
        young = at_s - memory.started_at_s < CAR_READING_LASTS_S
        return Draw(high_a=allowed_a, vouched_a=allowed_a if young else PerPhase())
    if at_s - report.taken_at_s > CAR_READING_LASTS_S and state.connected:
        return Draw(high_a=allowed_a)
    return _reported_draw(station, report, _bounds(now, memory, station, report.taken_at_s), bounds, allowed_a)


def _reported_draw(
    station: Station, report: CarReading, bounds_then: Bounds, bounds: Bounds, allowed_a: PerPhase
) -> Draw:
    """A car that followed its limit when it reported is taken to follow a change of the limit since then."""
    drawn_a = in_house_phases(station, report)
    low_a = drawn_a.mapped(lambda amps: min(amps, bounds.low_a))
    steady = bounds.low_a == bounds.high_a == bounds_then.low_a == bounds_then.high_a
    if steady and max(drawn_a) > DRAWING_A:
        slack_a = drawn_a.mapped(lambda amps: amps + STEADY_SLACK_A if amps > DRAWING_A else amps)
        return Draw(low_a=low_a, high_a=slack_a, vouched_a=low_a)
    high_a = allowed_a.upper(low_a)
    followed = bounds_then.low_a >= station.min_a and max(drawn_a) >= bounds_then.low_a - FOLLOWS_WITHIN_A
    return Draw(low_a=low_a, high_a=high_a, vouched_a=high_a if followed else low_a)


def in_house_phases(station: Station, report: CarReading) -> PerPhase:
    """The car's currents on the phases of the house, through the station's wiring."""
    current_a = PerPhase()
    for phase, amps in zip(station.wiring, report.current_a, strict=False):
        current_a = current_a.with_value(phase, current_a[phase] + amps)
    return current_a


def unknown_until_s(now: Snapshot, memory: Memory) -> float:
    """Until then a station that nobody heard of may follow a lease of our earlier life."""
    return memory.started_at_s + now.site.policy.lease_s + 10.0


def _bounds(now: Snapshot, memory: Memory, station: Station, at_s: float) -> Bounds:
    """The limits in force from M + E before `at_s`, since a car may follow that late."""
    late_s = now.site.policy.message_s + now.site.policy.car_reacts_within_s
    state = now.state_of(station.station_id)
    return limits_within(station, state, at_s - late_s, at_s, unknown_until_s=unknown_until_s(now, memory))
