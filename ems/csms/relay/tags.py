"""Who may charge, where a second central system has a say in it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

from ems.clock import Clock
from ems.config.schema_upstream import UpstreamSection
from ems.csms.messages import TagStatus, TagVerdict
from ems.csms.relay.desk import Commanded
from ems.csms.station_calls import REMOTE_TAG
from ems.errors import StationError

LOGGER = logging.getLogger(__name__)

MOST_TAGS: Final = 64
LASTS_S: Final = 600.0
"""How long what it said holds without being asked again."""

_NO_REFUSALS: Final = frozenset({None, TagStatus.ACCEPTED, TagStatus.CONCURRENT})
"""A tag that charges elsewhere too, as far as it knows, may just not have been told of an end yet."""

_TELLABLE: Final = {each.value: each for each in TagStatus}


class Verdicts:
    """What it said of tags: the newest ones, for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: OrderedDict[str, tuple[TagStatus, float]] = OrderedDict()

    def note(self, id_tag: str, word: str) -> TagStatus | None:
        """Take note of its word for a tag, and give it; None, and nothing noted, for a word that decides nothing."""
        status = _TELLABLE.get(word)
        if status is not None and id_tag:
            self._said[id_tag] = (status, self._clock.monotonic_s())
            self._said.move_to_end(id_tag)
            if len(self._said) > MOST_TAGS:
                self._said.popitem(last=False)
        return status

    def of(self, id_tag: str) -> TagStatus | None:
        """None where it said nothing, or long ago."""
        status, at_s = self._said.get(id_tag, (None, 0.0))
        return status if self._clock.monotonic_s() - at_s <= LASTS_S else None

    def forget(self) -> None:
        """All of them."""
        self._said.clear()


class Tags:
    """Asks a second central system where it decides, for a while and no longer; without its word this house decides."""

    def __init__(
        self,
        station: Commanded,
        section: UpstreamSection,
        clock: Clock,
        authorize: Callable[[str], Awaitable[str | None]],
        *,
        name: str,
    ) -> None:
        """`authorize` gives its word, or None while it is away. Raises StationError."""
        self._station = station
        self._section = section
        self._clock = clock
        self._authorize = authorize
        self._name = name
        self._verdicts, self._remote = Verdicts(clock), Verdicts(clock)
        self._asking = False
        self._tasks: set[asyncio.Task[None]] = set()

    def consult(self, id_tag: str) -> asyncio.Task[None] | None:
        """What to wait for before a station is answered; None for nothing."""
        if not self._decides_on(id_tag) or self._asking or self.verdict(id_tag) is not None:
            return None
        self._asking = True
        return self._spawn(self._ask_for_a_while(id_tag))

    def verdict(self, id_tag: str) -> TagVerdict | None:
        """Its word, where it decides, or where it began a session with that tag itself."""
        if id_tag == REMOTE_TAG:
            return None
        said = self._verdicts.of(id_tag) if self._section.tags == "upstream" else None
        status = said or self._remote.of(id_tag)
        return None if status is None else TagVerdict(status=status)

    def trust(self, id_tag: str) -> None:
        """It begins a session with that tag."""
        self._remote.note(id_tag, TagStatus.ACCEPTED.value)

    def forget(self) -> None:
        """Ask anew for every tag."""
        self._verdicts.forget()

    def heard(self, id_tag: str, word: str) -> None:
        """Take note of its word; where it decides, a refusal that comes late ends the session of that tag."""
        status = self._verdicts.note(id_tag, word)
        session = self._station.session
        if status in _NO_REFUSALS or session is None or session.id_tag != id_tag:
            return
        if self._decides_on(id_tag):
            LOGGER.info("%s refused the tag of the running session (%s); ending it", self._name, status)
            self._spawn(self._end_session())

    async def end(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _decides_on(self, id_tag: str) -> bool:
        """Never on sessions that this house begins."""
        return self._section.tags == "upstream" and id_tag not in {"", REMOTE_TAG}

    async def _ask_for_a_while(self, id_tag: str) -> None:
        asked = self._spawn(self._ask(id_tag))
        try:
            async with self._clock.timeout(self._section.tag_within_s):
                await asyncio.shield(asked)
        except TimeoutError:
            LOGGER.info("%s did not decide on a tag in time; this house does", self._name)
        finally:
            self._asking = False

    async def _ask(self, id_tag: str) -> None:
        try:
            word = await self._authorize(id_tag)
        except StationError as err:
            LOGGER.debug("%s", err)
        else:
            self.heard(id_tag, word or "")

    async def _end_session(self) -> None:
        try:
            await self._station.remote_stop()
        except StationError as err:
            LOGGER.info("%s", err)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Work that is cancelled before its first step would otherwise count as forgotten.
        task.add_done_callback(lambda _: work.close())
        return task
