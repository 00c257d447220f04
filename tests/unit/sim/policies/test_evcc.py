import pytest

from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from ems.model.readings import GridReading
from tests.unit.sim.policies.house import House, circuit, station


def started(sun_w: float, *, phases: int = 1, switch: bool = False) -> House:
    house = House("evcc", station(phases=phases, switch=switch))
    house.sun_w = sun_w
    house.run(300)
    return house


def test_car_that_was_just_plugged_starts_without_delay_at_the_minimum() -> None:
    house = House("evcc", station(phases=1))
    house.sun_w = 3000

    house.tick()

    assert house.limit_a() == 6.0


def test_sun_that_comes_later_must_last_60_s() -> None:
    house = House("evcc", station(phases=1))
    house.tick()
    house.sun_w = 3000

    house.run(60)
    assert house.limit_a() == 0.0

    house.tick()
    assert house.limit_a() == 6.0


def test_start_delay_begins_anew_after_a_cloud() -> None:
    house = House("evcc", station(phases=1))
    house.tick()
    house.sun_w = 3000
    house.run(60)
    house.sun_w = 0
    house.tick()
    house.sun_w = 3000

    house.run(60)

    assert house.limit_a() == 0.0


def test_solar_car_follows_the_surplus_in_tenths() -> None:
    house = started(2500)

    assert house.limit_a() == 10.8


def test_cloud_stops_the_car_after_180_s_at_the_minimum() -> None:
    house = started(3000)
    house.sun_w = 0

    house.run(180)
    assert house.limit_a() == 6.0

    house.tick()
    assert house.limit_a() == 0.0


def test_min_solar_keeps_the_minimum_without_sun_and_adds_what_there_is() -> None:
    house = House("evcc", station(phases=1, mode=ChargeMode.MIN_SOLAR))
    house.run(600)
    assert house.limit_a() == 6.0

    house.sun_w = 2300
    house.run(60)
    assert house.limit_a() == pytest.approx(10.0, abs=0.11)


def test_fast_takes_everything_and_off_stops_at_once() -> None:
    house = House("evcc", station(mode=ChargeMode.FAST))
    house.tick()
    assert house.limit_a() == 16.0

    house.wish(ChargeMode.OFF)
    house.tick()
    assert house.limit_a() == 0.0


def test_unplugged_car_is_offered_nothing() -> None:
    house = House("evcc", station(mode=ChargeMode.FAST))
    house.cars["garage"].plugged = False

    house.tick()

    assert house.limit_a() == 0.0


def test_three_phases_come_60_s_after_there_is_sun_for_them() -> None:
    house = started(2500, phases=3, switch=True)
    assert house.phases() == 1
    house.sun_w = 6000

    house.run(60)
    assert house.phases() == 1

    house.run(60)
    assert house.phases() == 3


def test_one_phase_comes_180_s_after_the_sun_is_too_little_for_three() -> None:
    house = started(6000, phases=3, switch=True)
    assert house.phases() == 3
    house.sun_w = 2000

    house.run(180)
    assert house.phases() == 3

    house.run(60)
    assert house.phases() == 1
    assert house.limit_a() > 0


def test_surplus_between_one_and_three_phases_is_a_dead_band() -> None:
    house = started(3500, phases=3, switch=True)
    house.sun_w = 3900

    house.run(900)

    assert house.phases() == 1
    assert house.limit_a() == 16.0


def test_fast_uses_three_phases_at_once() -> None:
    house = started(2500, phases=3, switch=True)
    house.wish(ChargeMode.FAST)

    house.tick()

    assert (house.limit_a(), house.phases()) == (16.0, 3)


def test_each_tick_orders_one_loadpoint_in_turn() -> None:
    house = House("evcc", station("a"), station("b"), station("c"))

    house.run(4 * 30)

    assert [list(orders) for _, orders in house.log] == [["a"], ["b"], ["c"], ["a"]]


def test_a_changed_mode_gets_a_pass_out_of_turn() -> None:
    house = House("evcc", station("a"), station("b"))
    house.tick()
    house.tick()
    house.wish(ChargeMode.FAST, "b")

    orders = house.tick()

    assert list(orders) == ["a", "b"]
    assert house.limit_a("b") == 16.0


def test_circuit_clamps_the_loadpoint_on_turn_only() -> None:
    house = House("evcc", station("a", mode=ChargeMode.FAST), station("b", mode=ChargeMode.FAST), fuse_a=35)
    house.run(60)
    assert (house.limit_a("a"), house.limit_a("b")) == (16.0, 16.0)
    house.house_a = PerPhase(10.0, 0.0, 0.0)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (9.0, 16.0)


def test_circuit_without_room_for_the_minimum_stops_the_car() -> None:
    house = House("evcc", station(mode=ChargeMode.FAST), fuse_a=25)
    house.tick()
    house.house_a = PerPhase(0.0, 20.0, 0.0)

    house.tick()

    assert house.limit_a() == 0.0


def test_sub_circuit_without_a_meter_counts_its_cars() -> None:
    stations = (station(name, mode=ChargeMode.FAST, circuit_id="garages") for name in ("a", "b"))
    house = House("evcc", *stations, fuse_a=63, sub=circuit("garages", 25.0, "main"))

    house.run(60)

    assert (house.limit_a("a"), house.limit_a("b")) == (16.0, 9.0)


def test_grid_read_error_skips_the_pass_and_the_limit_stays() -> None:
    house = started(3000)
    house.meter_works = False
    house.sun_w = 0

    house.run(1800)

    assert all(orders == {} for at_s, orders in house.log if at_s >= 330)
    assert house.limit_a() == 13.0


def test_higher_priority_takes_what_the_lower_one_draws() -> None:
    house = House("evcc", station("low", phases=1), station("high", phases=1, priority=1))
    house.cars["high"].plugged = False
    house.sun_w = 3000
    house.run(300)
    assert house.limit_a("low") > 12
    house.cars["high"].plugged = True

    house.run(900)

    assert house.limit_a("high") > 12
    assert house.limit_a("low") == 0.0


def test_equal_priority_waits_until_its_minimum_is_exported_on_top() -> None:
    house = House("evcc", station("a", phases=1), station("b", phases=1))
    house.cars["b"].plugged = False
    house.sun_w = 3600
    house.run(300)
    house.cars["b"].plugged = True
    house.run(300)
    assert (house.limit_a("a") > 15, house.limit_a("b")) == (True, 0.0)

    house.sun_w = 5200
    house.run(300)
    assert house.limit_a("b") >= 6.0


def test_one_phase_car_at_a_three_phase_station_is_found_out() -> None:
    house = House("evcc", station(phases=3))
    house.cars["garage"].phases = 1
    house.sun_w = 4500

    house.run(300)
    house.sun_w = 2500
    house.run(120)

    assert house.limit_a() == 10.8


def test_charge_of_the_home_battery_counts_as_surplus() -> None:
    house = House("evcc", station(phases=1))
    house.sun_w, house.battery_w = 3000, -2500

    house.run(120)

    assert house.limit_a() == 13.0


def test_sub_meter_that_is_silent_for_60_s_stops_its_cars() -> None:
    house = House(
        "evcc", station(mode=ChargeMode.FAST, circuit_id="garages"), fuse_a=63, sub=circuit("garages", 25.0, "main")
    )
    house.sub_reading = GridReading(current_a=PerPhase(0.0, 0.0, 0.0), power_w=0.0, taken_at_s=0.0)

    house.run(90)
    assert house.limit_a() == 16.0

    house.tick()
    assert house.limit_a() == 0.0


def test_variant_with_10_s_starts_on_the_same_delay() -> None:
    house = House("evcc-10", station(phases=1))
    house.tick()
    house.sun_w = 3000

    house.run(60)
    assert house.limit_a() == 0.0

    house.tick()
    assert (house.policy.name, house.policy.tick_s, house.limit_a()) == ("evcc-10", 10.0, 6.0)
