"""The copy on disk of what waits for a second central system: one small database for each station.

Used from one thread at a time, never from the event loop: a card that is slow to write must not hold anything up.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ems.csms.relay.backlog import ACCOUNT, Change, Kept, Verb
from ems.csms.relay.entries import account_from_text, waiting_from_text

LOGGER = logging.getLogger(__name__)

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
_STEPS: Final = {
    Verb.PUT: "INSERT OR REPLACE INTO waiting (number, body) VALUES (?, ?)",
    Verb.DROP: "DELETE FROM waiting WHERE number = ?",
    Verb.KEEP: "INSERT OR REPLACE INTO facts (name, body) VALUES (?, ?)",
    Verb.FORGET: "DELETE FROM facts WHERE name = ?",
}


class Disk:
    """One file. Every method raises OSError or sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def load(self) -> Kept:
        """What is there; a file that is damaged is set aside, and a line that makes no sense left out."""
        try:
            return self._read(self._open())
        except sqlite3.DatabaseError as err:
            if isinstance(err, sqlite3.OperationalError):
                raise
            self.close()
            aside = self._path.with_suffix(".damaged")
            self._path.replace(aside)
            LOGGER.warning("%s is damaged (%s); it was set aside as %s", self._path.name, err, aside.name)
            return self._read(self._open())

    def write(self, changes: Iterable[Change]) -> None:
        """All of them, or none."""
        database = self._open()
        with database:
            for change in changes:
                has_body = change.verb in {Verb.PUT, Verb.KEEP}
                key: int | str = int(change.key) if change.verb in {Verb.PUT, Verb.DROP} else change.key
                database.execute(_STEPS[change.verb], (key, change.body) if has_body else (key,))

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=5.0, check_same_thread=False)
            try:
                database.executescript(_TABLES)
            except sqlite3.Error:
                database.close()
                raise
            self._database = database
        return self._database

    def _read(self, database: sqlite3.Connection) -> Kept:
        waiting, accounts, facts = [], [], {}
        for number, body in database.execute("SELECT number, body FROM waiting ORDER BY number"):
            try:
                waiting.append(waiting_from_text(number, body))
            except (ValueError, KeyError, TypeError):
                LOGGER.warning("%s: entry %s makes no sense; left out", self._path.name, number)
        for name, body in database.execute("SELECT name, body FROM facts ORDER BY rowid"):
            if not name.startswith(ACCOUNT):
                facts[name] = body
                continue
            try:
                accounts.append(account_from_text(body))
            except (ValueError, KeyError, TypeError):
                LOGGER.warning("%s: an account makes no sense; left out", self._path.name)
        return Kept(waiting=tuple(waiting), accounts=tuple(accounts), facts=facts)
