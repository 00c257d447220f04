"""Reading traces: the layout, what is worked out, and what a wrong file is told."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.sim.traces.errors import TraceError
from ems.sim.traces.trace import read_trace
from tests.unit.sim.traces.trace_files import written

TRACES = os.environ.get("FUSEWISE_TRACES")
MAY_SKIP = TRACES is None and not os.environ.get("CI")
"""On a user's machine; in CI a missing trace is a failure."""
COMPOSITES = {
    "gb-dk_ideal-dtu_h65s13_1min_2018-04-01": 30,
    "gb-dk_ideal-dtu_h65sw4_1min_2018-02-01": 28,
    "gb-dk_refit-dtu_h20s13_1min_2014-09-01": 61,
    "gb-dk_refit-dtu_h20s6_1min_2014-04-01": 91,
    "gb-dk_ukdale-dtu_h2ew10_1min_2013-06-01": 61,
}
HEAD = "time,load_w\n"
ROWS = "2026-06-21T10:00:00Z,100\n2026-06-21T10:01:00Z,200\n"


@pytest.mark.parametrize("name", ["house.csv", "house.csv.gz"])
def test_a_trace_is_read_plain_or_packed(tmp_path: Path, name: str) -> None:
    text = "time,pv_w,load_w,extra\n2026-06-21T10:00:00Z,0,245.4,x\n2026-06-21T10:01:00Z,,-3,\n"

    read = read_trace(written(tmp_path, text, name))

    assert (read.name, read.start_utc, read.step_s) == (name, datetime(2026, 6, 21, 10, tzinfo=UTC), 60)
    np.testing.assert_array_equal(read.load_w, [245.4, -3.0])
    np.testing.assert_array_equal(read.pv_w, [0.0, np.nan])
    assert read.end_utc == datetime(2026, 6, 21, 10, 2, tzinfo=UTC)


def test_times_with_an_offset_are_turned_into_utc(tmp_path: Path) -> None:
    text = HEAD + "2026-06-21T12:00:00+02:00,1\n2026-06-21T10:00:01Z,2\n"

    read = read_trace(written(tmp_path, text))

    assert (read.start_utc, read.step_s) == (datetime(2026, 6, 21, 10, tzinfo=UTC), 1)


def test_a_file_with_a_byte_order_mark_and_line_ends_of_windows_is_read(tmp_path: Path) -> None:
    read = read_trace(written(tmp_path, "\ufeff" + (HEAD + ROWS).replace("\n", "\r\n") + "\r\n"))

    np.testing.assert_array_equal(read.load_w, [100.0, 200.0])


def test_a_missing_load_is_grid_and_sun_and_battery(tmp_path: Path) -> None:
    text = "time,grid_w,pv_w,battery_w\n2026-06-21T10:00:00Z,-500,900,100\n2026-06-21T10:05:00Z,300,,0\n"

    read = read_trace(written(tmp_path, text))

    np.testing.assert_array_equal(read.load_w, [500.0, np.nan])


def test_a_missing_load_is_the_sum_of_its_phases(tmp_path: Path) -> None:
    text = "time,load_l1_w,load_l2_w,load_l3_w\n2026-06-21T10:00:00Z,1,2,3\n2026-06-21T10:05:00Z,4,5,6\n"

    read = read_trace(written(tmp_path, text))

    np.testing.assert_array_equal(read.load_w, [6.0, 15.0])
    assert read.load_phases is not None


def test_prices_alone_may_come_by_the_hour(tmp_path: Path) -> None:
    text = "time,price_eur_per_kwh\n2026-06-21T10:00:00Z,0.1\n2026-06-21T11:00:00Z,-0.02\n"

    read = read_trace(written(tmp_path, text))

    assert read.step_s == 3600
    np.testing.assert_array_equal(read.price_eur_per_kwh, [0.1, -0.02])


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param("", None, "is empty", id="empty"),
        pytest.param("\n\n", None, "is empty", id="blank"),
        pytest.param(HEAD, None, "fewer than two rows", id="header alone"),
        pytest.param(HEAD + ROWS[:25], None, "fewer than two rows", id="one row"),
        pytest.param("when,load_w\n" + ROWS, 1, "no column time", id="no time"),
        pytest.param("time,house\n" + ROWS, 1, "no column with readings", id="no readings"),
        pytest.param("time,load_w,load_w\n", 1, "column load_w twice", id="column twice"),
        pytest.param(HEAD + "yesterday,1\n" + ROWS, 2, "'yesterday' is not ISO 8601", id="no time at all"),
        pytest.param(HEAD + "2026-13-21T10:00:00Z,1\n" + ROWS, 2, "is not ISO 8601", id="month 13"),
        pytest.param(HEAD + "2026-06-21T10:00:00,1\n" + ROWS, 2, "names no zone", id="no zone"),
        pytest.param(HEAD + "2026-06-21T10:00:00.5Z,1\n" + ROWS, 2, "no whole second", id="half a second"),
        pytest.param(HEAD + "0026-06-21T10:00:00Z,1\n0026-06-21T10:01:00Z,1\n", 2, "no traces", id="antiquity"),
        pytest.param(HEAD + ROWS + "2026-06-21T10:02:00Z,much\n", 4, "load_w is 'much', not a number", id="word"),
        pytest.param(HEAD + ROWS + "2026-06-21T10:02:00Z,inf\n", 4, "which no house has", id="infinite"),
        pytest.param(HEAD + ROWS + "2026-06-21T10:02:00Z,2e6\n", 4, "load_w is 2e6", id="two megawatts"),
        pytest.param(HEAD + ROWS + "2026-06-21T10:02:00Z,1,2\n", 4, "3 cells in this row and 2", id="long row"),
        pytest.param(HEAD + ROWS + "\n2026-06-21T10:02:00Z,1\n", 4, "0 cells in this row", id="blank between"),
        pytest.param(HEAD + ROWS + "2026-06-21T10:03:00Z,1\n", 4, "120 s after the row before", id="missing row"),
        pytest.param(HEAD + ROWS + "2026-06-21T10:01:00Z,1\n", 4, "time of the row before", id="twice"),
        pytest.param(HEAD + ROWS + "2026-06-21T09:00:00Z,1\n", 4, "goes back in time by 3660 s", id="backwards"),
        pytest.param(HEAD + ROWS.replace("10:01", "11:00"), 3, "steps of 3600 s", id="step too long"),
        pytest.param("x" * 5000 + "\n", 1, "a line of more than 4096", id="endless line"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, line: int | None, problem: str) -> None:
    with pytest.raises(TraceError, match=problem) as caught:
        read_trace(written(tmp_path, text))

    assert (caught.value.file, caught.value.line) == ("house.csv", line)
    assert caught.value.cure


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(gzip.compress((HEAD + ROWS).encode())[:-12], "not a whole gzip", id="cut"),
        pytest.param((HEAD + ROWS).encode(), "not a whole gzip", id="not packed"),
        pytest.param(gzip.compress(b"time,load_w\n\xff\xfe\n"), "not UTF-8", id="not text"),
    ],
)
def test_an_unreadable_file_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "house.csv.gz"
    path.write_bytes(content)

    with pytest.raises(TraceError, match=problem):
        read_trace(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="does not exist"):
        read_trace(tmp_path / "none.csv")
    with pytest.raises(TraceError, match="is a folder"):
        read_trace(tmp_path)


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ems.sim.traces.lines.MAX_ROWS", 2)

    with pytest.raises(TraceError, match="more than 2 rows"):
        read_trace(written(tmp_path, HEAD + ROWS))


@pytest.mark.skipif(MAY_SKIP, reason="FUSEWISE_TRACES does not say where recorded traces are")
@pytest.mark.parametrize(("name", "days"), COMPOSITES.items())
def test_recorded_traces_are_read(name: str, days: int) -> None:
    read = read_trace(Path(TRACES or "") / f"{name}.csv.gz")

    assert (read.step_s, len(read.load_w)) == (60, days * 1440)
    assert 0 < np.nanmean(read.load_w) < 2000
    assert 1000 < np.nanmax(read.pv_w) <= 12_000


cells = st.sampled_from(
    [
        "time",
        "load_w",
        "pv_w",
        "2026-06-21T10:00:00Z",
        "2026-06-21T10:01:00Z",
        "0001-01-01T00:00:00+14:00",
        "1e999",
        "-",
        "",
    ]
)
lines = st.lists(st.one_of(cells, st.text(max_size=25)), max_size=4).map(",".join)


@given(st.one_of(st.lists(lines, max_size=6).map("\n".join).map(str.encode), st.binary(max_size=200)), st.booleans())
def test_whatever_a_file_holds_it_is_a_trace_or_a_trace_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / ("any.csv.gz" if packed else "any.csv")
    path.write_bytes(gzip.compress(content) if packed and content[:1] != b"\0" else content)

    with suppress(TraceError):
        assert len(read_trace(path).load_w) >= 2
