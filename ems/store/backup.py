"""A copy of the database while it is written to, and the way back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from ems.store.database import PRIVATE
from ems.store.errors import BackupRefused
from ems.store.tables import LAYOUT, SCHEMA_TABLE

ENDINGS: Final = ("", "-wal", "-shm")


def back_up(source: Path, target: Path) -> None:
    """One file that holds all of `source` at one instant, whoever writes to it meanwhile. Raises BackupRefused."""
    if not source.is_file():
        raise BackupRefused(f"there is no database {source}; nothing was written")
    with _replacing(target) as fresh, _spoken(source):
        with closing(_opened(source)) as original, closing(sqlite3.connect(fresh)) as copy:
            original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        check(fresh)


def restore(backup: Path, target: Path, now: datetime) -> Path | None:
    """Put `backup` in the place of `target`; where that was kept, None when there was none. Raises BackupRefused."""
    check(backup)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(target) as fresh, _spoken(backup):
        with closing(_opened(backup)) as original, closing(sqlite3.connect(fresh)) as copy:
            original.backup(copy)
        if target.exists():
            _claim(target)
        return _kept_aside(target, now)


def check(path: Path) -> None:
    """Raises BackupRefused for what is not a whole database of ours, or of a newer version."""
    if not path.is_file():
        raise BackupRefused(f"there is no file {path}")
    with _spoken(path), closing(_opened(path)) as raw:
        [(verdict,)] = raw.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise BackupRefused(f"{path} is damaged: {verdict}")
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
        if SCHEMA_TABLE not in tables:
            raise BackupRefused(f"{path} is no database of Fusewise")
        [layout] = raw.execute(f"SELECT version_num FROM {SCHEMA_TABLE}").fetchone() or [""]  # noqa: S608 (name of ours)
        if str(layout) > LAYOUT:
            raise BackupRefused(f"{path} is of a newer Fusewise (layout {layout}); update this one first")


def _claim(target: Path) -> None:
    """Whether nobody has it open: every user of the file keeps a lock on it. A damaged one is claimed by anybody."""
    with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as raw:
        try:
            raw.execute("PRAGMA locking_mode = EXCLUSIVE")
            raw.execute("BEGIN EXCLUSIVE")
            raw.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise BackupRefused(f"{target} is in use; end the service first") from error
        except sqlite3.DatabaseError:
            return


def _kept_aside(target: Path, now: datetime) -> Path | None:
    """Also what the system wrote beside it; None where there was nothing."""
    aside = target.with_name(f"{target.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    pieces = [(target.with_name(target.name + end), aside.with_name(aside.name + end)) for end in ENDINGS]
    there = [(old, new) for old, new in pieces if old.exists()]
    for old, new in there:
        old.rename(new)
    return aside if there else None


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A file beside it that takes its place when all went well, and leaves nothing behind when not."""
    fresh = target.with_name(f".{target.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        yield fresh
        with fresh.open("rb+") as written:
            os.fsync(written.fileno())
        fresh.replace(target)
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written ({error.strerror})") from error
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _spoken(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupRefused(f"{path} cannot be copied: {error}") from error


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
