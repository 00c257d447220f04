"""What can still be read of a damaged file is carried over into the new one: people's access, sessions, sums, choices.

The journal stays behind: it is large, and where it is torn it explains nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, Table, insert

from ems.store.database import writing
from ems.store.tables import (
    AUDIT,
    COUNTERS,
    DAYS,
    DECISIONS,
    EVENTS,
    MINUTES,
    PREFERENCES,
    QUARTERS,
    SESSIONS,
    SETTINGS,
    TOKENS,
    TRANSACTIONS,
    USERS,
)

RESCUED: Final[Sequence[Table]] = (
    USERS,
    TOKENS,
    PREFERENCES,
    COUNTERS,
    SETTINGS,
    SESSIONS,
    TRANSACTIONS,
    DAYS,
    AUDIT,
    QUARTERS,
    MINUTES,
    EVENTS,
    DECISIONS,
)
"""The dearest first."""

MOST_ROWS: Final = 200_000
BATCH: Final = 500


def rescue(damaged: Path, engine: Engine) -> dict[str, int]:
    """Copy every row that can be read into the empty database; how many of each table. Raises JournalError."""
    saved: dict[str, int] = {}
    for table in RESCUED:
        rows = list(_readable(damaged, table))
        good = [row for row in rows if _is_whole(row, table)]
        if good:
            with writing(engine) as connection:
                for i in range(0, len(good), BATCH):
                    connection.execute(insert(table).prefix_with("OR IGNORE"), good[i : i + BATCH])
            saved[table.name] = len(good)
    return saved


def _readable(damaged: Path, table: Table) -> Iterator[dict[str, Any]]:
    """Row by row, until the damage."""
    names = [column.name for column in table.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    try:
        with closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as raw:
            for i, row in enumerate(raw.execute(f'SELECT {listed} FROM "{table.name}"')):  # noqa: S608 (names of ours)
                if i >= MOST_ROWS:
                    return
                yield dict(zip(names, row, strict=True))
    except sqlite3.Error:
        return


def _is_whole(row: dict[str, Any], table: Table) -> bool:
    """Whether every value is of its column's kind: damage may leave anything."""
    return all(
        _fits(row[column.name], column.type.python_type, nullable=bool(column.nullable)) for column in table.columns
    )


def _fits(value: object, kind: type, *, nullable: bool) -> bool:
    if value is None:
        return nullable
    if kind is float:
        return isinstance(value, float | int)
    if kind is bool:
        return value in (0, 1)
    return isinstance(value, kind)
