"""Sessions and history as files for spreadsheets."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ems.api.wire import HistoryPoint, SessionRecord

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

SESSION_COLUMNS: Final = tuple(SessionRecord.model_fields)
HISTORY_COLUMNS: Final = tuple(name for name in HistoryPoint.model_fields if name != "stations_w")

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be worked out by a spreadsheet; stations choose some of our texts."""

Cell = str | float | None


def sessions_csv(sessions: Sequence[SessionRecord]) -> bytes:
    """A row per session, newest first; times in UTC."""
    return _csv(SESSION_COLUMNS, [_session_row(each) for each in sessions])


async def sessions_xlsx(sessions: Sequence[SessionRecord]) -> bytes:
    """The same as a workbook, made in a thread."""
    return await asyncio.to_thread(_workbook, [_session_row(each) for each in sessions])


def history_csv(points: Sequence[HistoryPoint]) -> bytes:
    """A row per step, oldest first, with a column per station."""
    stations = sorted({station for point in points for station in point.stations_w})
    columns = (*HISTORY_COLUMNS, *(f"{station}_w" for station in stations))
    rows = [
        [
            *(_cell(getattr(point, name)) for name in HISTORY_COLUMNS),
            *(point.stations_w.get(station) for station in stations),
        ]
        for point in points
    ]
    return _csv(columns, rows)


def _session_row(session: SessionRecord) -> list[Cell]:
    return [_cell(getattr(session, name)) for name in SESSION_COLUMNS]


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(column) for column in columns])
    writer.writerows(rows)
    return text.getvalue().encode()


def _workbook(rows: Sequence[Sequence[Cell]]) -> bytes:
    from xlsxwriter import Workbook  # noqa: PLC0415 (few need it, and it is large)

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Sessions")
        sheet.write_row(0, 0, SESSION_COLUMNS, book.add_format({"bold": True}))
        for place, row in enumerate(rows, start=1):
            sheet.write_row(place, 0, row)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return content.getvalue()
