"""Ids of transactions that we name: they never repeat."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from ems.model.transaction import TransactionId

MOST_ID: Final = 2**31 - 1
"""Largest transaction id that stations of 32 bits can hold."""


class TransactionIds:
    """Gives out transaction ids for all stations of one central system."""

    def __init__(self) -> None:
        # No clock can promise that ids do not repeat over a restart (Q12), because it may have been set back.
        self._last = secrets.randbelow(MOST_ID)
        self._taken: set[TransactionId] = set()

    def avoid(self, taken: Iterable[TransactionId]) -> None:
        """Ids of earlier runs."""
        self._taken.update(taken)

    def next(self) -> int:
        """An id that was not given out before, from 1 to `MOST_ID`; only by luck a forgotten one of an earlier run."""
        self._last = self._last % MOST_ID + 1
        while self._last in self._taken:
            self._last = self._last % MOST_ID + 1
        return self._last
