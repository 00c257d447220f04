"""Writes a value to the database of the recorder soon after it changes, and gives it back after a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine

from ems.clock import Clock
from ems.runtime.recorder import Recorder
from ems.store.codec import Written
from ems.store.errors import JournalError
from ems.store.preferences import prefer, preference

LOGGER: Final = logging.getLogger(__name__)


class KeptChanges:
    """One value, under one key."""

    def __init__(
        self,
        key: str,
        about: str,
        written: Callable[[], Written],
        recorder: Recorder,
        clock: Clock,
        *,
        write_after_s: float,
    ) -> None:
        """`about` says in messages what it is. Changes within `write_after_s` are written at once; a database in
        trouble is tried again after as long."""
        self._key = key
        self._about = about
        self._written = written
        self._recorder = recorder
        self._clock = clock
        self._write_after_s = write_after_s
        self.changed: Final = asyncio.Event()
        """To be set whenever the value changes."""

    def give_back(self, take: Callable[[Written], None]) -> None:
        """Have an earlier run's value taken over; nothing where there is no database, or one in trouble. Blocks."""
        engine = self._recorder.engine
        if engine is None:
            return
        try:
            take(preference(engine, self._key))
        except JournalError as error:
            LOGGER.warning("%s is not known: %s", self._about, error)

    async def run(self) -> None:
        """Write what changes, for ever; control never waits for it."""
        while True:
            await self.changed.wait()
            await self._clock.sleep(self._write_after_s)
            if self._recorder.engine is None:
                continue
            self.changed.clear()
            if not await asyncio.to_thread(self.keep, self._recorder.engine, self._written()):
                self.changed.set()

    def keep(self, engine: Engine, written: Written) -> bool:
        """Write it; False while the database is in trouble. Blocks."""
        try:
            prefer(engine, {self._key: written}, utc_s=self._clock.utc_now().timestamp())
        except JournalError as error:
            LOGGER.debug("%s is not kept yet: %s", self._about, error)
            return False
        return True
