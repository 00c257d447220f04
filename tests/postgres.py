"""A PostgreSQL server of our own for tests: in a folder that goes, on a socket in it, under a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import URL, create_engine, text

from ems.clock import WallClock
from ems.store.database import DRIVER
from ems.store.tables import METADATA

USER: Final = "fusewise"
PASSWORD: Final = "p@ss:w/rd #1"
"""Letters that an address has other uses for."""

GUARD_S: Final = 60
PLACES: Final = Path("/usr/lib/postgresql")
SETTINGS: Final = ("listen_addresses=", "fsync=off", "max_connections=30", "shared_buffers=16MB", "timezone=UTC")


@dataclass(frozen=True)
class Server:
    """One that runs."""

    folder: Path

    def url(self, name: str) -> URL:
        """The address of a database on it, with the password."""
        return URL.create(DRIVER, username=USER, password=PASSWORD, database=name, query={"host": str(self.folder)})

    def make(self, name: str) -> URL:
        """A new database; its address."""
        self.say("postgres", f'CREATE DATABASE "{name}"')
        return self.url(name)

    def empty(self, name: str) -> None:
        """Clear our tables in that database."""
        tables = ", ".join(METADATA.tables)
        self.say(name, f"TRUNCATE {tables} RESTART IDENTITY")

    def lock_out(self, name: str) -> None:
        """Nobody comes into that database any more, and those who are in it are thrown out."""
        self.say("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self.say(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
            name=name,
        )

    def let_in(self, name: str) -> None:
        self.say("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    def say(self, database: str, statement: str, **values: str) -> None:
        """One statement, in that database."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement), values)
        engine.dispose()


@contextmanager
def server() -> Iterator[Server]:
    """Started and ended; skips where PostgreSQL is not installed, but not in CI."""
    initdb, postgres = _program("initdb"), _program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="fusewise-postgres-"))
    user = _user()
    try:
        if user is not None:
            shutil.chown(folder, user)
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        _run(
            initdb,
            "--no-sync",
            "-D",
            str(folder / "data"),
            "-U",
            USER,
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            user=user,
        )
        with _running(postgres, folder, user):
            yield Server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(postgres: str, folder: Path, user: str | None) -> Iterator[None]:
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    # It ends with us even when we are killed.
    guard = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*guard, postgres, "-D", str(folder / "data"), "-k", str(folder), *settings],
            stdout=log,
            stderr=log,
            user=user,
            extra_groups=None if user is None else [],
            cwd=folder,
        )
        try:
            _wait_for(process, folder)
            yield
        finally:
            # At once and without tidying up: its folder goes.
            process.send_signal(signal.SIGQUIT)
            process.wait(GUARD_S)


def _wait_for(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Its lock file says when it is ready for connections."""
    clock = WallClock()
    ends_s = clock.monotonic_s() + GUARD_S
    lock = folder / "data" / "postmaster.pid"
    while clock.monotonic_s() < ends_s:
        if process.poll() is not None:
            raise AssertionError((folder / "log").read_text(encoding="utf-8"))
        if lock.exists() and "ready" in lock.read_text(encoding="utf-8"):
            return
        # Nobody tells when it is ready; this waits for the event, not for a time.
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("PostgreSQL does not become ready")


def _run(*command: str, user: str | None) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, user=user, extra_groups=None if user is None else []
    )
    assert done.returncode == 0, done.stderr


def _user() -> str | None:
    """Root is refused, so somebody without rights has to do it; None where we are not root."""
    if os.getuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _program(name: str) -> str:
    newest = sorted(PLACES.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        reason = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
