"""What people and programs chose and want to find again: small JSON values by key.

Plain calls on an engine of `ems.store.database`, to be run in a thread. All of them raise JournalError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, delete, insert, select

from ems.store.codec import from_text, to_text
from ems.store.database import reading, writing
from ems.store.errors import JournalError
from ems.store.tables import PREFERENCES

Json: TypeAlias = Any
"""What `json` writes and reads."""

LONGEST_B: Final = 1_000_000
"""A value of this size is none of a person's choices."""


def preference(engine: Engine, key: str) -> Json:
    """What was chosen; None when nothing was."""
    with reading(engine) as connection:
        body = connection.execute(select(PREFERENCES.c.body).where(PREFERENCES.c.key == key)).scalar()
    return None if body is None else from_text(body.encode())


def preferences(engine: Engine, prefix: str = "") -> Mapping[str, Json]:
    """All whose key begins so, by key."""
    query = select(PREFERENCES.c.key, PREFERENCES.c.body).order_by(PREFERENCES.c.key)
    with reading(engine) as connection:
        rows = connection.execute(query.where(PREFERENCES.c.key.startswith(prefix, autoescape=True))).all()
    return {row.key: from_text(row.body.encode()) for row in rows}


def prefer(engine: Engine, values: Mapping[str, Json], *, utc_s: float) -> None:
    """Keep these in place of what was there, all or none; None takes a choice away."""
    bodies = {key: to_text(value).decode() for key, value in values.items() if value is not None}
    for key, body in bodies.items():
        if len(body) > LONGEST_B:
            raise JournalError(f"the value of {key} is larger than 1 MB; it is not kept")
    with writing(engine) as connection:
        connection.execute(delete(PREFERENCES).where(PREFERENCES.c.key.in_(list(values))))
        if bodies:
            rows = [{"key": key, "utc_s": utc_s, "body": body} for key, body in bodies.items()]
            connection.execute(insert(PREFERENCES), rows)
