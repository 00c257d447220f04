"""A house on a PostgreSQL server: journal and books are written there, and a server that goes away comes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from ems.clock import VirtualClock
from ems.config.schema import SiteFile
from ems.runtime.recorder import Recorder, Storage
from ems.store import archive
from ems.store.database import open_database, open_url_for_reading, server_url
from ems.store.entries import Page
from ems.store.errors import JournalError, JournalTooNew
from ems.store.place import url_of
from ems.store.replay import Tally, replay
from tests.postgres import PASSWORD, Server
from tests.unit.config.files import GOOD, loaded, said
from tests.unit.store.taped import MORNING, two_cars
from tests.unit.store.test_books import SESSION, STATE

NEVER_S = 3600.0
GUARD_S = 60.0


@pytest.fixture
def place(postgres: Server) -> Iterator[URL]:
    yield postgres.url("house")
    postgres.empty("house")


def recorder(url: URL) -> Recorder:
    return Recorder(
        Storage(url=url, bound_b=10_000_000),
        VirtualClock(start_utc=MORNING),
        flush_every_s=NEVER_S,
        ends_within_s=GUARD_S,
    )


def test_journal_and_books_are_written_to_the_server_and_the_next_run_goes_on(place: URL) -> None:
    house = two_cars(1)
    with recorder(place) as first:
        first.keep(Page(sessions=(SESSION,), state=STATE))
        for look, before, turn in house.turns:
            first.record(look, before, turn)
    with recorder(place) as second:
        assert second.recall_ledger() == STATE
        assert second.recall(house.site) is not None
    tally = Tally()
    engine = open_url_for_reading(place)
    assert list(replay(engine, tally=tally)) == []
    engine.dispose()

    assert tally.cycles == len(house.turns)


def test_server_that_went_away_is_used_again_when_it_is_back(
    place: URL, postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rec = recorder(place)
    rec.keep(Page(state=STATE))
    rec._flush()
    postgres.lock_out("house")
    rec.keep(Page(sessions=(SESSION,)))
    rec._flush()
    assert rec.trouble is not None
    postgres.let_in("house")
    rec.keep(Page(sessions=(replace(SESSION, session_id="b2"),)))
    rec._flush()
    engine = rec.engine
    assert engine is not None
    found = {entry.session_id for entry in archive.sessions(engine)}
    engine.dispose()

    assert found == {"a1", "b2"}
    assert PASSWORD not in caplog.text
    assert "the journal is written again" in caplog.text


def test_wrong_password_is_told_and_not_repeated(place: URL) -> None:
    with pytest.raises(JournalError, match="password authentication failed") as caught:
        open_database(place.set(password="wrong secret"), now=MORNING, report=print)

    assert "wrong secret" not in str(caught.value)


def test_server_that_nobody_reaches_is_told(tmp_path: Path) -> None:
    url = server_url(f"postgresql://fusewise@/house?host={tmp_path}", PASSWORD)
    with pytest.raises(JournalError, match="No such file or directory") as caught:
        open_database(url, now=MORNING, report=print)

    assert PASSWORD not in str(caught.value)


def test_database_of_another_program_is_left_alone(postgres: Server) -> None:
    url = postgres.make("foreign")
    postgres.say("foreign", "CREATE TABLE states (id integer)")
    with pytest.raises(JournalError, match="belongs to another program"):
        open_database(url, now=MORNING, report=print)


def test_database_of_a_newer_version_is_left_alone(postgres: Server) -> None:
    url = postgres.make("newer")
    open_database(url, now=MORNING, report=print).dispose()
    postgres.say("newer", "UPDATE fusewise_schema SET version_num = '9999'")
    with pytest.raises(JournalTooNew):
        open_database(url, now=MORNING, report=print)
    with pytest.raises(JournalTooNew):
        open_url_for_reading(url)


def test_empty_database_holds_nothing_to_read(postgres: Server) -> None:
    with pytest.raises(JournalError, match="holds no journal"):
        open_url_for_reading(postgres.make("nothing"))


def test_address_and_password_come_from_the_site_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    url = url_of(site(tmp_path, "{url: 'postgresql://fusewise@nas:5433/house', password: {env: DB_PASSWORD}}").storage)

    assert (url.drivername, url.host, url.port, url.password) == ("postgresql+psycopg", "nas", 5433, PASSWORD)
    assert PASSWORD not in str(url)


@pytest.mark.parametrize(
    ("storage", "problem"),
    [
        ("{path: a, url: 'postgresql://h/d'}", "storage.url stands beside path: keep one"),
        ("{url: 'postgresql://u:secret@h/d'}", "storage.url holds a password: leave it out"),
        ("{url: 'postgresql://h/d?password=secret'}", "storage.url holds a password: leave it out"),
        ("{url: 'postgresql://u@h'}", "storage.url names no server and database"),
        ("{url: 'postgresql:///d'}", "storage.url names no server and database"),
        ("{url: 'postgresql://[::1/d'}", "storage.url names no server and database"),
        ("{url: 'mysql://u:secret@h/d'}", "storage.url is another address: write postgresql://USER@HOST/DATABASE"),
        ("{path: a, password: {env: X}}", "storage.password belongs to no server"),
        ("{url: 'postgresql://h/d', password: {}}", "storage.password names neither a variable nor a file"),
    ],
)
def test_place_that_makes_no_sense_is_told_without_its_password(tmp_path: Path, storage: str, problem: str) -> None:
    [sentence] = said(tmp_path, f"{GOOD}storage: {storage}\n")

    assert problem in sentence
    assert "secret" not in sentence


def test_site_file_without_a_place_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="names no database"):
        url_of(site(tmp_path, "{}").storage)


def site(folder: Path, storage: str) -> SiteFile:
    return loaded(folder, f"{GOOD}storage: {storage}\n")


def test_statement_that_hangs_ends(place: URL) -> None:
    engine = open_database(place, now=MORNING, report=print)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "30s"
    engine.dispose()
