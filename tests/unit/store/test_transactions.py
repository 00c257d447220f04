"""Transactions on disk: each once, the newest word of it, exactly as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import Engine, update

from ems.model.transaction import Mark, Transaction
from ems.store import transactions
from ems.store.books import Books
from ems.store.entries import Page
from ems.store.pages import gathered
from ems.store.tables import TRANSACTIONS
from ems.store.transactions import load_transactions

MARK = Mark(kwh=1.25, order=3, at_utc_s=1e9, heard_utc_s=1e9 + 0.1)
OURS = Transaction(
    key="k1", station_id="garage", connector=1, transaction_id=2**31 - 1, began_utc_s=1e9, id_tag="T", live=True
)
THEIRS = replace(
    OURS,
    key="k2",
    transaction_id="3f0a",
    began_utc_s=1e9 + 60.0,
    ended_utc_s=1e9 + 90.0,
    energy_kwh=0.1 + 0.2,
    first=MARK,
    last=MARK,
    last_seq=9,
    missing=(3, 4),
    reason="Local",
)


def test_what_was_written_comes_back_oldest_first(engine: Engine) -> None:
    Books(engine, UTC).write(Page(transactions=(THEIRS, OURS)))
    later = replace(OURS, ended_utc_s=1e9 + 5.0, stopped=True)
    Books(engine, UTC).write(gathered([Page(transactions=(OURS,)), Page(transactions=(later,))]))

    assert load_transactions(engine, ["garage", "carport"]) == [later, THEIRS]
    assert load_transactions(engine, ["carport"]) == []


def test_the_newest_are_recalled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "MOST_RECALLED", 1)
    Books(engine, UTC).write(Page(transactions=(OURS, THEIRS)))

    assert load_transactions(engine, ["garage"]) == [THEIRS]


def test_one_that_cannot_be_read_keeps_nobody_from_starting(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    Books(engine, UTC).write(Page(transactions=(OURS, THEIRS)))
    with engine.begin() as connection:
        connection.execute(update(TRANSACTIONS).where(TRANSACTIONS.c.key == "k1").values(body='{"key":'))

    assert load_transactions(engine, ["garage"]) == [THEIRS]
    assert "cannot be read" in caplog.text
