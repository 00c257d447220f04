"""Pages that wait to be written, as one: so that a database may be away for a day without a loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from ems.store.entries import Page

_T = TypeVar("_T")

MINUTES_WAIT: Final = 1_500
DECISIONS_WAIT: Final = 5_000
EVENTS_WAIT: Final = 1_000
SESSIONS_WAIT: Final = 1_000
TRANSACTIONS_WAIT: Final = 5_000


def gathered(pages: Sequence[Page]) -> Page:
    """All of them in one: the newest of each minute, session, transaction and state; of too many the newest."""
    minutes = {step.at_utc_s: step for page in pages for step in page.minutes}
    sessions = {entry.session_id: entry for page in pages for entry in page.sessions}
    transactions = {entry.key: entry for page in pages for entry in page.transactions}
    return Page(
        minutes=_newest(minutes.values(), MINUTES_WAIT),
        sessions=_newest(sessions.values(), SESSIONS_WAIT),
        decisions=_newest((entry for page in pages for entry in page.decisions), DECISIONS_WAIT),
        events=_newest((entry for page in pages for entry in page.events), EVENTS_WAIT),
        transactions=_newest(transactions.values(), TRANSACTIONS_WAIT),
        state=next((page.state for page in reversed(pages) if page.state is not None), None),
    )


def _newest(entries: Iterable[_T], most: int) -> tuple[_T, ...]:
    return tuple(entries)[-most:]
