"""A real database for tests of the API: what a house keeps, in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from threading import Event

from ems.api.access.kept import KeptAccounts
from ems.api.kept import Database, RecordedArchive, RecordedDiary, RecordedShelf
from ems.api.scribe import Scribe
from ems.clock import Clock
from ems.model.decision import LimitReason, Reason
from ems.runtime.recorder import Recorder, Storage
from ems.store.database import folder_url
from ems.store.entries import DecisionEntry, EventEntry, Flows, Page, SessionEntry, Step

GUARD_S = 30.0
FIRST_MINUTE_S = 1_782_000_000 // 60 * 60


@dataclass(frozen=True)
class Kept:
    """All sources of the API over one database."""

    recorder: Recorder
    database: Database
    archive: RecordedArchive
    shelf: RecordedShelf
    diary: RecordedDiary
    accounts: KeptAccounts
    scribe: Scribe

    def write(self, *pages: Page) -> None:
        """Pages, on the disk when this returns."""
        for page in pages:
            self.recorder.keep(page)
        until_written(self.scribe)
        self.recorder._flush()


@contextmanager
def kept(folder: Path, clock: Clock) -> Iterator[Kept]:
    """Open while the block runs; what was written is there again the next time."""
    storage = Storage(url=folder_url(folder), bound_b=10_000_000, zone=UTC)
    with Recorder(storage, clock) as recorder:
        scribe = Scribe(clock)
        database = Database(recorder)
        yield Kept(
            recorder=recorder,
            database=database,
            archive=RecordedArchive(database),
            shelf=RecordedShelf(database, clock, scribe),
            diary=RecordedDiary(database, clock, scribe),
            accounts=KeptAccounts(database, clock),
            scribe=scribe,
        )
        until_written(scribe)
        scribe.close()


def until_written(scribe: Scribe) -> None:
    """All that it took before."""
    done = Event()
    assert scribe.takes(done.set)
    assert done.wait(GUARD_S)


def a_day(stations: tuple[str, ...] = ("garage", "carport")) -> Page:
    """Two sessions, three minutes, a decision and some events."""
    return Page(
        minutes=tuple(
            Step(
                at_utc_s=FIRST_MINUTE_S + 60 * number,
                length_s=60,
                flows=Flows(
                    grid_import_wh=10.0 * number,
                    grid_export_wh=5.0,
                    solar_wh=80.0,
                    home_wh=6.0,
                    charging_wh=60.0,
                    charging_solar_wh=55.0,
                    stations_wh={stations[0]: 60.0},
                ),
            )
            for number in range(3)
        ),
        sessions=tuple(
            SessionEntry(
                session_id=f"s{number}",
                station_id=station,
                vehicle="=family",
                began_utc_s=FIRST_MINUTE_S + 3600.0 * number,
                ended_utc_s=None if number else FIRST_MINUTE_S + 1800.0,
                energy_kwh=10.0,
                solar_kwh=8.0,
                cost=1.239,
                currency="EUR",
                reason="Local",
            )
            for number, station in enumerate(stations)
        ),
        decisions=(
            DecisionEntry(
                utc_s=FIRST_MINUTE_S + 1.0,
                station_id=stations[0],
                limit_a=6.1,
                phases=3,
                reason=Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=4210.0),
            ),
        ),
        events=(
            EventEntry(utc_s=FIRST_MINUTE_S + 2.0, kind="station_offline_began", facts={"station": stations[0]}),
            EventEntry(utc_s=FIRST_MINUTE_S + 3.0, kind="wish", who="anna", facts={"text": "garage: mode fast"}),
            EventEntry(utc_s=FIRST_MINUTE_S + 4.0, kind="opened", facts={"version": "1.2.3"}),
        ),
    )
