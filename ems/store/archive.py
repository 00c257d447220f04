"""Reads the books, for pages, exports and other programs.

Plain calls on an engine of `ems.store.database`, to be run in a thread. Times are seconds since 1970; `since` counts
itself in, `until` does not. All of them raise JournalError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Row, Table, func, select

from ems.model.decision import Reason
from ems.store.codec import decode, from_text
from ems.store.database import reading
from ems.store.entries import DecisionEntry, EventEntry, SessionEntry, Step
from ems.store.steps import step_of
from ems.store.tables import DAYS, DECISIONS, EVENTS, MINUTES, QUARTERS, SESSIONS

MOST_ROWS: Final = 100_000
"""More than sixty days of minutes; nobody gets more at once."""


class StepLength(StrEnum):
    """How fine a history is."""

    MINUTE = "minute"
    QUARTER = "quarter"
    DAY = "day"


_STEPS: Final[dict[StepLength, Table]] = {
    StepLength.MINUTE: MINUTES,
    StepLength.QUARTER: QUARTERS,
    StepLength.DAY: DAYS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent(EventEntry):
    """An event with its number in the log."""

    event_id: int


def sessions(
    engine: Engine,
    *,
    since_utc_s: float | None = None,
    until_utc_s: float | None = None,
    station_id: str | None = None,
    limit: int = MOST_ROWS,
) -> Sequence[SessionEntry]:
    """Those that began in that time, newest first; the running ones have no end."""
    query = select(SESSIONS).order_by(SESSIONS.c.began_utc_s.desc(), SESSIONS.c.id).limit(_bounded(limit))
    query = query.where(*_between(SESSIONS.c.began_utc_s, since_utc_s, until_utc_s))
    if station_id is not None:
        query = query.where(SESSIONS.c.station == station_id)
    with reading(engine) as connection:
        return [_session(row) for row in connection.execute(query)]


def history(
    engine: Engine,
    length: StepLength,
    *,
    since_utc_s: float | None = None,
    until_utc_s: float | None = None,
    limit: int = MOST_ROWS,
) -> Sequence[Step]:
    """The steps that began in that time, oldest first; those of which nothing is known are left out."""
    table = _STEPS[length]
    query = select(table).order_by(table.c.at_utc_s).limit(_bounded(limit))
    query = query.where(*_between(table.c.at_utc_s, since_utc_s, until_utc_s))
    with reading(engine) as connection:
        return [step_of(row) for row in connection.execute(query)]


def decisions(
    engine: Engine,
    *,
    since_utc_s: float | None = None,
    until_utc_s: float | None = None,
    station_id: str | None = None,
    limit: int = 1000,
) -> Sequence[DecisionEntry]:
    """Limits and reasons that changed, newest first."""
    query = select(DECISIONS).order_by(DECISIONS.c.utc_s.desc(), DECISIONS.c.id.desc()).limit(_bounded(limit))
    query = query.where(*_between(DECISIONS.c.utc_s, since_utc_s, until_utc_s))
    if station_id is not None:
        query = query.where(DECISIONS.c.station == station_id)
    with reading(engine) as connection:
        return [_decision(row) for row in connection.execute(query)]


def vehicles(engine: Engine, *, limit: int = 50) -> Sequence[str]:
    """Cars that sessions were counted for, those that came last first."""
    last_seen = func.max(SESSIONS.c.began_utc_s)
    query = (
        select(SESSIONS.c.vehicle)
        .where(SESSIONS.c.vehicle.is_not(None))
        .group_by(SESSIONS.c.vehicle)
        .order_by(last_seen.desc())
        .limit(_bounded(limit))
    )
    with reading(engine) as connection:
        return [name for (name,) in connection.execute(query)]


def log(
    engine: Engine, *, before_id: int | None = None, kind: str | None = None, limit: int = 1000
) -> Sequence[LoggedEvent]:
    """What happened beside the limits, newest first; for the next page give the last id as `before_id`."""
    query = select(EVENTS).order_by(EVENTS.c.id.desc()).limit(_bounded(limit))
    if before_id is not None:
        query = query.where(EVENTS.c.id < before_id)
    if kind is not None:
        query = query.where(EVENTS.c.kind == kind)
    with reading(engine) as connection:
        return [_event(row) for row in connection.execute(query)]


def _bounded(limit: int) -> int:
    return max(0, min(limit, MOST_ROWS))


def _between(column: ColumnElement[Any], since: float | None, until: float | None) -> list[ColumnElement[bool]]:
    bounds = [None if since is None else column >= since, None if until is None else column < until]
    return [bound for bound in bounds if bound is not None]


def _session(row: Row[Any]) -> SessionEntry:
    return SessionEntry(
        session_id=row.id,
        station_id=row.station,
        vehicle=row.vehicle,
        began_utc_s=row.began_utc_s,
        ended_utc_s=row.ended_utc_s,
        energy_kwh=row.energy_kwh,
        solar_kwh=row.solar_kwh,
        cost=row.cost,
        currency=row.currency,
        reason=row.reason,
    )


def _decision(row: Row[Any]) -> DecisionEntry:
    return DecisionEntry(
        utc_s=row.utc_s,
        station_id=row.station,
        limit_a=row.limit_a,
        phases=row.phases,
        reason=decode(Reason, from_text(row.reason.encode())),
    )


def _event(row: Row[Any]) -> LoggedEvent:
    return LoggedEvent(
        event_id=row.id, utc_s=row.utc_s, kind=row.kind, who=row.who, facts=from_text(row.facts.encode())
    )
