"""What a schedule reaches in which a car takes nothing or at least 6 A."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from ems.sim.lab.foresight import foresight_solar_kwh
from ems.sim.lab.records import Series, Stay
from ems.sim.lab.whole_steps import whole_steps_solar_kwh
from tests.unit.sim.lab.test_foresight import fleets, hours, quick, stay, surpluses


def test_sun_below_the_minimum_is_lost_and_the_rest_is_used() -> None:
    assert whole_steps_solar_kwh(np.concatenate([hours(1300, 1), hours(1400, 1)]), [stay()], ()) == pytest.approx(1.4)


def test_a_three_phase_car_uses_little_sun_only_on_one_phase() -> None:
    cars = [stay(phases=3)]

    assert whole_steps_solar_kwh(hours(3000, 1), cars, ()) == 0.0
    assert whole_steps_solar_kwh(hours(3000, 1), cars, {"garage"}) == pytest.approx(3.0)


def test_the_order_that_uses_more_wins() -> None:
    """5 kW: the three-phase car first leaves 0.86 kW to nobody; the small one first would leave it too little."""
    small, large = stay(max_a=6, home_min=(0, 60)), stay(phases=3, home_min=(0, 90))

    assert whole_steps_solar_kwh(hours(5000, 1), [small, large], ()) == pytest.approx(5.0)


@quick
@given(surpluses, fleets)
def test_never_above_the_linear_bound(surplus_w: Series, fleet: list[Stay]) -> None:
    assert whole_steps_solar_kwh(surplus_w, fleet, {"garage"}) <= foresight_solar_kwh(surplus_w, fleet) + 1e-6
