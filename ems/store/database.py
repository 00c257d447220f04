"""Opens the database of a journal: brings its layout up to date, sets a damaged file aside, refuses a foreign one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, column, create_engine, event, inspect, make_url, select, table
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from ems.store.errors import JournalDamaged, JournalError, JournalTooNew
from ems.store.tables import LAYOUT, SCHEMA_TABLE

JOURNAL_FILE: Final = "journal.db"
PRIVATE: Final = 0o600
BUSY_S: Final = 5.0
"""How long to wait for another process that writes to the same file."""

DRIVER: Final = "postgresql+psycopg"
CONNECTS_WITHIN_S: Final = 5
ANSWERS_WITHIN_S: Final = 30
"""A server that hangs is trouble, not a reason to wait for ever."""

WAL_KEPT_B: Final = 4_000_000
WRITES: Final = "fusewise_writes"
"""The option of a connection whose transaction will write."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Report = Callable[[str], None]
"""Takes a sentence about what was found and what was done."""


def folder_url(folder: Path) -> URL:
    """The SQLite database in that folder, which is made when it is missing."""
    return file_url(folder / JOURNAL_FILE)


def file_url(path: Path) -> URL:
    """The SQLite database in that file."""
    return URL.create("sqlite", database=str(path))


def server_url(text: str, password: str | None = None) -> URL:
    """A database by its address, such as `postgresql://user@host/name`. Raises JournalError."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        # The text may hold a password.
        raise JournalError("storage.url is no database address; write postgresql://user@host/name") from error
    if url.drivername == "postgresql":
        url = url.set(drivername=DRIVER)
    return url if password is None else url.set(password=password)


def open_database(url: URL, *, now: datetime, report: Report) -> Engine:
    """The database, ready to be written to. A damaged file is set aside, said so, and a new one begun.

    Raises JournalError for one that cannot be opened, is not ours, or is too new.
    """
    try:
        return _writable(url)
    except JournalDamaged:
        aside = aside_of(url, now)
        report(set_aside(url, now))
    return begin_anew(url, aside, report)


def begin_anew(url: URL, aside: Path, report: Report) -> Engine:
    """A new file in place of the one that was set aside, with what can still be read of that. Raises JournalError."""
    engine = _writable(url)
    carry_over(aside, engine, report)
    return engine


def carry_over(aside: Path, engine: Engine, report: Report) -> None:
    """Bring what can still be read of a damaged file into a new one."""
    from ems.store.rescue import rescue  # noqa: PLC0415 (few starts need it)

    try:
        saved = rescue(aside, engine)
    except JournalError as error:
        report(f"what {aside.name} still holds was not carried over: {error}")
        return
    if saved:
        report(f"carried over from {aside.name}: " + ", ".join(f"{count} {name}" for name, count in saved.items()))


def aside_of(url: URL, now: datetime) -> Path:
    """Where a damaged file goes at that time."""
    path = Path(str(url.database))
    return path.with_name(f"{path.name}.corrupt-{now:%Y%m%dT%H%M%SZ}")


def set_aside(url: URL, now: datetime) -> str:
    """Rename a damaged SQLite file, so that nothing is lost; what was done, as a sentence. Raises JournalDamaged."""
    if not _is_file(url):
        raise JournalDamaged(f"the database at {url.render_as_string()} is damaged; repair it at its server")
    path, aside = Path(str(url.database)), aside_of(url, now)
    for ending in ("", "-wal", "-shm"):
        piece = path.with_name(path.name + ending)
        if piece.exists():
            piece.rename(aside.with_name(aside.name + ending))
    return f"the journal {path} was damaged; it is kept as {aside.name}, and a new one begins"


def open_for_reading(place: Path) -> Engine:
    """A journal file, or the one in that folder; nothing will be written to it. Raises JournalError."""
    path = place / JOURNAL_FILE if place.is_dir() else place
    if not path.is_file():
        raise JournalError(f"{path} does not exist; name storage.path")
    return open_url_for_reading(file_url(path))


def open_url_for_reading(url: URL) -> Engine:
    """A database with our layout; nothing will be written to it. Raises JournalError."""
    if _is_file(url) and not Path(str(url.database)).is_file():
        raise JournalError(f"{url.database} does not exist; has the service run?")
    engine = _engine(url)
    if _is_file(url):
        event.listen(engine, "connect", _read_only)
    try:
        with spoken_errors(url), engine.connect() as connection:
            _must_be_ours(url, _revision(connection))
    except JournalError:
        engine.dispose()
        raise
    return engine


def _must_be_ours(url: URL, revision: str | None) -> None:
    if revision is None:
        raise JournalError(f"{url.database} holds no journal; name storage.path")
    if revision != LAYOUT:
        raise JournalError(
            f"{url.database} is laid out as by an older Fusewise; start `ems run` with it once to renew it"
        )


@contextmanager
def spoken_errors(url: URL) -> Iterator[None]:
    """Turns what a database says into JournalError, or JournalDamaged where a file is damaged."""
    where = url.database if _is_file(url) else url.render_as_string()
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        # What a fresh connection is asked first comes back unwrapped.
        cause = error.orig if isinstance(error, DBAPIError) else error
        kind = JournalDamaged if getattr(cause, "sqlite_errorcode", 0) & 0xFF in _DAMAGED else JournalError
        cure = "; is it a journal? Name storage.path" if "not a database" in str(cause) else ""
        raise kind(f"journal {where}: {cause}{cure}") from error
    except (SQLAlchemyError, OSError) as error:
        raise JournalError(f"journal {where}: {error}") from error


@contextmanager
def writing(engine: Engine, *, durable: bool = True) -> Iterator[Connection]:
    """A transaction that writes: all of it or nothing. Waits for other writers. Raises JournalError.

    A durable one is on the disk when the block ends, with all before it; another one within the next half minute or so.
    """
    with spoken_errors(engine.url), engine.connect() as fresh:
        connection = fresh.execution_options(**{WRITES: "now" if durable else "soon"})
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One look at the database, the same however long it takes. Raises JournalError."""
    with spoken_errors(engine.url), engine.connect() as connection:
        yield connection


def _writable(url: URL) -> Engine:
    engine = _engine(url)
    if _is_file(url):
        event.listen(engine, "connect", _write_ahead)
    try:
        with spoken_errors(url):
            _make_place(url)
        with spoken_errors(url), engine.begin() as connection:
            if _revision(connection) != LAYOUT:
                from ems.store.upgrade import upgrade  # noqa: PLC0415 (10 MB that only a new or old file needs)

                upgrade(connection)
    except JournalError:
        engine.dispose()
        raise
    return engine


def _make_place(url: URL) -> None:
    """Folder and file, the file for its owner alone: it holds the hashes of passwords."""
    if _is_file(url):
        path = Path(str(url.database))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=PRIVATE)


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, **_SERVER) if url.drivername == DRIVER else create_engine(url)
    except (ImportError, NoSuchModuleError) as error:
        raise JournalError(f"no driver for {url.drivername} is installed; install one, or use storage.path") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _own_transactions)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


_SERVER: Final[Mapping[str, Any]] = {
    # A server that was restarted is noticed before a statement is lost to it.
    "pool_pre_ping": True,
    "connect_args": {
        "connect_timeout": CONNECTS_WITHIN_S,
        "options": f"-c statement_timeout={ANSWERS_WITHIN_S}s -c lock_timeout={ANSWERS_WITHIN_S}s",
        "application_name": "fusewise",
    },
}


def _own_transactions(raw: sqlite3.Connection, _: object) -> None:
    # Python's own ones would leave changes of the layout outside.
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")


def _write_ahead(raw: sqlite3.Connection, _: object) -> None:
    # In this mode a power cut costs the last seconds, never the file.
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_B}")


def _read_only(raw: sqlite3.Connection, _: object) -> None:
    raw.execute("PRAGMA query_only = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    # Without waiting for the disk, a power cut costs what the system had not written yet; the file stays whole.
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if writes == 'now' else 'NORMAL'}")
    # A transaction that reads before it writes fails at once where another writer was quicker, unless it says so first.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _revision(connection: Connection) -> str | None:
    """The layout of the database; None for an empty one."""
    tables = set(inspect(connection).get_table_names())
    if SCHEMA_TABLE not in tables:
        if tables:
            raise JournalError(f"{connection.engine.url.database} belongs to another program; choose another place")
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(SCHEMA_TABLE))).scalar()
    if found is not None and found > LAYOUT:
        raise JournalTooNew(
            f"{connection.engine.url.database} was written by a newer Fusewise (layout {found}); "
            "update this one, or choose another place"
        )
    return found
