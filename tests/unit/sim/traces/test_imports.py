"""Files of other people become traces: units, signs, gaps, irregular times, local clocks."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.sim.traces.errors import TraceError
from ems.sim.traces.imports import CsvLayout, import_csv, import_home_assistant
from ems.sim.traces.sources import check_load, parse_sources
from ems.sim.traces.uniform import Readings, on_even_steps
from tests.unit.sim.traces.trace_files import written

NOTHING = float("nan")
HISTORY = """entity_id,state,last_changed
sensor.grid,1000,2026-06-21T10:00:00.000Z
sensor.grid,-500,2026-06-21T10:00:30.000Z
sensor.grid,unavailable,2026-06-21T10:02:00.000Z
sensor.grid,200,2026-06-21T10:03:45.000Z
sensor.grid,300,2026-06-21T10:05:00.000Z
sensor.roof,2.0,2026-06-21T10:00:00.000Z
sensor.roof,3.0,2026-06-21T10:04:00.000Z
sensor.door,open,2026-06-21T10:04:00.000Z
"""
GERMAN = """Zeit;Verbrauch (kW);Einspeisung
21.06.2026 12:00;0,5;1.200,5
21.06.2026 12:15;0,75;-
21.06.2026 12:45;1,25;100
21.06.2026 13:00;1,5;200
"""
NOTED = (("00:00", 60), ("00:10", 120), ("00:20", 180), ("05:00", 0))
GERMAN_LAYOUT = CsvLayout(
    time_column="Zeit",
    timezone="Europe/Berlin",
    time_format="%d.%m.%Y %H:%M",
    delimiter=";",
    decimal_comma=True,
)


def test_a_home_assistant_history_becomes_means_weighted_by_time(tmp_path: Path) -> None:
    sources = parse_sources(["grid_w=sensor.grid:W", "pv_w=sensor.roof:kW"])

    trace = import_home_assistant(written(tmp_path, HISTORY), sources, 60)

    assert (trace.start_utc, trace.step_s) == (datetime(2026, 6, 21, 10, tzinfo=UTC), 60)
    np.testing.assert_allclose(trace.pv_w, [2000, 2000, 2000, 2000, 3000])
    np.testing.assert_allclose(trace.load_w, [2250, 1500, NOTHING, NOTHING, 3200])


def test_a_minus_turns_the_sign(tmp_path: Path) -> None:
    trace = import_home_assistant(written(tmp_path, HISTORY), parse_sources(["battery_w=sensor.grid:-W"]), 60)

    assert trace.battery_w is not None
    np.testing.assert_allclose(trace.battery_w, [-250, 500, NOTHING, NOTHING, -200])


def test_a_german_csv_with_a_missing_row_has_a_gap_there(tmp_path: Path) -> None:
    sources = parse_sources(["load_w=Verbrauch (kW):kW", "pv_w=Einspeisung:W"])

    trace = import_csv(written(tmp_path, GERMAN), sources, GERMAN_LAYOUT)

    assert (trace.start_utc, trace.step_s) == (datetime(2026, 6, 21, 10, tzinfo=UTC), 900)
    np.testing.assert_allclose(trace.load_w, [500, 750, NOTHING, 1250, 1500])
    np.testing.assert_allclose(trace.pv_w, [1200.5, NOTHING, NOTHING, 100, 200])


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_night_with_two_hours_of_two_o_clock_goes_on(tmp_path: Path, newest_first: bool) -> None:
    clock = ["02:00", "02:15", "02:30", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00"]
    rows = [f"2026-10-25 {at},{number}" for number, at in enumerate(clock)]
    if newest_first:
        rows.reverse()
    text = "\n".join(["time,load", *rows]) + "\n"

    trace = import_csv(written(tmp_path, text), parse_sources(["load_w=load:W"]), CsvLayout(timezone="Europe/Berlin"))

    assert trace.start_utc == datetime(2026, 10, 25, 0, tzinfo=UTC)
    np.testing.assert_allclose(trace.load_w, range(9))


def test_a_value_holds_as_long_as_it_is_told_to(tmp_path: Path) -> None:
    rows = ["time,load", *(f"2026-06-21T10:{at}Z,{load}" for at, load in NOTED)]
    text = "\n".join(rows) + "\n"

    trace = import_csv(written(tmp_path, text), parse_sources(["load_w=load:W"]), CsvLayout(hold_s=100), step_s=60)

    np.testing.assert_allclose(trace.load_w, [150, 180, NOTHING, NOTHING, NOTHING, 0, 0])


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ([], "is missing"),
        (["load_w"], "says too little"),
        (["load_w=sensor.x"], "says too little"),
        (["house=sensor.x:W"], "'house' is no quantity"),
        (["load_w=sensor.x:kWh"], "'kWh' is no unit of load_w"),
        (["price_eur_per_kwh=sensor.x:W"], "'W' is no unit of price"),
        (["load_w=a:W", "load_w=b:W"], "names load_w twice"),
    ],
)
def test_a_mapping_that_says_too_little_is_told(texts: list[str], problem: str) -> None:
    with pytest.raises(TraceError, match=problem):
        parse_sources(texts)


@pytest.mark.parametrize("beside", [[], ["battery_w=b:W"], ["load_l1_w=c:W"]])
def test_grid_alone_gives_no_load(beside: list[str]) -> None:
    with pytest.raises(TraceError, match="has grid_w alone, which gives no load: map pv_w too, or the same column as"):
        check_load(parse_sources(["grid_w=a:W", *beside]))


@pytest.mark.parametrize("beside", ["pv_w=b:W", "load_w=b:W"])
def test_grid_beside_what_makes_a_load_of_it_passes(beside: str) -> None:
    check_load(parse_sources(["grid_w=a:W", beside]))


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (HISTORY.replace("-500", "much"), 3, "sensor.grid is 'much', not a number"),
        (HISTORY.replace("-500", "5e9"), 3, "which no house has"),
        (HISTORY.replace("10:00:30.000Z", "10:00:30"), 3, "names no zone"),
        (HISTORY.replace("2026-06-21T10:00:30.000Z", "now"), 3, "'now' is not ISO 8601"),
        (HISTORY.replace("sensor.grid", "sensor.other"), None, "has no row of sensor.grid: name one of its entities"),
        (HISTORY.replace("last_changed", "when"), 1, "has no column last_changed"),
    ],
)
def test_a_wrong_history_is_told_with_its_line(tmp_path: Path, text: str, line: int | None, problem: str) -> None:
    with pytest.raises(TraceError, match=problem) as caught:
        import_home_assistant(written(tmp_path, text), parse_sources(["grid_w=sensor.grid:W"]), 60)

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "layout", "problem"),
    [
        ("time,load\n2026-06-21 10:00,1\n2026-06-21 25:00,1\n", CsvLayout(), "'2026-06-21 25:00' is not understood"),
        ("time,load\n2026-06-21 10:00,1\n", CsvLayout(), "fewer than two rows"),
        ("time,load\n2026-06-21 10:00,1\n2026-06-21 11:00,1\n", CsvLayout(), "steps of 3600 s"),
        ("time,load\n2026-06-21 10:00,1\n2026-06-21 10:01,1\n", CsvLayout(timezone="Mars"), "'Mars' is not known"),
        ("time,load\n2026-06-21 10:00,1\n2026-06-21 10:01,1\n", CsvLayout(time_column="at"), "has no column at"),
        ('time,load\n2026-06-21 10:00,"1,5"\n2026-06-21 10:01,1\n', CsvLayout(), "decimal sign"),
    ],
)
def test_a_wrong_csv_is_told(tmp_path: Path, text: str, layout: CsvLayout, problem: str) -> None:
    with pytest.raises(TraceError, match=problem):
        import_csv(written(tmp_path, text), parse_sources(["load_w=load:W"]), layout)


def test_a_file_that_spans_ages_is_refused(tmp_path: Path) -> None:
    text = "time,load\n1970-06-21 10:00,1\n1970-06-21 10:01,1\n1970-06-21 10:02,1\n2026-06-21 10:01,1\n"

    with pytest.raises(TraceError, match="check the times"):
        import_csv(written(tmp_path, text), parse_sources(["load_w=load:W"]), CsvLayout())


@given(
    st.lists(
        st.tuples(st.integers(0, 3600), st.floats(0, 10_000)), min_size=3, max_size=50, unique_by=lambda each: each[0]
    ),
    st.sampled_from([1, 60, 300]),
)
def test_energy_stays_when_times_become_even(noted: list[tuple[int, float]], step_s: int) -> None:
    noted.sort()
    at_s, values = (np.array(each, dtype=np.float64) for each in zip(*noted, strict=True))
    readings = Readings(at_s=at_s + 1_700_000_400, values=values, holds_s=float("inf"))
    if at_s[-1] - at_s[0] < 2 * step_s:
        return

    _, series = on_even_steps("x", {"load_w": readings}, step_s)

    means = series["load_w"]
    whole = slice(1, len(means) - 1)
    first_s = (at_s[0] // step_s + 1) * step_s
    last_s = first_s + len(means[whole]) * step_s
    begins = np.clip(at_s, first_s, last_s)
    ends = np.clip(np.append(at_s[1:], at_s[-1]), first_s, last_s)
    assert np.sum(means[whole]) * step_s == pytest.approx(float(np.sum((ends - begins) * values)), rel=1e-6, abs=1e-3)


def test_header_cut_with_the_wrong_sign_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "time;load\n2026-06-21T10:00Z;100\n2026-06-21T10:01Z;100\n")

    with pytest.raises(TraceError, match="or is it --delimiter ';'"):
        import_csv(path, parse_sources(["load_w=load:W"]), CsvLayout())


@pytest.mark.parametrize(("step_s", "begins_s"), [(60, 1_781_000_040), (7, 1_781_000_051)])
def test_steps_begin_at_round_times_or_with_the_first_row(step_s: int, begins_s: int) -> None:
    at_s = np.array([1_781_000_051.0, 1_781_000_251.0])
    noted = Readings(at_s=at_s, values=np.array([100.0, 200.0]), holds_s=math.inf)

    start_utc, _ = on_even_steps("x.csv", {"load_w": noted}, step_s)

    assert start_utc.timestamp() == begins_s
