from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.config.schema import SimulatedBattery
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.sim.car import Car, Offer
from ems.sim.day import SummerDay
from ems.sim.plant.battery import HomeBattery
from ems.sim.world import STEP_S, Place, World

L1, L2, L3 = Phase
THREE = (L1, L2, L3)
TREE = CircuitTree(
    (
        Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=THREE),
        Circuit(circuit_id="garage", fuse=Fuse(rating_a=16), parent_id="main", phases=THREE),
    )
)
QUIET = SummerDay(house_w=0, ceiling_a=0.0001, sky="clear")


def place(station_id: str = "one", circuit_id: str = "garage", **changes: Any) -> Place:
    car = Car(max_a=32, phases=1, start_delay_s=0)
    return replace(Place(station_id=station_id, circuit_id=circuit_id, wiring=(L2, L3, L1), car=car), **changes)


def world(*places: Place, day: SummerDay = QUIET, **peaks_w: float) -> World:
    return World(circuits=TREE, day=day, places=places, peaks_w=peaks_w, start_s=1000)


def test_rotated_station_loads_the_house_phase_behind_its_own_first_one() -> None:
    house = world(place())
    house.offer("one", Offer(limit_a=10.3))

    house.advance_to(1060)

    assert house.circuit("garage").current_a.l2 == pytest.approx(10)
    assert house.circuit("garage").current_a.l1 == 0
    assert house.car("one").current_a == pytest.approx((10, 0, 0))


def test_current_flows_through_every_fuse_above_the_station() -> None:
    house = world(place(), place("two", "main", wiring=(L2,)))
    house.offer("one", Offer(limit_a=10.3))
    house.offer("two", Offer(limit_a=20.3, phases=1))

    house.advance_to(1060)

    assert house.circuit("garage").current_a.l2 == pytest.approx(10)
    assert house.circuit("main").current_a.l2 == pytest.approx(30, abs=0.001)


def test_sun_flows_out_and_is_counted_as_export() -> None:
    house = world(day=SummerDay(house_w=0, ceiling_a=0.0001, sky="clear", peak_w=6900), roof=6900)

    house.advance_to(1000 + 360)

    main = house.circuit("main")
    assert all(-10 < current_a < -9 for current_a in main.current_a)
    assert main.export_kwh == pytest.approx(0.65, abs=0.03)
    assert main.import_kwh == 0
    assert house.sun("roof").power_w == pytest.approx(6500, abs=150)


def test_inverters_share_the_sun_by_their_size() -> None:
    house = world(day=SummerDay(sky="clear", peak_w=9000), east=3000, west=6000)

    assert house.sun("west").power_w == pytest.approx(2 * house.sun("east").power_w)


def test_seconds_over_rating_count_any_phase_in_either_direction() -> None:
    house = world(place())
    house.offer("one", Offer(limit_a=20))
    house.advance_to(1060)
    house.offer("one", Offer(limit_a=10))
    house.advance_to(1120)

    main, garage = house.figures()
    assert garage.max_a.l2 == pytest.approx(19.7)
    assert 45 < garage.seconds_over_rating < 60
    assert main.seconds_over_rating == 0


def test_car_arrives_when_it_is_said_to_and_leaves_for_good() -> None:
    house = world(place(arrives_after_s=30))
    house.advance_to(1029)
    early = house.car("one").plugged
    house.advance_to(1031)
    there = house.car("one").plugged
    house.unplug("one")
    house.advance_to(1090)

    assert (early, there, house.car("one").plugged) == (False, True, False)


def test_stations_energy_register_keeps_what_earlier_cars_took() -> None:
    house = world(place())
    house.offer("one", Offer(limit_a=10.3))
    house.advance_to(1400)
    first_kwh = house.car("one").energy_kwh
    house.unplug("one")
    house.plug_in("one")

    assert house.car("one").energy_kwh == first_kwh > 0.2


def test_two_samples_of_a_meter_are_never_identical() -> None:
    house = world()
    house.advance_to(1001)
    one = house.circuit("main")
    house.advance_to(1001.1)
    other = house.circuit("main")

    assert one.voltage_v != other.voltage_v
    assert all(225 < volts < 235 for volts in one.voltage_v)


def test_phase_that_a_circuit_does_not_have_shows_no_voltage() -> None:
    tree = CircuitTree((Circuit(circuit_id="main", fuse=Fuse(rating_a=63), phases=(L1,)),))
    house = World(circuits=tree, day=SummerDay(phases=(L1,), sky="clear", peak_w=4000), peaks_w={"roof": 4000})

    house.advance_to(10)

    assert house.circuit("main").voltage_v.l2 == 0
    assert house.sun("roof").current_a.l1 > 10


@given(st.lists(st.floats(min_value=0.01, max_value=5), min_size=1, max_size=10))
@settings(max_examples=20)
def test_world_is_the_same_however_often_it_is_looked_at(steps_s: list[float]) -> None:
    day = SummerDay(seed=3, peak_w=9000)
    often, once = world(place(), day=day, roof=9000), world(place(), day=day, roof=9000)
    for each in (often, once):
        each.offer("one", Offer(limit_a=16))

    end_s = 1000.0
    for step_s in steps_s:
        end_s += step_s
        often.advance_to(end_s)
    once.advance_to(end_s)

    assert often.circuit("main") == once.circuit("main")
    assert often.figures() == once.figures()


def test_house_alone_never_touches_the_main_fuse_in_an_hour_of_cooking() -> None:
    house = world(day=SummerDay(seed=7, ceiling_a=13.75))

    house.advance_to(1000 + 1800)

    assert max(house.figures()[0].max_a) <= 13.75
    assert house.figures()[0].max_a.l2 > 9


def test_a_held_battery_does_not_discharge_and_the_grid_gives_until_nobody_says_it_again() -> None:
    kind = SimulatedBattery(capacity_kwh=10, max_w=3000, soc=0.5, reacts_within_s=0)
    house = World(
        circuits=TREE,
        day=QUIET,
        places=[place()],
        start_s=1000,
        battery=HomeBattery(kind, step_s=STEP_S),
    )
    house.offer("one", Offer(limit_a=10.3))
    house.advance_to(1060)
    helped_w = house.circuit("main").power_w.total
    house.bound_battery(charge_at_most_w=None, discharge_at_most_w=0.0, lasts_s=30)
    house.advance_to(1080)
    held, held_w = house.battery(), house.circuit("main").power_w.total
    house.advance_to(1095)
    free = house.battery()

    assert helped_w == pytest.approx(0, abs=50)
    assert held is not None
    assert (held.power_w, held.held) == (0.0, True)
    assert held_w == pytest.approx(2300, abs=50)
    assert free is not None
    assert free.power_w == pytest.approx(2300, abs=50)
    assert not free.held
