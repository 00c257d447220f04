"""When clients were last here: known at once, written down seldom, and never while somebody waits for an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from ems.api.access.persons import Token
from ems.api.access.store import AccountStore
from ems.api.errors import StorageTrouble
from ems.clock import Clock

LOGGER: Final = logging.getLogger(__name__)

WRITTEN_EVERY_S: Final = 900.0
"""A power cut may cost so much of it, and an SD card is spared the rest."""

ENDS_WITHIN_S: Final = 3.0
"""A disk that hangs does not keep the service from ending."""


class Uses:
    """Of programs; sessions of browsers come and go."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last: dict[int, datetime] = {}
        self._unwritten: dict[int, datetime] = {}

    def learn(self, tokens: Iterable[Token]) -> None:
        """What was written down in earlier runs."""
        self._last = {token.token_id: token.used_at for token in tokens if token.used_at is not None}

    def note(self, token: Token) -> None:
        """That token opened something just now."""
        if not token.is_session:
            self._last[token.token_id] = self._unwritten[token.token_id] = self._clock.utc_now()

    def last(self, token: Token) -> datetime | None:
        """When it opened something; None where nobody saw that."""
        return self._last.get(token.token_id)

    def forget(self, token: Token) -> None:
        """It was revoked."""
        self._last.pop(token.token_id, None)
        self._unwritten.pop(token.token_id, None)

    async def run(self) -> None:
        """Write down for ever what is new, all of it at once, and the rest at the end."""
        try:
            while True:
                await self._clock.sleep(WRITTEN_EVERY_S)
                await self.write()
        finally:
            with suppress(TimeoutError):
                async with self._clock.timeout(ENDS_WITHIN_S):
                    await self.write()

    async def write(self) -> None:
        """What cannot be written goes with the next ones."""
        new, self._unwritten = self._unwritten, {}
        if not new:
            return
        try:
            await self._store.note_used(new)
        except StorageTrouble as error:
            self._unwritten = new | self._unwritten
            LOGGER.warning("when clients were last here is not written: %s", error)
