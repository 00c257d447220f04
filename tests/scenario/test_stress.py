"""Hundreds of virtual minutes in unruly houses: the breaker holds, limits stay calm, and the fuse is used."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ems.control.headroom import CARRIES, usable
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Station
from tests.house import House
from tests.plant import VOLTS, Car
from tests.unruly import Unruly, changes_per_hour

HAIR_A = 1e-3
MOST_CHANGES_PER_HOUR = 330
"""These houses switch something every half minute, and clouds come every minute and a half."""

MOST_MESSAGES_PER_MINUTE = 10


@pytest.mark.parametrize("seed", range(12))
def test_no_fuse_carries_more_than_its_rating_for_longer_than_control_needs(seed: int) -> None:
    """S01."""
    unruly = Unruly(seed).run(minutes=15)
    set_a = [limit_a for _, limits in unruly.house.history for limit_a in limits.values()]

    assert unruly.watch.seconds == 0, unruly.watch.worst
    assert all(limit_a == 0.0 or limit_a >= 6.0 for limit_a in set_a)
    assert max(changes_per_hour(unruly.house).values()) <= MOST_CHANGES_PER_HOUR
    assert max(lane.messages for lane in unruly.house.lanes.values()) <= MOST_MESSAGES_PER_MINUTE * 15


@pytest.mark.parametrize("seed", range(100, 106))
def test_limits_rise_by_one_step_at_a_time_and_find_all_the_room_once_the_house_is_calm(seed: int) -> None:
    unruly = Unruly(seed, faults=False).run(minutes=6)
    calm(unruly.house)
    unruly.house.run(minutes=15)

    for station in unruly.house.stations:
        assert too_steep(unruly.house, station) == []
        if station.goal.mode is ChargeMode.FAST:
            assert is_content(unruly.house, station), (
                f"{station.station_id} {unruly.house.setpoint(station.station_id)}"
            )
    assert unruly.watch.seconds == 0, unruly.watch.worst


def calm(house: House) -> None:
    """Nothing but the base load, and no sun."""
    house.base_a = PerPhase.on(house.site.phases, 1.0)
    house.sun_w = 0.0


def too_steep(house: House, station: Station) -> list[tuple[float, float]]:
    """Raises that the station took which were larger or came sooner than the ramp allows."""
    most_a = house.policy.ramp_a_per_s * 5.0 + HAIR_A
    return [
        (at_s, after_a)
        for (before_s, before_a), (at_s, after_a) in pairwise(house.lanes[station.station_id].took)
        if after_a > before_a
        and (at_s - before_s < 4.0 or after_a - before_a > (station.min_a if before_a == 0 else most_a))
    ]


def is_content(house: House, station: Station) -> bool:
    """Whether a car has its maximum, or a fuse above it has no more to give than the least raise and a whole amp."""
    limit_a = house.limit_a(station.station_id)
    missing_a = station.min_a + house.policy.restart_margin_a if limit_a <= 0 else station.step_a
    least_a = max(house.policy.raise_least_a, missing_a) + 0.5
    return limit_a >= station.max_a or any(
        left_a(house, circuit.circuit_id, phase) < least_a
        for circuit in house.site.circuits.above(station.circuit_id)
        for phase in station.wiring
    )


def left_a(house: House, circuit_id: str, phase: Phase) -> float:
    """What is not given away of one phase of a fuse, nor held for peaks of the house that are not forgotten yet."""
    circuit = house.site.circuits[circuit_id]
    granted_a = sum(house.limit_a(s.station_id) for s in house.site.below(circuit_id) if phase in s.wiring)
    held_a = house.memory.held_a.get(circuit_id, PerPhase())[phase]
    room_a = usable(circuit, house.policy.hold_fraction) - max(held_a, house.house_a(circuit_id)[phase])
    return min(room_a, CARRIES[circuit.fuse.device] * circuit.fuse.rating_a) - granted_a


@pytest.mark.parametrize("meter_period_s", [1, 2, 5, 10])
def test_after_a_quarter_of_an_hour_a_fast_car_alone_has_its_maximum(meter_period_s: int) -> None:
    house = House(main_fuse_a=25, meter_period_s=meter_period_s)
    house.with_car("garage", mode=ChargeMode.FAST, car=sluggish())
    house.base_a = PerPhase(12.0, 3.0, 1.0)
    house.run(minutes=2)
    house.base_a = PerPhase(1.0, 1.0, 1.0)
    house.run(minutes=13)

    assert house.limit_a("garage") == 16.0
    assert house.cars["garage"].drawn_a == 15.5


@pytest.mark.parametrize("meter_period_s", [1, 5])
def test_two_solar_cars_use_nine_tenths_of_a_constant_surplus_and_buy_little(meter_period_s: int) -> None:
    house = House(main_fuse_a=35, sun_w=13_000, meter_period_s=meter_period_s)
    house.with_car("left", car=sluggish()).with_car("right", car=sluggish()).run(minutes=6)
    surplus_wh = used_wh = bought_wh = 0.0
    for _ in range(9 * 60):
        house.step()
        surplus_wh += (house.sun_w - house.base_a.total * VOLTS) / 3600
        used_wh += sum(car.drawn_a * car.phases * VOLTS for car in house.cars.values()) / 3600
        bought_wh += max(0.0, house.grid_a().total * VOLTS) / 3600

    assert used_wh > 0.9 * surplus_wh
    assert bought_wh < 0.035 * surplus_wh


def test_equal_cars_share_a_fuse_and_the_one_that_goes_first_gets_its_part_soon() -> None:
    house = House(main_fuse_a=25)
    for name in ("one", "two", "three"):
        house.with_car(name, mode=ChargeMode.FAST, car=sluggish())
    house.run(minutes=6)
    shares_a = [house.limit_a(name) for name in ("one", "two", "three")]

    house.goals["three"] = Goal(mode=ChargeMode.FAST, priority=5)
    house.run(minutes=3)

    assert shares_a == pytest.approx([7.5, 7.5, 7.5], abs=0.1)
    assert house.limit_a("three") > 9.0


def test_a_car_stopped_by_an_oven_comes_back_when_the_oven_rests_now_and_then() -> None:
    house = House(main_fuse_a=20).with_car("garage", mode=ChargeMode.FAST, car=sluggish()).run(minutes=3)
    charged_s = 0
    for second in range(30 * 60):
        house.base_a = PerPhase(1.0 + (14.0 if second % 600 < 240 else 0.0), 1.0, 1.0)
        house.step()
        charged_s += house.cars["garage"].drawn_a > 0

    assert charged_s > 10 * 60


def sluggish() -> Car:
    """The slowest car that the standards allow, on a station that reports late."""
    return Car(dead_s=5, start_s=25, ramp_a_per_s=1.0, offset_a=0.5, report_every_s=10, report_lag_s=2)
