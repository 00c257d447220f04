"""Charging transactions on disk, for the next run to go on from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select

from ems.model.transaction import Transaction
from ems.store.codec import cut, decode, encode, from_text, to_text
from ems.store.database import reading
from ems.store.errors import JournalError
from ems.store.tables import TRANSACTIONS

LOGGER: Final = logging.getLogger(__name__)

TRANSACTIONS_KEPT: Final = 50_000
MOST_RECALLED: Final = 64
"""Of one station: as many as the central system remembers."""

MOST_BYTES: Final = 100_000
"""A transaction is a few hundred; nobody is kept from starting by one that is not."""


def write_transactions(connection: Connection, entries: Iterable[Transaction]) -> None:
    """Each in place of what was written of it before."""
    newest = {entry.key: entry for entry in entries}
    if not newest:
        return
    connection.execute(delete(TRANSACTIONS).where(TRANSACTIONS.c.key.in_(list(newest))))
    rows = [
        {
            "key": cut(entry.key, 40),
            "station": cut(entry.station_id, 48),
            "began_utc_s": entry.began_utc_s,
            "ended_utc_s": entry.ended_utc_s,
            "energy_kwh": entry.energy_kwh,
            "body": cut(to_text(encode(entry)).decode(), MOST_BYTES),
        }
        for entry in newest.values()
    ]
    connection.execute(insert(TRANSACTIONS), rows)


def prune_transactions(connection: Connection) -> None:
    """Keep the newest."""
    began = TRANSACTIONS.c.began_utc_s
    oldest = select(began).order_by(began.desc()).offset(TRANSACTIONS_KEPT).limit(1)
    connection.execute(delete(TRANSACTIONS).where(began <= oldest.scalar_subquery()))


def load_transactions(engine: Engine, stations: Iterable[str]) -> Sequence[Transaction]:
    """The last ones of each of these stations, oldest first, without those that cannot be read. Raises JournalError."""
    found: list[Transaction] = []
    with reading(engine) as connection:
        for station_id in stations:
            query = (
                select(TRANSACTIONS.c.body)
                .where(TRANSACTIONS.c.station == station_id)
                .order_by(TRANSACTIONS.c.began_utc_s.desc(), TRANSACTIONS.c.key)
                .limit(MOST_RECALLED)
            )
            for (body,) in connection.execute(query):
                try:
                    found.append(decode(Transaction, from_text(body.encode())))
                except JournalError as error:
                    LOGGER.warning("a transaction of %s cannot be read: %s", station_id, error)
    return sorted(found, key=lambda each: each.began_utc_s)
