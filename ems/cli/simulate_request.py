"""What `ems simulate` was asked for: options that are checked, and files that are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from ems.config.schema import SiteFile
from ems.sim.lab.compare import Replay
from ems.sim.lab.fault_matrix import MATRIX
from ems.sim.lab.fault_script import FaultRow, read_faults
from ems.sim.lab.records import Stay
from ems.sim.lab.runner import FUSEWISE
from ems.sim.lab.score import FORESIGHT
from ems.sim.policies.registry import POLICIES
from ems.sim.traces.home import stays_at_home
from ems.sim.traces.sessions import read_sessions
from ems.sim.traces.trace import Trace, read_trace

DAYS_WHEN_LEFT_OUT: Final = 7.0
DAY_S: Final = 86_400.0
SHORTEST_S: Final = 60.0
ALL_FAULTS: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """What stands on the command line."""

    site: Path
    trace: Path
    sessions: Path | None = None
    start: str | None = None
    days: float | None = None
    policies: Sequence[str] = (FUSEWISE,)
    seed: int | None = None
    json_to: str | None = None
    """A path, or `-` for the standard output."""

    report_to: Path | None = None
    faults: str | None = None
    """A path, or `all`."""

    picture: str | None = None
    jobs: int | None = None


class WrongUse(Exception):
    """An option that cannot be; the message says why and what would do."""


def policies_of(wanted: Sequence[str]) -> list[str]:
    """The policies asked for, each once. Raises WrongUse."""
    known = [FUSEWISE, *POLICIES, FORESIGHT]
    for policy in wanted:
        if policy not in known:
            near = get_close_matches(policy, known, 1)
            cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise WrongUse(f"--policy {policy}: no such policy: {cure}")
    return list(dict.fromkeys(wanted)) or [FUSEWISE]


def fault_rows_of(faults: str | None, site: SiteFile) -> Sequence[FaultRow]:
    """The faults to play; none when nobody asked. Raises FaultScriptError."""
    if faults is None:
        return ()
    if faults == ALL_FAULTS:
        return MATRIX
    return read_faults(
        Path(faults), [station.id for station in site.stations], [meter.circuit for meter in site.meters]
    )


def replay_of(options: SimulateOptions, site: SiteFile) -> Replay:
    """What is to be replayed. Raises WrongUse and TraceError."""
    trace = read_trace(options.trace)
    start_utc = trace.start_utc if options.start is None else _instant(options.start, "--start")
    days = _days(options.days, start_utc, trace)
    seed = site.simulation.seed if options.seed is None else options.seed
    return Replay(
        site=site,
        trace=trace,
        start_utc=start_utc,
        days=days,
        stays=_stays(options, site, start_utc, days, seed),
        seed=seed,
        picture_day=_picture_day(options, start_utc, days),
    )


def _stays(options: SimulateOptions, site: SiteFile, start_utc: datetime, days: float, seed: int) -> list[Stay]:
    if options.sessions is not None:
        return read_sessions(options.sessions, start_utc, days, [station.id for station in site.stations])
    if not site.simulation.cars:
        raise WrongUse(
            f"{options.site.name} has no cars: add simulation.cars with their times at home, or give --sessions"
        )
    return stays_at_home(site.simulation.cars, start_utc, days, seed)


def _instant(text: str, option: str) -> datetime:
    """UTC, also where the text names no zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUse(f"{option} {text}: no ISO 8601 time: write 2016-05-01 or 2016-05-01T06:00Z") from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _days(days: float | None, start_utc: datetime, trace: Trace) -> float:
    """How long to play; what was asked for must be in the trace."""
    covered = f"it covers {trace.start_utc:%Y-%m-%dT%H:%MZ} to {trace.end_utc:%Y-%m-%dT%H:%MZ}"
    left = (trace.end_utc - start_utc).total_seconds() / DAY_S
    if start_utc < trace.start_utc or left <= 0:
        raise WrongUse(f"--start {start_utc:%Y-%m-%dT%H:%MZ} is outside {trace.name}: {covered}")
    # Also false for what is no number.
    if days is not None and not days * DAY_S >= SHORTEST_S:
        raise WrongUse(f"--days {days:g} is shorter than a minute: ask for more")
    if days is not None and days > left:
        raise WrongUse(
            f"--days {days:g} is longer than {trace.name} from {start_utc:%Y-%m-%dT%H:%MZ} on: {covered}; "
            f"ask for at most {left:.4g} days"
        )
    return min(left, DAYS_WHEN_LEFT_OUT) if days is None else days


def _picture_day(options: SimulateOptions, start_utc: datetime, days: float) -> int | None:
    """Which day of the run has its noon on the date asked for; the first one where a report is asked for without."""
    if options.picture is None:
        return None if options.report_to is None else 0
    if options.report_to is None:
        raise WrongUse("--picture draws a day of the report: give --report FILE too")
    noon_utc = _instant(options.picture, "--picture").replace(hour=12, minute=0, second=0, microsecond=0)
    day = int((noon_utc - start_utc).total_seconds() // DAY_S)
    if not 0 <= day < days:
        played = f"from {start_utc:%Y-%m-%dT%H:%MZ} on for {days:g} days"
        raise WrongUse(f"--picture {options.picture} is no day of the run: name one {played}")
    return day
