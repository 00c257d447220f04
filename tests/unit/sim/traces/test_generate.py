"""Made traces, how traces are written, and what `describe` tells of them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.config.examples import example
from ems.sim.traces.errors import TraceError
from ems.sim.traces.generate import TracePlan, make_trace
from ems.sim.traces.info import describe
from ems.sim.traces.trace import read_trace
from ems.sim.traces.write import write_trace
from tests.unit.sim.traces.trace_files import START, trace

NOTHING = float("nan")
CLEAR = TracePlan(start_utc=START, days=1, skies={"clear": 1})


def kwh(series: np.ndarray[tuple[int], np.dtype[np.float64]], step_s: int) -> float:
    return float(series.sum()) * step_s / 3_600_000


@settings(max_examples=15)
@given(
    st.sampled_from([1, 10, 60, 900]), st.integers(0, 100), st.floats(-66, 66), st.floats(-180, 180), st.floats(0, 30)
)
def test_a_made_house_is_plausible_anywhere(
    step_s: int, seed: int, latitude: float, longitude: float, kwp: float
) -> None:
    plan = TracePlan(start_utc=START, days=1, step_s=step_s, seed=seed, latitude=latitude, longitude=longitude, kwp=kwp)

    made = make_trace(plan)

    assert len(made.load_w) == len(made.pv_w) == 86_400 // step_s
    assert made.load_w.min() >= 149
    assert 4 < kwh(made.load_w, step_s) < 25
    assert made.pv_w.min() >= 0
    assert made.pv_w.max() <= 1100 * kwp + 1


def test_the_same_plan_makes_the_same_trace_and_another_seed_another() -> None:
    plan = TracePlan(start_utc=START, days=2, seed=5)

    np.testing.assert_array_equal(make_trace(plan).load_w, make_trace(plan).load_w)
    assert (make_trace(plan).load_w != make_trace(replace(plan, seed=6)).load_w).any()


def test_a_day_is_the_same_in_a_longer_trace_and_with_longer_steps() -> None:
    minutes = make_trace(TracePlan(start_utc=START, days=2, seed=5))
    quarters = make_trace(TracePlan(start_utc=START + timedelta(days=1), days=1, seed=5, step_s=900))

    np.testing.assert_allclose(minutes.load_w[1440:].reshape(-1, 15).mean(axis=1), quarters.load_w, atol=1)
    np.testing.assert_allclose(minutes.pv_w[1440:].reshape(-1, 15).mean(axis=1), quarters.pv_w, atol=1)


def test_the_sun_is_highest_at_local_noon_and_lower_in_winter() -> None:
    summer = make_trace(CLEAR).pv_w
    winter = make_trace(replace(CLEAR, start_utc=START + timedelta(days=183))).pv_w

    assert int(np.argmax(summer)) == pytest.approx(12 * 60 - 40, abs=5)
    assert 45 < kwh(summer, 60) < 75
    assert 10 < kwh(winter, 60) < 0.6 * kwh(summer, 60)


def test_skies_and_inverters_cut_the_sun() -> None:
    clear = kwh(make_trace(CLEAR).pv_w, 60)

    assert kwh(make_trace(replace(CLEAR, skies={"overcast": 1})).pv_w, 60) < 0.5 * clear
    assert kwh(make_trace(replace(CLEAR, skies={"broken": 1})).pv_w, 60) < 0.9 * clear
    assert make_trace(replace(CLEAR, inverter_max_w=4600)).pv_w.max() == 4600


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        pytest.param(replace(CLEAR, start_utc=START + timedelta(hours=1)), "does not start at midnight", id="hour"),
        pytest.param(replace(CLEAR, days=0), "has 0 days", id="days"),
        pytest.param(replace(CLEAR, step_s=7), "has steps of 7 s", id="step"),
        pytest.param(replace(CLEAR, latitude=80), "latitude 80", id="arctic"),
        pytest.param(replace(CLEAR, skies={"clear": 0}), "leaves no sky: give weights above 0", id="sky"),
        pytest.param(replace(CLEAR, days=100, step_s=1), "more than 3000000 steps", id="size"),
        pytest.param(replace(CLEAR, kwp=math.nan), "has nan kWp", id="nan"),
    ],
)
def test_a_plan_that_cannot_be_made_is_told(plan: TracePlan, problem: str) -> None:
    with pytest.raises(TraceError, match=problem):
        make_trace(plan)


numbers = st.one_of(st.just(NOTHING), st.floats(-20_000, 20_000))


@given(st.lists(numbers, min_size=2, max_size=30).filter(lambda each: not all(map(math.isnan, each))), st.booleans())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, load_w: list[float], packed: bool
) -> None:
    path = tmp_path_factory.mktemp("written") / ("house.csv.gz" if packed else "house.csv")
    given_trace = replace(trace(load_w, load_w[::-1]), price_eur_per_kwh=np.array(load_w) / 20_000)

    write_trace(path, given_trace)
    read = read_trace(path)

    assert (read.start_utc, read.step_s) == (given_trace.start_utc, given_trace.step_s)
    np.testing.assert_allclose(read.load_w, given_trace.load_w, atol=0.0501)
    np.testing.assert_allclose(read.pv_w, given_trace.pv_w, atol=0.0501)
    assert read.price_eur_per_kwh is not None
    np.testing.assert_allclose(read.price_eur_per_kwh, np.array(load_w) / 20_000, atol=0.00000501)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_traces_that_come_along_are_made_by_their_commands() -> None:
    folder = example("two_cars").parent / "traces"
    june = make_trace(TracePlan(start_utc=START - timedelta(days=6), days=7, seed=11))
    january = make_trace(TracePlan(start_utc=START.replace(month=1, day=12), days=5, step_s=900, seed=5))

    np.testing.assert_array_equal(read_trace(folder / "summer_week_1min.csv.gz").load_w, june.load_w)
    np.testing.assert_array_equal(read_trace(folder / "summer_week_1min.csv.gz").pv_w, june.pv_w)
    np.testing.assert_array_equal(read_trace(folder / "winter_days_15min.csv.gz").pv_w, january.pv_w)


def test_the_same_trace_is_the_same_bytes(tmp_path: Path) -> None:
    made = make_trace(CLEAR)
    first, second = tmp_path / "one.csv.gz", tmp_path / "other.csv.gz"

    write_trace(first, made)
    write_trace(second, made)

    assert first.read_bytes() == second.read_bytes()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"let it end in \.csv or \.csv\.gz"):
        write_trace(tmp_path / "house.json", make_trace(CLEAR))
    with pytest.raises(TraceError, match="cannot be written"):
        write_trace(tmp_path / "nowhere" / "house.csv", make_trace(CLEAR))
    assert not list(tmp_path.iterdir())


def test_describe_tells_gaps_energy_and_the_steepest_step() -> None:
    load_w = [400.0] * 23 + [NOTHING] + [600.0] * 24 + [100.0] * 24 + [NOTHING] * 24

    summary = describe(trace([each for each in load_w for _ in range(4)], step_s=900))

    (load,) = summary.columns
    assert (summary.days, summary.step_s, summary.steps) == (4.0, 900, 384)
    assert load.gap_share == pytest.approx(25 / 96)
    assert (load.least, load.most, load.steepest_step) == (100.0, 600.0, -500.0)
    assert load.steepest_utc == START + timedelta(days=2)
    assert load.kwh_per_day == pytest.approx((9.6 + 14.4 + 2.4) / 3)
