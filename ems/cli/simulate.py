"""`ems simulate`: a recorded trace played against policies in virtual time, scored side by side."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ems.cli.check import print_problems
from ems.cli.places import check_writable
from ems.cli.simulate_request import SimulateOptions, WrongUse, fault_rows_of, policies_of, replay_of
from ems.cli.simulate_result import Outcome, as_json, report_of
from ems.cli.simulate_tables import print_faults, print_scores
from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.devices.profile_kinds import kinds_by_profile
from ems.errors import EmsError
from ems.sim.lab.compare import Replay, compared
from ems.sim.lab.fault_script import FaultRow
from ems.sim.lab.faults import verdicts_of
from ems.sim.lab.report.page import write_report
from ems.sim.lab.report.shapes import FaultVerdict
from ems.sim.lab.score import FORESIGHT
from ems.sim.lab.workers import JobFailed, hushed

STANDARD_OUTPUT: Final = "-"
INTERRUPTED: Final = 130
WIDE: Final = 160
"""Columns of an output that is no terminal."""


def simulate_site(options: SimulateOptions) -> int:
    """Simulate, print, write. The exit code: 0; 1 for a problem (a tripped fuse with us in charge too); 2 wrong use."""
    try:
        for place in _places(options):
            check_writable(place)
        with hushed():
            outcome = _simulated(options)
        _deliver(outcome, options)
    except WrongUse as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except SiteFileError as error:
        print_problems(error.problems)
        return 1
    except (EmsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; nothing was written.\n")
        return INTERRUPTED
    return 0 if outcome.ok else 1


def _simulated(options: SimulateOptions) -> Outcome:
    policies = policies_of(options.policies)
    site = load_site(options.site, profiles=kinds_by_profile())
    rows = fault_rows_of(options.faults, site)
    replay = replay_of(options, site)
    workers = options.jobs or os.cpu_count() or 1
    with _bars() as bars:
        tasks = {policy: bars.add_task(policy, total=1.0) for policy in policies if policy != FORESIGHT}
        try:
            records, scores = compared(
                replay,
                policies,
                workers=workers,
                told=lambda policy, share: bars.update(tasks[policy], completed=share),
            )
        except JobFailed as error:
            raise EmsError(f"{list(tasks)[error.number]}: {error}") from error
        faults = _played(rows, list(tasks), replay, workers, bars)
    return Outcome(replay=replay, records=records, scores=scores, faults=faults)


def _played(
    rows: Sequence[FaultRow], policies: Sequence[str], replay: Replay, workers: int, bars: Progress
) -> list[FaultVerdict]:
    if not rows:
        return []
    task = bars.add_task("faults", total=1.0)
    return verdicts_of(
        replay.site,
        rows,
        policies,
        seed=replay.seed,
        workers=workers,
        told=lambda share: bars.update(task, completed=share),
    )


@contextmanager
def _bars() -> Iterator[Progress]:
    """One bar per policy on the error output; nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description:>12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bars:
        yield bars


def _deliver(outcome: Outcome, options: SimulateOptions) -> None:
    """Tables first: they are there whatever becomes of the files."""
    text = json.dumps(as_json(outcome), allow_nan=False, indent=None if options.json_to == STANDARD_OUTPUT else 2)
    if options.json_to == STANDARD_OUTPUT:
        sys.stdout.write(text + "\n")
    else:
        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDE)
        print_scores(console, outcome.scores)
        print_faults(console, outcome.faults)
        sys.stdout.flush()
    if options.json_to not in {None, STANDARD_OUTPUT}:
        Path(str(options.json_to)).write_text(text + "\n", encoding="utf-8")
    if options.report_to is not None:
        write_report(options.report_to, report_of(outcome, options))


def _places(options: SimulateOptions) -> Iterator[Path]:
    """The files that will be written."""
    if options.json_to is not None and options.json_to != STANDARD_OUTPUT:
        yield Path(options.json_to)
    if options.report_to is not None:
        yield options.report_to
