"""Times on a local clock, daylight saving and all, as seconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ems.sim.traces.errors import TraceError


def seconds_of_local(path: Path, texts: Sequence[str], zone: ZoneInfo, time_format: str | None) -> list[float]:
    """The instants of all rows, in their order. Times that name a zone keep it.

    In the hour that an autumn night has twice, times that do not go on belong to its second run. Files with the newest
    row first are fine. Raises TraceError with the line.
    """
    times = [_time(path, text, time_format, line) for line, text in enumerate(texts, start=2)]
    newest_first = len(times) > 1 and _alone(times[0], zone) > _alone(times[-1], zone)
    seconds: list[float] = []
    for at in reversed(times) if newest_first else times:
        second = _alone(at, zone)
        if seconds and second <= seconds[-1] and at.tzinfo is None:
            second = at.replace(tzinfo=zone, fold=1).timestamp()
        seconds.append(second)
    return seconds[::-1] if newest_first else seconds


def _alone(at: datetime, zone: ZoneInfo) -> float:
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()


def _time(path: Path, text: str, time_format: str | None, line: int) -> datetime:
    try:
        if time_format is None:
            return datetime.fromisoformat(text.strip())
        return datetime.strptime(text.strip(), time_format)  # noqa: DTZ007  the zone is an option of the import
    except ValueError as error:
        cure = "say how it is written with --time-format, such as '%d.%m.%Y %H:%M'"
        raise TraceError(path.name, f"time {text[:40]!r} is not understood", cure, line=line) from error
