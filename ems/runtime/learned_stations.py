"""Keeps what was learnt of charging stations over restarts: read before they connect, written soon after it changes."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.csms.quirks.learned import LearnedBook
from ems.runtime.kept_changes import KeptChanges
from ems.runtime.recorder import Recorder

KEY: Final = "learned stations"
ABOUT: Final = "what was learnt of charging stations"
WRITE_AFTER_S: Final = 10.0


class LearnedStations(KeptChanges):
    """Between the book and the database of the recorder."""

    def __init__(self, book: LearnedBook, recorder: Recorder, clock: Clock) -> None:
        super().__init__(KEY, ABOUT, book.written, recorder, clock, write_after_s=WRITE_AFTER_S)
        self._book = book
        book.changed = self.changed.set

    def recall(self) -> None:
        """Take over what an earlier run learnt; nothing where the database is in trouble."""
        self.give_back(self._book.read)
