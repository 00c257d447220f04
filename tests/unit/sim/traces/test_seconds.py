"""From steps to seconds: energy stays, nothing is negative, and the same seed draws the same house."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ems.sim.traces.errors import TraceError
from ems.sim.traces.generate import TracePlan, make_trace
from ems.sim.traces.seconds import HouseSeconds
from ems.sim.traces.trace import Trace, read_trace
from tests.unit.sim.traces.trace_files import START, trace

TRACES = os.environ.get("FUSEWISE_TRACES")
MAY_SKIP = TRACES is None and not os.environ.get("CI")
"""On a user's machine; in CI a missing trace is a failure."""
NOTHING = float("nan")

watts = st.floats(0, 20_000)
steps_s = st.sampled_from([1, 2, 7, 60, 300, 900])
houses = st.sampled_from([1, 3])


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Up to two hours of any load and sun."""
    load_w = draw(st.lists(watts, min_size=2, max_size=40))
    pv_w = draw(st.lists(watts, min_size=len(load_w), max_size=len(load_w)))
    return trace(load_w, pv_w, step_s=draw(steps_s))


def means(seconds: NDArray[np.float64], step_s: int) -> NDArray[np.float64]:
    """Per step, of a series per second."""
    steps: NDArray[np.float64] = seconds.reshape(-1, step_s).mean(axis=1)
    return steps


@given(traces(), houses, st.integers(0, 5))
def test_each_step_keeps_its_energy(given_trace: Trace, phases: int, seed: int) -> None:
    house = HouseSeconds(given_trace, phases, seed, None)

    day = house.day(0)

    assert day.load_w.shape == (given_trace.length_s, 3)
    np.testing.assert_allclose(means(day.load_w.sum(axis=1), given_trace.step_s), given_trace.load_w, atol=1e-4)
    np.testing.assert_allclose(means(day.pv_w, given_trace.step_s), given_trace.pv_w, atol=1e-4)


@given(traces(), houses, st.integers(0, 5))
def test_nothing_is_negative_and_the_sun_stays_near_its_steps(given_trace: Trace, phases: int, seed: int) -> None:
    day = HouseSeconds(given_trace, phases, seed, None).day(0)

    assert day.load_w.min() >= 0
    assert day.pv_w.min() >= 0
    assert day.pv_w.max() <= given_trace.pv_w.max() / 0.9 + 1e-6


@given(traces(), st.integers(0, 5))
def test_a_house_with_one_phase_has_everything_on_l1(given_trace: Trace, seed: int) -> None:
    day = HouseSeconds(given_trace, 1, seed, None).day(0)

    assert not day.load_w[:, 1:].any()


@given(st.lists(st.floats(0, 5400), min_size=2, max_size=60), st.sampled_from([60, 300, 900]), st.integers(0, 5))
def test_events_do_not_lift_a_phase_above_24_a_that_the_trace_keeps_below(
    load_w: list[float], step_s: int, seed: int
) -> None:
    house = HouseSeconds(trace(load_w, step_s=step_s), 1, seed, None)

    assert house.day(0).load_w.max() <= 5500 + 1e-6


@given(traces(), st.integers(0, 5))
def test_an_inverter_clips_the_sun(given_trace: Trace, seed: int) -> None:
    assert HouseSeconds(given_trace, 3, seed, 4000.0).day(0).pv_w.max() <= 4000


def test_seconds_are_taken_as_they_are() -> None:
    load_w = [300.0, 305.0, 2400.0, 2390.0, 310.0]
    pv_w = [10.0, 5000.0, 0.0, 20.0, 4000.0]

    day = HouseSeconds(trace(load_w, pv_w, step_s=1), 3, 1, None).day(0)

    np.testing.assert_allclose(day.load_w.sum(axis=1), load_w)
    np.testing.assert_array_equal(day.pv_w, pv_w)


def test_a_kettle_is_on_one_phase_and_a_shower_on_three() -> None:
    load_w = [300.0] * 30 + [2500.0] * 3 + [300.0] * 30 + [9300.0] * 5 + [300.0] * 30

    phases_w = HouseSeconds(trace(load_w, step_s=1), 3, 1, None).day(0).load_w
    risen_w = phases_w - phases_w[0]

    np.testing.assert_allclose(sorted(risen_w[31]), [0, 0, 2200], atol=1e-6)
    np.testing.assert_allclose(risen_w[65], [3000, 3000, 3000])


def test_the_next_appliance_goes_where_there_is_room() -> None:
    load_w = [0.0] * 5 + [3000.0] * 5 + [6000.0] * 5 + [9000.0] * 5 + [0.0] * 5

    phases_w = HouseSeconds(trace(load_w, step_s=1), 3, 1, None).day(0).load_w

    np.testing.assert_allclose(phases_w[17], [3000, 3000, 3000])


def test_a_rise_inside_a_minute_becomes_one_switching() -> None:
    seconds_w = HouseSeconds(trace([0.0, 0.0, 600.0, 2000.0, 2000.0, 0.0]), 1, 3, None).day(0).load_w[:, 0]

    changes = np.flatnonzero(np.abs(np.diff(seconds_w[:240])) > 100)

    assert (changes >= 120).all()
    assert 2000 <= seconds_w.max() <= 3600


def test_400_w_in_a_minute_are_an_appliance_for_some_seconds() -> None:
    seconds_w = HouseSeconds(trace([0.0, 0.0, 400.0, 0.0, 0.0]), 1, 1, None).day(0).load_w[120:180, 0]

    assert seconds_w.max() >= 650
    assert 5 <= np.count_nonzero(seconds_w) <= 40


def test_measured_phases_are_used() -> None:
    phases = [[100.0, 2000.0, 100.0], [200.0, 200.0, 900.0], [0.0, 50.0, 0.0]]
    load_w = [sum(each) for each in zip(*phases, strict=True)]

    day = HouseSeconds(trace(load_w, phases=phases), 3, 1, None).day(0)

    for phase in range(3):
        np.testing.assert_allclose(means(day.load_w[:, phase], 60), phases[phase], atol=1e-6)


def test_gaps_take_the_day_before_and_are_counted() -> None:
    load_w = np.tile([500.0, 700.0], 144)
    pv_w = np.tile([100.0, 900.0], 144)
    load_w[144 + 3], pv_w[144 + 4] = NOTHING, NOTHING
    load_w[1], pv_w[1] = NOTHING, NOTHING

    house = HouseSeconds(trace(load_w.tolist(), pv_w.tolist(), step_s=600), 3, 1, None)
    first, second = house.day(0), house.day(1)

    assert house.gap_share == pytest.approx(3 / 288)
    assert means(second.load_w.sum(axis=1), 600)[3] == pytest.approx(700.0)
    assert means(second.pv_w, 600)[4] == pytest.approx(100.0)
    assert means(first.load_w.sum(axis=1), 600)[1] == pytest.approx(np.nanmedian(load_w))
    assert means(first.pv_w, 600)[1] == 0.0


def test_a_house_without_sun_has_no_gaps_by_that() -> None:
    house = HouseSeconds(trace([300.0, 400.0]), 3, 1, None)

    assert house.gap_share == 0.0
    assert not house.day(0).pv_w.any()


def test_readings_below_zero_count_as_zero() -> None:
    day = HouseSeconds(trace([-50.0, 100.0], [-5.0, -5.0]), 3, 1, None).day(0)

    assert not day.load_w[:60].any()
    assert not day.pv_w.any()


@pytest.fixture(scope="module")
def week() -> Trace:
    return make_trace(TracePlan(start_utc=START, days=4, seed=2))


def test_days_do_not_depend_on_what_was_asked_before(week: Trace) -> None:
    one, other = HouseSeconds(week, 3, 7, None), HouseSeconds(week, 3, 7, None)
    asked = [one.day(index) for index in (3, 0, 2, 2)]

    assert other.days == 4
    np.testing.assert_array_equal(asked[0].load_w, other.day(3).load_w)
    np.testing.assert_array_equal(asked[3].load_w, other.day(2).load_w)


@settings(max_examples=8)
@given(st.integers(0, 3 * 86_400))
def test_a_later_start_plays_the_same_seconds(week: Trace, late_s: int) -> None:
    whole = HouseSeconds(week, 3, 7, None)
    late = HouseSeconds(week, 3, 7, None, start_utc=START + timedelta(seconds=late_s))
    day, skip = divmod(late_s, 86_400)

    np.testing.assert_array_equal(late.day(0).load_w[: 86_400 - skip], whole.day(day).load_w[skip:])
    np.testing.assert_array_equal(late.day(0).pv_w[: 86_400 - skip], whole.day(day).pv_w[skip:])
    assert late.length_s == 4 * 86_400 - late_s


def test_the_last_day_ends_with_the_trace(week: Trace) -> None:
    late = HouseSeconds(week, 3, 7, None, start_utc=START + timedelta(hours=80))

    assert (late.days, len(late.day(0).pv_w)) == (1, 16 * 3600)
    with pytest.raises(IndexError):
        late.day(1)


def test_another_seed_draws_another_house(week: Trace) -> None:
    assert (HouseSeconds(week, 3, 1, None).day(0).load_w != HouseSeconds(week, 3, 2, None).day(0).load_w).any()


def test_a_trace_without_load_or_at_another_time_is_refused() -> None:
    with pytest.raises(TraceError, match="has no load"):
        HouseSeconds(trace([NOTHING, NOTHING], [1.0, 2.0]), 3, 1, None)
    with pytest.raises(TraceError, match=r"start within 2026-06-21T00:00:00Z to 2026-06-21T00:02:00Z"):
        HouseSeconds(trace([1.0, 2.0]), 3, 1, None, start_utc=START + timedelta(minutes=2))


@pytest.mark.skipif(MAY_SKIP, reason="FUSEWISE_TRACES does not say where recorded traces are")
def test_a_recorded_house_stays_below_24_a_on_each_phase_almost_always() -> None:
    recorded = read_trace(Path(TRACES or "") / "gb-dk_ideal-dtu_h65s13_1min_2018-04-01.csv.gz")
    house = HouseSeconds(recorded, 3, 1, None)

    days = [house.day(index) for index in range(7)]

    assert sum(np.count_nonzero(day.load_w > 5500.01) for day in days) < 300
    assert all(one.start_utc + timedelta(days=1) == other.start_utc for one, other in pairwise(days))
