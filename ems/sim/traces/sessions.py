"""Stays of cars at stations, from a sessions file: one row per stay, times in UTC.

Columns: `station,arrival,departure,energy_kwh,phases,max_a,mode[,target_by]`. An empty `mode` is the station's own;
an empty `target_by` is no goal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from ems.model.goals import ChargeMode
from ems.sim.lab.records import Stay
from ems.sim.traces.errors import TraceError
from ems.sim.traces.gaps import DAY_S
from ems.sim.traces.lines import read_header, read_rows

REQUIRED: Final = ("station", "arrival", "departure", "energy_kwh", "phases", "max_a", "mode")
MAX_SESSIONS: Final = 200_000

_MOST_KWH: Final = 500.0
_AMPS: Final = (6.0, 80.0)


def read_sessions(path: Path, start_utc: datetime, days: float, stations: Collection[str]) -> list[Stay]:
    """The stays within a run, by arrival; what lies outside the run is cut off, and so is a goal out of its reach.

    Raises TraceError with file, line, problem and cure; two stays at one station at the same time are an error.
    """
    header = read_header(path)
    for name in REQUIRED:
        if name not in header:
            raise TraceError(
                path.name, f"has no column {name}", f"add it; the columns are {','.join(REQUIRED)}", line=1
            )
    stays: list[tuple[int, Stay]] = []
    line = 2
    for rows in read_rows(path):
        if line + len(rows) > MAX_SESSIONS:
            raise TraceError(path.name, f"has more than {MAX_SESSIONS} rows", "cut it into shorter files")
        for cells in rows:
            row = _Row(path.name, line, dict(zip(header, cells, strict=True)), start_utc)
            stays.append((line, row.stay(stations)))
            line += 1
    _check_overlaps(path.name, stays)
    inside = (clipped(stay, days * DAY_S) for _, stay in stays)
    return sorted((stay for stay in inside if stay is not None), key=lambda stay: (stay.arrival_s, stay.station_id))


def clipped(stay: Stay, length_s: float) -> Stay | None:
    """The part of a stay within a run of that length; None when there is none."""
    arrival_s, departure_s = max(stay.arrival_s, 0.0), min(stay.departure_s, length_s)
    if departure_s <= arrival_s:
        return None
    by_s = stay.target_by_s
    reachable = by_s is not None and arrival_s < by_s <= length_s
    return replace(stay, arrival_s=arrival_s, departure_s=departure_s, target_by_s=by_s if reachable else None)


class _Row:
    """One line of a sessions file."""

    def __init__(self, file: str, line: int, cells: Mapping[str, str], start_utc: datetime) -> None:
        self._file = file
        self._line = line
        self._cells = {name: cell.strip() for name, cell in cells.items()}
        self._start_utc = start_utc

    def stay(self, stations: Collection[str]) -> Stay:
        """The stay of this line, its times counted from the start of the run."""
        station = self._cells["station"]
        if station not in stations:
            raise self._fault(f"station {station!r} is not in the site file", f"use one of {', '.join(stations)}")
        arrival_s, departure_s = self._seconds("arrival"), self._seconds("departure")
        if departure_s <= arrival_s:
            raise self._fault("departure is not after arrival", "check both times")
        by_s = self._seconds("target_by") if self._cells.get("target_by") else None
        if by_s is not None and not arrival_s < by_s <= departure_s:
            raise self._fault("target_by is not between arrival and departure", "check it, or leave it empty")
        return Stay(
            station_id=station,
            arrival_s=arrival_s,
            departure_s=departure_s,
            energy_kwh=self._number("energy_kwh", 0.001, _MOST_KWH),
            phases=self._phases(),
            max_a=self._number("max_a", *_AMPS),
            mode=self._mode(),
            target_by_s=by_s,
        )

    def _seconds(self, name: str) -> float:
        text = self._cells[name]
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._fault(f"{name} {text[:40]!r} is not ISO 8601", "write it like 2026-06-21T17:30:00Z") from error
        if at.utcoffset() is None:
            raise self._fault(f"{name} {text!r} names no zone", "write UTC, like 2026-06-21T17:30:00Z")
        return (at - self._start_utc) / timedelta(seconds=1)

    def _number(self, name: str, least: float, most: float) -> float:
        text = self._cells[name]
        cure = f"write a number from {least:g} to {most:g}"
        try:
            number = float(text)
        except ValueError as error:
            raise self._fault(f"{name} is {text[:40]!r}, not a number", cure) from error
        if not least <= number <= most:
            raise self._fault(f"{name} is {text[:40]}", cure)
        return number

    def _phases(self) -> int:
        text = self._cells["phases"]
        if text not in {"1", "2", "3"}:
            raise self._fault(f"phases is {text[:40]!r}", "write 1, 2 or 3")
        return int(text)

    def _mode(self) -> ChargeMode | None:
        text = self._cells["mode"]
        if not text:
            return None
        try:
            return ChargeMode(text)
        except ValueError as error:
            known = ", ".join(ChargeMode)
            raise self._fault(f"mode is {text[:40]!r}", f"write one of {known}, or leave it empty") from error

    def _fault(self, problem: str, cure: str) -> TraceError:
        return TraceError(self._file, problem, cure, line=self._line)


def _check_overlaps(file: str, stays: list[tuple[int, Stay]]) -> None:
    ordered = sorted(stays, key=lambda each: (each[1].station_id, each[1].arrival_s))
    for (first_line, first), (line, stay) in pairwise(ordered):
        if first.station_id == stay.station_id and stay.arrival_s < first.departure_s:
            problem = f"a second car is at {stay.station_id} before the one of line {first_line} has left"
            raise TraceError(file, problem, "check arrival and departure of both", line=line)
