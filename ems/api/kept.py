"""The API's sources where the service counts and keeps: ledger, archive, shelf and diary over the database.

Queries run in threads, a few at a time. What is written goes through one thread of its own, so nobody waits for a disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Engine

from ems.api import kept_records
from ems.api.errors import StorageTrouble
from ems.api.kept_records import share
from ems.api.kept_words import facts_of
from ems.api.scene import Counted
from ems.api.scribe import Scribe
from ems.api.sources import Json
from ems.api.wire import (
    AuditRecord,
    DecisionRecord,
    Energies,
    HistoryPoint,
    HistoryStep,
    LogRecord,
    SessionRecord,
    SessionState,
    Today,
)
from ems.clock import Clock
from ems.model.words import Phrase
from ems.runtime.ledger import Ledger
from ems.runtime.recorder import Recorder
from ems.store import accounts, archive, preferences
from ems.store.errors import JournalError

LOGGER: Final = logging.getLogger(__name__)

QUERIES_AT_ONCE: Final = 2
MOST_SEARCHED: Final = 5000
"""Decisions looked through for a word."""

LONGEST_SUBJECT: Final = 80

_T = TypeVar("_T")


class LedgerBooks:
    """What the ledger counted."""

    def __init__(self, ledger: Ledger, stations: Sequence[str]) -> None:
        self._ledger = ledger
        self._stations = tuple(stations)

    def counted(self) -> Counted:
        ledger, counters = self._ledger, self._ledger.counters
        return Counted(
            energies=Energies(
                grid_import_kwh=round(counters.grid_import_kwh, 3),
                grid_export_kwh=round(counters.grid_export_kwh, 3),
                solar_kwh=round(counters.solar_kwh, 3),
                charging_kwh=round(counters.charging_kwh, 3),
                charging_solar_kwh=round(counters.charging_solar_kwh, 3),
                battery_charged_kwh=round(counters.battery_charge_kwh, 3),
                battery_discharged_kwh=round(counters.battery_discharge_kwh, 3),
            ),
            today=self._today(),
            stations_kwh={station: ledger.station_kwh(station) for station in self._stations},
            sessions={station: found for station in self._stations if (found := self._session(station)) is not None},
        )

    def session_kwh(self, station_id: str) -> float | None:
        stay = self._ledger.stay(station_id)
        return None if stay is None else stay.energy_kwh

    def name_vehicle(self, station_id: str, vehicle: str | None) -> None:
        self._ledger.name_vehicle(station_id, vehicle)

    def _today(self) -> Today:
        day = self._ledger.today
        return Today(
            solar_kwh=round(day.solar_wh / 1000.0, 3),
            charging_kwh=round(day.charging_wh / 1000.0, 3),
            charging_solar_kwh=round(day.charging_solar_wh / 1000.0, 3),
            solar_share=share(day.charging_solar_wh, day.charging_wh),
        )

    def _session(self, station_id: str) -> SessionState | None:
        stay = self._ledger.stay(station_id)
        if stay is None:
            return None
        return SessionState(
            id=stay.session_id,
            began=datetime.fromtimestamp(stay.began_utc_s, UTC),
            energy_kwh=round(stay.energy_kwh, 3),
            solar_kwh=round(stay.solar_kwh, 3),
            solar_share=share(stay.solar_kwh, stay.energy_kwh),
            cost=None if stay.cost is None else round(stay.cost, 2),
            currency=stay.currency,
            vehicle=stay.vehicle,
        )


class Database:
    """The recorder's database, whatever file it is now."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder: Final = recorder
        self._turns = asyncio.Semaphore(QUERIES_AT_ONCE)

    async def ask(self, query: Callable[[Engine], _T]) -> _T:
        """What that query finds. Raises StorageTrouble."""
        async with self._turns:
            return await asyncio.to_thread(self.ask_now, query)

    def ask_now(self, query: Callable[[Engine], _T]) -> _T:
        """The same in this thread, which waits."""
        engine = self.recorder.engine
        if engine is None:
            raise StorageTrouble("the database is not open; the service's log says why")
        try:
            return query(engine)
        except JournalError as error:
            raise StorageTrouble(f"the database does not answer ({error})") from error


class RecordedArchive:
    """What was kept. Rows become records in the query's thread: ten thousand of them would hold up control."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def trouble(self) -> str | None:
        return self._database.recorder.trouble

    async def sessions(
        self, *, since: datetime | None, until: datetime | None, station_id: str | None, limit: int
    ) -> Sequence[SessionRecord]:
        since_s, until_s = _seconds(since), _seconds(until)

        def found(engine: Engine) -> Sequence[SessionRecord]:
            entries = archive.sessions(
                engine, since_utc_s=since_s, until_utc_s=until_s, station_id=station_id, limit=limit
            )
            return [kept_records.session_record(entry) for entry in entries]

        return await self._database.ask(found)

    async def history(self, step: HistoryStep, since: datetime, until: datetime) -> Sequence[HistoryPoint]:
        length, since_s, until_s = archive.StepLength(step.value), since.timestamp(), until.timestamp()

        def found(engine: Engine) -> Sequence[HistoryPoint]:
            steps = archive.history(engine, length=length, since_utc_s=since_s, until_utc_s=until_s)
            return [kept_records.point_record(each) for each in steps]

        return await self._database.ask(found)

    async def decisions(
        self, *, since: datetime | None, station_id: str | None, text: str | None, limit: int
    ) -> Sequence[DecisionRecord]:
        most, since_s = limit if text is None else MOST_SEARCHED, _seconds(since)
        word = (text or "").casefold()

        def found(engine: Engine) -> Sequence[DecisionRecord]:
            entries = archive.decisions(engine, since_utc_s=since_s, station_id=station_id, limit=most)
            records = (kept_records.decision_record(entry) for entry in entries)
            return [record for record in records if word in record.because.text.casefold()][:limit]

        return await self._database.ask(found)

    async def vehicles(self) -> Sequence[str]:
        return await self._database.ask(archive.vehicles)

    async def log(self, *, before_id: int | None, kind: str | None, limit: int) -> Sequence[LogRecord]:
        def found(engine: Engine) -> Sequence[LogRecord]:
            events = archive.log(engine, before_id=before_id, kind=kind, limit=limit)
            return [kept_records.logged_record(event) for event in events]

        return await self._database.ask(found)

    async def audit(self, *, before_id: int | None, limit: int) -> Sequence[AuditRecord]:
        def found(engine: Engine) -> Sequence[AuditRecord]:
            entries = accounts.audit_entries(engine, before_id=before_id, limit=limit)
            return [kept_records.audited_record(entry) for entry in entries]

        return await self._database.ask(found)


class RecordedShelf:
    """Preferences in the database; written by a thread, newest values only."""

    forgets = False

    def __init__(self, database: Database, clock: Clock, scribe: Scribe) -> None:
        self._database = database
        self._clock = clock
        self._scribe = scribe
        self._unwritten: dict[str, Json] = {}
        self._known: dict[str, Json] = {}

    async def learn(self, *keys: str) -> None:
        """Read what is there under these keys; `recall` then knows them. Raises StorageTrouble."""
        for key in keys:
            self._known[key] = await self._database.ask(partial(preferences.preference, key=key))

    def recall(self, key: str) -> Json:
        return self._known.get(key)

    def keep(self, key: str, value: Json) -> None:
        self._known[key] = value
        self._unwritten[key] = value
        # What is not taken stays unwritten, and goes with the next ones.
        self._scribe.takes(partial(self._write, self._clock.utc_now().timestamp()))

    def _write(self, utc_s: float) -> None:
        values = dict(self._unwritten)
        if not values:
            return
        try:
            self._database.ask_now(partial(preferences.prefer, values=values, utc_s=utc_s))
        except StorageTrouble as error:
            # They stay unwritten, and go with the next ones.
            LOGGER.warning("what people set is not kept: %s", error)
            return
        for key, value in values.items():
            if self._unwritten.get(key) is value:
                self._unwritten.pop(key, None)


class RecordedDiary:
    """The log that people read, and the audit log."""

    def __init__(self, database: Database, clock: Clock, scribe: Scribe) -> None:
        self._database = database
        self._clock = clock
        self._scribe = scribe

    def note(self, kind: str, *, who: str, said: Phrase) -> None:
        self._database.recorder.note(kind, who=who, facts=facts_of(said))
        self._scribe.takes(partial(self._write, self._clock.utc_now().timestamp(), kind, who, said))

    def _write(self, utc_s: float, kind: str, who: str, said: Phrase) -> None:
        subject = said.said()[:LONGEST_SUBJECT]
        entry = partial(accounts.audit, utc_s=utc_s, who=who, action=kind, subject=subject, facts=facts_of(said))
        try:
            self._database.ask_now(entry)
        except StorageTrouble as error:
            LOGGER.warning("the audit log lacks %s by %s: %s", kind, who, error)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
