"""How much one station may say: what is above it waits in its own socket, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ems.clock import Clock

AT_ONCE: Final = 1000.0
"""A backlog after a long absence goes through in one piece."""

EACH_S: Final = 100.0
HURRIED_EACH_S: Final = 1000.0
"""Messages a second that are read; more while a request of ours waits for its answer behind them."""


class Valve:
    """Use after each message: `await valve.rest(…)`."""

    def __init__(self, clock: Clock, flooded: Callable[[], None] = lambda: None) -> None:
        """`flooded` is told each time that the station has to wait."""
        self._clock = clock
        self._flooded = flooded
        self._left = AT_ONCE
        self._since_s = clock.monotonic_s()

    async def rest(self, *, hurried: bool) -> None:
        """Return when the next message may be read; `hurried` while one of them may be an answer to us."""
        now_s = self._clock.monotonic_s()
        each_s = HURRIED_EACH_S if hurried else EACH_S
        self._left = min(AT_ONCE, self._left + (now_s - self._since_s) * each_s) - 1.0
        self._since_s = now_s
        if self._left < 0.0:
            self._flooded()
            await self._clock.sleep(-self._left / each_s)
