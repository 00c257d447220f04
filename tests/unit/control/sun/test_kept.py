"""A car that is kept at its minimum although the sun is short says how long."""

from __future__ import annotations

import pytest

from ems.model.goals import ChargeMode
from ems.model.sentences import sentence
from ems.model.words import Language
from tests.house import House


def charging(mode: ChargeMode = ChargeMode.SOLAR) -> House:
    """A car on three phases that has charged from ample sun for a while."""
    return House(sun_w=7000).with_car("a", mode=mode).run(minutes=5)


def test_a_car_kept_at_its_minimum_says_what_that_has_cost_and_when_it_stops() -> None:
    house = charging()
    house.sun_w = 2000
    house.run(seconds=20)

    reason = house.setpoint("a").reason

    assert house.limit_a("a") == pytest.approx(6.0, abs=0.5)
    assert reason.stop_wh == house.site.policy.stop_wh
    assert reason.cost_wh is not None
    assert 0.0 < reason.cost_wh < reason.stop_wh
    assert sentence(reason) == (
        f"surplus {reason.surplus_w:.0f} W, kept at its minimum, stops once that has cost {reason.stop_wh:.0f} Wh "
        f"({reason.cost_wh:.0f} so far)"
    )
    assert "bleibt auf dem Minimum, hält an, sobald das" in sentence(reason, Language.GERMAN)


def test_what_it_said_comes_true() -> None:
    house = charging()
    house.sun_w = 2000
    told: list[float | None] = []
    while house.limit_a("a") > 0 and len(told) < 600:
        house.run(seconds=1)
        told.append(house.setpoint("a").reason.cost_wh)
    costs_wh = [each for each in told if each is not None]

    assert house.limit_a("a") == 0.0
    assert costs_wh == sorted(costs_wh)
    assert costs_wh[-1] == pytest.approx(house.site.policy.stop_wh, abs=1.0)


def test_a_car_with_sun_enough_says_nothing_of_stopping() -> None:
    reason = charging().setpoint("a").reason

    assert (reason.cost_wh, reason.stop_wh) == (None, None)


def test_a_car_that_never_stops_says_nothing_of_stopping() -> None:
    house = charging(ChargeMode.MIN_SOLAR)
    house.sun_w = 1000
    house.run(seconds=60)

    assert house.limit_a("a") > 0
    assert house.setpoint("a").reason.stop_wh is None
