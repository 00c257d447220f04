"""The last transactions of one connector, and who is told of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ems.clock import Clock
from ems.model.transaction import Transaction, TransactionId

MOST_REMEMBERED: Final = 64
TOLD_EVERY_S: Final = 60.0
"""How old the energy may be that a restart of ours goes on from."""

Told = Callable[[Transaction], None]
"""Called at once, without waiting, with each transaction that began, ended or was corrected; now and then between."""


def untold(_transaction: Transaction) -> None:
    """For those who keep nothing."""


class TransactionBook:
    """The newest `MOST_REMEMBERED`, by their key."""

    def __init__(self, clock: Clock, told: Told) -> None:
        self._clock = clock
        self._told = told
        self._known: OrderedDict[str, Transaction] = OrderedDict()
        self._as_told: dict[str, Transaction] = {}
        self._retries: dict[str, tuple[int, str]] = {}
        self._told_at_s = 0.0

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self._known.values())

    def get(self, key: str) -> Transaction | None:
        return self._known.get(key)

    def newest_first(self) -> Sequence[Transaction]:
        """As they were met, the last one first."""
        return tuple(reversed(self._known.values()))

    def find(self, transaction_id: TransactionId) -> Transaction | None:
        """The newest one with that id."""
        same = (each for each in reversed(self._known.values()) if each.transaction_id == transaction_id)
        return next(same, None)

    def keep(self, transaction: Transaction) -> None:
        """In place of what was known of it."""
        self._known[transaction.key] = transaction
        if len(self._known) > MOST_REMEMBERED:
            over = (each.key for each in self._known.values() if each.ended_utc_s is not None)
            oldest = next(over, next(iter(self._known)))
            del self._known[oldest]
            self._as_told.pop(oldest, None)
            self._retries.pop(oldest, None)

    def tell(self, transaction: Transaction) -> None:
        """Keep it, and tell of it when anything is new."""
        self.keep(transaction)
        if self._as_told.get(transaction.key) != transaction:
            self._as_told[transaction.key] = transaction
            self._told(transaction)

    def progress(self, transaction: Transaction) -> None:
        """Keep it; tell of it now and then."""
        now_s = self._clock.monotonic_s()
        if now_s - self._told_at_s >= TOLD_EVERY_S or transaction.ended_utc_s is not None:
            self._told_at_s = now_s
            self.tell(transaction)
        else:
            self.keep(transaction)

    def note_retry(self, key: str, connection: int, message_id: str) -> None:
        """By what a start without a time is known again."""
        self._retries[key] = (connection, message_id)

    def is_retry(self, key: str, connection: int, message_id: str) -> bool:
        """Whether that start was noted for that transaction."""
        return self._retries.get(key) == (connection, message_id)
