"""`ems trace`: look at a trace, make one, import one, record one. Each function gives the exit code."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ems.cli.check import print_problems
from ems.cli.check_tables import PIPED_COLUMNS
from ems.clock import Clock, WallClock
from ems.config.loader import load_site
from ems.config.problems import SecretError, SiteFileError
from ems.config.schema import SiteFile
from ems.devices.config_error import DeviceConfigError
from ems.devices.profile_kinds import kinds_by_profile
from ems.sim.traces.errors import TraceError
from ems.sim.traces.generate import MIXED, TracePlan, make_trace
from ems.sim.traces.imports import HOME_ASSISTANT, CsvLayout, import_csv, import_home_assistant
from ems.sim.traces.info import ColumnSummary, TraceSummary, describe
from ems.sim.traces.lines import read_header
from ems.sim.traces.made_sky import SKIES, Sky
from ems.sim.traces.record import record
from ems.sim.traces.sources import check_load, parse_sources
from ems.sim.traces.trace import read_trace
from ems.sim.traces.write import time_text, write_trace

USUAL_STEP_S: Final = 60
"""Of a trace from Home Assistant, unless another is asked for."""


def trace_info(path: Path, *, as_json: bool) -> int:
    """Print what a trace holds."""
    try:
        summary = describe(read_trace(path))
    except TraceError as error:
        if as_json:
            _print_json({"ok": False, "problems": [_as_problem(error)]})
            return 1
        return _failed(error)
    if as_json:
        _print_json({"ok": True, **_as_json(summary)})
    else:
        _print_summary(summary)
    return 0


def trace_make(path: Path, plan: TracePlan, *, skies: Sequence[str] = ()) -> int:
    """Make a trace by a plan and write it; under `skies` like `clear=2`, a mixture where there are none."""

    def make() -> None:
        under = replace(plan, skies=dict(map(_weight, skies)) or MIXED)
        write_trace(path, make_trace(under, name=path.name))

    return _written(path, make)


def trace_import(source: Path, path: Path, *, maps: Sequence[str], layout: CsvLayout, step_s: int | None = None) -> int:
    """Turn a Home Assistant history export, known by its columns, or any CSV into a trace."""

    def bring() -> None:
        sources = parse_sources(maps)
        check_load(sources)
        header = read_header(source, delimiter=layout.delimiter)
        if set(HOME_ASSISTANT) <= set(header):
            trace = import_home_assistant(source, sources, step_s or USUAL_STEP_S)
        else:
            trace = import_csv(source, sources, layout, step_s)
        write_trace(path, trace)

    return _written(path, bring)


def trace_record(site: Path, path: Path, *, seconds: float | None, step_s: int, clock: Clock | None = None) -> int:
    """Record the devices of a site file until the time is over, or until Ctrl-C or SIGTERM."""
    try:
        file = load_site(site, profiles=kinds_by_profile())
        asyncio.run(_record(file, clock or WallClock(), path, seconds, step_s))
    except SiteFileError as error:
        print_problems(error.problems)
        return 1
    except (TraceError, DeviceConfigError, SecretError) as error:
        return _failed(error)
    return _written(path, lambda: None) or _has_load(path)


def _has_load(path: Path) -> int:
    """1, and why, for a trace in which no row has a load."""
    if any(column.name == "load_w" for column in describe(read_trace(path)).columns):
        return 0
    sys.stderr.write(
        f"{path} has no load in any row: the main meter and every inverter and battery must answer; "
        "try `ems devices probe`\n"
    )
    return 1


async def _record(file: SiteFile, clock: Clock, path: Path, seconds: float | None, step_s: int) -> None:
    recording = asyncio.create_task(record(file, clock, path, seconds, step_s=step_s))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, recording.cancel)
    await asyncio.wait([recording])
    if not recording.cancelled():
        recording.result()


def _written(path: Path, write: Callable[[], None]) -> int:
    """Write a trace and print what it holds."""
    try:
        write()
        _print_summary(describe(read_trace(path)))
    except TraceError as error:
        return _failed(error)
    return 0


def _weight(text: str) -> tuple[Sky, float]:
    name, _, weight = text.partition("=")
    for sky in SKIES:
        if sky == name:
            try:
                return sky, float(weight or 1)
            except ValueError:
                break
    raise TraceError("--sky", f"{text!r} is not understood", f"write one of {', '.join(SKIES)}, such as clear=2")


def _failed(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return 1


def _as_problem(error: TraceError) -> Mapping[str, object]:
    return {"file": error.file, "line": error.line, "problem": error.problem, "cure": error.cure}


def _as_json(summary: TraceSummary) -> Mapping[str, object]:
    columns = [
        {**asdict(column), "steepest_utc": column.steepest_utc and time_text(column.steepest_utc)}
        for column in summary.columns
    ]
    times = {"start_utc": time_text(summary.start_utc), "end_utc": time_text(summary.end_utc)}
    return {**asdict(summary), **times, "columns": columns}


def _print_summary(summary: TraceSummary) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    span = f"{time_text(summary.start_utc)} to {time_text(summary.end_utc)}"
    said = f"{summary.name}: {span}, {summary.days:.2f} days, {summary.steps} steps of {summary.step_s} s"
    console.print(Text(said), soft_wrap=True)
    table = Table("column", "gaps", "mean", "least", "most", "steepest step", "at", "kWh a day", box=None)
    for column in summary.columns:
        table.add_row(*map(Text, _cells(column)))
    console.print(table)


def _cells(column: ColumnSummary) -> tuple[str, ...]:
    digits = 1 if column.name.endswith("_w") else 4
    return (
        column.name,
        f"{column.gap_share:.2%}",
        *(f"{number:.{digits}f}" for number in (column.mean, column.least, column.most)),
        f"{column.steepest_step:+.{digits}f}",
        "" if column.steepest_utc is None else time_text(column.steepest_utc),
        "" if column.kwh_per_day is None else f"{column.kwh_per_day:.1f}",
    )


def _print_json(said: object) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
