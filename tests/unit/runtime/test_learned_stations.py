"""What was learnt of stations outlives a restart, and a database in trouble costs no more than that."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from ems.clock import VirtualClock, run_virtual
from ems.csms.capabilities import UNKNOWN
from ems.csms.constructions import constructions
from ems.csms.quirks.learned import Kind, LearnedBook
from ems.runtime.learned_stations import WRITE_AFTER_S, LearnedStations
from ems.store.database import open_database

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from ems.runtime.recorder import Recorder

from sqlalchemy import URL

KIND = Kind(vendor="Acme", model="Box", firmware="1.0")
WAY = constructions(UNKNOWN)[3]


def keeper(engine: Engine | None, clock: VirtualClock) -> tuple[LearnedStations, LearnedBook]:
    book = LearnedBook()
    return LearnedStations(book, cast("Recorder", SimpleNamespace(engine=engine)), clock), book


def test_what_was_obeyed_is_known_after_a_restart(tmp_path: Path) -> None:
    clock = VirtualClock()
    url = URL.create("sqlite", database=str(tmp_path / "journal.db"))
    engine = open_database(url, now=clock.utc_now(), report=lambda _: None)
    keeping, book = keeper(engine, clock)

    async def live() -> None:
        writing = asyncio.create_task(keeping.run())
        book.obeys(KIND, WAY)
        book.meet("garage", KIND)
        while not keeping.written:
            await clock.sleep(WRITE_AFTER_S)
        writing.cancel()

    run_virtual(live(), clock)
    again, later = keeper(engine, clock)
    again.recall()
    engine.dispose()

    assert later.of(KIND).obeyed == WAY
    met = later.met("garage")
    assert met is not None
    assert met.kind == KIND


def test_without_a_database_nothing_is_known_and_nothing_fails() -> None:
    clock = VirtualClock()
    keeping, book = keeper(None, clock)
    keeping.recall()

    async def live() -> None:
        writing = asyncio.create_task(keeping.run())
        book.obeys(KIND, WAY)
        await clock.sleep(5 * WRITE_AFTER_S)
        assert not writing.done()
        writing.cancel()

    run_virtual(live(), clock)
    assert not keeping.written
