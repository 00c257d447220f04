"""Signs that only several devices together show."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ems.devices.inspection.balance import HouseLook, SunSays, house_doubts, sun_says

WATTS = st.floats(0, 8000)
SKIES = st.lists(WATTS, min_size=5, max_size=30)


def looks(sky: Sequence[float], load_w: float, *, turned: bool = False, battery_w: float = 0.0) -> list[HouseLook]:
    """A house with a steady load under that sky; `turned` is its meter."""
    way = -1.0 if turned else 1.0
    return [HouseLook(grid_w=way * (load_w - sun_w - battery_w), solar_w=sun_w, battery_w=battery_w) for sun_w in sky]


@given(SKIES, WATTS, st.floats(-3000, 3000))
def test_changing_sun_tells_a_meter_that_is_right_from_one_that_is_turned(
    sky: list[float], load_w: float, battery_w: float
) -> None:
    tells = max(sky) - min(sky) >= 300

    assert sun_says(looks(sky, load_w, battery_w=battery_w)) is (SunSays.RIGHT if tells else SunSays.UNKNOWN)
    turned = sun_says(looks(sky, load_w, turned=True, battery_w=battery_w))
    assert turned is (SunSays.TURNED if tells else SunSays.UNKNOWN)


@given(SKIES, WATTS, st.floats(-3000, 3000))
def test_a_house_that_is_wired_right_is_never_doubted(sky: list[float], load_w: float, battery_w: float) -> None:
    assert house_doubts(looks(sky, load_w, battery_w=battery_w), sources_known=True) == ()


@given(st.lists(st.tuples(WATTS, WATTS), min_size=5, max_size=30))
def test_a_load_that_changes_more_than_the_sun_never_turns_a_right_meter(houses: list[tuple[float, float]]) -> None:
    seen = [HouseLook(grid_w=load_w - sun_w, solar_w=sun_w) for load_w, sun_w in houses]

    said = house_doubts(seen, sources_known=True)

    # Only a load that rises and falls with the sun, and more than it, looks the same as a turned meter.
    mean_load = sum(load for load, _ in houses) / len(houses)
    mean_sun = sum(sun for _, sun in houses) / len(houses)
    together = sum((load - mean_load) * (sun - mean_sun) for load, sun in houses)
    alone = sum((sun - mean_sun) ** 2 for _, sun in houses)
    assert said == () or together >= 1.4 * alone


@given(SKIES)
def test_a_battery_that_takes_the_sun_leaves_the_meter_untested(sky: list[float]) -> None:
    seen = [HouseLook(grid_w=10.0, solar_w=sun_w, battery_w=500.0 - sun_w) for sun_w in sky]

    assert sun_says(seen) is SunSays.UNKNOWN


@given(st.floats(300, 5000))
def test_a_meter_that_is_turned_shows_at_night_too(load_w: float) -> None:
    night = [HouseLook(grid_w=-load_w)] * 5

    (said,) = house_doubts(night, sources_known=True)
    assert said == f"the house would give {load_w:.0f} W by itself: a sign is turned, most often the meter's"
    (said,) = house_doubts(night, sources_known=False)
    assert said.endswith("unless something gives that the site file does not name")


def test_few_looks_say_nothing() -> None:
    assert house_doubts([HouseLook(grid_w=-5000.0)] * 4, sources_known=True) == ()
    assert sun_says([]) is SunSays.UNKNOWN
