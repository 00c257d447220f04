"""A journal opens whatever happened to it: damaged is set aside, foreign and newer ones are left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, column, select, table, update
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateTable

from ems.store.database import (
    file_url,
    folder_url,
    open_database,
    open_for_reading,
    server_url,
    set_aside,
    spoken_errors,
)
from ems.store.errors import JournalDamaged, JournalError, JournalTooNew
from ems.store.replay import replay
from ems.store.tables import CYCLES, LAYOUT, METADATA, SCHEMA_TABLE
from ems.store.upgrade import MIGRATIONS
from tests.unit.store.taped import MORNING, opened, two_cars, written

ASIDE = "j.db.corrupt-20260621T090000Z"


def reopened(path: Path) -> tuple[Engine, list[str]]:
    """The journal at that path, and what was said about it."""
    said: list[str] = []
    return open_database(file_url(path), now=MORNING, report=said.append), said


def test_migrations_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    engine = opened(tmp_path / "j.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": SCHEMA_TABLE})
        assert compare_metadata(context, METADATA) == []


def test_steps_count_up_to_the_layout_of_the_code() -> None:
    steps = [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]

    assert steps == [f"{number:04}" for number in range(int(LAYOUT), 0, -1)]


def test_every_table_can_be_made_on_a_postgresql_server() -> None:
    dialect = PGDialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    made = [str(CreateTable(each).compile(dialect=dialect)) for each in METADATA.sorted_tables]

    assert len(made) == 16
    assert "look BYTEA NOT NULL" in "".join(made)
    assert "DOUBLE PRECISION" in "".join(made)


def test_journal_opens_again_with_all_that_it_holds(tmp_path: Path) -> None:
    written(tmp_path / "j.db", two_cars(0.2).cycles).dispose()
    engine, said = reopened(tmp_path / "j.db")

    assert said == []
    with engine.connect() as connection:
        assert len(connection.execute(select(CYCLES.c.id)).all()) == 12


def test_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    opened(tmp_path / "j.db").dispose()

    assert (tmp_path / "j.db").stat().st_mode & 0o777 == 0o600


def test_place_with_odd_letters_is_opened(tmp_path: Path) -> None:
    odd = tmp_path / "Größe 100 %s #1?"
    odd.mkdir()
    written(odd / "j.db", two_cars(0.2).cycles).dispose()

    assert (odd / "j.db").exists()
    assert list(replay(open_for_reading(odd / "j.db"))) == []


def test_file_that_is_no_database_is_set_aside_whole(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"\x00garbage" * 1000)
    engine, said = reopened(path)

    assert (tmp_path / ASIDE).read_bytes() == b"\x00garbage" * 1000
    assert ASIDE in said[0]
    assert len(said) == 1
    with engine.connect() as connection:
        assert connection.execute(select(CYCLES.c.id)).all() == []


def test_damage_deep_in_the_file_is_told_from_other_trouble(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    written(path, two_cars(4).cycles).dispose()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(JournalDamaged):
        list(replay(open_for_reading(path)))

    said = set_aside(file_url(path), MORNING)
    assert "was damaged" in said
    assert not path.exists()
    assert (tmp_path / ASIDE).exists()


def test_foreign_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE states (id INTEGER)")
    other.close()
    with pytest.raises(JournalError, match="belongs to another program"):
        reopened(path)

    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("states",)]
    other.close()


def test_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    engine = opened(path)
    with engine.begin() as connection:
        connection.execute(update(table(SCHEMA_TABLE, column("version_num"))).values(version_num="9999"))
    engine.dispose()

    for read in (reopened, open_for_reading):
        with pytest.raises(JournalTooNew, match=r"newer Fusewise \(layout 9999\)"):
            read(path)
    assert path.exists()


def test_reading_asks_for_a_file_that_exists(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"does not exist; name storage\.path"):
        open_for_reading(tmp_path / "nowhere.db")


def test_reading_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.touch()
    with pytest.raises(JournalError, match="holds no journal"):
        open_for_reading(path)

    assert path.stat().st_size == 0


def test_reading_works_beside_the_writer(tmp_path: Path) -> None:
    written(tmp_path / "j.db", two_cars(0.2).cycles)

    assert list(replay(open_for_reading(tmp_path / "j.db"))) == []


def test_folder_is_made_and_holds_the_journal(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "fusewise"
    open_database(folder_url(folder), now=MORNING, report=print).dispose()
    written(folder / "journal.db", two_cars(0.2).cycles).dispose()

    assert list(replay(open_for_reading(folder))) == []


def test_place_that_cannot_be_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file", encoding="utf-8")
    with pytest.raises(JournalError, match="var"):
        reopened(tmp_path / "var" / "j.db")


def test_missing_driver_is_said_without_the_password() -> None:
    url = server_url("postgresql+nosuchdriver://fusewise:secret@localhost/fusewise")
    with pytest.raises(JournalError, match="no driver for") as caught:
        open_database(url, now=MORNING, report=print)

    assert "secret" not in str(caught.value)


def test_address_that_is_none_is_said_without_repeating_it() -> None:
    with pytest.raises(JournalError, match=r"storage\.url") as caught:
        server_url("fusewise:secret@localhost")

    assert "secret" not in str(caught.value)


def test_server_address_in_an_error_hides_the_password() -> None:
    url = server_url("postgresql://fusewise:secret@localhost/fusewise")
    with pytest.raises(JournalError) as caught, spoken_errors(url):
        raise OSError("unreachable")

    assert "secret" not in str(caught.value)
    assert "localhost" in str(caught.value)


def test_damaged_server_is_not_ours_to_rename() -> None:
    with pytest.raises(JournalDamaged, match="repair it at its server"):
        set_aside(server_url("postgresql://localhost/fusewise"), MORNING)
