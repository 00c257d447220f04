"""Plots keep what matters: every peak at its place and in its height, and few points."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ems.sim.lab.records import Series
from ems.sim.lab.report.envelope import envelope
from ems.sim.lab.report.plots import WIDE, DayAxis, Frame, Lane, Layer, Scale, figure

DAY_S = 86_400
UTC_ZONE = ZoneInfo("UTC")
AXIS = DayAxis(start_utc=datetime(2026, 6, 21, tzinfo=UTC), seconds=DAY_S, zone=UTC_ZONE)
SERIES = hnp.arrays(np.float64, st.integers(1, 400), elements=st.floats(-100, 100))


def drawn(series: Series) -> str:
    frame = Frame(says="it", layers=[Layer(values=series, look="ink")], scale=Scale(low=0, high=100), keys=[])
    return figure("T", "N", AXIS, [frame])


def corners(drawing: str, look: str) -> list[tuple[float, float]]:
    """Places across and values of a path with that class."""
    found = re.search(rf'd="M([^"]*?)Z?" class="{look}"', drawing)
    assert found is not None
    pairs = re.findall(r"([\d.]+) (\d+)", found[1])
    return [(float(x), 100 - float(y) / 10) for x, y in pairs]


@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_envelope_keeps_the_largest_and_the_smallest_value_where_they_stand(series: Series) -> None:
    found = envelope(series, buckets=20)

    places, values = found.highest
    assert values.max() == series.max()
    assert np.array_equal(series[places.astype(int)], values)
    places, values = found.lowest
    assert values.min() == series.min()
    assert np.array_equal(series[places.astype(int)], values)


@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_envelope_has_at_most_two_points_for_a_bucket(series: Series) -> None:
    found = envelope(series, buckets=20)

    assert max(len(found.mean[0]), len(found.highest[0]), len(found.lowest[0])) <= 40


def test_long_steps_are_drawn_exactly() -> None:
    steps = np.repeat([0.0, 16.0, 6.0, 0.0], DAY_S // 4)

    found = envelope(steps)

    assert found.mean is found.highest
    assert found.mean[1].tolist() == [0, 0, 16, 16, 6, 6, 0, 0]


def test_unknown_values_are_drawn_as_zero() -> None:
    assert envelope(np.array([1.0, np.nan, 2.0])).highest[1].tolist() == [1.0, 0.0, 2.0]


def test_a_peak_of_one_second_in_a_noisy_day_is_drawn_in_full_height() -> None:
    series = np.random.default_rng(1).uniform(10, 20, DAY_S)
    series[50_000] = 97.0
    series[20_000] = 2.0

    band = corners(drawn(series), "area ink pale")

    peak_x, peak = max(band, key=lambda corner: corner[1])
    assert peak == pytest.approx(97.0, abs=0.1)
    assert peak_x == pytest.approx(50_000 / DAY_S * WIDE, abs=0.1)
    assert min(band, key=lambda corner: corner[1])[1] == pytest.approx(2.0, abs=0.1)


def test_the_line_in_the_band_is_the_mean() -> None:
    series = np.tile([10.0, 20.0], DAY_S // 2)

    line = corners(drawn(series), "line ink")

    assert {value for _, value in line} == {15.0}


def test_a_reason_of_one_second_can_be_seen() -> None:
    lane = Lane(name="main fuse", look="alarm", spans=[(43_200.0, 43_201.0)], total="1 s")

    drawing = figure("T", "N", AXIS, [], [lane])

    assert f'd="M{WIDE // 2} 0H{WIDE // 2 + 1}V1H{WIDE // 2}Z"' in drawing


def test_spans_that_touch_are_one_band_and_those_outside_stay_inside() -> None:
    lane = Lane(name="plan", look="choice", spans=[(-5.0, 600.0), (600.0, 1200.0), (86_000.0, 99_000.0)], total="x")

    drawing = figure("T", "N", AXIS, [], [lane])

    assert f"M0 0H20V1H0ZM1433 0H{WIDE}V1H1433Z" in drawing


def test_hours_of_a_day_that_loses_one_are_those_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    axis = DayAxis(start_utc=datetime(2026, 3, 28, 23, tzinfo=UTC), seconds=23 * 3600, zone=berlin)

    marks = axis.marks()

    assert [minute / 60 for _, minute in marks] == [0, 3, 6, 9, 12, 15, 18, 21]
    assert marks[1][0] == pytest.approx(2 / 23)


@pytest.mark.parametrize(
    ("seconds", "step_min", "marks"),
    [(240, 1, 3), (2400, 5, 8), (7200, 15, 8), (9 * 3600, 60, 9), (DAY_S, 180, 8)],
)
def test_short_runs_have_a_finer_time_axis(seconds: int, step_min: int, marks: int) -> None:
    axis = DayAxis(start_utc=datetime(2026, 6, 21, 5, 50, 30, tzinfo=UTC), seconds=seconds, zone=UTC_ZONE)

    found = [minute for _, minute in axis.marks()]

    assert axis.step_min == step_min
    assert all(minute % step_min == 0 for minute in found)
    assert len(found) in {marks, marks + 1}


def test_first_mark_stands_where_its_time_is() -> None:
    axis = DayAxis(start_utc=datetime(2026, 6, 21, 5, 50, tzinfo=UTC), seconds=2400, zone=UTC_ZONE)

    assert axis.marks()[:3] == [(0.0, 350), (0.125, 355), (0.25, 360)]


@pytest.mark.parametrize(("start_hour", "place"), [(6, ' class="begin"'), (3, ""), (0, ' class="end"')])
def test_hours_at_an_edge_stand_inside_it(start_hour: int, place: str) -> None:
    """06:00 in a picture of six hours and a little more."""
    start = datetime(2026, 6, 21, start_hour, tzinfo=UTC)
    drawing = figure("T", "N", DayAxis(start_utc=start, seconds=6 * 3600 + 300, zone=UTC_ZONE), [])

    assert re.findall(r'<span([^>]*) style="[^"]*">06:00', drawing) == [place]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=4))
def test_scale_holds_zero_and_all_values_and_has_some_ticks(values: list[float]) -> None:
    scale = Scale.around(*values)

    assert scale.low <= min(0.0, *values)
    assert scale.high >= max(0.0, *values)
    assert all(scale.low - 1e-6 <= tick <= scale.high + 1e-6 for tick in scale.ticks())
    assert 1 <= len(scale.ticks()) <= 7
