import pytest

from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from tests.unit.sim.policies.house import House, circuit, station

START_W = 4 * 230.0


def fast(*names: str, fuse_a: float = 35.0) -> House:
    return House("smartevse", *(station(name, mode=ChargeMode.FAST) for name in names), fuse_a=fuse_a)


def test_solar_starts_at_4_a_of_surplus_over_all_phases() -> None:
    house = House("smartevse", station())
    house.sun_w = START_W - 10
    house.run(60)
    assert house.limit_a() == 0.0

    house.sun_w = START_W
    house.tick()
    assert house.limit_a() == 6.0


def test_first_40_s_stay_at_the_minimum() -> None:
    house = fast("garage")

    house.run(40)
    assert house.limit_a() == 6.0

    house.run(10)
    assert house.limit_a() > 6.0


def test_spare_current_is_taken_a_quarter_at_a_time() -> None:
    house = fast("garage")
    house.house_a = PerPhase(20.0, 0.0, 0.0)
    house.run(40)

    house.tick()

    assert house.limit_a() == pytest.approx(6.0 + (35.0 - 26.0) / 4, abs=0.11)


def test_overload_is_taken_off_at_once() -> None:
    house = fast("a", "b")
    house.run(120)
    assert (house.limit_a("a"), house.limit_a("b")) == (16.0, 16.0)
    house.house_a = PerPhase(0.0, 11.0, 0.0)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (12.0, 12.0)


def test_third_sample_of_shortage_stops_all_and_they_retry_after_60_s() -> None:
    house = fast("garage")
    house.run(60)
    house.house_a = PerPhase(33.0, 0.0, 0.0)

    house.run(4)
    assert house.limit_a() == 6.0
    house.tick()
    assert house.limit_a() == 0.0

    house.house_a = PerPhase(0.0, 0.0, 0.0)
    house.run(58)
    assert house.limit_a() == 0.0
    house.run(4)
    assert house.limit_a() == 6.0


def test_twice_the_mains_current_stops_all_at_once() -> None:
    house = fast("garage")
    house.run(60)
    house.house_a = PerPhase(60.0, 0.0, 0.0)

    house.tick()

    assert house.limit_a() == 0.0


def test_car_waits_while_its_minimum_does_not_fit() -> None:
    house = fast("garage")
    house.house_a = PerPhase(30.0, 0.0, 0.0)

    house.run(300)

    assert house.limit_a() == 0.0


def test_solar_current_rises_by_half_an_ampere_while_much_is_exported() -> None:
    house = House("smartevse", station(phases=1))
    house.sun_w = 3500
    house.run(42)
    before_a = house.limit_a()

    house.tick()

    assert house.limit_a() == pytest.approx(before_a + 0.5)


def test_solar_current_falls_by_half_of_a_large_import() -> None:
    house = House("smartevse", station(phases=1))
    house.sun_w = 3450
    house.run(300)
    before_a = house.limit_a()
    house.sun_w = 2530

    house.tick()

    assert house.limit_a() == pytest.approx(before_a - 2.0, abs=0.3)


def test_solar_stops_after_10_min_without_sun() -> None:
    house = House("smartevse", station(phases=1))
    house.sun_w = 2000
    house.run(120)
    house.sun_w = 0

    house.run(600)
    assert house.limit_a() == 6.0

    house.run(20)
    assert house.limit_a() == 0.0


def test_min_solar_starts_at_night_and_never_stops() -> None:
    house = House("smartevse", station(phases=1, mode=ChargeMode.MIN_SOLAR))

    house.run(1800)

    assert {orders["garage"].limit_a for _, orders in house.log} == {6.0}


def test_average_passes_on_what_a_small_car_cannot_use() -> None:
    cars = (station("small", mode=ChargeMode.FAST, max_a=8.0), station("big", mode=ChargeMode.FAST))
    house = House("smartevse", *cars, fuse_a=22)

    house.run(300)

    assert house.limit_a("small") == 8.0
    assert house.limit_a("big") == pytest.approx(14.0, abs=0.11)


def test_smallest_fuse_on_the_way_bounds_the_group() -> None:
    cars = (station(name, mode=ChargeMode.FAST, circuit_id="garages") for name in ("a", "b"))
    house = House("smartevse", *cars, fuse_a=63, sub=circuit("garages", 20.0, "main"))

    house.run(300)

    assert (house.limit_a("a"), house.limit_a("b")) == (10.0, 10.0)


def test_three_phases_come_63_s_after_the_maximum_leaves_sun_over() -> None:
    house = House("smartevse", station(switch=True))
    house.sun_w = 3700
    house.run(300)
    assert (house.limit_a(), house.phases()) == (16.0, 1)
    house.sun_w = 6000

    house.run(62)
    assert house.phases() == 1

    house.run(4)
    assert (house.limit_a(), house.phases()) == (6.0, 3)


def test_one_phase_comes_after_30_s_short_of_sun() -> None:
    house = House("smartevse", station(switch=True))
    house.sun_w = 6000
    house.run(300)
    assert house.phases() == 3
    house.sun_w = 2000

    house.run(30)
    assert house.phases() == 3

    house.run(30)
    assert house.phases() == 1
    assert house.limit_a() >= 6.0


def test_silent_meter_stops_all_after_11_s() -> None:
    house = fast("garage")
    house.run(60)
    house.meter_works = False

    house.run(10)
    assert house.limit_a() > 0.0

    house.tick()
    assert house.limit_a() == 0.0


def test_same_sample_is_not_counted_twice() -> None:
    house = fast("garage")
    house.run(60)
    house.house_a = PerPhase(33.0, 0.0, 0.0)
    house.tick()
    house.meter_works = False

    house.run(8)

    assert house.limit_a() == 6.0
