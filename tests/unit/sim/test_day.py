import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.model.electrical import PHASES_OF, Phase
from ems.sim.day import DAY_S, Sky, SummerDay, clear_sky, cloud_factor

SECONDS = st.floats(min_value=0, max_value=3 * DAY_S)
SEEDS = st.integers(min_value=0, max_value=10_000)
SKIES: st.SearchStrategy[Sky] = st.sampled_from(["clear", "broken", "overcast"])


@given(SEEDS, SECONDS, st.floats(0, 5000), st.sampled_from([1, 3]), st.floats(min_value=3.3, max_value=60))
def test_house_alone_stays_below_its_ceiling(
    seed: int, at_s: float, house_w: float, phases: int, ceiling_a: float
) -> None:
    day = SummerDay(seed=seed, house_w=house_w, phases=PHASES_OF[phases], ceiling_a=ceiling_a)

    assert all(0 <= current_a <= ceiling_a + 1e-9 for current_a in day.house_a(at_s))


@given(SEEDS, SECONDS, SKIES)
def test_same_seed_gives_the_same_day(seed: int, at_s: float, sky: Sky) -> None:
    one, other = SummerDay(seed=seed, sky=sky, peak_w=9000), SummerDay(seed=seed, sky=sky, peak_w=9000)

    assert one.house_a(at_s) == other.house_a(at_s)
    assert one.sun_w(at_s) == other.sun_w(at_s)


@given(SEEDS, SECONDS, SKIES)
def test_sun_stays_between_nothing_and_its_peak(seed: int, at_s: float, sky: Sky) -> None:
    assert 0 <= SummerDay(seed=seed, sky=sky, peak_w=9000).sun_w(at_s) <= 9000


@given(SEEDS, st.floats(min_value=11 * 3600, max_value=14 * 3600))
def test_something_switches_in_any_90_s_around_midday(seed: int, start_s: float) -> None:
    day = SummerDay(seed=seed)

    totals = [day.house_a(start_s + second).total for second in range(91)]

    assert max(abs(after - before) for before, after in itertools.pairwise(totals)) > 4.0


@given(SEEDS)
def test_broken_clouds_swing_between_a_quarter_and_all_of_the_light(seed: int) -> None:
    factors = [cloud_factor("broken", seed, 12 * 3600 + second) for second in range(600)]

    assert 0.25 <= min(factors) < 0.45
    assert 0.9 < max(factors) <= 1.0


@given(SEEDS, st.floats(min_value=0, max_value=DAY_S))
def test_a_cloud_edge_takes_seconds_not_an_instant(seed: int, at_s: float) -> None:
    jump = abs(cloud_factor("broken", seed, at_s + 0.1) - cloud_factor("broken", seed, at_s))

    assert jump < 0.75 / 2 * 0.1 * 1.01


def test_overcast_is_dark_and_calm() -> None:
    factors = [cloud_factor("overcast", 3, 12 * 3600 + second) for second in range(3600)]

    assert max(factors) < 0.35
    assert max(abs(b - a) for a, b in itertools.pairwise(factors)) < 0.01


@pytest.mark.parametrize(("hour", "share"), [(2, 0.0), (5, 0.0), (13, 1.0), (22, 0.0)])
def test_clear_sky_is_a_bell(hour: int, share: float) -> None:
    assert clear_sky(hour * 3600) == pytest.approx(share, abs=1e-6)


def test_phases_the_house_does_not_have_draw_nothing() -> None:
    day = SummerDay(phases=(Phase.L1,))

    assert all(day.house_a(12 * 3600 + s).l2 == 0 == day.house_a(12 * 3600 + s).l3 for s in range(300))


def test_kettle_draws_about_nine_amperes_for_two_to_three_minutes() -> None:
    day = SummerDay(seed=7, house_w=0, ceiling_a=100)

    kettle = [day.house_a(12 * 3600 + s).l1 > 8 for s in range(7200)]
    runs = "".join("x" if on else " " for on in kettle).split()

    assert runs
    assert all(len(run) <= 181 for run in runs)
    assert max(len(run) for run in runs) >= 119
