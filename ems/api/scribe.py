"""What people set and changed, on its way to the disk: in a thread of its own, in order, and never without end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from ems.clock import Clock

LOGGER: Final = logging.getLogger(__name__)

MOST_WAITING: Final = 1000
"""Writings that may wait for a database that hangs."""

ENDS_WITHIN_S: Final = 5.0
"""A disk that hangs does not keep the service from ending."""


class Scribe:
    """One thread that writes."""

    def __init__(self, clock: Clock, *, most_waiting: int = MOST_WAITING) -> None:
        self._clock = clock
        self._room = threading.BoundedSemaphore(most_waiting)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scribe")
        self._ends_at_s: float | None = None
        self._full = False

    def takes(self, writing: Callable[[], None]) -> bool:
        """Whether it will be written, soon; False where too much waits already. Returns at once."""
        if not self._room.acquire(blocking=False):
            if not self._full:
                LOGGER.error("the database does not keep up: what people set and change now is not written")
            self._full = True
            return False
        self._full = False
        self._thread.submit(self._write, writing).add_done_callback(self._written)
        return True

    def close(self) -> None:
        """Write what waits, for a few seconds more; returns at once."""
        self._ends_at_s = self._clock.monotonic_s() + ENDS_WITHIN_S
        self._thread.shutdown(wait=False)

    def _write(self, writing: Callable[[], None]) -> None:
        if self._ends_at_s is None or self._clock.monotonic_s() < self._ends_at_s:
            writing()

    def _written(self, done: Future[None]) -> None:
        self._room.release()
        if (error := done.exception()) is not None:
            LOGGER.error("something that people set or changed is not written", exc_info=error)
