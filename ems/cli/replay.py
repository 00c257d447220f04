"""`ems replay`: decides again on the looks of a journal, and shows what comes out otherwise."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ems.cli.counted import counted
from ems.model.decision import Setpoint
from ems.model.sentences import sentence
from ems.store.database import open_for_reading
from ems.store.errors import JournalError
from ems.store.replay import Difference, StationDifference, Tally, replay

MOST_ROWS: Final = 40
"""Differences shown as a table; JSON has them all."""

PIPED_COLUMNS: Final = 200


def replay_journal(path: Path, *, as_json: bool, since: str | None = None, until: str | None = None) -> int:
    """Print the cycles that differ. The exit code: 0 none, 1 some, 2 for times or a journal that cannot be read."""
    tally = Tally()
    try:
        since_utc_s, until_utc_s = utc_s_of(since), utc_s_of(until)
        engine = open_for_reading(path)
        differences = list(replay(engine, tally=tally, since_utc_s=since_utc_s, until_utc_s=until_utc_s))
        engine.dispose()
    except JournalError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not tally.cycles and (since, until) != (None, None):
        sys.stderr.write("the journal holds no cycle of that time; leave out --from and --to to see all\n")
        return 2
    if as_json:
        sys.stdout.write(json.dumps(_as_json(path, tally, differences), ensure_ascii=False) + "\n")
    else:
        _print(tally, differences)
    return 1 if differences else 0


def utc_s_of(text: str | None) -> float | None:
    """Seconds since 1970 of an ISO time; one without a zone is UTC. Raises JournalError."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise JournalError(f"{text!r} is no time; write it as 2026-06-21T12:30 (UTC) or with a zone") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _as_json(path: Path, tally: Tally, differences: list[Difference]) -> dict[str, object]:
    return {
        "journal": str(path),
        "segments": tally.segments,
        "cycles": tally.cycles,
        "differing": tally.differing,
        "recorded_by": tally.versions,
        "decided_by": version("fusewise"),
        "differences": [_difference_json(each) for each in differences],
    }


def _difference_json(difference: Difference) -> dict[str, object]:
    return {
        "at": iso(difference.utc_s),
        "at_s": difference.at_s,
        "recorded_by": difference.version,
        "stations": {
            each.station_id: {"recorded": setpoint_json(each.recorded), "now": setpoint_json(each.now)}
            for each in difference.stations
        },
        "other_fields": list(difference.other_fields),
    }


def setpoint_json(setpoint: Setpoint | None) -> dict[str, object] | None:
    """A set-point for programs; None where there was none."""
    if setpoint is None:
        return None
    return {
        "limit_a": setpoint.limit_a,
        "phases": setpoint.phases,
        "reason": setpoint.reason.code.value,
        "because": sentence(setpoint.reason),
    }


def _print(tally: Tally, differences: list[Difference]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    if differences:
        console.print(_table(differences[:MOST_ROWS]))
    if len(differences) > MOST_ROWS:
        console.print(f"… and {len(differences) - MOST_ROWS} more cycles; --json has them all.")
    for line in _summary(tally):
        console.print(Text(line), soft_wrap=True)


def _summary(tally: Tally) -> list[str]:
    if not tally.cycles:
        return ["The journal holds no cycle yet."]
    by = ", ".join(tally.versions)
    cycles, segments = counted(tally.cycles, "cycle"), counted(tally.segments, "segment")
    lines = [f"{cycles} in {segments}, decided by Fusewise {by}."]
    if not tally.differing:
        return [*lines, f"Fusewise {version('fusewise')} decides every one of them the same."]
    return [*lines, f"Fusewise {version('fusewise')} decides {tally.differing} of them otherwise."]


def _table(differences: list[Difference]) -> Table:
    table = Table(title="Decided otherwise", title_justify="left", title_style="bold")
    for heading in ("UTC", "station"):
        table.add_column(heading, no_wrap=True)
    for heading in ("recorded", "now"):
        table.add_column(heading, overflow="fold")
    for difference in differences:
        for station in difference.stations:
            table.add_row(*map(Text, (iso(difference.utc_s), station.station_id, *_both(station))))
        if difference.other_fields:
            table.add_row(*map(Text, (iso(difference.utc_s), "", f"other {', '.join(difference.other_fields)}", "")))
    return table


def _both(station: StationDifference) -> tuple[str, str]:
    then, now = said(station.recorded), said(station.now)
    if then == now:
        # Rounded for people they are the same.
        return repr(station.recorded), repr(station.now)
    return then, now


def said(setpoint: Setpoint | None) -> str:
    """A set-point with its reason, for people."""
    if setpoint is None:
        return "nothing"
    phases = "1 phase" if setpoint.phases == 1 else f"{setpoint.phases} phases"
    return f"{setpoint.limit_a:.1f} A on {phases}: {sentence(setpoint.reason)}"


def iso(utc_s: float) -> str:
    """That time in UTC, to the millisecond."""
    return datetime.fromtimestamp(utc_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
