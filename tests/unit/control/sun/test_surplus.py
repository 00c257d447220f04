"""The sun that is left for the cars that follow it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.memory import Memory
from ems.control.seen.learn import Learned
from ems.control.sun.surplus import Surplus, surplus, voltage_v
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading, GridReading
from ems.model.site import Policy
from ems.model.station import ConnectorStatus, SentLimit, StationState
from tests.house import House
from tests.plant import Car
from tests.unit.control.scene import CALM, NOW_S, STATION, grid, limit, look, report, state, view

SUNNY = replace(STATION, goal=Goal(mode=ChargeMode.SOLAR))
FAST = replace(STATION, station_id="b", goal=Goal(mode=ChargeMode.FAST))


def sun(
    sample: GridReading | None,
    *states: StationState,
    memory: Memory = CALM,
    battery: BatteryReading | None = None,
    policy: Policy | None = None,
) -> Surplus:
    seen = look([SUNNY, FAST], states, battery=battery, policy=policy)
    return surplus(seen, memory, None if sample is None else view(sample))


def charging(name: str, amps: float, *sent: SentLimit, ago_s: float = 1.0, connected: bool = True) -> StationState:
    return state(
        name, sent=sent or [limit(amps, ago_s=50)], car=report(amps, amps, amps, ago_s=ago_s), connected=connected
    )


def test_what_the_house_exports_is_surplus() -> None:
    assert sun(grid(-10.0, -10.0, -10.0)).surplus_w == pytest.approx(6900.0)


def test_what_a_solar_car_draws_is_surplus_too() -> None:
    assert sun(grid(0.0, 0.0, 0.0), charging("a", 10.0)).surplus_w == pytest.approx(6900.0)


def test_a_fast_car_is_part_of_the_house() -> None:
    assert sun(grid(0.0, 0.0, 0.0), charging("a", 10.0), charging("b", 8.0)).surplus_w == pytest.approx(6900.0)
    assert sun(grid(-2.0, -2.0, -2.0), charging("b", 8.0)).surplus_w == pytest.approx(1380.0)


def test_a_car_that_somebody_hurried_at_its_station_is_part_of_the_house() -> None:
    """What it draws from the grid would otherwise be sun for the others."""
    hurried = replace(charging("a", 10.0), hurried=True)

    assert sun(grid(-2.0, -2.0, -2.0), hurried).surplus_w == pytest.approx(1380.0)


def test_the_last_words_of_a_lost_fast_car_cost_no_sun() -> None:
    lost = charging("b", 16.0, limit(16.0, ago_s=900), ago_s=850, connected=False)

    assert sun(grid(-10.0, -10.0, -10.0), lost).surplus_w == pytest.approx(6900.0)


def test_fading_sun_is_seen_while_the_car_draws_as_before() -> None:
    memory = replace(CALM, house_w=-6900.0, surplus_w=6900.0, last_at_s=NOW_S - 60)

    assert sun(grid(0.9, 0.9, 0.9), charging("a", 10.0), memory=memory).surplus_w == pytest.approx(6279.0, abs=1.0)


def test_a_car_counts_at_its_old_current_until_it_had_time_to_follow_and_then_at_the_new_one() -> None:
    told = charging("a", 6.0, limit(6.0, ago_s=50), limit(10.0, ago_s=2), ago_s=5.0)
    moved = charging("a", 6.0, limit(6.0, ago_s=50), limit(10.0, ago_s=4), ago_s=5.0)

    assert sun(grid(-4.0, -4.0, -4.0), told).surplus_w == pytest.approx(6900.0)
    assert sun(grid(0.0, 0.0, 0.0), moved).surplus_w == pytest.approx(6900.0)


def test_what_a_car_leaves_of_its_limit_is_no_sun() -> None:
    moved = charging("a", 6.0, limit(6.0, ago_s=50), limit(10.0, ago_s=4), ago_s=5.0)
    seen = look([SUNNY], [moved])
    found = surplus(seen, CALM, view(grid(-1.0, -1.0, -1.0)), learned={"a": Learned(offset_a=1.0)})

    assert found.surplus_w == pytest.approx(6900.0)


def test_a_car_that_has_not_begun_yet_counts_for_nothing() -> None:
    waking = state("a", sent=[limit(0.0, ago_s=50), limit(6.0, ago_s=10)], car=report(0.0, 0.0, 0.0, ago_s=2.0))
    paused = replace(waking, status=ConnectorStatus.SUSPENDED_EVSE)

    assert sun(grid(-8.0, -8.0, -8.0), paused).surplus_w == pytest.approx(5520.0)


def test_for_watts_the_wiring_of_a_car_need_not_be_known() -> None:
    unknown = replace(SUNNY, wiring_known=False)
    known = state(sent=[limit(16.0, ago_s=50)], car=report(16.0, 0.0, 0.0))
    found = surplus(look([unknown], [known]), CALM, view(grid(6.0, -10.0, -10.0)))

    assert found.surplus_w == pytest.approx(14 * 230 + 16 * 230)


def test_what_a_battery_gives_is_no_sun_and_the_bias_stays_for_the_grid() -> None:
    gives = BatteryReading(power_w=1500.0, taken_at_s=NOW_S)
    takes = BatteryReading(power_w=-1500.0, taken_at_s=NOW_S)

    assert sun(grid(-10.0, -10.0, -10.0), battery=gives).surplus_w == pytest.approx(5400.0)
    assert sun(grid(-10.0, -10.0, -10.0), battery=takes).surplus_w == pytest.approx(6900.0)
    assert sun(grid(-10.0, -10.0, -10.0), policy=Policy(export_bias_w=100.0)).surplus_w == pytest.approx(6800.0)


def test_it_falls_a_little_faster_than_it_rises() -> None:
    risen_w = sun(grid(-10.0, -10.0, -10.0), memory=replace(CALM, surplus_w=0.0)).surplus_w
    fallen_w = sun(grid(0.0, 0.0, 0.0), memory=replace(CALM, surplus_w=6900.0)).surplus_w

    assert risen_w == pytest.approx(6900 * 0.632, abs=10)
    assert fallen_w == pytest.approx(6900 * 0.135, abs=10)


def test_without_a_sample_nobody_knows() -> None:
    assert sun(None) == Surplus()
    assert surplus(look([SUNNY], []), CALM, None) == Surplus()


def test_voltages_that_nobody_measures_are_nominal() -> None:
    measured = replace(grid(1.0), voltage_v=PerPhase(235.0, 0.0, 0.0))

    assert voltage_v(None) == PerPhase(NOMINAL_V, NOMINAL_V, NOMINAL_V)
    assert voltage_v(measured) == PerPhase(235.0, NOMINAL_V, NOMINAL_V)


def stopped(a_w: float, sample: GridReading, *, sent_ago_s: float) -> Surplus:
    """Car "a" drew 5.7 A on three phases and was stopped so long ago; the meter had shown `a_w` beside it."""
    car = charging("a", 5.7, limit(6.0, ago_s=50), limit(0.0, ago_s=sent_ago_s), ago_s=7)
    return sun(sample, car, memory=replace(CALM, house_w=a_w, surplus_w=-a_w))


def test_a_car_that_has_just_stopped_is_no_sun_once_the_meter_shows_it_gone() -> None:
    seen = stopped(170.0, grid(0.25, 0.25, 0.25), sent_ago_s=2.8)

    assert seen.house_w == pytest.approx(170.0)
    assert seen.surplus_w == pytest.approx(-170.0)


def test_a_car_that_still_draws_after_its_stop_is_handed_back() -> None:
    assert stopped(170.0, grid(6.25, 6.25, 6.25), sent_ago_s=1.0).house_w == pytest.approx(172.5, abs=210.0)
    assert stopped(-4140.0, grid(0.0, 0.0, 0.0), sent_ago_s=1.0).house_w == pytest.approx(-4140.0, abs=210.0)


def test_sun_beyond_what_a_stopped_car_let_go_is_seen_at_once() -> None:
    seen = stopped(170.0, grid(-10.0, -10.0, -10.0), sent_ago_s=2.8)

    assert seen.house_w is not None
    assert seen.house_w <= -6900.0


def test_more_sun_is_seen_at_once_where_no_car_was_stopped() -> None:
    memory = replace(CALM, house_w=-4000.0, surplus_w=4000.0)

    assert sun(grid(-5.0, -5.0, -5.0), charging("a", 6.0), memory=memory).house_w == pytest.approx(-7590.0)


def test_less_sun_is_seen_at_once_while_a_car_stops() -> None:
    seen = stopped(-6900.0, grid(6.0, 6.0, 6.0), sent_ago_s=2.0)

    assert seen.house_w == pytest.approx(0.0, abs=210.0)


def test_a_car_that_its_station_holds_off_to_change_its_phases_is_no_sun() -> None:
    one_phase = replace(limit(6.0, ago_s=2.8), phases=1)
    car = charging("a", 5.7, limit(6.0, ago_s=50), one_phase, ago_s=7)
    seen = sun(grid(0.25, 0.25, 0.25), car, memory=replace(CALM, house_w=170.0, surplus_w=-170.0))

    assert seen.house_w == pytest.approx(170.0)


@given(st.floats(-8000, 8000), st.floats(-30, 30), st.floats(0, 10), st.floats(0, 16))
def test_a_stop_never_makes_the_house_smaller_than_the_likeliest_nor_larger_than_what_the_meter_shows(
    before_w: float, grid_a: float, sent_ago_s: float, drawn_a: float
) -> None:
    sample = grid(grid_a, grid_a, grid_a)
    car = charging("a", drawn_a, limit(16.0, ago_s=50), limit(0.0, ago_s=sent_ago_s), ago_s=7)
    fresh = sun(sample, car).house_w
    seen = sun(sample, car, memory=replace(CALM, house_w=before_w, surplus_w=-before_w)).house_w

    assert fresh is not None
    assert seen is not None
    assert fresh <= seen <= sample.power_w + 1e-6


@pytest.mark.parametrize("report_s", [0, 3, 6])
def test_no_sun_appears_where_one_car_stops_before_the_other_follows(report_s: int) -> None:
    """The left car is gone at once, the right one takes its sun two seconds later."""
    house = House(main_fuse_a=35, sun_w=9100)
    house.with_car("left", car=Car(dead_s=0, report_every_s=10, offset_a=0.3))
    house.with_car("right", car=Car(dead_s=2, report_every_s=10, offset_a=0.3))
    house.run(minutes=5, seconds=report_s)

    house.goals["left"] = Goal(mode=ChargeMode.SOLAR, max_a=0.0)
    seen_w = []
    for _ in range(6):
        house.step()
        assert house.decision is not None
        seen_w.append(house.decision.surplus_w)

    assert seen_w == pytest.approx([9100 - 690] * 6, abs=10)
