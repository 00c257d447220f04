"""What was kept: sessions, history, decisions, log, audit log; and sessions and history as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, TypeAdapter

from ems.api.exports import CSV, XLSX, history_csv, json_of, sessions_csv, sessions_xlsx
from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, AtDesk, Installer, Viewer
from ems.api.wire import AuditRecord, DecisionRecord, HistoryPoint, HistoryStep, LogRecord, SessionRecord
from ems.api.wire_access import PRINTABLE

router = APIRouter(tags=["records"], responses={**GUARDED, **documented(409)})

Since = Annotated[AwareDatetime | None, Query(description="Not older than this; ISO 8601 with a zone.")]
Until = Annotated[AwareDatetime | None, Query(description="Older than this.")]
StationFilter = Annotated[str | None, Query(max_length=48, pattern=PRINTABLE, description="Of this station alone.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="The newest so many.")]

LONGEST: Final = {
    HistoryStep.MINUTE: timedelta(days=8),
    HistoryStep.QUARTER: timedelta(days=120),
    HistoryStep.DAY: timedelta(days=366 * 20),
}
"""Some ten thousand points at most, so that no answer takes long."""

MOST_EXPORTED: Final = 10_000

JSON: Final = "application/json"
_SESSIONS: Final = TypeAdapter(Sequence[SessionRecord])
_HISTORY: Final = TypeAdapter(Sequence[HistoryPoint])
_DECISIONS: Final = TypeAdapter(Sequence[DecisionRecord])
_LOG: Final = TypeAdapter(Sequence[LogRecord])
_AUDIT: Final = TypeAdapter(Sequence[AuditRecord])


@router.get("/sessions", response_model=Sequence[SessionRecord], responses=documented(404))
async def read_sessions(
    desk: AtDesk,
    _person: Viewer,
    since: Since = None,
    until: Until = None,
    station: StationFilter = None,
    limit: Limit = 100,
) -> Response:
    """Charging sessions, newest first."""
    found = await desk.house.sessions(since=since, until=until, station_id=station, limit=limit)
    return Response(await json_of(_SESSIONS, found), media_type=JSON)


@router.get("/sessions.csv", response_class=Response, responses={200: {"content": {CSV: {}}}, **documented(404)})
async def export_sessions_csv(
    desk: AtDesk, _person: Viewer, since: Since = None, until: Until = None, station: StationFilter = None
) -> Response:
    """The same as a CSV file."""
    found = await desk.house.sessions(since=since, until=until, station_id=station, limit=MOST_EXPORTED)
    return _file(await sessions_csv(found), CSV, "sessions.csv")


@router.get("/sessions.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}, **documented(404)})
async def export_sessions_xlsx(
    desk: AtDesk, _person: Viewer, since: Since = None, until: Until = None, station: StationFilter = None
) -> Response:
    """The same as an Excel file."""
    found = await desk.house.sessions(since=since, until=until, station_id=station, limit=MOST_EXPORTED)
    return _file(await sessions_xlsx(found), XLSX, "sessions.xlsx")


@router.get("/history", response_model=Sequence[HistoryPoint])
async def read_history(
    desk: AtDesk, _person: Viewer, step: HistoryStep, since: AwareDatetime, until: AwareDatetime
) -> Response:
    """Mean powers per step, oldest first: the newest 8 days of minutes, 120 of quarters, 20 years of days."""
    found = await desk.house.history(step, _not_before(step, since, until), until)
    return Response(await json_of(_HISTORY, found), media_type=JSON)


@router.get("/history.csv", response_class=Response, responses={200: {"content": {CSV: {}}}})
async def export_history_csv(
    desk: AtDesk, _person: Viewer, step: HistoryStep, since: AwareDatetime, until: AwareDatetime
) -> Response:
    """The same as a CSV file."""
    points = await desk.house.history(step, _not_before(step, since, until), until)
    return _file(await history_csv(points), CSV, f"history-{step}.csv")


@router.get("/decisions", response_model=Sequence[DecisionRecord], responses=documented(404))
async def read_decisions(
    desk: AtDesk,
    _person: Viewer,
    since: Since = None,
    station: StationFilter = None,
    text: Annotated[
        str | None, Query(max_length=80, pattern=PRINTABLE, description="In the reason's sentence.")
    ] = None,
    limit: Limit = 100,
) -> Response:
    """Limits that changed and why, newest first."""
    found = await desk.house.decisions(since=since, station_id=station, text=text, limit=limit)
    return Response(await json_of(_DECISIONS, found), media_type=JSON)


@router.get("/log", response_model=Sequence[LogRecord])
async def read_log(
    desk: AtDesk,
    _person: Viewer,
    before_id: Annotated[int | None, Query(ge=1, le=2**53, description="Older than that entry.")] = None,
    kind: Annotated[str | None, Query(max_length=40, pattern=PRINTABLE)] = None,
    limit: Limit = 100,
) -> Response:
    """What happened beside the limits, newest first."""
    found = await desk.house.log(before_id=before_id, kind=kind, limit=limit)
    return Response(await json_of(_LOG, found), media_type=JSON)


@router.get("/audit", response_model=Sequence[AuditRecord])
async def read_audit(
    desk: AtDesk,
    _person: Installer,
    before_id: Annotated[int | None, Query(ge=1, le=2**53, description="Older than that entry.")] = None,
    limit: Limit = 100,
) -> Response:
    """Who changed what, and who logged in or failed to, newest first."""
    found = await desk.house.audit(before_id=before_id, limit=limit)
    return Response(await json_of(_AUDIT, found), media_type=JSON)


def _not_before(step: HistoryStep, since: datetime, until: datetime) -> datetime:
    """The newest part of that stretch which one answer can hold."""
    longest = LONGEST[step]
    return until - longest if until - since > longest else since


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="fusewise-{name}"'}
    return Response(content, media_type=media_type, headers=headers)
