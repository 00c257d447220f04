"""Keeps what waits for a second central system on disk, beside the event loop; a disk that fails is done without."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Final

from ems.csms.relay.backlog import Change, Kept
from ems.csms.relay.disk import Disk

LOGGER = logging.getLogger(__name__)

MOST_UNSAVED: Final = 20_000
LEAVE_WITHIN_S: Final = 2.0
"""In real time: how long the end of the service waits for a slow disk."""


class Shelf:
    """One station's. Without a disk it keeps nothing."""

    def __init__(self, disk: Disk | None, writers: Executor, *, name: str) -> None:
        """`writers` has one thread: what is written stays in order."""
        self._disk = disk
        self._writers = writers
        self._name = name
        self._unsaved: list[Change] = []
        self._writing = asyncio.Lock()
        self._fails = False

    async def recall(self) -> Kept:
        """What an earlier run left."""
        if self._disk is None:
            return Kept()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writers, self._disk.load)
        except (OSError, sqlite3.Error) as err:
            self._complain(err)
            return Kept()

    async def save(self, changes: Sequence[Change]) -> None:
        """On disk once this returns, unless the disk fails; it is tried again with the next ones then."""
        if self._disk is None:
            return
        self._unsaved.extend(changes)
        del self._unsaved[:-MOST_UNSAVED]
        async with self._writing:
            writes = tuple(self._unsaved)
            if not writes:
                return
            try:
                await asyncio.get_running_loop().run_in_executor(self._writers, self._disk.write, writes)
            except (OSError, sqlite3.Error) as err:
                self._complain(err)
                return
            del self._unsaved[: len(writes)]
            self._fails = False

    async def leave(self, changes: Sequence[Change]) -> None:
        """The last ones: waits for them, but not for ever."""
        if self._disk is None:
            return
        everything = (*self._unsaved, *changes)
        writing = asyncio.get_running_loop().run_in_executor(self._writers, _write_and_close, self._disk, everything)
        await asyncio.wait([writing], timeout=LEAVE_WITHIN_S)

    def _complain(self, err: Exception) -> None:
        if not self._fails:
            LOGGER.warning("%s: what waits cannot be kept on disk (%s); going on without", self._name, err)
        self._fails = True


def _write_and_close(disk: Disk, changes: Sequence[Change]) -> None:
    try:
        disk.write(changes)
        disk.close()
    except (OSError, sqlite3.Error) as err:
        LOGGER.warning("what waits for a second central system could not be kept on disk (%s)", err)
