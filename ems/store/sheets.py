"""The books as tables for other programs: CSV, and XLSX with typed cells.

Times are those of the house. Energies in kWh; an empty cell is one that nobody knows.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from typing import BinaryIO, Final, TextIO, TypeAlias

from ems.store.entries import SessionEntry, Step
from ems.store.steps import FLOWS

Cell: TypeAlias = str | float | datetime | None


class Kind(Enum):
    """How a column is shown; its value is the number format of spreadsheets."""

    TEXT = "@"
    TIME = "yyyy-mm-dd hh:mm:ss"
    ENERGY = "0.000"
    SHARE = "0.0%"
    MONEY = "#,##0.00"
    COUNT = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with a head."""

    title: str
    columns: tuple[tuple[str, Kind], ...]
    rows: Sequence[tuple[Cell, ...]]


DECIMALS: Final = 6
"""Of kWh: a milliwatt hour."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS: Final = {Kind.TEXT: 16, Kind.TIME: 20, Kind.ENERGY: 12, Kind.SHARE: 12, Kind.MONEY: 10, Kind.COUNT: 10}


def sessions_sheet(entries: Sequence[SessionEntry], zone: tzinfo) -> Sheet:
    """One row per stay of a car, in the order given."""
    return Sheet(
        title="Sessions",
        columns=(
            ("began", Kind.TIME),
            ("ended", Kind.TIME),
            ("station", Kind.TEXT),
            ("vehicle", Kind.TEXT),
            ("energy_kwh", Kind.ENERGY),
            ("solar_kwh", Kind.ENERGY),
            ("grid_kwh", Kind.ENERGY),
            ("solar_share", Kind.SHARE),
            ("cost", Kind.MONEY),
            ("currency", Kind.TEXT),
            ("reason", Kind.TEXT),
            ("id", Kind.TEXT),
        ),
        rows=[_session_row(entry, zone) for entry in entries],
    )


def history_sheet(steps: Sequence[Step], zone: tzinfo) -> Sheet:
    """One row per step, with a column for every station that drew anything."""
    stations = sorted({station_id for step in steps for station_id in step.flows.stations_wh})
    energies = [f"{name.removesuffix('_wh')}_kwh" for name in FLOWS] + [f"{name}_kwh" for name in stations]
    return Sheet(
        title="History",
        columns=(("at", Kind.TIME), ("length_s", Kind.COUNT), *((name, Kind.ENERGY) for name in energies)),
        rows=[_step_row(step, stations, zone) for step in steps],
    )


def write_csv(sheet: Sheet, stream: TextIO) -> None:
    """Comma, point, ISO times with their zone; one line per row."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([name for name, _ in sheet.columns])
    writer.writerows([_plain(cell) for cell in row] for row in sheet.rows)


def write_xlsx(sheet: Sheet, stream: BinaryIO) -> None:
    """A workbook whose cells are times, numbers and texts, with a head that stays in sight."""
    from xlsxwriter import Workbook  # noqa: PLC0415 (few calls need it)

    book = Workbook(stream, {"in_memory": True, "remove_timezone": True, "strings_to_formulas": False})
    page = book.add_worksheet(sheet.title)
    head = book.add_format({"bold": True, "bottom": 1})
    for i, (name, kind) in enumerate(sheet.columns):
        shown = book.add_format({"num_format": kind.value})
        page.set_column(i, i, max(_WIDTHS[kind], len(name) + 2), shown)
        page.write_string(0, i, name, head)
        for j, row in enumerate(sheet.rows, start=1):
            cell = row[i]
            if isinstance(cell, datetime):
                page.write_datetime(j, i, cell, shown)
            elif isinstance(cell, str):
                page.write_string(j, i, cell, shown)
            elif cell is not None:
                page.write_number(j, i, cell, shown)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    book.close()


def _session_row(entry: SessionEntry, zone: tzinfo) -> tuple[Cell, ...]:
    return (
        _time(entry.began_utc_s, zone),
        None if entry.ended_utc_s is None else _time(entry.ended_utc_s, zone),
        entry.station_id,
        entry.vehicle,
        round(entry.energy_kwh, DECIMALS),
        round(entry.solar_kwh, DECIMALS),
        round(entry.energy_kwh - entry.solar_kwh, DECIMALS),
        round(entry.solar_kwh / entry.energy_kwh, DECIMALS) if entry.energy_kwh > 0 else None,
        None if entry.cost is None else round(entry.cost, 4),
        entry.currency,
        entry.reason,
        entry.session_id,
    )


def _step_row(step: Step, stations: Sequence[str], zone: tzinfo) -> tuple[Cell, ...]:
    flows = [getattr(step.flows, name) for name in FLOWS]
    drawn = [step.flows.stations_wh.get(name, 0.0) for name in stations]
    energies = [None if wh is None else round(wh / 1000.0, DECIMALS) for wh in (*flows, *drawn)]
    return (_time(step.at_utc_s, zone), step.length_s, *energies)


def _time(utc_s: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(round(utc_s), zone)


def _plain(cell: Cell) -> str | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        # Spreadsheets would run it; names come from people, and reasons from stations.
        return f"'{cell}"
    return cell
