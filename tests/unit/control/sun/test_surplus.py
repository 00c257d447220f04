"""The sun that is left for the cars that follow it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.control.memory import Memory
from ems.control.seen.learn import Learned
from ems.control.sun.surplus import Surplus, surplus, voltage_v
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading, GridReading
from ems.model.site import Policy
from ems.model.station import ConnectorStatus, SentLimit, StationState
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
