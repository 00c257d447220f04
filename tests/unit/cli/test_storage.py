"""`ems export`, `ems backup`, `ems restore`: what is kept comes out, and goes back in."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from ems.cli import app
from ems.store import archive
from ems.store.books import Books
from ems.store.database import file_url, folder_url, open_database
from ems.store.entries import Flows, Page, SessionEntry, Step
from tests.unit.config.files import GOOD
from tests.unit.store.taped import MORNING, opened, two_cars, written

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 6, 21, 20, tzinfo=BERLIN)
SESSION = SessionEntry(
    session_id="a1",
    station_id="garage",
    vehicle="Zoë",
    began_utc_s=EVENING.timestamp(),
    ended_utc_s=EVENING.timestamp() + 5400.0,
    energy_kwh=8.0,
    solar_kwh=2.0,
    cost=1.96,
    currency="EUR",
    reason="=cmd|'/C calc'!A0",
)
RUNNING = replace(SESSION, session_id="b2", began_utc_s=SESSION.began_utc_s + 86_400, ended_utc_s=None, reason=None)
MINUTES = tuple(
    Step(
        at_utc_s=int(EVENING.timestamp()) + 60 * i,
        length_s=60,
        flows=Flows(grid_import_wh=20.0, solar_wh=None if i else 5.0, stations_wh={"garage": 15.0}),
    )
    for i in range(20)
)


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site file and its database; to be copied."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "site.yaml").write_text(GOOD + "storage: {path: state}\n", encoding="utf-8")
    (folder / "state").mkdir()
    written(folder / "state" / "journal.db", two_cars(0.1).cycles).dispose()
    engine = opened(folder / "state" / "journal.db")
    Books(engine, BERLIN).write(Page(sessions=(SESSION, RUNNING), minutes=MINUTES))
    engine.dispose()
    return folder


@pytest.fixture
def site(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "house")
    return tmp_path / "house" / "site.yaml"


def ems(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def sessions_in(folder: Path) -> list[str]:
    engine = open_database(folder_url(folder), now=MORNING, report=print)
    found = [entry.session_id for entry in archive.sessions(engine)]
    engine.dispose()
    return found


def test_sessions_come_out_as_csv_oldest_first_in_house_time(site: Path) -> None:
    result = ems("export", "sessions", site)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert result.exit_code == 0
    assert [row["id"] for row in rows] == ["a1", "b2"]
    assert rows[0] == {
        "began": "2026-06-21T20:00:00+02:00",
        "ended": "2026-06-21T21:30:00+02:00",
        "station": "garage",
        "vehicle": "Zoë",
        "energy_kwh": "8.0",
        "solar_kwh": "2.0",
        "grid_kwh": "6.0",
        "solar_share": "0.25",
        "cost": "1.96",
        "currency": "EUR",
        "reason": "'=cmd|'/C calc'!A0",
        "id": "a1",
    }
    assert rows[1]["ended"] == ""


def test_sessions_come_out_as_a_workbook_with_typed_cells(site: Path) -> None:
    book = site.with_name("sessions.xlsx")
    result = ems("export", "sessions", site, "--format", "xlsx", "--output", book, "--json")
    page = load_workbook(book)["Sessions"]
    head = [cell.value for cell in page[1]]
    first = dict(zip(head, page[2], strict=True))

    assert json.loads(result.stdout) == {"ok": True, "output": str(book), "rows": 2}
    assert first["began"].value == datetime(2026, 6, 21, 20)  # noqa: DTZ001 (workbooks know no zones)
    assert first["began"].is_date
    assert (first["energy_kwh"].value, first["energy_kwh"].number_format) == (8, "0.000")
    assert (first["solar_share"].value, first["solar_share"].number_format) == (0.25, "0.0%")
    assert (first["reason"].value, first["reason"].data_type) == ("=cmd|'/C calc'!A0", "s")
    assert page.freeze_panes == "A2"
    assert page.column_dimensions["A"].width > 18
    assert page["B3"].value is None


def test_history_comes_out_in_the_steps_asked_for(site: Path) -> None:
    output = site.with_name("history.csv")
    assert ems("export", "history", site, "--output", output).exit_code == 0
    quarters = list(csv.DictReader(output.read_text(encoding="utf-8").splitlines()))
    [day] = csv.DictReader(io.StringIO(ems("export", "history", site, "--step", "day").stdout))

    assert [(row["at"][11:16], row["grid_import_kwh"], row["garage_kwh"]) for row in quarters] == [
        ("20:00", "0.3", "0.225"),
        ("20:15", "0.1", "0.075"),
    ]
    assert (day["at"], day["grid_import_kwh"], day["solar_kwh"]) == ("2026-06-21T00:00:00+02:00", "0.4", "0.005")
    assert day["battery_charge_kwh"] == ""


@pytest.mark.parametrize(
    ("bounds", "ids"),
    [
        (("--since", "2026-06-22"), ["b2"]),
        (("--until", "2026-06-21T20:01"), ["a1"]),
        (("--since", "2026-06-21T18:00Z", "--until", "2026-06-21T18:00:01+00:00"), ["a1"]),
        (("--since", "2027-01-01"), []),
    ],
)
def test_times_bound_what_comes_out_in_house_time_unless_they_say_otherwise(
    site: Path, bounds: tuple[str, ...], ids: list[str]
) -> None:
    rows = csv.DictReader(io.StringIO(ems("export", "sessions", site, *bounds).stdout))

    assert [row["id"] for row in rows] == ids


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--since", "noon"), "--since 'noon' is no time"), (("--format", "xlsx"), "--output is missing")],
)
def test_wrong_use_is_told(site: Path, words: tuple[str, ...], said: str) -> None:
    result = ems("export", "sessions", site, *words)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda site: shutil.rmtree(site.parent / "state"), "does not exist; has the service run?"),
        (lambda site: site.write_text(GOOD), "names no database"),
        (lambda site: site.write_text("connection: {}"), "stations is missing"),
        (lambda site: (site.parent / "state" / "journal.db").write_bytes(b"no" * 4000), "not a database"),
    ],
)
def test_nothing_to_export_is_a_problem_that_is_told(site: Path, spoil: object, said: str) -> None:
    assert callable(spoil)
    spoil(site)
    result = ems("export", "sessions", site)

    assert result.exit_code == 1
    assert said in result.stderr


def test_place_that_cannot_be_written_is_told(site: Path) -> None:
    result = ems("export", "sessions", site, "--output", site.parent / "nowhere" / "x.csv")

    assert result.exit_code == 1
    assert "x.csv cannot be written (No such file or directory)" in result.stderr


@pytest.fixture
def at_work(site: Path) -> Iterator[Books]:
    """A service that has the database open."""
    engine = open_database(folder_url(site.parent / "state"), now=MORNING, report=print)
    books = Books(engine, UTC)
    yield books
    engine.dispose()


def test_backup_of_a_database_at_work_is_one_whole_file_for_its_owner_alone(site: Path, at_work: Books) -> None:
    at_work.write(Page(sessions=(replace(SESSION, session_id="c3"),)))
    copy = site.with_name("copy.db")
    result = ems("backup", site, copy, "--json")
    at_work.write(Page(sessions=(replace(SESSION, session_id="d4"),)))
    engine = open_database(file_url(copy), now=MORNING, report=print)
    kept = {entry.session_id for entry in archive.sessions(engine)}
    engine.dispose()

    assert json.loads(result.stdout)["ok"] is True
    assert kept == {"a1", "b2", "c3"}
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in site.parent.iterdir() if "part" in path.name] == []


def test_backup_replaces_no_file_unless_told_to(site: Path) -> None:
    copy = site.with_name("copy.db")
    copy.write_text("precious", encoding="utf-8")
    refused = ems("backup", site, copy)
    assert (refused.exit_code, copy.read_text(encoding="utf-8")) == (1, "precious")
    assert "choose another name, or replace it with --force" in refused.stderr

    assert ems("backup", site, copy, "--force").exit_code == 0
    assert copy.read_bytes().startswith(b"SQLite format 3")
    assert ems("backup", site, site.parent / "state" / "journal.db", "--force").exit_code == 1


def test_restore_brings_back_what_was_and_keeps_what_is(site: Path) -> None:
    copy, state = site.with_name("copy.db"), site.parent / "state"
    ems("backup", site, copy)
    engine = open_database(folder_url(state), now=MORNING, report=print)
    Books(engine, UTC).write(Page(sessions=(replace(SESSION, session_id="later"),)))
    engine.dispose()
    result = ems("restore", site, copy, "--json")
    kept = Path(json.loads(result.stdout)["kept"])

    assert result.exit_code == 0
    assert sorted(sessions_in(state)) == ["a1", "b2"]
    assert kept.parent == state
    engine = open_database(file_url(kept), now=MORNING, report=print)
    assert len(archive.sessions(engine)) == 3
    engine.dispose()
    assert copy.exists()


def test_restore_onto_a_new_machine_needs_no_database_there(site: Path) -> None:
    copy = site.with_name("copy.db")
    ems("backup", site, copy)
    shutil.rmtree(site.parent / "state")
    result = ems("restore", site, copy)

    assert result.exit_code == 0
    assert "there was none before" in result.stdout
    assert sorted(sessions_in(site.parent / "state")) == ["a1", "b2"]


def test_restore_waits_for_nobody_and_changes_nothing_under_a_service(site: Path, at_work: Books) -> None:
    copy = site.with_name("copy.db")
    ems("backup", site, copy)
    at_work.write(Page(sessions=(replace(SESSION, session_id="c3"),)))
    result = ems("restore", site, copy)

    assert result.exit_code == 1
    assert "is in use; end the service first" in result.stderr
    assert sorted(sessions_in(site.parent / "state")) == ["a1", "b2", "c3"]


def test_damaged_database_gives_way_to_a_copy(site: Path) -> None:
    copy, database = site.with_name("copy.db"), site.parent / "state" / "journal.db"
    ems("backup", site, copy)
    database.write_bytes(b"no" * 4000)

    assert ems("restore", site, copy).exit_code == 0
    assert sorted(sessions_in(site.parent / "state")) == ["a1", "b2"]


def make_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE states (id INTEGER)")


def make_newer(path: Path) -> None:
    opened(path).dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE fusewise_schema SET version_num = '9999'")
        raw.commit()


def make_damaged(path: Path) -> None:
    written(path, two_cars(2).cycles).dispose()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "there is no file"),
        (lambda path: path.write_bytes(b"no" * 4000), "not a database"),
        (make_foreign, "is no database of Fusewise"),
        (make_newer, "is of a newer Fusewise (layout 9999)"),
        (make_damaged, "malformed"),
    ],
)
def test_what_is_no_whole_backup_is_refused_and_nothing_changes(site: Path, make: object, said: str) -> None:
    assert callable(make)
    copy = site.with_name("copy.db")
    make(copy)
    result = ems("restore", site, copy)

    assert result.exit_code == 1
    assert said in result.stderr
    assert sorted(sessions_in(site.parent / "state")) == ["a1", "b2"]
    assert [path.name for path in (site.parent / "state").iterdir() if "restore" in path.name] == []


def test_database_on_a_server_has_tools_of_its_own(site: Path) -> None:
    site.write_text(GOOD + "storage: {url: 'postgresql://fusewise@nas/fusewise'}\n", encoding="utf-8")
    result = ems("backup", site, site.with_name("copy.db"))

    assert result.exit_code == 1
    assert "pg_dump" in result.stderr


def test_backup_of_nothing_is_told(site: Path) -> None:
    shutil.rmtree(site.parent / "state")
    result = ems("backup", site, site.with_name("copy.db"))

    assert result.exit_code == 1
    assert "there is no database" in result.stderr
