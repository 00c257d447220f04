"""The grid operator's call for its limit, heard over MQTT: a contact that somebody publishes.

The last word counts however long ago it came, retained or not: a contact is published when it changes. After a loss of
the broker it counts for a while longer; then nobody knows, until it is heard again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NoReturn

from ems.clock import Clock
from ems.devices.messages import NotInMessage, Unreadable, as_yes, parse_payload, pick
from ems.devices.mqtt.profile import TopicPoint

LOGGER: Final = logging.getLogger(__name__)

KEPT_FOR_S: Final = 60.0
"""A broker that restarts is back sooner, and then the contact must be heard again."""

_WORDS: Final = {
    True: "the grid operator calls for its limit",
    False: "the grid operator does not call for its limit",
    None: "nobody knows whether the grid operator calls for its limit; it holds",
}


class OperatorSignal:
    """Follows the topic of `grid_operator.signal`; a `Follower` of the MQTT link."""

    def __init__(self, rule: TopicPoint, clock: Clock) -> None:
        self._rule = rule
        self._clock = clock
        self._said: bool | None = None
        self._lost_at_s: float | None = None
        self._news = asyncio.Event()
        self.topics: Final = frozenset({rule.topic})

    async def follow(self, tell: Callable[[bool | None], None]) -> NoReturn:
        """Tell at once and after every change whether the limit is called for; None for unknown."""
        told: bool | None = None
        tell(told)
        while True:
            await self._news_or_doubt()
            if self._said is not told:
                told = self._said
                LOGGER.info("%s", _WORDS[told])
                tell(told)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take a message in; one that nobody understands counts as unknown. Never raises."""
        del retained
        try:
            said: bool | None = as_yes(pick(parse_payload(payload), self._rule.steps))
        except NotInMessage:
            return
        except Unreadable as err:
            said = None
            LOGGER.warning("grid operator's signal: %s in %s; publish true or false", err, topic)
        self._said, self._lost_at_s = said, None
        self._news.set()

    def link_changed(self, *, up: bool) -> None:
        """The broker came or went. Its return alone is no news: the contact may have changed meanwhile."""
        if not up and self._said is not None and self._lost_at_s is None:
            self._lost_at_s = self._clock.monotonic_s()
            self._news.set()

    async def _news_or_doubt(self) -> None:
        lost_at_s = self._lost_at_s
        if lost_at_s is None:
            await self._news.wait()
        else:
            try:
                async with self._clock.timeout(lost_at_s + KEPT_FOR_S - self._clock.monotonic_s()):
                    await self._news.wait()
            except TimeoutError:
                if not self._news.is_set():
                    self._said = self._lost_at_s = None
        self._news.clear()
