"""Of many cars only neighbouring patterns are weighed: they must lead as far as all patterns would."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import assume, given

from ems.control.sun.joint import JOINT_UP_TO, Pattern
from ems.control.sun.patterns import NO_REGRETS, SHARE_W, Choice, SunCar
from tests.unit.control.sun_patterns import GAP_W, look, offered, sun_cars, surpluses, value


@given(sun_cars(JOINT_UP_TO + 1, JOINT_UP_TO + 2), surpluses)
def test_of_many_cars_the_neighbours_lead_to_a_pattern_as_good_as_the_best(
    cars: list[SunCar], surplus_w: float
) -> None:
    known, changes = look(NO_REGRETS, cars, 0.0), 0
    for _ in range(60):
        before, known = known, look(known, cars, surplus_w, dt_s=10_000.0)
        changes += before.pattern != known.pattern
        if before.pattern == known.pattern:
            break
    best_w = max(value(cars, pattern, surplus_w) for pattern in offered(cars))

    # That several share what one could use as well is no sun lost.
    assert value(cars, known.pattern, surplus_w) >= best_w - GAP_W - SHARE_W * (len(cars) - 1)
    assert changes <= 3 * len(cars)


@given(sun_cars(2, 4), surpluses)
def test_neighbours_and_all_patterns_are_worth_the_same_where_both_are_asked(
    cars: list[SunCar], surplus_w: float
) -> None:
    """A car that is never offered anything turns a joint search into one among neighbours and adds nothing."""
    idle = [SunCar(station_id=f"idle {i}", choices=(Choice(phases=0),)) for i in range(JOINT_UP_TO + 1 - len(cars))]
    assume(any(len(car.choices) > 1 for car in cars))
    joint = _settled(cars, surplus_w)
    near = _settled([*cars, *idle], surplus_w)[: len(cars)]

    gap_w = GAP_W + SHARE_W * (len(cars) - 1)
    assert value(cars, near, surplus_w) == pytest.approx(value(cars, joint, surplus_w), abs=gap_w)


def _settled(cars: Sequence[SunCar], surplus_w: float) -> Pattern:
    known = look(NO_REGRETS, cars, 0.0)
    for _ in range(40):
        known = look(known, cars, surplus_w, dt_s=10_000.0)
    return known.pattern
