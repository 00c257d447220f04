"""`equal`, `everest` and `uncontrolled`: the systems that know no solar mode."""

import pytest

from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from tests.unit.sim.policies.house import House, circuit, station


@pytest.mark.parametrize("policy", ["equal", "everest", "uncontrolled"])
def test_solar_car_charges_at_night(policy: str) -> None:
    house = House(policy, station(mode=ChargeMode.SOLAR))

    house.tick()

    assert house.limit_a() == 16.0


@pytest.mark.parametrize("policy", ["equal", "everest", "uncontrolled"])
def test_off_and_unplugged_get_nothing(policy: str) -> None:
    house = House(policy, station("off", mode=ChargeMode.OFF), station("away"))
    house.cars["away"].plugged = False

    house.tick()

    assert (house.limit_a("off"), house.limit_a("away")) == (0.0, 0.0)


def test_uncontrolled_ignores_the_fuse() -> None:
    house = House("uncontrolled", station("a"), station("b"), fuse_a=16)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (16.0, 16.0)


def test_equal_divides_the_free_current() -> None:
    house = House("equal", station("a"), station("b"), fuse_a=25)
    house.house_a = PerPhase(1.0, 5.0, 0.0)

    house.run(60)

    assert (house.limit_a("a"), house.limit_a("b")) == (10.0, 10.0)


def test_equal_leaves_the_last_one_out_where_shares_are_below_the_minimum() -> None:
    house = House("equal", station("a"), station("b"), fuse_a=11)
    house.tick()
    assert (house.limit_a("a"), house.limit_a("b")) == (11.0, 0.0)

    house.house_a = PerPhase(6.0, 0.0, 0.0)
    house.tick()
    assert (house.limit_a("a"), house.limit_a("b")) == (0.0, 0.0)


def test_equal_does_not_pass_on_what_a_small_car_cannot_use() -> None:
    house = House("equal", station("small", max_a=8.0), station("big"), fuse_a=20)

    house.tick()

    assert (house.limit_a("small"), house.limit_a("big")) == (8.0, 10.0)


def test_equal_pauses_60_s_after_the_meter_is_lost() -> None:
    house = House("equal", station())
    house.tick()
    house.meter_works = False

    house.run(60)
    assert house.limit_a() == 16.0

    house.tick()
    assert house.limit_a() == 0.0


@pytest.mark.parametrize("policy", ["equal", "everest"])
def test_cars_that_move_after_the_last_sample_make_no_room(policy: str) -> None:
    """Without a new sample the house is what it was, whatever the cars report by now."""
    house = House(policy, station(), fuse_a=20)
    house.house_a = PerPhase(8.0, 8.0, 8.0)
    house.cars["garage"].appetite_a = 6.0
    house.run(60)
    house.meter_works = False
    house.cars["garage"].appetite_a = 16.0

    house.run(30)

    assert house.limit_a() == 12.0


def test_everest_hands_out_half_amperes_in_turns() -> None:
    house = House("everest", station("a"), station("b"), fuse_a=20.5)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (10.5, 10.0)


def test_everest_counts_a_one_phase_car_on_every_phase() -> None:
    house = House("everest", station("a", phases=1), station("b"), fuse_a=20)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (10.0, 10.0)


def test_everest_gives_the_minimum_or_nothing() -> None:
    house = House("everest", station("a"), station("b", priority=1), fuse_a=11)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (0.0, 11.0)


def test_everest_lowers_within_a_second() -> None:
    house = House("everest", station("a"), station("b"), fuse_a=35)
    house.run(10)
    house.house_a = PerPhase(0.0, 0.0, 15.0)

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b")) == (10.0, 10.0)


def test_everest_does_not_chase_its_own_change() -> None:
    house = House("everest", station("a"), station("b"), fuse_a=35)
    house.run(10)
    house.house_a = PerPhase(0.0, 0.0, 15.0)
    house.tick()
    house.house_a = PerPhase(0.0, 0.0, 5.0)

    house.run(4)
    assert house.limit_a("a") == 10.0

    house.run(2)
    assert house.limit_a("a") == 15.0


def test_everest_obeys_the_fuse_of_the_sub_circuit() -> None:
    cars = (station("a", circuit_id="garages"), station("b", circuit_id="garages"), station("c"))
    house = House("everest", *cars, fuse_a=63, sub=circuit("garages", 16.0, "main"))

    house.tick()

    assert (house.limit_a("a"), house.limit_a("b"), house.limit_a("c")) == (8.0, 8.0, 16.0)


def test_everest_uses_three_phases_after_600_s() -> None:
    house = House("everest", station(switch=True))

    house.run(600)
    assert house.phases() == 1

    house.tick()
    assert house.phases() == 3


def test_everest_pauses_30_s_after_the_meter_is_lost() -> None:
    house = House("everest", station())
    house.tick()
    house.meter_works = False

    house.run(30)
    assert house.limit_a() == 16.0

    house.tick()
    assert house.limit_a() == 0.0
