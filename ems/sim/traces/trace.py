"""A recorded energy trace, and how it is read: `read_trace` takes the layout that docs/traces.md describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.sim.traces.errors import TraceError
from ems.sim.traces.lines import read_header, read_rows

Series = NDArray[np.float64]
"""One number per step; NaN where there is no reading."""

LOAD_PHASES: Final = ("load_l1_w", "load_l2_w", "load_l3_w")
PRICE: Final = "price_eur_per_kwh"
POWERS: Final = ("load_w", *LOAD_PHASES, "pv_w", "grid_w", "battery_w")
COLUMNS: Final = (*POWERS, PRICE)
"""Everything that is read; other columns may be there."""

LONGEST_STEP_S: Final = 900
PRICE_STEP_S: Final = 3600
MOST_W: Final = 1e6
"""More than any house draws or gives."""

MOST_EUR: Final = 1000.0

_YEAR_2200_S: Final = 7_258_118_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a house drew and its roof gave, step by step; every series has the same length."""

    name: str
    start_utc: datetime
    step_s: int
    load_w: Series
    """Mean over each step, all phases, without cars; all NaN where nobody recorded it."""

    pv_w: Series
    """AC production, + production; all NaN where nobody recorded it."""

    load_l1_w: Series | None = None
    load_l2_w: Series | None = None
    load_l3_w: Series | None = None
    battery_w: Series | None = None
    """+ discharge."""

    price_eur_per_kwh: Series | None = None

    @property
    def length_s(self) -> int:
        return len(self.load_w) * self.step_s

    @property
    def end_utc(self) -> datetime:
        return self.start_utc + timedelta(seconds=self.length_s)

    @property
    def load_phases(self) -> tuple[Series, Series, Series] | None:
        """The load of L1, L2, L3, where all three are recorded."""
        if self.load_l1_w is None or self.load_l2_w is None or self.load_l3_w is None:
            return None
        return (self.load_l1_w, self.load_l2_w, self.load_l3_w)


def read_trace(path: Path) -> Trace:
    """The trace in a `.csv` or `.csv.gz` file. Raises TraceError with file, line, problem and cure.

    Without `load_w` the load is the sum of its phases, or grid + sun + battery.
    """
    header = read_header(path)
    if "time" not in header:
        raise TraceError(path.name, "has no column time", "add it: the start of each step, ISO 8601, UTC", line=1)
    present = [name for name in COLUMNS if name in header]
    if not present:
        wanted = ", ".join(COLUMNS)
        raise TraceError(path.name, "has no column with readings", f"name at least one of {wanted}", line=1)
    seconds, series = _read(path, header, present)
    step_s = _step_s(path, seconds, prices_alone=present == [PRICE])
    if not 0 <= seconds[0] < _YEAR_2200_S:
        raise TraceError(path.name, "begins in a year that has no traces", "check the column time", line=2)
    start_utc = datetime.fromtimestamp(int(seconds[0]), UTC)
    return trace_of(path.name, start_utc, step_s, series)


def trace_of(name: str, start_utc: datetime, step_s: int, series: Mapping[str, Series]) -> Trace:
    """A trace from columns by their names in the file; a missing load is worked out from the others."""
    nothing = np.full(len(next(iter(series.values()))), np.nan)
    load_w = series.get("load_w")
    pv_w = series.get("pv_w", nothing)
    phases = [series[each] for each in LOAD_PHASES if each in series]
    if load_w is None and len(phases) == len(LOAD_PHASES):
        load_w = np.sum(phases, axis=0)
    if load_w is None and "grid_w" in series and "pv_w" in series:
        load_w = series["grid_w"] + pv_w
        if "battery_w" in series:
            load_w = load_w + series["battery_w"]
    l1_w, l2_w, l3_w = phases if len(phases) == len(LOAD_PHASES) else (None, None, None)
    return Trace(
        name=name,
        start_utc=start_utc,
        step_s=step_s,
        load_w=nothing if load_w is None else load_w,
        pv_w=pv_w,
        load_l1_w=l1_w,
        load_l2_w=l2_w,
        load_l3_w=l3_w,
        battery_w=series.get("battery_w"),
        price_eur_per_kwh=series.get(PRICE),
    )


def _read(path: Path, header: Sequence[str], names: Sequence[str]) -> tuple[NDArray[np.int64], dict[str, Series]]:
    time_at = header.index("time")
    places = [header.index(name) for name in names]
    seconds: list[NDArray[np.int64]] = []
    parts: dict[str, list[Series]] = {name: [] for name in names}
    line = 2
    for rows in read_rows(path):
        seconds.append(_seconds(path, [row[time_at] for row in rows], line))
        for name, place in zip(names, places, strict=True):
            parts[name].append(_numbers(path, name, [row[place] for row in rows], line))
        line += len(rows)
    if line < 2 + 2:
        raise TraceError(path.name, "has fewer than two rows", "write one row per step, at least two")
    return np.concatenate(seconds), {name: np.concatenate(each) for name, each in parts.items()}


def _seconds(path: Path, texts: Sequence[str], line: int) -> NDArray[np.int64]:
    """Whole seconds since 1970."""
    usual = len("2026-06-21T10:00:00Z")
    if all(len(text) == usual and text[-1] == "Z" and text[10] == "T" for text in texts):
        try:
            return np.array([text[:-1] for text in texts], dtype="datetime64[s]").astype(np.int64)
        except ValueError:
            pass  # the slow way below names the line
    return np.array([_second(path, text, line + place) for place, text in enumerate(texts)], dtype=np.int64)


def _second(path: Path, text: str, line: int) -> int:
    cure = "write it like 2026-06-21T10:00:00Z"
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TraceError(path.name, f"time {text[:40]!r} is not ISO 8601", cure, line=line) from error
    if at.utcoffset() is None:
        raise TraceError(path.name, f"time {text!r} names no zone", cure, line=line)
    if at.microsecond:
        raise TraceError(path.name, f"time {text!r} is no whole second", cure, line=line)
    return int(at.timestamp())


def _numbers(path: Path, name: str, texts: Sequence[str], line: int) -> Series:
    try:
        numbers = np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        numbers = np.array([_number(path, name, text, line + place) for place, text in enumerate(texts)])
    most = MOST_EUR if name == PRICE else MOST_W
    wrong = np.flatnonzero(np.abs(numbers) > most)
    if wrong.size:
        at = int(wrong[0])
        cure = "give EUR per kWh" if name == PRICE else "give watts, and leave the cell empty where there is no reading"
        raise TraceError(path.name, f"{name} is {texts[at]}, which no house has", cure, line=line + at)
    return numbers


def _number(path: Path, name: str, text: str, line: int) -> float:
    if not text.strip():
        return float("nan")
    try:
        return float(text)
    except ValueError as error:
        cure = "write a plain number, or leave the cell empty where there is no reading"
        raise TraceError(path.name, f"{name} is {text[:40]!r}, not a number", cure, line=line) from error


def _step_s(path: Path, seconds: NDArray[np.int64], *, prices_alone: bool) -> int:
    gaps = np.diff(seconds)
    step_s = int(gaps[0])
    longest_s = PRICE_STEP_S if prices_alone else LONGEST_STEP_S
    wrong = np.flatnonzero(gaps != step_s) if step_s > 0 else np.array([0])
    if wrong.size:
        at = int(wrong[0])
        problem, cure = _time_fault(int(gaps[at]), step_s)
        raise TraceError(path.name, problem, cure, line=at + 3)
    if step_s > longest_s:
        cure = f"give steps of 1 to {longest_s} s"
        raise TraceError(path.name, f"has steps of {step_s} s", cure, line=3)
    return step_s


def _time_fault(gap_s: int, step_s: int) -> tuple[str, str]:
    if gap_s == 0:
        return "has the time of the row before", "keep one of the two rows"
    if gap_s < 0:
        return f"goes back in time by {-gap_s} s", "sort the rows by time, and write UTC"
    cure = "write one row per step with empty cells where there is no reading; `ems trace import` does"
    return f"is {gap_s} s after the row before, but the steps are {step_s} s", cure
