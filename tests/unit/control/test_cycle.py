"""Whole cycles: given a house, when the cloud comes, then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.model.decision import LimitReason, NoticeCode
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.sentences import sentence
from ems.model.site import Policy
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from tests.house import House
from tests.plant import Car
from tests.strategies import looks


@given(looks())
def test_every_station_gets_a_setpoint_with_a_reason_that_can_be_said(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    decision = decide(look, memory).decision

    assert set(decision.setpoints) == {station.station_id for station in look.site.stations}
    assert all(sentence(setpoint.reason) for setpoint in decision.setpoints.values())


def test_a_station_whose_wiring_nobody_knows_is_told_of_until_somebody_does() -> None:
    unknown = House().with_car("garage", wiring_known=False).with_car("carport").run(seconds=2)
    known = House().with_car("garage").run(seconds=2)

    assert unknown.decision is not None
    assert known.decision is not None
    assert [(each.code, each.station_id) for each in unknown.decision.notices] == [
        (NoticeCode.WIRING_UNKNOWN, "garage")
    ]
    assert known.decision.notices == ()


@given(looks())
def test_the_same_look_and_memory_give_the_same_turn(case: tuple[Snapshot, Memory]) -> None:
    assert decide(*case) == decide(*case)


@given(looks())
def test_no_limit_exceeds_what_the_installer_set(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    setpoints = decide(look, memory).decision.setpoints

    for station in look.site.stations:
        assert setpoints[station.station_id].limit_a <= max(station.max_a, station.fallback_a)
        assert setpoints[station.station_id].phases <= len(station.wiring)


def test_a_solar_car_follows_the_sun_and_buys_next_to_nothing() -> None:
    house = House(sun_w=8000).with_car("garage").run(minutes=3)

    assert house.limit_a("garage") == pytest.approx((8000 - 690) / 690, abs=0.4)
    assert house.reason("garage") is LimitReason.SOLAR_SURPLUS
    assert -1.0 < house.grid_a().l1 <= 0.3


def test_two_cars_share_the_sun() -> None:
    house = House(sun_w=12_000).with_car("garage").with_car("carport", wiring=(Phase.L2,), max_a=32).run(minutes=3)

    assert house.limit_a("garage") > 6.0
    assert house.limit_a("carport") > 6.0
    assert abs(house.grid_a().total) < 1.5


def test_when_the_sun_feeds_one_car_only_the_first_come_keeps_it() -> None:
    house = House(sun_w=6500).with_car("garage").with_car("carport").run(minutes=4)

    on = [station_id for station_id in ("garage", "carport") if house.limit_a(station_id) > 0]
    assert len(on) == 1


def test_a_car_on_minimum_and_sun_never_pauses() -> None:
    house = House(sun_w=0).with_car("garage", mode=ChargeMode.MIN_SOLAR).run(minutes=2)
    at_night_a = house.limit_a("garage")

    house.sun_w = 8000
    house.run(minutes=2)

    assert at_night_a == 6.0
    assert house.limit_a("garage") > 9.0


def test_a_cloud_does_not_stop_the_car_before_its_shortest_time() -> None:
    house = House(sun_w=6000).with_car("garage", fallback_a=0.0).run(seconds=20)
    started_s = next(at_s for at_s, limits in house.history if limits["garage"] > 0)

    house.sun_w = 0
    house.run(seconds=started_s + house.policy.min_on_s - house.now_s - 1)
    held_a = house.limit_a("garage")
    house.run(seconds=20)

    assert held_a == 6.0
    assert house.limit_a("garage") == 0.0


def test_a_paused_car_stays_paused_for_its_shortest_time() -> None:
    house = House(sun_w=6000).with_car("garage", fallback_a=0.0).run(seconds=90)
    house.sun_w = 0
    while house.limit_a("garage") > 0:
        house.step()
    paused = house.limit_a("garage")

    house.sun_w = 6000
    house.run(seconds=40)

    assert paused == 0.0
    assert house.limit_a("garage") == 0.0
    assert house.reason("garage") is LimitReason.SETTLING


def test_small_clouds_cost_no_messages() -> None:
    house = House(sun_w=6000).with_car("garage").run(minutes=3)
    steady_a = house.limit_a("garage")

    house.sun_w = 5900
    house.run(seconds=10)
    house.sun_w = 6000
    house.run(seconds=30)

    assert house.limit_a("garage") == steady_a
    assert steady_a == 7.7


def test_a_small_change_that_lasts_is_followed_in_the_end() -> None:
    house = House(sun_w=6000).with_car("garage").run(minutes=3)

    house.sun_w = 5850
    house.run(seconds=90)

    assert house.limit_a("garage") == 7.5


def test_off_means_off_also_in_the_sun() -> None:
    house = House(sun_w=8000).with_car("garage", mode=ChargeMode.OFF).run(minutes=2)

    assert house.limit_a("garage") == 0.0
    assert house.reason("garage") is LimitReason.USER


def test_a_person_may_tighten_the_limit() -> None:
    house = House().with_car("garage", mode=ChargeMode.FAST)
    house.goals["garage"] = Goal(mode=ChargeMode.FAST, max_a=9.0)
    house.run(minutes=2)

    assert house.limit_a("garage") == 9.0
    assert house.reason("garage") is LimitReason.USER


def test_a_ceiling_below_the_minimum_means_pause() -> None:
    house = House().with_car("garage", mode=ChargeMode.FAST)
    house.goals["garage"] = Goal(mode=ChargeMode.FAST, max_a=4.0)
    house.run(minutes=2)

    assert house.limit_a("garage") == 0.0


def test_a_fast_car_takes_its_part_of_the_sun_before_the_solar_car() -> None:
    house = House(main_fuse_a=40, sun_w=9000).with_car("fast", mode=ChargeMode.FAST).with_car("sunny").run(minutes=4)

    assert house.limit_a("fast") == 16.0
    assert house.limit_a("sunny") == 0.0


def test_a_nested_fuse_binds_and_is_named() -> None:
    house = (
        House(main_fuse_a=63).with_circuit("garage", 20.0).with_car("left", mode=ChargeMode.FAST, circuit_id="garage")
    )
    house.with_car("right", mode=ChargeMode.FAST, circuit_id="garage").run(minutes=2)

    assert house.limit_a("left") + house.limit_a("right") <= 19.0
    assert house.limit_a("left") == house.limit_a("right")
    assert house.reason("left") is LimitReason.CIRCUIT_FUSE
    assert house.setpoint("left").reason.circuit_id == "garage"


def test_rotated_stations_load_the_phases_they_are_wired_to() -> None:
    house = House(main_fuse_a=25, base_a=PerPhase(1.0, 14.0, 1.0)).with_car(
        "on_l2", mode=ChargeMode.FAST, wiring=(Phase.L2,)
    )
    house.with_car("on_l3", mode=ChargeMode.FAST, wiring=(Phase.L3,)).run(minutes=2)

    assert house.limit_a("on_l2") < 10.0
    assert house.limit_a("on_l3") == 16.0


def test_a_whole_amp_station_gets_whole_amps() -> None:
    house = House(sun_w=8000).with_car("garage", step_a=1.0).run(minutes=3)

    assert house.limit_a("garage") == 11.0, "10.6 A of sun: the whole ampere nearest to it"


def test_a_one_phase_car_on_a_three_phase_station_follows_the_sun_with_its_one_phase() -> None:
    house = House(main_fuse_a=35, sun_w=3000).with_car("garage", car_phases=1).run(minutes=6)

    assert house.limit_a("garage") == pytest.approx((3000 - 690) / 230, abs=0.6)


def test_export_bias_leaves_sun_for_the_grid() -> None:
    house = House(sun_w=8000, policy=Policy(export_bias_w=500)).with_car("garage").run(minutes=3)

    assert house.grid_a().total * 230 == pytest.approx(-500, abs=250)


def test_an_hour_of_random_sun_never_puts_a_limit_between_zero_and_six_on_the_wire() -> None:
    house = House(main_fuse_a=25).with_car("garage").with_car("carport", wiring=(Phase.L2,), max_a=32)
    for minute in range(60):
        house.sun_w = (minute * 7919) % 9001
        house.base_a = PerPhase(1 + minute % 5, 1 + minute * 3 % 13, 1 + minute % 3)
        house.run(minutes=1)

    limits_a = [limit_a for _, limits in house.history for limit_a in limits.values()]
    assert all(limit_a == 0.0 or limit_a >= 6.0 for limit_a in limits_a)
    assert max(house.grid_max_a) <= 25.0


def test_a_car_that_takes_its_time_to_start_is_not_taken_for_a_hob() -> None:
    late_starter = Car(phases=1, dead_s=5, start_s=10, report_every_s=9)
    house = House(main_fuse_a=25, base_a=PerPhase(1.0, 13.0, 1.0))
    house.with_car("garage", mode=ChargeMode.OFF, wiring=(Phase.L2,), car=late_starter).run(minutes=2)
    house.goals["garage"] = Goal(mode=ChargeMode.FAST)
    house.run(minutes=4)

    on_a = [limits["garage"] for at_s, limits in house.history if at_s > 1150]
    assert min(on_a) >= 6.0
    assert house.limit_a("garage") > 9.0


def test_a_car_that_begins_by_itself_is_no_peak_that_is_held_for_minutes() -> None:
    house = House(main_fuse_a=25).with_car("garage", mode=ChargeMode.FAST, appetite_a=0.0).run(minutes=5)
    house.cars["garage"].appetite_a = 32.0
    house.run(minutes=2)

    assert house.limit_a("garage") == 16.0


def test_a_connection_that_drops_for_a_moment_does_not_pause_a_solar_car() -> None:
    house = House(sun_w=8000).with_car("garage", fallback_a=0.0).run(minutes=3)
    house.offline.add("garage")
    house.run(seconds=3)
    house.offline.clear()
    house.run(seconds=20)

    assert house.cars["garage"].drawn_a > 9.0


def test_sun_that_fades_a_little_lowers_the_car_a_little() -> None:
    house = House(sun_w=8000).with_car("garage").run(minutes=5)
    house.sun_w = 7500
    house.run(seconds=30)

    assert house.grid_a().total * 230 <= 3 * 230 * house.policy.dead_band_a


def test_a_fast_car_whose_station_is_lost_does_not_take_the_sun_of_the_other() -> None:
    house = House(main_fuse_a=40, sun_w=9000).with_car("fast", mode=ChargeMode.FAST, fallback_a=0.0).with_car("sunny")
    house.run(minutes=3)
    house.offline.add("fast")
    house.run(minutes=12)

    assert house.limit_a("sunny") > 11.0


def test_a_car_that_leaves_is_no_peak_of_the_house() -> None:
    house = House(main_fuse_a=25, meter_period_s=5).with_car("leaves", mode=ChargeMode.FAST)
    house.with_car("stays", mode=ChargeMode.FAST).run(minutes=4)
    house.cars["leaves"].appetite_a = 0.0
    house.run(seconds=1)
    house.unplug("leaves")
    house.run(minutes=2)

    assert house.limit_a("stays") == 16.0


def test_what_a_resting_station_draws_is_not_shared_out() -> None:
    house = House(main_fuse_a=25).with_car("unknown", mode=ChargeMode.FAST).with_car("known", mode=ChargeMode.FAST)
    house.states["unknown"] = StationState(station_id="unknown")
    house.run(minutes=3)

    assert house.limit_a("unknown") == 6.0
    assert house.limit_a("known") == 16.0
    assert house.reason("known") is LimitReason.INSTALLER_LIMIT


def test_a_house_of_one_phase_charges_on_its_one_phase() -> None:
    house = House(main_fuse_a=35, phases=1, base_a=PerPhase(4.0)).with_car(
        "garage", mode=ChargeMode.FAST, wiring=(Phase.L1,), max_a=32
    )
    house.run(minutes=5)

    assert 28.0 < house.limit_a("garage") <= 35 * 0.95 - 4.0


def test_no_station_no_decision_but_gauges() -> None:
    look = House().with_car("garage").run(seconds=20).snapshot()
    empty = replace(look, site=replace(look.site, stations=()), stations={})
    decision = decide(empty, Memory.fresh(look.now_s)).decision

    assert not decision.setpoints
    assert decision.circuits["main"].usable_a == pytest.approx(23.75)


def test_when_the_sun_feeds_one_car_only_the_higher_priority_takes_over() -> None:
    house = House(sun_w=5600).with_car("second").with_car("first", priority=1)
    house.goals["first"] = Goal(mode=ChargeMode.OFF)
    house.run(minutes=10)
    alone = house.limit_a("second")

    house.goals["first"] = Goal(mode=ChargeMode.SOLAR, priority=1)
    house.run(minutes=40)

    assert alone > 0
    assert (house.limit_a("first") > 0, house.limit_a("second")) == (True, 0.0)


def test_equal_cars_take_turns_in_sun_that_feeds_one() -> None:
    house = House(sun_w=5600).with_car("garage").with_car("carport").run(minutes=30)
    charging = max(house.cars, key=house.limit_a)
    waiting = min(house.cars, key=house.limit_a)
    for _ in range(19):
        if house.limit_a(waiting) > house.limit_a(charging):
            break
        house.run(minutes=30)

    assert house.limit_a(waiting) > house.limit_a(charging)
