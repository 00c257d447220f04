"""The perfect-foresight bound: cases solved by hand, and its laws against the cheapest cut of the same network."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.config.schema import StationEntry
from ems.sim.lab.foresight import KWH_PER_W_MINUTE, foresight_solar_kwh, share_at_home, within_stations
from ems.sim.lab.records import Series, Stay

ONE_PHASE_16_A_W = 3680.0
MINUTES = 6


def stay(
    *, energy_kwh: float = math.inf, phases: int = 1, max_a: float = 16.0, home_min: tuple[float, float] = (0, 600)
) -> Stay:
    return Stay(
        station_id="garage",
        arrival_s=home_min[0] * 60,
        departure_s=home_min[1] * 60,
        energy_kwh=energy_kwh,
        phases=phases,
        max_a=max_a,
    )


def sun(*watts: float) -> Series:
    return np.array(watts, dtype=np.float64)


def hours(watts: float, count: int) -> Series:
    return np.full(60 * count, watts)


def test_one_hungry_car_takes_all_sun_that_it_can_carry() -> None:
    assert foresight_solar_kwh(np.concatenate([hours(2000, 1), hours(9000, 1)]), [stay()]) == pytest.approx(2.0 + 3.68)


def test_a_full_car_takes_no_more() -> None:
    assert foresight_solar_kwh(hours(3000, 4), [stay(energy_kwh=5.0)]) == pytest.approx(5.0)


def test_sun_while_nobody_is_home_is_lost() -> None:
    assert foresight_solar_kwh(hours(3000, 4), [stay(home_min=(60, 120))]) == pytest.approx(3.0)


def test_a_minute_that_is_half_at_home_counts_half() -> None:
    assert foresight_solar_kwh(hours(9000, 1), [stay(home_min=(0.5, 60))]) == pytest.approx(3.68 * 59.5 / 60)


def test_two_cars_share_a_scarce_hour_and_the_leaving_one_goes_first() -> None:
    """4 kW for two hours; one car leaves after the first and wants 3 kWh, the other has time for 4.5 kWh."""
    leaving, staying = stay(energy_kwh=3.0, home_min=(0, 60)), stay(energy_kwh=4.5)

    assert foresight_solar_kwh(hours(4000, 2), [leaving, staying]) == pytest.approx(3.0 + 1.0 + 3.5)


def test_two_cars_that_are_never_full_take_the_surplus_together() -> None:
    assert foresight_solar_kwh(hours(5000, 2), [stay(), stay()]) == pytest.approx(10.0)


def test_no_sun_and_no_car_give_nothing() -> None:
    assert foresight_solar_kwh(hours(0, 1), [stay()]) == 0.0
    assert foresight_solar_kwh(hours(5000, 1), []) == 0.0
    assert foresight_solar_kwh(sun(), [stay()]) == 0.0


def test_a_station_bounds_its_car() -> None:
    bounded = within_stations([stay(phases=3, max_a=32)], [StationEntry(id="garage", wired=("L2",), max_a=10)])

    assert [(each.phases, each.max_a) for each in bounded] == [(1, 10.0)]


def test_share_of_a_minute_at_home() -> None:
    assert share_at_home(stay(home_min=(0.25, 1.5)), 3).tolist() == [0.75, 0.5, 0.0]


surpluses = st.lists(st.floats(0, 8000), min_size=MINUTES, max_size=MINUTES).map(lambda watts: sun(*watts))
needs = st.one_of(st.just(math.inf), st.floats(0, 0.3))
stays = st.builds(
    lambda need, phases, begin, length: stay(energy_kwh=need, phases=phases, home_min=(begin, begin + length)),
    needs,
    st.sampled_from([1, 3]),
    st.integers(0, 5),
    st.integers(1, 6),
)
fleets = st.lists(stays, max_size=3)
quick = settings(max_examples=60, deadline=None)


def cheapest_cut_kwh(surplus_w: Series, fleet: list[Stay]) -> float:
    """The same bound by duality: whoever is cut off counts with the need, all others with what the sun gives them."""
    cuts = []
    for kept in product([False, True], repeat=len(fleet)):
        cut_kwh = sum(car.energy_kwh for car, stays_in in zip(fleet, kept, strict=True) if not stays_in)
        most_w = np.zeros(len(surplus_w))
        for car, stays_in in zip(fleet, kept, strict=True):
            if stays_in:
                most_w += share_at_home(car, len(surplus_w)) * car.max_a * car.phases * 230.0
        cuts.append(cut_kwh + float(np.minimum(surplus_w, most_w).sum()) * KWH_PER_W_MINUTE)
    return min(cuts)


@quick
@given(surpluses, fleets)
def test_the_optimum_is_the_cheapest_cut(surplus_w: Series, fleet: list[Stay]) -> None:
    assert foresight_solar_kwh(surplus_w, fleet) == pytest.approx(cheapest_cut_kwh(surplus_w, fleet), abs=1e-6)


@quick
@given(surpluses, fleets)
def test_never_more_than_the_sun_gives_or_the_cars_need(surplus_w: Series, fleet: list[Stay]) -> None:
    bound_kwh = foresight_solar_kwh(surplus_w, fleet)

    assert bound_kwh <= float(surplus_w.sum()) * KWH_PER_W_MINUTE + 1e-6
    assert bound_kwh <= sum(car.energy_kwh for car in fleet) + 1e-6


@quick
@given(surpluses, surpluses, fleets)
def test_more_sun_never_gives_less(surplus_w: Series, more_w: Series, fleet: list[Stay]) -> None:
    assert foresight_solar_kwh(surplus_w + more_w, fleet) >= foresight_solar_kwh(surplus_w, fleet) - 1e-6


@quick
@given(surpluses, fleets, stays)
def test_another_car_never_lowers_it(surplus_w: Series, fleet: list[Stay], newcomer: Stay) -> None:
    assert foresight_solar_kwh(surplus_w, [*fleet, newcomer]) >= foresight_solar_kwh(surplus_w, fleet) - 1e-6


@quick
@given(surpluses, fleets, st.floats(0, 0.2))
def test_greater_needs_never_lower_it(surplus_w: Series, fleet: list[Stay], more_kwh: float) -> None:
    hungrier = [
        stay(
            energy_kwh=car.energy_kwh + more_kwh,
            phases=car.phases,
            home_min=(car.arrival_s / 60, car.departure_s / 60),
        )
        for car in fleet
    ]

    assert foresight_solar_kwh(surplus_w, hungrier) >= foresight_solar_kwh(surplus_w, fleet) - 1e-6
