"""The journal keeps what control saw, stays within its bound, and outlives a power cut."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ems.store.errors import JournalDamaged, JournalError
from ems.store.journal import EVENTS_KEPT, Journal
from ems.store.packing import pack, unpack
from ems.store.replay import replay
from ems.store.segments import cycles, segments
from ems.store.tables import CHECKPOINTS, CYCLES, EVENTS, SITES
from tests.house import House
from tests.unit.store.taped import in_batches, opened, two_cars, written


def count(engine: object, table: object) -> int:
    with engine.connect() as connection:  # type: ignore[attr-defined]
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_cycles_come_back_as_they_were(tmp_path: Path) -> None:
    house = two_cars(2)
    engine = written(tmp_path / "j.db", house.cycles)
    [segment] = segments(engine)

    assert segment.memory == house.cycles[0].before
    assert segment.version == "1.0"
    recorded = list(cycles(engine, segment))
    assert [each.look for each in recorded] == [cycle.look for cycle in house.cycles]
    assert [each.decision for each in recorded] == [cycle.decision for cycle in house.cycles]
    assert [each.utc_s for each in recorded] == [cycle.utc_s for cycle in house.cycles]


def test_segment_begins_every_so_often_and_follows_the_one_before(tmp_path: Path) -> None:
    engine = written(tmp_path / "j.db", two_cars(2).cycles, segment_s=30)
    found = list(segments(engine))

    assert len(found) == 4
    assert [each.follows_id for each in found] == [None, *(each.segment_id for each in found[:-1])]


def test_cycle_after_a_gap_begins_a_segment_that_follows_none(tmp_path: Path) -> None:
    taped = two_cars(1).cycles
    taped[20] = replace(taped[20], follows=False)
    engine = written(tmp_path / "j.db", taped)

    assert [each.follows_id for each in segments(engine)] == [None, None]


def test_site_is_written_once_per_change(tmp_path: Path) -> None:
    house = two_cars(1)
    engine = opened(tmp_path / "j.db")
    journal = Journal(engine, bound_b=10_000_000, version="1", segment_s=10)
    journal.write(house.cycles)
    assert count(engine, SITES) == 1

    house.with_car("guest").run(minutes=1)
    journal.write(house.cycles[len(house.cycles) // 2 :])

    assert count(engine, SITES) == 2
    assert {len(each.site.stations) for each in segments(engine)} == {2, 3}


def test_two_cars_take_few_bytes(tmp_path: Path) -> None:
    taped = two_cars(8).cycles
    engine = written(tmp_path / "j.db", taped, segment_s=300)
    with engine.connect() as connection:
        recorded_b = connection.execute(select(func.sum(CHECKPOINTS.c.size_b))).scalar_one()

    assert recorded_b / len(taped) < 250


def test_oldest_segments_go_when_the_journal_is_full(tmp_path: Path) -> None:
    house = two_cars(8)
    engine = opened(tmp_path / "j.db")
    journal = Journal(engine, bound_b=40_000, version="1", segment_s=30)
    for batch in in_batches(house.cycles):
        journal.write(batch)
    kept = list(segments(engine))
    newest = [cycle.look for cycle in house.cycles][-1]

    assert 3 < len(kept) < 16
    assert list(cycles(engine, kept[-1]))[-1].look == newest
    assert list(replay(engine)) == []
    engine.dispose()
    assert (tmp_path / "j.db").stat().st_size < 40_000 * 2 + 120_000


def test_size_on_record_is_the_size_of_the_file(tmp_path: Path) -> None:
    opened(tmp_path / "empty.db").dispose()
    engine = written(tmp_path / "j.db", two_cars(8).cycles, segment_s=60)
    with engine.connect() as connection:
        recorded_b = connection.execute(select(func.sum(CHECKPOINTS.c.size_b))).scalar_one()
    engine.dispose()

    grown_b = (tmp_path / "j.db").stat().st_size - (tmp_path / "empty.db").stat().st_size
    assert grown_b == pytest.approx(recorded_b, rel=0.25)


def test_sites_nobody_needs_any_more_go_too(tmp_path: Path) -> None:
    engine = opened(tmp_path / "j.db")
    journal = Journal(engine, bound_b=1, version="1", segment_s=10)
    journal.write(two_cars(0.5).cycles)
    journal.write(two_cars(0.5, sun_w=4000).cycles)
    other = House(main_fuse_a=35).with_car("garage")
    assert count(engine, SITES) == 1

    first = two_cars(0.2).cycles[0]
    journal.write([replace(first, follows=False, look=replace(first.look, site=other.site))])

    assert [each.site for each in segments(engine)] == [other.site]
    assert count(engine, SITES) == 1


def test_events_are_bounded(tmp_path: Path) -> None:
    engine = opened(tmp_path / "j.db")
    journal = Journal(engine, bound_b=10_000_000, version="1")
    journal.note(1.0, "opened", {"why": "test"})
    with engine.begin() as connection:
        connection.execute(EVENTS.insert(), [{"utc_s": 2.0, "kind": "x", "facts": "{}"}] * EVENTS_KEPT)
    journal.write(two_cars(0.1).cycles)

    assert count(engine, EVENTS) == EVENTS_KEPT


def test_full_disk_is_said_and_what_stands_stays_readable(tmp_path: Path) -> None:
    taped = two_cars(8).cycles
    engine = opened(tmp_path / "j.db")
    journal = Journal(engine, bound_b=10_000_000, version="1", segment_s=60)
    journal.write(taped[:30])
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(JournalError, match="full"):
        journal.write(taped[30:])
    assert count(engine, CYCLES) == 30
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    journal.write(taped[200:])

    assert [each.follows_id for each in segments(engine)][:2] == [None, None]
    assert list(replay(engine)) == []


def test_batch_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    taped = two_cars(0.5).cycles
    engine = opened(tmp_path / "j.db")
    journal = Journal(engine, bound_b=10_000_000, version="1")
    wrong = replace(taped[5], decision=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        journal.write([*taped[:5], wrong])

    assert count(engine, CYCLES) == 0
    assert count(engine, CHECKPOINTS) == 0


def test_packed_text_comes_back_and_damage_is_found() -> None:
    text, words = b"the house draws 21.9 A" * 3, b"the house draws"
    packed = pack(text, words)

    assert unpack(packed, words) == text
    with pytest.raises(JournalDamaged, match="damaged"):
        unpack(packed, b"other words")
    with pytest.raises(JournalDamaged):
        unpack(packed[:-1], words)


WRITER = """
import sys
from pathlib import Path
from ems.store.journal import Journal
from tests.unit.store.taped import in_batches, opened, two_cars
taped = two_cars(1).cycles
journal = Journal(opened(Path(sys.argv[1])), bound_b=60_000, version="1", segment_s=20)
while True:
    for batch in in_batches(taped, 2):
        journal.write(batch)
        print(len(batch), flush=True)
"""


def test_file_stays_whole_when_the_writer_is_killed_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    for lines in (1, 24, 61):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(lines):
            assert writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        engine = opened(path)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert count(engine, CYCLES) >= min(2 * lines, 100)
        assert list(replay(engine)) == []
        engine.dispose()
