"""The regret budget: what it takes to start, stop and switch, and where it ends up (`control.md` §5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.sun.joint import Pattern
from ems.control.sun.patterns import NO_REGRETS, Costs, SunCar, best_change, change_wh, weigh
from ems.model.site import Keenness
from tests.unit.control.sun_patterns import (
    COSTS,
    GAP_W,
    ON_ONE,
    ON_THREE,
    SWITCHING,
    VOLTS,
    at,
    choices,
    look,
    offered,
    seconds_to_change,
    stay,
    sun_cars,
    surpluses,
    value,
)


@pytest.mark.parametrize(
    ("cars", "before", "surplus_w", "seconds", "after"),
    [
        ([ON_THREE], (0,), 5000.0, 11, (3,)),
        ([ON_ONE], (0,), 1500.0, 37, (1,)),
        ([ON_THREE], (3,), 0.0, 35, (0,)),
        ([ON_THREE], (3,), 2000.0, 1029, (0,)),
        ([ON_ONE], (1,), -500.0, 105, (0,)),
        ([SWITCHING], (1,), 6000.0, 171, (3,)),
        ([SWITCHING], (3,), 3000.0, 348, (1,)),
        ([replace(SWITCHING, last_phases=3)], (0,), 1900.0, 133, (1,)),
        ([replace(SWITCHING, last_phases=3)], (0,), 3000.0, 30, (3,)),
        ([replace(SWITCHING, last_phases=3, wears=2.0)], (0,), 1900.0, 237, (1,)),
        ([replace(SWITCHING, wears=2.0)], (1,), 6000.0, 342, (3,)),
    ],
)
def test_a_change_takes_as_long_as_its_cost_and_what_it_brings_imply(
    cars: list[SunCar], before: Pattern, surplus_w: float, seconds: int, after: Pattern
) -> None:
    assert seconds_to_change(before, cars, surplus_w) == (seconds, after)


def test_costs_add_up_over_the_cars_that_change() -> None:
    cars = [replace(SWITCHING, station_id="a"), replace(ON_THREE, station_id="b"), replace(ON_ONE, station_id="c")]

    assert change_wh(cars, (1, 3, 1), (1, 3, 1), COSTS) == 0.0
    assert change_wh(cars, (1, 3, 0), (3, 0, 1), COSTS) == 110.0 + 40.0 + 15.0
    assert change_wh(cars, (0, 3, 0), (3, 3, 0), COSTS) == 15.0 + 55.0
    assert change_wh([replace(cars[0], last_phases=0), *cars[1:]], (0, 3, 0), (3, 3, 0), COSTS) == 15.0


@given(sun_cars(), surpluses, st.sampled_from(list(Keenness)), st.data())
def test_under_a_constant_sun_a_best_pattern_is_reached_in_the_time_that_costs_imply_and_kept(
    cars: list[SunCar], surplus_w: float, keenness: Keenness, data: st.DataObject
) -> None:
    costs, dt_s = replace(COSTS, aversion=keenness.grid_weight), 10.0
    known = at(data.draw(st.sampled_from(offered(cars))), cars)
    gains_w = _gains_w(cars, known.pattern, surplus_w, costs)

    for _ in range(len(offered(cars))):
        if max(gains_w.values(), default=0.0) <= GAP_W:
            break
        before = known.pattern
        within_s = min(change_wh(cars, before, c, costs) * 3600 / gain_w for c, gain_w in gains_w.items() if gain_w > 0)
        for _ in range(math.floor(within_s / dt_s) + 2):
            known = look(known, cars, surplus_w, dt_s=dt_s, costs=costs)
            if known.pattern != before:
                break
        assert known.pattern != before
        gains_w = _gains_w(cars, known.pattern, surplus_w, costs)

    assert max(gains_w.values(), default=0.0) <= GAP_W
    if max(gains_w.values(), default=0.0) <= 0:
        kept = known.pattern
        for _ in range(50):
            known = look(known, cars, surplus_w, dt_s=100, costs=costs)
            assert known.pattern == kept


def _gains_w(cars: Sequence[SunCar], present: Pattern, surplus_w: float, costs: Costs) -> dict[Pattern, float]:
    """What each other pattern would bring more."""
    now_w = value(cars, present, surplus_w, costs.aversion)
    return {
        pattern: value(cars, pattern, surplus_w, costs.aversion) - now_w
        for pattern in offered(cars)
        if pattern != present
    }


@given(sun_cars(), st.lists(surpluses, min_size=10, max_size=40), st.sampled_from([5.0, 60.0]))
def test_no_pattern_is_left_for_one_that_is_not_better_now(
    cars: list[SunCar], series_w: list[float], dt_s: float
) -> None:
    known = NO_REGRETS
    for surplus_w in series_w:
        before, known = known, look(known, cars, surplus_w, dt_s=dt_s)
        if before.pattern not in {(), known.pattern}:
            assert value(cars, known.pattern, surplus_w) > value(cars, before.pattern, surplus_w)


@given(sun_cars(), st.lists(st.tuples(surpluses, st.booleans(), st.booleans(), st.booleans()), min_size=5, max_size=30))
def test_no_car_changes_before_it_may(cars: list[SunCar], looks: list[tuple[float, bool, bool, bool]]) -> None:
    known = look(NO_REGRETS, cars, 0.0)
    for surplus_w, may_stop, may_start, may_switch in looks:
        before = known.pattern
        bound = replace(cars[0], may_stop=may_stop, may_start=may_start, may_switch=may_switch)
        known = look(known, [bound, *cars[1:]], surplus_w, dt_s=120.0)
        was, is_now, stood_at = before[0], known.pattern[0], cars[0].last_phases
        assert may_stop or not (was > 0 and is_now == 0)
        assert may_start or not (was == 0 and is_now > 0)
        assert may_switch or was == is_now or is_now == 0 or (was == 0 and stood_at in {0, is_now})


@given(sun_cars(), surpluses, st.data())
def test_a_pattern_that_no_fuse_carries_is_never_chosen(
    cars: list[SunCar], surplus_w: float, data: st.DataObject
) -> None:
    known = look(NO_REGRETS, cars, 0.0)
    start = known.pattern
    forbidden = {p for p in offered(cars) if p != start and data.draw(st.booleans())}

    for _ in range(20):
        known = look(known, cars, surplus_w, dt_s=300.0, forbidden=forbidden)
        assert known.pattern not in forbidden


def test_a_cloud_shorter_than_the_cost_of_a_stop_stops_nobody_however_often_it_comes() -> None:
    known = at((3,), [ON_THREE])
    for _ in range(20):
        known = stay(known, [ON_THREE], 0.0, 34)
        assert known.pattern == (3,)
        known = stay(known, [ON_THREE], 6000.0, 25)
    assert not known.gained_wh

    assert stay(known, [ON_THREE], 0.0, 35).pattern == (0,)


def test_gains_of_clouds_with_too_little_sun_between_them_add_up() -> None:
    after_one = stay(at((3,), [ON_THREE]), [ON_THREE], 0.0, 30)
    after_pause = stay(after_one, [ON_THREE], 6000.0, 10)

    assert after_pause.gained_wh == pytest.approx({(0,): (30 * 4140 - 10 * 6000) / 3600})


@pytest.mark.parametrize("keenness", list(Keenness))
@pytest.mark.parametrize("car", [ON_ONE, ON_THREE])
def test_staying_at_the_minimum_pays_above_the_share_that_keenness_asks(keenness: Keenness, car: SunCar) -> None:
    weight = keenness.grid_weight
    costs = replace(COSTS, aversion=weight)
    phases = car.last_phases
    worth_w = 6 * phases * VOLTS * weight / (1 + weight)
    above = below = at((phases,), [car])

    for _ in range(3600):
        above = look(above, [car], 1.01 * worth_w, dt_s=5.0, costs=costs)
        below = look(below, [car], 0.95 * worth_w, dt_s=5.0, costs=costs)

    assert above.pattern == (phases,)
    assert below.pattern == (0,)


def test_of_two_worth_a_change_the_one_with_more_excess_is_made() -> None:
    cars = [replace(ON_ONE, station_id="a"), replace(ON_THREE, station_id="b")]
    known = look(at((0, 0), cars), cars, 11_000.0, dt_s=60.0)

    assert known.pattern == (0, 3)
    assert not known.gained_wh


def test_after_a_change_all_gains_begin_anew() -> None:
    cars = [replace(ON_ONE, station_id="a"), replace(ON_THREE, station_id="b")]
    known = stay(at((0, 0), cars), cars, 2000.0, 28)

    assert known.pattern == (1, 0)
    assert known.gained_wh is None


@given(sun_cars(), st.floats(-5000, 0))
def test_the_quick_way_through_the_night_is_the_whole_way(cars: list[SunCar], surplus_w: float) -> None:
    cars = [replace(car, choices=choices(0, *[c.phases for c in car.choices if c.phases])) for car in cars]
    quiet = at((0,) * len(cars), cars)
    tired = replace(quiet, gained_wh=dict.fromkeys(offered(cars)[1:], 1e-12))
    quick = look(quiet, cars, surplus_w)
    whole = look(tired, cars, surplus_w)

    assert quick.is_quiet(quick.stations)
    assert (quick.stations, quick.pattern) == (whole.stations, whole.pattern)
    assert not quick.gained_wh
    assert not whole.gained_wh


def test_a_car_that_takes_part_for_the_first_time_is_taken_as_it_charges() -> None:
    new = weigh(NO_REGRETS, [ON_THREE], 5000.0, 1.0, COSTS, running={"a": 3}, fits=lambda _: True)
    other = weigh(NO_REGRETS, [ON_THREE], 5000.0, 1.0, COSTS, running={}, fits=lambda _: True)

    assert new.pattern == (3,)
    assert other.pattern == (0,)


def test_a_stop_by_somebody_else_costs_no_gains_so_far() -> None:
    gained = stay(at((1,), [SWITCHING]), [SWITCHING], 6000.0, 100)
    stopped = weigh(gained, [SWITCHING], 6000.0, 1.0, COSTS, running={"a": 0}, fits=lambda _: True)

    assert stopped.pattern == (1,)
    assert gained.gained_wh is not None
    assert stopped.gained_wh is not None
    assert stopped.gained_wh[(3,)] > gained.gained_wh[(3,)] > 60.0


def test_a_car_that_may_no_longer_be_off_is_on_at_once_also_without_sun() -> None:
    keeps_on = replace(ON_THREE, choices=choices(3))

    assert look(at((0,), [ON_THREE]), [keeps_on], 0.0).pattern == (3,)


def test_what_was_missed_while_a_start_was_forbidden_starts_no_car_without_sun() -> None:
    waiting = replace(ON_THREE, may_start=False)
    known = stay(at((0,), [ON_THREE]), [waiting], 5000.0, 60)

    assert look(known, [ON_THREE], 0.0).pattern == (0,)


def test_what_was_missed_while_a_switch_was_forbidden_switches_no_car_to_buy() -> None:
    bound = replace(SWITCHING, may_switch=False)
    known = stay(at((1,), [SWITCHING]), [bound], 8000.0, 3600)

    assert look(known, [SWITCHING], 2000.0).pattern == (1,)


def test_gains_outlive_a_car_that_comes_or_goes() -> None:
    other = replace(ON_ONE, station_id="b")
    known = stay(at((0, 0), [ON_THREE, other]), [ON_THREE, other], 4200.0, 10)

    alone = look(known, [ON_THREE], 4200.0)
    together = look(alone, [ON_THREE, other], 4200.0)

    assert known.gained_wh is not None
    assert alone.gained_wh is not None
    assert together.gained_wh is not None
    assert known.gained_wh[3, 0] < alone.gained_wh[(3,)] < together.gained_wh[3, 0]


def test_nobody_waits_for_a_car_that_is_not_let() -> None:
    cars = [replace(ON_THREE, blocked=True), replace(ON_THREE, station_id="b")]
    known = stay(at((3, 0), cars), cars, 5000.0, 60)

    assert known.pattern in {(0, 3), (3, 3)}


def test_the_nearest_change_is_told_with_its_numbers() -> None:
    known = stay(at((0,), [SWITCHING]), [SWITCHING], 2000.0, 9)

    assert best_change([SWITCHING], known, COSTS, "a") == pytest.approx((9 * 2000 / 3600, 15.0))
    assert best_change([SWITCHING], known, COSTS, "other") is None
    assert best_change([SWITCHING], at((0,), [SWITCHING]), COSTS, "a") is None
