"""Sessions and history as files for spreadsheets: the columns of the wire, by `ems.store.sheets`. Times in UTC.

All are made in threads: control runs in the event loop, and does not wait for a year of rows.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from pydantic import TypeAdapter

from ems.api.wire import HistoryPoint, SessionRecord
from ems.store.sheets import Cell, Kind, Sheet, write_csv, write_xlsx

T = TypeVar("T")

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_KINDS: Final[Mapping[str, Kind]] = {
    "began": Kind.TIME,
    "ended": Kind.TIME,
    "at": Kind.TIME,
    "energy_kwh": Kind.ENERGY,
    "solar_kwh": Kind.ENERGY,
    "solar_share": Kind.SHARE,
    "cost": Kind.MONEY,
}
"""All other columns are texts in a table of sessions, and powers in one of history."""


async def sessions_csv(sessions: Sequence[SessionRecord]) -> bytes:
    """A row per session, in the order given."""
    return await asyncio.to_thread(lambda: _csv(_sessions(sessions)))


async def sessions_xlsx(sessions: Sequence[SessionRecord]) -> bytes:
    """The same as a workbook."""
    return await asyncio.to_thread(lambda: _workbook(_sessions(sessions)))


async def history_csv(points: Sequence[HistoryPoint]) -> bytes:
    """A row per step, oldest first, with a column per station."""
    return await asyncio.to_thread(lambda: _csv(_history(points)))


async def json_of(adapter: TypeAdapter[T], found: T) -> bytes:
    """Records as the wire has them."""
    return await asyncio.to_thread(adapter.dump_json, found, by_alias=True)


def _history(points: Sequence[HistoryPoint]) -> Sheet:
    stations = sorted({station for point in points for station in point.stations_w})
    names = [name for name in HistoryPoint.model_fields if name != "stations_w"]
    columns = [(name, _KINDS.get(name, Kind.COUNT)) for name in (*names, *(f"{station}_w" for station in stations))]
    rows = [
        (*(getattr(point, name) for name in names), *(point.stations_w.get(station) for station in stations))
        for point in points
    ]
    return Sheet(title="History", columns=tuple(columns), rows=rows)


def _sessions(sessions: Sequence[SessionRecord]) -> Sheet:
    names = tuple(SessionRecord.model_fields)
    rows: list[tuple[Cell, ...]] = [tuple(getattr(session, name) for name in names) for session in sessions]
    return Sheet(title="Sessions", columns=tuple((name, _KINDS.get(name, Kind.TEXT)) for name in names), rows=rows)


def _csv(sheet: Sheet) -> bytes:
    text = io.StringIO()
    write_csv(sheet, text)
    return text.getvalue().encode()


def _workbook(sheet: Sheet) -> bytes:
    content = io.BytesIO()
    write_xlsx(sheet, content)
    return content.getvalue()
