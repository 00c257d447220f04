"""The watchdog on the loop: when no cycle completes for too long, the process ends itself.

It watches from a thread, so it sees an event loop that hangs in a call as well as one that waits for ever. The
leases in the stations then bring every car to its fallback current, and the supervisor starts us anew (design §6).
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from ems.clock import Clock

STALLED_EXIT: Final = 70
"""Exit code of a stalled service: EX_SOFTWARE of sysexits."""


def end_process(stalled_s: float) -> None:
    """Say where every thread hangs and leave at once, without waiting for anything that hangs."""
    sys.stderr.write(f"control loop stalled for {stalled_s:.0f} s; ending the service, leases bring the cars down\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(STALLED_EXIT)


class Watchdog:
    """Calls `stalled(seconds)` once when `beat` was not called for `patience_s`."""

    def __init__(
        self,
        clock: Clock,
        *,
        patience_s: float = 20.0,
        look_every_s: float = 1.0,
        stalled: Callable[[float], None] = end_process,
    ) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._look_every_s = look_every_s
        self._stalled = stalled
        self._beaten_at_s = clock.monotonic_s()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def beat(self) -> None:
        """One cycle completed."""
        self._beaten_at_s = self._clock.monotonic_s()

    def check(self) -> bool:
        """Whether the loop is alive; calls `stalled` when it is not."""
        silent_s = self._clock.monotonic_s() - self._beaten_at_s
        if silent_s <= self._patience_s:
            return True
        self._stalled(silent_s)
        return False

    def __enter__(self) -> Self:
        self.beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._look_every_s):
            if not self.check():
                return
