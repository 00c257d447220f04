"""Steps of the history as rows, and the sum of many of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, select

from ems.store.codec import from_text, to_text
from ems.store.entries import Flows, Step

FLOWS: Final = tuple(each.name for each in fields(Flows) if each.name != "stations_wh")


def row_of(step: Step) -> dict[str, Any]:
    """A step as it is written."""
    flows = {name: getattr(step.flows, name) for name in FLOWS}
    stations = to_text(dict(step.flows.stations_wh)).decode()
    return {"at_utc_s": step.at_utc_s, "length_s": step.length_s, **flows, "stations": stations}


def step_of(row: Row[Any]) -> Step:
    """A row as it was written. Raises JournalError."""
    return Step(at_utc_s=row.at_utc_s, length_s=row.length_s, flows=_flows_of(row))


def sum_of(connection: Connection, table: Table, at_utc_s: int, length_s: int) -> Step:
    """The step of that length which the finer ones in `table` make up."""
    inside = (table.c.at_utc_s >= at_utc_s) & (table.c.at_utc_s < at_utc_s + length_s)
    parts = [_flows_of(row) for row in connection.execute(select(table).where(inside).order_by(table.c.at_utc_s))]
    return Step(at_utc_s=at_utc_s, length_s=length_s, flows=together(parts))


def together(parts: Iterable[Flows]) -> Flows:
    """The sum; None where no part knew."""
    sums: dict[str, float] = {}
    stations: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        for name in FLOWS:
            wh = getattr(part, name)
            if wh is not None:
                sums[name] = sums.get(name, 0.0) + wh
        for station_id, wh in part.stations_wh.items():
            stations[station_id] += wh
    return Flows(**sums, stations_wh=dict(stations))


def _flows_of(row: Row[Any]) -> Flows:
    return Flows(**{name: getattr(row, name) for name in FLOWS}, stations_wh=from_text(row.stations.encode()))
