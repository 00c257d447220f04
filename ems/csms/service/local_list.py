"""The list of tags that a station keeps for the time when it does not reach us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ems.csms.dialect import ServiceDialect
from ems.csms.messages import Setting
from ems.csms.service_words import UNSUPPORTED_LIST, ListAnswer, ListedTag, ListOrder

LINES_AT_ONCE: Final = 20
"""Lines of one message where the station has not told how many it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagList:
    """Our tags, as a list of that version."""

    version: int
    tags: tuple[ListedTag, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRoom:
    """What a station can take; None where it has not said."""

    lines: int | None = None
    lines_at_once: int | None = None

    @classmethod
    def told(cls, settings: Mapping[str, Setting]) -> ListRoom:
        """As the station's settings tell it."""
        return cls(
            lines=_count(settings.get("LocalAuthListMaxLength")),
            lines_at_once=_count(settings.get("SendLocalListMaxLength")),
        )


class ListTooLong(ValueError):
    """The station cannot keep so many tags."""


def changes(before: TagList, now: TagList) -> tuple[ListedTag, ...]:
    """What differs: new and changed tags, and those that are gone, without a status."""
    old = {tag.tag: tag for tag in before.tags}
    new = {tag.tag: tag for tag in now.tags}
    gone = tuple(ListedTag(tag=tag, status=None) for tag in old if tag not in new)
    return tuple(tag for name, tag in new.items() if old.get(name) != tag) + gone


def messages(tags: tuple[ListedTag, ...], version: int, *, whole: bool, at_once: int) -> tuple[ListOrder, ...]:
    """In as many messages as it takes: a whole list begins with one that replaces all, and the rest is added."""
    pages = [tags[start : start + at_once] for start in range(0, len(tags), at_once)] or [()]
    return tuple(
        # One version for all of them would make a station refuse the second message as already known.
        ListOrder(version=version - len(pages) + 1 + place, whole=whole and place == 0, tags=page)
        for place, page in enumerate(pages)
    )


async def send_list(dialect: ServiceDialect, now: TagList, before: TagList | None, room: ListRoom) -> int:
    """Bring the station's list up to date; its version afterwards, -1 where it keeps none.

    `before` is what was sent to it last, where that is known. What it does not take as a change it gets whole. Raises
    ListTooLong, StationOffline, StationSilent or StationRefused.
    """
    version = await dialect.local_list_version()
    if version <= UNSUPPORTED_LIST or version == now.version:
        return version
    if room.lines is not None and len(now.tags) > room.lines:
        raise ListTooLong(f"it keeps {room.lines} tags, and there are {len(now.tags)}")
    at_once = max(1, min(room.lines_at_once or LINES_AT_ONCE, LINES_AT_ONCE))
    if before is not None and before.version == version:
        answer = await _send(dialect, messages(changes(before, now), now.version, whole=False, at_once=at_once))
        if answer is ListAnswer.ACCEPTED:
            return now.version
    answer = await _send(dialect, messages(now.tags, now.version, whole=True, at_once=at_once))
    if answer is ListAnswer.ACCEPTED:
        return now.version
    return UNSUPPORTED_LIST if answer is ListAnswer.NOT_SUPPORTED else await dialect.local_list_version()


async def _send(dialect: ServiceDialect, orders: tuple[ListOrder, ...]) -> ListAnswer:
    for order in orders:
        answer = await dialect.send_local_list(order)
        if answer is not ListAnswer.ACCEPTED:
            return answer
    return ListAnswer.ACCEPTED


def _count(setting: Setting | None) -> int | None:
    said = "" if setting is None else setting.value.strip()
    return int(said) if said.isdecimal() and 0 < len(said) < 7 and int(said) > 0 else None
