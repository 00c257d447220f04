"""The book of tags as people keep it: on the shelf, in force at once, and on every station's own list."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ems.api.errors import TooMany, UnknownTag
from ems.api.servicing.told import Telling
from ems.api.sources import Shelf
from ems.api.wire import CommandAnswer
from ems.api.wire_servicing import TagBookState, TagRecord
from ems.clock import Clock
from ems.csms.messages import Outcome
from ems.csms.service.local_list import ListTooLong, TagList
from ems.csms.tags import MOST_TAGS, VERSION_STEP, KnownTag, TagBook, TagDesk, folded
from ems.errors import StationError

LOGGER: Final = logging.getLogger(__name__)

TAGS_KEY: Final = "tags"
HIGHEST_VERSION: Final = 2**30
LOOK_EVERY_S: Final = 60.0


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Annotated[int, Field(ge=1, le=HIGHEST_VERSION)] = VERSION_STEP
    only_known: bool = False
    tags: Annotated[tuple[TagRecord, ...], Field(max_length=MOST_TAGS)] = ()


class Tags:
    """Who may charge."""

    def __init__(self, desk: TagDesk, shelf: Shelf, telling: Telling, clock: Clock) -> None:
        self._clock = clock
        self._turns: dict[str, asyncio.Lock] = {}
        self._brought: dict[str, tuple[int, int]] = {}
        self._desk = desk
        self._shelf = shelf
        self._telling = telling
        self._sending: set[asyncio.Task[None]] = set()
        self._recall()

    async def run(self) -> None:
        """Bring the list to stations that come back, for ever."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Bring it to those that are connected and were not when it changed, or came again since."""
        for station_id, station in self._telling.stations.items():
            newest = (self._desk.book.version, station.state.connections)
            if self._desk.book.tags and station.state.connected and self._brought.get(station_id) != newest:
                self._brought[station_id] = newest
                await self._send_quietly(station_id)

    def state(self) -> TagBookState:
        book = self._desk.book
        return TagBookState(
            only_known=book.only_known, version=book.version, tags=tuple(_record(tag) for tag in book.tags.values())
        )

    def set_policy(self, *, only_known: bool, who: str) -> TagBookState:
        """Whether tags that are not written down may charge."""
        self._change(replace(self._desk.book, only_known=only_known))
        self._telling.note_files("tags_known" if only_known else "tags_free", who)
        return self.state()

    def put(self, record: TagRecord, *, who: str) -> TagBookState:
        """Write a tag down, or anew. Raises TooMany."""
        book = self._desk.book
        tags = {**book.tags, folded(record.tag): _known(record)}
        if len(tags) > MOST_TAGS:
            raise TooMany(f"the book holds {MOST_TAGS} tags; remove one first")
        self._change(replace(book, tags=tags))
        self._telling.note_files("tag_written", who, tag=record.name or record.tag)
        return self.state()

    def remove(self, tag: str, *, who: str) -> TagBookState:
        """Raises UnknownTag."""
        book = self._desk.book
        known = book.find(tag)
        if known is None:
            raise UnknownTag(f"nobody wrote down a tag {tag[:20]!r}")
        self._change(replace(book, tags={key: each for key, each in book.tags.items() if key != folded(tag)}))
        self._telling.note_files("tag_removed", who, tag=known.name or known.tag)
        return self.state()

    async def send(self, station_id: str, *, who: str) -> CommandAnswer:
        """Bring a station's own list up to date, also where nothing changed here."""
        self._telling.allowed(station_id, "tag_list")
        return await self._telling.told(station_id, "tag_list", self._listed(station_id), who)

    def _change(self, book: TagBook) -> None:
        version = book.version + VERSION_STEP
        self._desk.book = replace(book, version=VERSION_STEP if version > HIGHEST_VERSION else version)
        self._shelf.keep(TAGS_KEY, self.state().model_dump(mode="json"))
        for station_id in self._telling.stations:
            task = asyncio.get_running_loop().create_task(self._send_quietly(station_id))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send_quietly(self, station_id: str) -> None:
        """A station that is away gets it soon after it is back."""
        try:
            await self._listed(station_id)
        except StationError as error:
            LOGGER.info("%s does not have the newest list of tags: %s", station_id, error)

    async def _listed(self, station_id: str) -> Outcome:
        async with self._turns.setdefault(station_id, asyncio.Lock()):
            return await self._listed_in_turn(station_id, self._desk.list_now())

    async def _listed_in_turn(self, station_id: str, tags: TagList) -> Outcome:
        station = self._telling.station(station_id)
        if not tags.tags and station.standing.list_version in {None, -1, 0}:
            return Outcome(done=True, answer="Unchanged")
        try:
            version = await station.keep_list(tags)
        except ListTooLong as error:
            return Outcome(done=False, answer=str(error))
        if version == tags.version:
            return Outcome(done=True, answer="Accepted")
        return Outcome(done=False, answer="NotSupported" if version < 0 else "Failed")

    def _recall(self) -> None:
        try:
            kept = _Kept.model_validate(self._shelf.recall(TAGS_KEY) or {})
        except ValidationError:
            LOGGER.exception("the book of tags cannot be read; every tag may charge")
            return
        tags: Mapping[str, KnownTag] = {folded(record.tag): _known(record) for record in kept.tags}
        self._desk.book = TagBook(version=kept.version, only_known=kept.only_known, tags=tags)


def _known(record: TagRecord) -> KnownTag:
    return KnownTag(
        tag=record.tag,
        name=record.name,
        blocked=record.blocked,
        expires=record.expires,
        group=record.group,
        one_at_a_time=record.one_at_a_time,
    )


def _record(tag: KnownTag) -> TagRecord:
    return TagRecord(
        tag=tag.tag,
        name=tag.name,
        blocked=tag.blocked,
        expires=tag.expires,
        group=tag.group,
        one_at_a_time=tag.one_at_a_time,
    )
