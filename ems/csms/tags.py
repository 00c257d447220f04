"""Who may charge, by id tag: everybody, until somebody keeps a book of tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.csms.messages import TagStatus, TagVerdict
from ems.csms.service.local_list import TagList
from ems.csms.service_words import ListedTag
from ems.csms.station_calls import REMOTE_TAG

Authorise = Callable[[str, str], TagVerdict]
"""Decides on an id tag: station id and tag to a verdict."""

MOST_TAGS: Final = 500
VERSION_STEP: Final = 1000
"""More than the messages of one list, each of which has a version of its own."""


def free_vending(_station_id: str, _id_tag: str) -> TagVerdict:
    """Everybody may charge."""
    return TagVerdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTag:
    """A card or fob that somebody wrote down."""

    tag: str
    name: str = ""
    blocked: bool = False
    expires: datetime | None = None
    group: str | None = None
    """Tags of one group may end each other's sessions."""

    one_at_a_time: bool = False
    """It may not charge at two stations at once."""

    def status(self, now: datetime) -> TagStatus:
        """As long as it charges nowhere else."""
        if self.blocked:
            return TagStatus.BLOCKED
        if self.expires is not None and self.expires <= now:
            return TagStatus.EXPIRED
        return TagStatus.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class TagBook:
    """All known tags, and what is done with others."""

    version: int = VERSION_STEP
    """Rises with every change, by `VERSION_STEP`."""

    only_known: bool = False
    """Whether a tag that is not in the book may not charge; free vending otherwise."""

    tags: Mapping[str, KnownTag] = field(default_factory=dict)
    """By `folded` tag."""

    def find(self, tag: str) -> KnownTag | None:
        return self.tags.get(folded(tag))


def folded(tag: str) -> str:
    """Tags do not differ by case."""
    return tag.strip().casefold()


def verdict(book: TagBook, tag: str, now: datetime, *, charges_elsewhere: bool) -> TagVerdict:
    """What the book says of a tag."""
    if tag == REMOTE_TAG:
        return TagVerdict()
    known = book.find(tag)
    if known is None:
        return TagVerdict(status=TagStatus.INVALID if book.only_known else TagStatus.ACCEPTED)
    status = known.status(now)
    if status is TagStatus.ACCEPTED and known.one_at_a_time and charges_elsewhere:
        status = TagStatus.CONCURRENT
    return TagVerdict(status=status, expires=known.expires, parent=known.group)


def listed(book: TagBook, now: datetime) -> TagList:
    """The book as a station keeps it; tags that we start sessions with are on it, or they would not start."""
    own = (ListedTag(tag=REMOTE_TAG),) if book.tags else ()
    known = tuple(
        ListedTag(tag=each.tag, status=each.status(now).value, expires=each.expires, parent=each.group)
        for each in book.tags.values()
    )
    return TagList(version=book.version, tags=own + known)


class TagDesk:
    """Holds the book that is in force, and answers stations by it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._charging: Callable[[], Iterable[tuple[str, str]]] = tuple
        self.book = TagBook()

    def look_at(self, charging: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """Where to find the stations that charge now, each with its tag."""
        self._charging = charging

    def authorise(self, station_id: str, id_tag: str) -> TagVerdict:
        """An `Authorise`."""
        own = folded(id_tag)
        elsewhere = any(station != station_id and folded(tag) == own for station, tag in self._charging())
        return verdict(self.book, id_tag, self._clock.utc_now(), charges_elsewhere=elsewhere)

    def list_now(self) -> TagList:
        """What stations should keep."""
        return listed(self.book, self._clock.utc_now())
