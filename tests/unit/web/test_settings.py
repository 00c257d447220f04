"""What the settings page offers: never less than what is set already."""

from __future__ import annotations

from datetime import UTC

import pytest

from ems.api.wire import StationState
from ems.model.words import Language
from ems.web.settings import bounds_of, key_of, priorities_of, usual_vehicle
from ems.web.voice import Voice
from tests.live import LiveBench

ENGLISH = Voice(Language.ENGLISH, UTC)


def station(**told: object) -> StationState:
    bench = LiveBench()
    bench.run(5)
    return bench.station("garage").model_copy(update=told)


@pytest.mark.parametrize("bound_a", [6.0, 10.5, 13.3333333333, 16.0, 32.0])
def test_a_bound_that_is_there_can_be_kept_to_the_last_digit(bound_a: float) -> None:
    bounds = bounds_of(ENGLISH, station(min_a=6.0, max_a=16.0, user_max_a=bound_a))

    assert float(next(key for key in bounds if key == key_of(bound_a))) == bound_a


def test_bounds_are_whole_amperes_in_their_order() -> None:
    bounds = bounds_of(ENGLISH, station(min_a=6.0, max_a=9.5, user_max_a=7.5))

    assert list(bounds) == ["", "6", "7", "7.5", "8", "9"]


@pytest.mark.parametrize("priority", range(10))
def test_a_priority_that_is_there_can_be_kept(priority: int) -> None:
    priorities = priorities_of(ENGLISH, station(priority=priority))

    assert str(priority) in priorities
    assert len(priorities) == (4 if priority < 4 else 5)


@pytest.mark.parametrize(("guest", "shown"), [(False, "family"), (True, "city")])
def test_a_guest_does_not_become_the_usual_car_when_settings_are_saved(guest: bool, shown: str) -> None:
    told = station(vehicle="Aunt Ida" if guest else "family", user_vehicle="city", guest=guest)

    assert usual_vehicle(told) == shown
