"""Stays connected with a second central system: one connection after the other, with pauses that grow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from websockets.asyncio.client import ClientConnection

from ems.clock import Clock
from ems.csms.relay.conversation import Conversation
from ems.csms.relay.door import Door
from ems.errors import StationError

LOGGER = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 300.0
LASTED_S: Final = 60.0
"""A connection that held so long begins the pauses anew."""


class Line:
    """The connection of one relay."""

    def __init__(
        self,
        door: Door,
        talk: Callable[[ClientConnection], Conversation],
        clock: Clock,
        jitter: Callable[[], float],
        *,
        name: str,
    ) -> None:
        """`talk` makes a conversation of a connection. `jitter` gives a factor for a pause, from 0.5 to 1."""
        self._door = door
        self._talk = talk
        self._clock = clock
        self._jitter = jitter
        self._name = name
        self._running: Conversation | None = None
        self.last_error: str | None = None
        """Why it was last left or not reached; None since it is connected again."""

    @property
    def conversation(self) -> Conversation | None:
        """The present one, once the station is accepted there."""
        return self._running if self._running is not None and self._running.is_registered else None

    @property
    def is_registered(self) -> bool:
        return self.conversation is not None

    async def keep(self) -> None:
        """For ever."""
        failures = 0
        while True:
            began_s = self._clock.monotonic_s()
            await self._converse()
            failures = 0 if self._clock.monotonic_s() - began_s >= LASTED_S else failures + 1
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures, 10))
            await self._clock.sleep(pause_s * self._jitter())

    async def _converse(self) -> None:
        try:
            socket = await self._door.open()
            self._running = self._talk(socket)
            await self._running.run()
        except StationError as err:
            if self.last_error is None:
                LOGGER.warning("%s; charging goes on as before", err)
            self.last_error = str(err)
        except Exception as err:
            LOGGER.exception("%s: its connection failed", self._name)
            self.last_error = type(err).__name__
        finally:
            self._running = None
