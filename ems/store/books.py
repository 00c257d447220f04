"""Writes the books: minutes with their quarters and days, counters, sessions, decisions, events, the ledger's state.

Every page is written as often as need be: the same page twice leaves what one leaves. What is old goes: minutes after
60 days, quarters after two years, decisions after 90 days; days and counters stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, update

from ems.store.codec import cut, decode, encode, from_text, to_text
from ems.store.database import reading, writing
from ems.store.days import QUARTER_S, day_at, step_at
from ems.store.entries import (
    Counters,
    Day,
    DecisionEntry,
    EventEntry,
    LedgerState,
    Page,
    SessionEntry,
    StationBook,
    Step,
)
from ems.store.packing import pack, unpack
from ems.store.steps import row_of, sum_of
from ems.store.tables import COUNTERS, DAYS, DECISIONS, EVENTS, MINUTES, QUARTERS, SESSIONS, SETTINGS
from ems.store.transactions import prune_transactions, write_transactions

KEY: Final = "ledger"
DAY_S: Final = 86_400
PRUNE_EVERY_S: Final = 3_600.0
MINUTES_KEPT_S: Final = 60 * DAY_S
QUARTERS_KEPT_S: Final = 731 * DAY_S
DECISIONS_KEPT_S: Final = 90 * DAY_S
DECISIONS_KEPT: Final = 100_000
EVENTS_KEPT: Final = 10_000
SESSIONS_KEPT: Final = 50_000
_OF_STATION: Final = "stations/"
LOST_REASON: Final = "Lost"
"""Why a session ended that nobody remembers to have seen."""


class Books:
    """Writes to a database that `open_database` made ready. Belongs to one thread."""

    def __init__(self, engine: Engine, zone: tzinfo) -> None:
        """`zone` is that of the house, whose days begin at midnight there."""
        self._engine = engine
        self._zone = zone
        self._pruned_at_s = float("-inf")

    def write(self, page: Page) -> None:
        """All of it or nothing, in one transaction. Raises JournalError."""
        if page == Page():
            return
        # Every minute has a state: that much may be lost, and so often the disk is waited for, and for transactions.
        with writing(self._engine, durable=page.state is not None or bool(page.transactions)) as connection:
            self._write_minutes(connection, page.minutes)
            _write_sessions(connection, page.sessions)
            _write_decisions(connection, page.decisions)
            _write_events(connection, page.events)
            write_transactions(connection, page.transactions)
            if page.state is not None:
                _write_state(connection, page.state)
                self._prune(connection, page.state.utc_s)

    def _write_minutes(self, connection: Connection, minutes: Iterable[Step]) -> None:
        newest = {step.at_utc_s: step for step in minutes}
        if not newest:
            return
        _replace_steps(connection, MINUTES, newest.values())
        quarters = sorted({step_at(at_utc_s, QUARTER_S) for at_utc_s in newest})
        _replace_steps(connection, QUARTERS, [sum_of(connection, MINUTES, at, QUARTER_S) for at in quarters])
        days = sorted({day_at(at_utc_s, self._zone) for at_utc_s in quarters})
        _replace_steps(connection, DAYS, [sum_of(connection, QUARTERS, at, length_s) for at, length_s in days])

    def _prune(self, connection: Connection, utc_s: float) -> None:
        """Drop what is old, once in a while."""
        if abs(utc_s - self._pruned_at_s) < PRUNE_EVERY_S:
            return
        self._pruned_at_s = utc_s
        connection.execute(delete(MINUTES).where(MINUTES.c.at_utc_s < utc_s - MINUTES_KEPT_S))
        connection.execute(delete(QUARTERS).where(QUARTERS.c.at_utc_s < utc_s - QUARTERS_KEPT_S))
        connection.execute(delete(DECISIONS).where(DECISIONS.c.utc_s < utc_s - DECISIONS_KEPT_S))
        for table, kept in ((DECISIONS, DECISIONS_KEPT), (EVENTS, EVENTS_KEPT)):
            newest = select(func.max(table.c.id)).scalar_subquery()
            connection.execute(delete(table).where(table.c.id <= newest - kept))
        oldest = select(SESSIONS.c.began_utc_s).order_by(SESSIONS.c.began_utc_s.desc()).offset(SESSIONS_KEPT).limit(1)
        connection.execute(delete(SESSIONS).where(SESSIONS.c.began_utc_s <= oldest.scalar_subquery()))
        prune_transactions(connection)


def load_state(engine: Engine) -> LedgerState | None:
    """Where the accounting of an earlier run stood; None when there was none. Counters are at least those of the books.

    Raises JournalError, also for a state that cannot be read.
    """
    with reading(engine) as connection:
        body = connection.execute(select(SETTINGS.c.body).where(SETTINGS.c.key == KEY)).scalar()
    if body is None:
        return None
    state = decode(LedgerState, from_text(unpack(body)))
    return replace(state, counters=state.counters.upper(load_counters(engine)))


def load_counters(engine: Engine) -> Counters:
    """The lifetime counters in the books; 0 where there are none. Raises JournalError."""
    with reading(engine) as connection:
        found = {row.name: row.kwh for row in connection.execute(select(COUNTERS))}
    return Counters(**{name: found[name] for name in asdict(Counters()) if name in found})


def counters_alone(engine: Engine, utc_s: float) -> LedgerState:
    """A state to go on from that holds the counters of house and stations, and nothing else. Raises JournalError."""
    with reading(engine) as connection:
        found = {row.name: row.kwh for row in connection.execute(select(COUNTERS))}
    stations_wh = {
        name.removeprefix(_OF_STATION).removesuffix("_kwh"): kwh * 1000.0
        for name, kwh in found.items()
        if name.startswith(_OF_STATION)
    }
    return LedgerState(
        utc_s=utc_s,
        counters=load_counters(engine),
        stations={name: StationBook(counted_wh=wh, told_wh=wh) for name, wh in stations_wh.items()},
        day=Day(at_utc_s=0),
    )


def end_lost_sessions(engine: Engine, running: Iterable[str], utc_s: float) -> int:
    """End the sessions that nobody goes on with, all but `running`; how many there were. Raises JournalError."""
    lost = SESSIONS.c.ended_utc_s.is_(None) & SESSIONS.c.id.not_in(list(running))
    with writing(engine) as connection:
        return connection.execute(update(SESSIONS).where(lost).values(ended_utc_s=utc_s, reason=LOST_REASON)).rowcount


def _replace_steps(connection: Connection, table: Table, steps: Iterable[Step]) -> None:
    rows = [row_of(step) for step in steps]
    connection.execute(delete(table).where(table.c.at_utc_s.in_([row["at_utc_s"] for row in rows])))
    connection.execute(insert(table), rows)


def _write_sessions(connection: Connection, entries: Iterable[SessionEntry]) -> None:
    newest = {entry.session_id: entry for entry in entries}
    if not newest:
        return
    connection.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(list(newest))))
    connection.execute(insert(SESSIONS), [_session_row(entry) for entry in newest.values()])


def _session_row(entry: SessionEntry) -> dict[str, Any]:
    return {
        "id": entry.session_id,
        "station": entry.station_id,
        "vehicle": entry.vehicle,
        "began_utc_s": entry.began_utc_s,
        "ended_utc_s": entry.ended_utc_s,
        "energy_kwh": entry.energy_kwh,
        "solar_kwh": entry.solar_kwh,
        "cost": entry.cost,
        "currency": entry.currency,
        "reason": None if entry.reason is None else cut(entry.reason, 50),
    }


def _write_decisions(connection: Connection, entries: Sequence[DecisionEntry]) -> None:
    if not entries:
        return
    rows = [
        {
            "utc_s": entry.utc_s,
            "station": entry.station_id,
            "limit_a": entry.limit_a,
            "phases": entry.phases,
            "reason": _short(encode(entry.reason)),
        }
        for entry in entries
    ]
    for row in rows:
        written_before = (DECISIONS.c.utc_s == row["utc_s"]) & (DECISIONS.c.station == row["station"])
        connection.execute(delete(DECISIONS).where(written_before))
    connection.execute(insert(DECISIONS), rows)


def _short(fields: dict[str, Any]) -> str:
    """Without what says nothing: it is what a reason has by default."""
    return to_text({name: value for name, value in fields.items() if value is not None}).decode()


def _write_events(connection: Connection, entries: Sequence[EventEntry]) -> None:
    if not entries:
        return
    rows = [
        {
            "utc_s": entry.utc_s,
            "kind": cut(entry.kind, 40),
            "facts": json.dumps(dict(entry.facts)),
            "who": None if entry.who is None else cut(entry.who, 80),
        }
        for entry in entries
    ]
    for row in rows:
        same = [EVENTS.c[name] == row[name] for name in ("utc_s", "kind", "facts")]
        connection.execute(delete(EVENTS).where(*same))
    connection.execute(insert(EVENTS), rows)


def _write_state(connection: Connection, state: LedgerState) -> None:
    body = pack(to_text(encode(state)))
    connection.execute(delete(SETTINGS).where(SETTINGS.c.key == KEY))
    connection.execute(insert(SETTINGS).values(key=KEY, utc_s=state.utc_s, at_s=0.0, body=body))
    counted = asdict(state.counters) | {
        f"{_OF_STATION}{name}_kwh": book.counted_wh / 1000.0 for name, book in state.stations.items()
    }
    found = {row.name: row.kwh for row in connection.execute(select(COUNTERS))}
    rows = [{"name": name, "kwh": max(kwh, found.get(name, 0.0))} for name, kwh in counted.items()]
    connection.execute(delete(COUNTERS).where(COUNTERS.c.name.in_(list(counted))))
    connection.execute(insert(COUNTERS), rows)
