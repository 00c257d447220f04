import pytest

from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from tests.unit.sim.policies.house import House, circuit, station


def started(sun_w: float, *, phases: int = 1, switch: bool = False) -> House:
    house = House("openwb", station(phases=phases, switch=switch))
    house.sun_w = sun_w
    house.run(120)
    return house


def test_solar_car_starts_after_30_s_above_1500_w() -> None:
    house = House("openwb", station(phases=1))
    house.sun_w = 1600

    house.run(30)
    assert house.limit_a() == 0.0

    house.tick()
    assert house.limit_a() == 6.0


def test_surplus_below_1500_w_per_phase_starts_nothing() -> None:
    house = House("openwb", station(phases=3))
    house.sun_w = 4400

    house.run(600)

    assert house.limit_a() == 0.0


def test_car_stops_after_60_s_without_surplus() -> None:
    house = started(1600)
    house.sun_w = 0
    house.tick()
    assert house.limit_a() == 6.0

    house.run(50)
    assert house.limit_a() == 6.0

    house.tick()
    assert house.limit_a() == 0.0


def test_current_rises_by_no_more_than_5_a_per_cycle_and_the_unused_2_a() -> None:
    house = started(1600)
    house.sun_w = 3600

    house.tick()

    assert house.limit_a() == pytest.approx(11.0, abs=0.5)


def test_current_falls_by_no_more_than_5_a_per_cycle_for_want_of_sun() -> None:
    house = started(3600)
    before_a = house.limit_a()
    house.sun_w = 1600

    house.tick()

    assert house.limit_a() == pytest.approx(before_a - 5.0, abs=0.1)


def test_surplus_inside_the_control_range_changes_nothing() -> None:
    house = started(2500)
    before_a = house.limit_a()
    house.sun_w += 60

    house.run(300)

    assert house.limit_a() == before_a


def test_surplus_settles_between_0_and_230_w() -> None:
    house = started(3000)

    house.run(120)

    reading = house.look().meters["main"]
    assert -230 <= reading.power_w <= 0


def test_min_solar_charges_at_night() -> None:
    house = House("openwb", station(phases=1, mode=ChargeMode.MIN_SOLAR))

    house.run(600)

    assert house.limit_a() == 6.0


def test_off_stops_at_once() -> None:
    house = started(3000)
    house.wish(ChargeMode.OFF)

    house.tick()

    assert house.limit_a() == 0.0


def test_two_cars_share_the_sun_equally() -> None:
    house = House("openwb", station("a", phases=1), station("b", phases=1))
    house.sun_w = 5000

    house.run(300)

    assert house.limit_a("a") == pytest.approx(house.limit_a("b"), abs=1.0)
    assert house.limit_a("a") > 9.0


def test_a_start_timer_reserves_its_surplus() -> None:
    house = House("openwb", station("a", phases=1), station("b", phases=1))
    house.sun_w = 2900

    house.run(40)

    assert (house.limit_a("a"), house.limit_a("b")) == (6.0, 0.0)


def test_fast_cars_share_the_fuse_and_leave_the_solar_car_its_minimum() -> None:
    cars = (station("a", mode=ChargeMode.FAST), station("b", mode=ChargeMode.FAST))
    house = House("openwb", *cars, station("sun", phases=1, mode=ChargeMode.MIN_SOLAR), fuse_a=32)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b"), house.limit_a("sun")) == (13.0, 13.0, 6.0)


def test_minimum_is_given_only_where_the_whole_way_up_allows() -> None:
    cars = (station("a", mode=ChargeMode.FAST, circuit_id="garages"), station("b", circuit_id="garages"))
    house = House("openwb", *cars, fuse_a=63, sub=circuit("garages", 10.0, "main"))
    house.wish(ChargeMode.FAST, "b")

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (10.0, 0.0)


def test_fuse_overload_is_answered_in_the_same_cycle() -> None:
    house = House("openwb", station("a", mode=ChargeMode.FAST), station("b", mode=ChargeMode.FAST))
    house.run(60)
    house.house_a = PerPhase(0.0, 11.0, 0.0)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (12.0, 12.0)


def test_share_that_a_lazy_car_leaves_goes_to_the_other_after_60_s() -> None:
    house = House("openwb", station("lazy", mode=ChargeMode.FAST), station("keen", mode=ChargeMode.FAST), fuse_a=24)
    house.cars["lazy"].appetite_a = 7.0
    house.run(60)
    assert house.limit_a("keen") == 12.0

    house.run(30)

    assert house.limit_a("keen") == pytest.approx(16.0, abs=0.1)
    assert 7.0 < house.limit_a("lazy") <= 9.0


def test_solar_car_begins_on_one_phase_and_goes_to_three_after_30_s() -> None:
    house = started(3700, phases=3, switch=True)
    assert house.phases() == 1
    assert house.limit_a() > 15
    house.sun_w = 6000
    house.tick()
    assert house.phases() == 1

    house.run(40)

    assert house.phases() == 3


def test_one_phase_comes_after_60_s_without_surplus_for_three() -> None:
    house = started(6000, phases=3, switch=True)
    house.run(480)
    assert house.phases() == 3
    house.sun_w = 2500

    house.run(60)
    assert house.phases() == 3

    house.run(40)
    assert house.phases() == 1
    assert house.limit_a() >= 6.0


def test_phases_change_at_most_every_7_min() -> None:
    house = started(6000, phases=3, switch=True)
    house.run(480)
    house.sun_w = 2500
    house.run(100)
    house.sun_w = 6000

    house.run(370)
    assert house.phases() == 1

    house.run(90)
    assert house.phases() == 3


def test_stopped_car_begins_again_on_one_phase() -> None:
    house = started(6000, phases=3, switch=True)
    assert house.phases() == 3
    house.sun_w = 2500

    house.run(200)

    assert house.phases() == 1
    assert any(orders["garage"].limit_a == 0.0 for at_s, orders in house.log if at_s > 120)


def test_fast_uses_three_phases_at_once() -> None:
    house = started(2500, phases=3, switch=True)
    house.wish(ChargeMode.FAST)

    house.tick()

    assert (house.limit_a(), house.phases()) == (16.0, 3)


def test_lost_meter_leaves_7000_w_for_all_cars() -> None:
    house = House("openwb", station("a", mode=ChargeMode.FAST, phases=1), station("b", mode=ChargeMode.FAST, phases=1))
    house.run(30)
    house.meter_works = False

    house.run(60)

    assert house.limit_a("a") + house.limit_a("b") == pytest.approx(7000 / 230, abs=0.2)


def test_solar_car_stops_60_s_after_the_meter_is_lost() -> None:
    house = started(3000)
    house.meter_works = False

    house.run(40)
    assert house.limit_a() == 6.0

    house.run(70)
    assert house.limit_a() == 0.0


def test_charge_of_the_home_battery_counts_as_surplus() -> None:
    house = House("openwb", station(phases=1))
    house.sun_w, house.battery_w = 3000, -2500

    house.run(200)

    assert house.limit_a() > 12.0


def test_surplus_pass_never_goes_over_the_fuse() -> None:
    house = House("openwb", station("a", phases=1), station("b", phases=1), fuse_a=20)
    house.sun_w = 20_000
    house.house_a = PerPhase(30.0, 20.0, 20.0)

    house.run(600)

    assert house.limit_a("a") + house.limit_a("b") <= 20.0 - 30.0 + 20_000 / 3 / 230
