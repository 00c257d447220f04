"""The recorder takes every turn without waiting, and whatever befalls the journal, it goes on."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ems.clock import VirtualClock
from ems.control.cycle import Turn
from ems.runtime.recorder import LONGEST_QUEUE, Recorder, Storage
from ems.store import archive
from ems.store.accounts import User, add_user, users
from ems.store.books import load_counters, load_state
from ems.store.database import file_url, open_for_reading
from ems.store.entries import Counters, Day, LedgerState, Page, SessionEntry, StationBook
from ems.store.memory_file import Recalled, warmed
from ems.store.replay import Tally, replay
from ems.store.segments import segments
from ems.store.tables import EVENTS
from tests.unit.store.taped import MORNING, TapedHouse, two_cars

NEVER_S = 3600.0
GUARD_S = 60.0
"""No flush before the end."""


def storage(path: Path) -> Storage:
    return Storage(url=file_url(path), bound_b=10_000_000)


def recorder(path: Path, clock: VirtualClock | None = None) -> Recorder:
    return Recorder(
        storage(path), clock or VirtualClock(start_utc=MORNING), flush_every_s=NEVER_S, ends_within_s=GUARD_S
    )


def tell(journal: Recorder, house: TapedHouse) -> None:
    for look, before, turn in house.turns:
        journal.record(look, before, turn)


def trouble_of(journal: Recorder) -> str | None:
    """What it says now."""
    return journal.trouble


def tally_of(path: Path) -> Tally:
    """What a replay goes through; it must be without differences."""
    tally = Tally()
    assert list(replay(open_for_reading(path), tally=tally)) == []
    return tally


def test_every_turn_is_in_the_journal_at_the_end(tmp_path: Path) -> None:
    house = two_cars(2)
    with recorder(tmp_path / "j.db") as journal:
        tell(journal, house)

    assert tally_of(tmp_path / "j.db").cycles == len(house.turns)
    assert journal.trouble is None


def test_next_run_remembers_and_begins_a_segment_of_its_own(tmp_path: Path) -> None:
    house, clock = two_cars(1), VirtualClock(start_utc=MORNING)
    clock.advance(house.turns[-1][0].now_s - clock.monotonic_s())
    with recorder(tmp_path / "j.db", clock) as journal:
        assert journal.recall(house.site) is None
        tell(journal, house)
    clock.advance(30)
    with recorder(tmp_path / "j.db", clock) as journal:
        memory = journal.recall(house.site)
        tell(journal, house)

    assert memory is not None
    assert memory.thermal == warmed(Recalled(memory=house.memory, age_s=30.0, at_most_s=30.0), house.site).thermal
    assert memory.thermal.keys() == house.memory.thermal.keys()
    assert memory.started_at_s == clock.monotonic_s()
    assert [each.follows_id for each in segments(open_for_reading(tmp_path / "j.db"))] == [None, None]


def test_queue_that_is_full_loses_turns_and_the_rest_can_be_replayed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = two_cars(1)
    look, before, turn = house.turns[0]
    rec = recorder(tmp_path / "j.db")
    for _ in range(LONGEST_QUEUE + 3):
        rec.record(look, before, turn)
    rec._flush()
    tell(rec, house)
    rec._flush()

    assert "3 cycles are missing" in caplog.text
    tally = Tally()
    list(replay(open_for_reading(tmp_path / "j.db"), tally=tally))
    assert tally.cycles == LONGEST_QUEUE + len(house.turns)
    assert tally.segments == 2


def test_place_that_cannot_be_written_is_said_once_and_when_it_is_well_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house = two_cars(1)
    (tmp_path / "later").write_text("in the way", encoding="utf-8")
    rec = recorder(tmp_path / "later" / "j.db")
    for _ in range(3):
        tell(rec, house)
        rec._flush()
    assert "later" in (trouble_of(rec) or "")
    assert rec.recall(house.site) is None
    (tmp_path / "later").unlink()
    tell(rec, house)
    rec._flush(save=True)

    said = [
        (record.levelname, record.message.split(":")[0]) for record in caplog.records if "written" in record.message
    ]
    assert said == [
        ("ERROR", "nothing is written to the journal, control goes on without"),
        ("INFO", "the journal is written again"),
    ]
    assert trouble_of(rec) is None
    assert tally_of(tmp_path / "later" / "j.db").cycles == len(house.turns)


def test_full_disk_is_said_once_and_the_journal_goes_on_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, house = tmp_path / "j.db", two_cars(6)
    rec = recorder(path)
    assert limit_pages(rec, 1) > 1
    for _ in range(3):
        tell(rec, house)
        rec._flush()
    assert "full" in (trouble_of(rec) or "")
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1

    limit_pages(rec, 100_000)
    tell(rec, house)
    rec._flush()

    assert trouble_of(rec) is None
    assert tally_of(path).cycles == len(house.turns)
    rec._flush()
    trouble = [event for event in archive.log(engine_of(rec)) if event.kind.startswith("storage")]
    assert [event.kind for event in trouble] == ["storage_trouble_ended", "storage_trouble_began"]
    assert "full" in trouble[1].facts["why"]


def limit_pages(journal: Recorder, pages: int) -> int:
    """Let the file grow to so many pages, though never below those it has; the limit that holds then."""
    journal._flush()
    assert journal._journal is not None
    with journal._journal.engine.connect() as connection:
        return int(connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar_one())


def test_file_damaged_before_the_start_is_set_aside_and_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"\x00nonsense" * 500)
    with recorder(path) as journal:
        tell(journal, two_cars(0.5))

    assert tally_of(path).cycles == 30
    assert "is kept as j.db.corrupt-20260621T090000Z" in caplog.text
    with open_for_reading(path).connect() as connection:
        assert "corrupt-" in connection.execute(select(EVENTS.c.facts)).scalars().one()


def test_file_damaged_while_it_is_written_is_set_aside_and_memory_saved_anew(tmp_path: Path) -> None:
    path, house = tmp_path / "j.db", two_cars(4)
    rec = recorder(path)
    tell(rec, house)
    rec._flush(save=True)
    assert rec._journal is not None
    rec._journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))

    tell(rec, house)
    rec._flush()
    assert trouble_of(rec) is not None
    assert path.with_name("j.db.corrupt-20260621T090000Z").exists()
    tell(rec, house)
    rec._flush()

    assert trouble_of(rec) is None
    assert tally_of(path).cycles == len(house.turns)
    recalled = rec.recall(house.site)
    assert recalled is not None
    assert recalled.thermal.keys() == house.memory.thermal.keys()


def test_memory_that_makes_no_sense_is_forgotten(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rec, house = recorder(tmp_path / "j.db"), two_cars(0.1)
    tell(rec, house)
    rec._flush(save=True)
    assert rec._journal is not None
    with rec._journal.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE settings SET body = x'00'")

    assert rec.recall(house.site) is None
    assert "without what it remembered" in caplog.text


def test_what_nobody_foresaw_does_not_end_the_writer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = two_cars(0.5)
    look, before, _ = house.turns[0]
    rec = recorder(tmp_path / "j.db")
    rec.record(look, before, Turn(None, before))  # type: ignore[arg-type] # what nobody foresees
    rec._flush()
    assert trouble_of(rec) is not None
    tell(rec, house)
    rec._flush()

    assert trouble_of(rec) is None
    assert tally_of(tmp_path / "j.db").cycles == len(house.turns)
    assert "the journal failed" in caplog.text


def test_memory_is_saved_every_minute_while_the_service_runs(tmp_path: Path) -> None:
    clock, house = VirtualClock(start_utc=MORNING), two_cars(3)
    rec = recorder(tmp_path / "j.db", clock)
    saved_at_s: list[float] = []
    for look, before, turn in house.turns:
        clock.advance(1)
        rec.record(look, before, turn)
        rec._flush()
        if not saved_at_s or rec._saved_at_s != saved_at_s[-1]:
            saved_at_s.append(rec._saved_at_s)

    assert [at_s - saved_at_s[0] for at_s in saved_at_s] == [0.0, 60.0, 120.0]
    assert clock.utc_now() - MORNING == timedelta(minutes=3)


STATE = LedgerState(
    utc_s=MORNING.timestamp(), counters=Counters(solar_kwh=12.5), stations={}, day=Day(at_utc_s=1_000_000_000)
)
SESSION = SessionEntry(
    session_id="a1",
    station_id="garage",
    vehicle=None,
    began_utc_s=MORNING.timestamp(),
    ended_utc_s=None,
    energy_kwh=1.0,
    solar_kwh=0.5,
)
ANNA = User(name="anna", role="installer", password_hash="x", created_utc_s=1.0)


def engine_of(rec: Recorder) -> Engine:
    assert rec.engine is not None
    return rec.engine


def damage(rec: Recorder, path: Path, *, keep_b: int) -> None:
    """All but the beginning of the file turns into nonsense, once the last change is in it."""
    engine_of(rec).dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole[:keep_b] + b"\xff" * (len(whole) - keep_b))


def test_pages_are_in_the_books_at_the_end_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with recorder(tmp_path / "j.db") as first:
        first.keep(Page(sessions=(SESSION,), state=STATE))
        first.note("start", who="anna", facts={"version": "1"})
        assert first.written is None
    with recorder(tmp_path / "j.db") as second:
        assert second.recall_ledger() == STATE
        assert second.written == STATE
        [session] = archive.sessions(engine_of(second))
        assert [event.kind for event in archive.log(engine_of(second))] == ["opened", "start", "opened"]

    # The state does not know of it, so nobody goes on with it.
    assert session.reason == "Lost"
    assert first.written == STATE


def test_pages_wait_while_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "later").write_text("in the way", encoding="utf-8")
    rec = recorder(tmp_path / "later" / "j.db")
    for number in range(3):
        rec.keep(Page(sessions=(replace(SESSION, session_id=f"{number}"),), state=STATE))
        rec._flush()
    assert trouble_of(rec) is not None
    assert rec.written is None
    assert rec.engine is None
    (tmp_path / "later").unlink()
    rec._flush()

    assert trouble_of(rec) is None
    assert len(archive.sessions(engine_of(rec))) == 3
    assert rec.written == STATE


def test_pages_are_written_although_the_journal_fails(tmp_path: Path) -> None:
    house = two_cars(0.5)
    look, before, _ = house.turns[0]
    rec = recorder(tmp_path / "j.db")
    rec.record(look, before, Turn(None, before))  # type: ignore[arg-type] # what nobody foresees
    rec.keep(Page(sessions=(SESSION,)))
    rec._flush()

    assert trouble_of(rec) is not None
    assert archive.sessions(engine_of(rec)) == [SESSION]


def test_accounting_goes_on_in_a_new_file_when_the_old_one_is_lost(tmp_path: Path) -> None:
    rec = recorder(tmp_path / "j.db")
    rec.keep(Page(state=STATE))
    rec._flush()
    damage(rec, tmp_path / "j.db", keep_b=100)
    for _ in range(2):
        rec.keep(Page(sessions=(SESSION,)))
        rec._flush()

    assert trouble_of(rec) is None
    assert archive.sessions(engine_of(rec)) == [SESSION]
    assert load_state(engine_of(rec)) == STATE


def test_people_and_sums_are_carried_over_from_a_file_damaged_in_its_journal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, house = tmp_path / "j.db", two_cars(6)
    rec = recorder(path)
    rec.keep(Page(sessions=(SESSION,), state=STATE))
    rec._flush()
    add_user(engine_of(rec), ANNA)
    sound_b = path_size(rec, path)
    for _ in range(3):
        tell(rec, house)
        rec._flush()
    damage(rec, path, keep_b=sound_b)
    for _ in range(2):
        tell(rec, house)
        rec.keep(Page(state=replace(STATE, utc_s=STATE.utc_s + 60)))
        rec._flush()

    assert trouble_of(rec) is None
    assert "carried over from j.db.corrupt-20260621T090000Z: 1 users" in caplog.text
    assert users(engine_of(rec)) == [ANNA]
    assert archive.sessions(engine_of(rec)) == [SESSION]
    assert load_counters(engine_of(rec)) == STATE.counters


def test_people_are_carried_over_when_the_damage_is_found_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with recorder(path) as first:
        first.keep(Page(state=STATE))
        add_user(engine_of(first), ANNA)
    with closing(sqlite3.connect(path)) as raw:
        [(page, size_b)] = raw.execute(
            "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = ?", ["fusewise_schema"]
        )
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * size_b : page * size_b] = b"\xff" * size_b
    path.write_bytes(whole)
    with recorder(path) as second:
        assert second.recall_ledger() == STATE
        assert users(engine_of(second)) == [ANNA]


def path_size(rec: Recorder, path: Path) -> int:
    """Bytes of the file with everything in it that was written so far."""
    with engine_of(rec).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def test_database_that_comes_late_is_asked_before_anything_in_it_is_overwritten(tmp_path: Path) -> None:
    with recorder(tmp_path / "j.db") as first:
        first.keep(Page(sessions=(SESSION,), state=STATE))
    (tmp_path / "j.db").rename(tmp_path / "elsewhere.db")
    (tmp_path / "j.db").mkdir()
    rec = recorder(tmp_path / "j.db")
    rec._flush()
    assert rec.recall_ledger() is None
    (tmp_path / "j.db").rmdir()
    (tmp_path / "elsewhere.db").rename(tmp_path / "j.db")
    rec.keep(Page(state=replace(STATE, counters=Counters(solar_kwh=1.0), goes_on=False)))
    rec._flush()
    assert rec.earlier == STATE
    assert load_state(engine_of(rec)) == STATE
    rec.keep(Page(state=replace(STATE, counters=Counters(solar_kwh=13.5))))
    rec._flush()

    assert rec.written is not None
    assert load_counters(engine_of(rec)).solar_kwh == rec.written.counters.solar_kwh == 13.5
    assert [entry.reason for entry in archive.sessions(engine_of(rec))] == ["Lost"]


def test_accounting_whose_state_is_nonsense_goes_on_from_its_counters(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counted = replace(STATE, stations={"garage": StationBook(counted_wh=7000.0)})
    with recorder(tmp_path / "j.db") as first:
        first.keep(Page(state=counted))
        first._flush()
        with engine_of(first).begin() as connection:
            connection.exec_driver_sql("UPDATE settings SET body = x'00'")
    with recorder(tmp_path / "j.db") as second:
        state = second.recall_ledger()

    assert state is not None
    assert state.counters == STATE.counters
    assert state.stations["garage"].counted_wh == 7000.0
    assert "goes on from its counters alone" in caplog.text
