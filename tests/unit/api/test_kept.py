"""What the API shows of a real database, and what it keeps there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

from ems.api import exports, kept_records
from ems.api.access.book import Access
from ems.api.access.passwords import Passwords
from ems.api.access.uses import WRITTEN_EVERY_S
from ems.api.errors import StorageTrouble, WrongPassword
from ems.api.exports import history_csv, sessions_csv, sessions_xlsx
from ems.api.house_name import SITE_ID_KEY, site_id
from ems.api.kept_wishes import WISHES_KEY
from ems.api.part import stores_of
from ems.api.waiting import OPENS_EVERY_S
from ems.api.wire import HistoryStep, Role, Sentence
from ems.clock import WallClock
from ems.model.words import Phrase
from ems.store.accounts import tokens
from tests.api_bench import FAST_PASSWORDS_KIB, GUARD_S, PASSWORD
from tests.kept import FIRST_MINUTE_S, Kept, a_day, kept
from tests.live import HandClock
from tests.unit.runtime.yard import Yard

BEGIN = datetime.fromtimestamp(FIRST_MINUTE_S, UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Kept]:
    with kept(tmp_path, HandClock()) as found:
        found.write(a_day())
        yield found


async def test_sessions_newest_first(store: Kept) -> None:
    found = await store.archive.sessions(since=None, until=None, station_id=None, limit=10)
    garage = await store.archive.sessions(since=None, until=None, station_id="garage", limit=10)

    assert [each.station for each in found] == ["carport", "garage"]
    assert (garage[0].solar_share, garage[0].cost, garage[0].ended) == (0.8, 1.24, BEGIN + timedelta(minutes=30))


async def test_cars_that_sessions_were_counted_for_are_known(store: Kept) -> None:
    assert await store.archive.vehicles() == ["=family"]


async def test_history_is_mean_powers(store: Kept) -> None:
    points = await store.archive.history(HistoryStep.MINUTE, BEGIN, BEGIN + timedelta(minutes=2))

    assert [point.grid_w for point in points] == [-300.0, 300.0]
    assert [(point.grid_import_w, point.grid_export_w) for point in points] == [(0.0, 300.0), (600.0, 300.0)]
    assert (points[0].charging_w, points[0].battery_w, points[0].stations_w) == (3600.0, None, {"garage": 3600.0})


async def test_history_is_built_and_written_beside_controls_loop(store: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def watched(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def watch(what: Any) -> Any:
            threads.append(get_ident())
            return work(what)

        return watch

    monkeypatch.setattr(kept_records, "point_record", watched(kept_records.point_record))
    monkeypatch.setattr(exports, "_history", watched(exports._history))

    points = await store.archive.history(HistoryStep.MINUTE, BEGIN, BEGIN + timedelta(minutes=2))
    await exports.history_csv(points)

    assert len(threads) == len(points) + 1
    assert get_ident() not in threads


async def test_decisions_are_found_by_a_word_of_their_reason(store: Kept) -> None:
    found = await store.archive.decisions(since=None, station_id=None, text="SURPLUS 4210", limit=10)
    nothing = await store.archive.decisions(since=None, station_id=None, text="fuse", limit=10)

    assert [(each.station, each.because.key) for each in found] == [("garage", "reason.solar_surplus.now")]
    assert nothing == []


async def test_the_log_is_lines_for_people(store: Kept) -> None:
    texts = [line.text for line in await store.archive.log(before_id=None, kind=None, limit=100)]

    assert "garage went away" in texts
    assert "garage: mode fast" in texts
    assert "Fusewise 1.2.3 opened its database" in texts


async def test_a_spreadsheet_works_nothing_out_that_a_station_said(store: Kept) -> None:
    found = await store.archive.sessions(since=None, until=None, station_id="garage", limit=10)
    text = (await sessions_csv(found)).decode()
    workbook = await sessions_xlsx(found)

    assert text.splitlines()[0].startswith("id,station,vehicle,began,")
    assert ",'=family," in text
    assert workbook[:2] == b"PK"


async def test_history_has_a_column_for_every_station(store: Kept) -> None:
    points = await store.archive.history(HistoryStep.MINUTE, BEGIN, BEGIN + timedelta(minutes=2))

    assert (await history_csv(points)).decode().splitlines()[0].endswith(",charging_solar_w,garage_w")


async def test_what_people_set_is_there_after_a_restart(tmp_path: Path) -> None:
    with kept(tmp_path, HandClock()) as store:
        store.shelf.keep("wishes", {"optimising": False})
        store.shelf.keep("wishes", {"optimising": True})
    with kept(tmp_path, HandClock()) as store:
        await store.shelf.learn("wishes", "other")

        assert store.shelf.recall("wishes") == {"optimising": True}
        assert store.shelf.recall("other") is None


async def test_people_and_tokens_are_there_after_a_restart_and_the_removed_are_not(tmp_path: Path) -> None:
    clock = HandClock()
    with kept(tmp_path, clock) as store:
        access = await opened(store, clock)
        ines, session = await access.set_up(access.setup_code or "", "ines", PASSWORD, address="")
        await access.add_account("kim", PASSWORD, Role.VIEWER, by=ines)
        await access.add_account("gone", PASSWORD, Role.VIEWER, by=ines)
        _, token = await access.add_client("tablet", Role.HOMEOWNER, by=ines)
        _, revoked = await access.add_client("old tablet", Role.HOMEOWNER, by=ines)
        await access.revoke_client(access.clients()[1].token_id, by=ines)
        await access.change_account("kim", role=Role.HOMEOWNER, password=None, by=ines)
        await access.remove_account("gone", by=ines)
    with kept(tmp_path, clock) as store:
        access = await opened(store, clock)
        kim, _ = await access.log_in("kim", PASSWORD, address="")
        holders = [access.holder(each) for each in (session, token, revoked)]
        with pytest.raises(WrongPassword):
            await access.log_in("gone", PASSWORD, address="")

    assert access.setup_code is None
    assert kim.role is Role.HOMEOWNER
    assert [None if each is None else each.name for each in holders] == ["ines", "tablet", None]


async def test_last_use_of_a_client_is_known_at_once_and_written_seldom(tmp_path: Path) -> None:
    clock = HandClock()
    with kept(tmp_path, clock) as store:
        access = await opened(store, clock)
        ines, session = await access.set_up(access.setup_code or "", "ines", PASSWORD, address="")
        tablet, secret = await access.add_client("tablet", Role.VIEWER, by=ines)
        writing = asyncio.create_task(access.uses.run())
        assert access.uses.last(tablet) is None

        clock.advance(5.0)
        access.holder(session)
        access.holder(secret)
        used_at = clock.utc_now()
        assert access.uses.last(tablet) == used_at
        assert {each.last_used_utc_s for each in await store.database.ask(tokens)} == {None}

        await turns_until(lambda: clock.sleeps)
        clock.advance(WRITTEN_EVERY_S)
        await turns_until(lambda: clock.sleeps)
        assert {each.label: each.last_used_utc_s for each in await store.database.ask(tokens)} == {
            "browser": None,
            "tablet": used_at.timestamp(),
        }

        access.holder(secret)
        used_at = clock.utc_now()
        writing.cancel()
        await asyncio.wait([writing])
    with kept(tmp_path, clock) as store:
        access = await opened(store, clock)
        assert access.uses.last(tablet) == used_at


async def test_uses_that_cannot_be_written_go_with_the_next_ones(tmp_path: Path) -> None:
    clock = HandClock()
    with kept(tmp_path, clock) as store:
        access = await opened(store, clock)
        ines, _ = await access.set_up(access.setup_code or "", "ines", PASSWORD, address="")
        _, secret = await access.add_client("tablet", Role.VIEWER, by=ines)
        access.holder(secret)
        journal, store.recorder._journal = store.recorder._journal, None
        await access.uses.write()
        store.recorder._journal = journal
        await access.uses.write()

        found = await store.database.ask(tokens)
        assert {each.label: each.last_used_utc_s is None for each in found} == {"browser": True, "tablet": False}


async def test_every_change_is_in_the_audit_log(tmp_path: Path) -> None:
    clock = HandClock()
    with kept(tmp_path, clock) as store:
        store.diary.note("wish", who="anna", said=Phrase("log.wish.mode.fast", {"station": "garage"}))
        store.write()
        store.diary.note("login", who="ben", said=Phrase("log.login.in", {"address": "192.0.2.7"}))
        store.write()
        newest = await store.archive.audit(before_id=None, limit=1)
        older = await store.archive.audit(before_id=newest[0].id, limit=5)

    assert [(each.who, each.action, each.text) for each in (*newest, *older)] == [
        ("ben", "login", "from 192.0.2.7"),
        ("anna", "wish", "garage: mode fast"),
    ]
    assert newest[0].says == Sentence(key="log.login.in", numbers={"address": "192.0.2.7"}, text="from 192.0.2.7")


async def test_a_closed_database_is_said_to_be_in_trouble(tmp_path: Path) -> None:
    with kept(tmp_path, HandClock()) as store:
        store.recorder._journal = None
        with pytest.raises(StorageTrouble):
            await store.archive.log(before_id=None, kind=None, limit=1)
        with pytest.raises(StorageTrouble):
            await store.shelf.learn("wishes")


async def test_a_database_that_comes_late_is_asked_before_anything_in_it_is_overwritten(tmp_path: Path) -> None:
    clock, yard = HandClock(), Yard()
    with kept(tmp_path, clock) as store:
        store.shelf.keep(SITE_ID_KEY, "00c0ffee00c0ffee")
        store.shelf.keep(WISHES_KEY, {"optimising": False})
    with kept(tmp_path, clock) as store:
        journal, store.recorder._journal = store.recorder._journal, None
        coming = asyncio.create_task(stores_of(yard.ledger, store.recorder, clock, yard.site))
        await turns_until(lambda: clock.sleeps or coming.done())
        store.recorder._journal = journal
        clock.advance(OPENS_EVERY_S)
        stores = await coming
        stores.close()

    assert stores.shelf is not None
    assert site_id(stores.shelf, "house") == "00c0ffee00c0ffee"
    assert stores.shelf.recall(WISHES_KEY) == {"optimising": False}


async def opened(store: Kept, clock: HandClock) -> Access:
    access = Access(clock, store=store.accounts, diary=store.diary, passwords=Passwords(memory_kib=FAST_PASSWORDS_KIB))
    await access.open()
    return access


async def turns_until(come: Callable[[], bool]) -> None:
    """Let others work until it has come."""
    async with asyncio.timeout(GUARD_S):
        while not come():
            await WallClock().sleep(0)
