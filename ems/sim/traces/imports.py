"""Traces from other people's files: a Home Assistant history export, or a CSV with columns of its own."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median_low
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from ems.sim.traces.errors import TraceError
from ems.sim.traces.lines import read_cells
from ems.sim.traces.local_times import seconds_of_local
from ems.sim.traces.sources import Source
from ems.sim.traces.trace import LONGEST_STEP_S, MOST_EUR, MOST_W, PRICE, PRICE_STEP_S, Trace, trace_of
from ems.sim.traces.uniform import Readings, on_even_steps

HOME_ASSISTANT: Final = ("entity_id", "state", "last_changed")
GAPS: Final = frozenset({"", "unavailable", "unknown", "none", "nan", "null", "-"})

_NAMED: Final = 8
"""Entities that an error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLayout:
    """How somebody's CSV is written."""

    time_column: str = "time"
    timezone: str = "UTC"
    """For times that name no zone."""

    time_format: str | None = None
    """As for `strptime`; None: ISO 8601."""

    delimiter: str = ","
    decimal_comma: bool = False
    hold_s: float | None = None
    """How long a row counts when the next one is missing; None: the usual distance of the rows."""


def import_home_assistant(path: Path, sources: Iterable[Source], step_s: int) -> Trace:
    """A trace from the columns entity_id, state, last_changed; a state counts until the next one of its entity.

    `unavailable` and `unknown` are gaps. Raises TraceError with file, line, problem and cure.
    """
    wanted = {source.column: source for source in sources}
    found = {entity: (array("d"), array("d")) for entity in wanted}
    seen: dict[str, None] = {}
    for line, (entity, state, changed) in read_cells(path, HOME_ASSISTANT):
        source = wanted.get(entity)
        if source is not None:
            times, values = found[entity]
            times.append(_instant(path, changed, line))
            values.append(_number(path, source, state, line, decimal_comma=False))
        elif len(seen) < _NAMED:
            seen[entity] = None
    readings: dict[str, Readings] = {}
    for entity, source in wanted.items():
        if not found[entity][0]:
            raise TraceError(path.name, f"has no row of {entity}", f"name one of its entities: {', '.join(seen)}")
        readings[source.role] = _in_order(*found[entity], holds_s=math.inf)
    return _trace(path, readings, step_s)


def import_csv(path: Path, sources: Sequence[Source], layout: CsvLayout, step_s: int | None = None) -> Trace:
    """A trace from a CSV with one row per time; without `step_s`, the usual distance of its rows.

    Raises TraceError with file, line, problem and cure.
    """
    zone = _zone(layout.timezone)
    names = (layout.time_column, *(source.column for source in sources))
    texts: list[str] = []
    found = [array("d") for _ in sources]
    for line, (time, *cells) in read_cells(path, names, delimiter=layout.delimiter):
        texts.append(time)
        for source, values, text in zip(sources, found, cells, strict=True):
            values.append(_number(path, source, text, line, decimal_comma=layout.decimal_comma))
    if len(texts) < 2:
        raise TraceError(path.name, "has fewer than two rows", "give more of it")
    at_s = seconds_of_local(path, texts, zone, layout.time_format)
    usual_s = median_low(np.diff(np.sort(at_s)).tolist())
    holds_s = usual_s if layout.hold_s is None else layout.hold_s
    readings = {
        source.role: _in_order(at_s, values, holds_s=holds_s) for source, values in zip(sources, found, strict=True)
    }
    return _trace(path, readings, step_s or max(1, round(usual_s)))


def _in_order(at_s: Sequence[float], values: Sequence[float], *, holds_s: float) -> Readings:
    order = np.argsort(at_s, kind="stable")
    return Readings(at_s=np.asarray(at_s)[order], values=np.asarray(values)[order], holds_s=holds_s)


def _trace(path: Path, readings: dict[str, Readings], step_s: int) -> Trace:
    longest_s = PRICE_STEP_S if set(readings) == {PRICE} else LONGEST_STEP_S
    if not 1 <= step_s <= longest_s:
        raise TraceError(path.name, f"would have steps of {step_s} s", f"take 1 to {longest_s} s with --step")
    start_utc, series = on_even_steps(path.name, readings, step_s)
    return trace_of(path.name, start_utc, step_s, series)


def _number(path: Path, source: Source, text: str, line: int, *, decimal_comma: bool) -> float:
    plain = text.strip()
    if plain.lower() in GAPS:
        return math.nan
    if decimal_comma:
        plain = plain.replace(".", "").replace(",", ".")
    try:
        number = float(plain) * source.factor
    except ValueError as error:
        cure = "choose the decimal sign with --decimal-comma" if "," in plain else "check the column"
        problem = f"{source.column} is {text[:40]!r}, not a number"
        raise TraceError(path.name, problem, cure, line=line) from error
    most = MOST_EUR if source.role == PRICE else MOST_W
    if not abs(number) <= most:
        raise TraceError(path.name, f"{source.column} is {text[:40]}, which no house has", "check its unit", line=line)
    return number


def _instant(path: Path, text: str, line: int) -> float:
    cure = "export the history again; times look like 2026-06-21T10:00:00.000Z"
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TraceError(path.name, f"last_changed {text[:40]!r} is not ISO 8601", cure, line=line) from error
    if at.utcoffset() is None:
        raise TraceError(path.name, f"last_changed {text!r} names no zone", cure, line=line)
    return at.timestamp()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TraceError("--timezone", f"{name!r} is not known", "name one like Europe/Berlin, or UTC") from error
