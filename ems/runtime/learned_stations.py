"""Keeps what was learnt of charging stations over restarts: read before they connect, written soon after it changes."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from ems.clock import Clock
from ems.csms.quirks.learned import LearnedBook, Written
from ems.runtime.recorder import Recorder
from ems.store.errors import JournalError
from ems.store.preferences import prefer, preference

LOGGER: Final = logging.getLogger(__name__)

KEY: Final = "learned stations"
WRITE_AFTER_S: Final = 10.0
"""Changes of so long are written at once; a database in trouble is tried again after as long."""


class LearnedStations:
    """Between the book and the database of the recorder."""

    def __init__(self, book: LearnedBook, recorder: Recorder, clock: Clock) -> None:
        self._book = book
        self._recorder = recorder
        self._clock = clock
        self._changed = asyncio.Event()
        self.written = False
        """Whether anything was kept in this run."""

        book.changed = self._changed.set

    def recall(self) -> None:
        """Take over what an earlier run learnt; nothing where the database is in trouble."""
        engine = self._recorder.engine
        if engine is None:
            return
        try:
            self._book.read(preference(engine, KEY))
        except JournalError as error:
            LOGGER.warning("what was learnt of charging stations is not known: %s", error)

    async def run(self) -> None:
        """Write what changes, for ever; control never waits for it."""
        while True:
            await self._changed.wait()
            await self._clock.sleep(WRITE_AFTER_S)
            self._changed.clear()
            if await asyncio.to_thread(self._write, self._book.written()):
                self.written = True
            else:
                self._changed.set()

    def _write(self, written: Written) -> bool:
        engine = self._recorder.engine
        if engine is None:
            return False
        try:
            prefer(engine, {KEY: written}, utc_s=self._clock.utc_now().timestamp())
        except JournalError as error:
            LOGGER.debug("what was learnt of charging stations is not kept yet: %s", error)
            return False
        return True
