"""A device whose topics have its own number in their second word, found by listening. Pure.

`+` stands for a number that nobody stated, in topics as in the wildcards of MQTT.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ANY: Final = "+"
MOST_PORTALS: Final = 8
LONGEST_PORTAL: Final = 60


def split_portal(topic: str) -> tuple[str, str]:
    """The number in a topic, and the topic with `+` in its place; an empty number where there is none."""
    first, slash, rest = topic.partition("/")
    number, second_slash, last = rest.partition("/")
    if not slash or not second_slash or not 0 < len(number) <= LONGEST_PORTAL:
        return "", topic
    return number, f"{first}/{ANY}/{last}"


def with_portal(topic: str, portal: str) -> str:
    """The topic with the number in the place of `+`."""
    first, _, rest = topic.partition("/")
    word, _, last = rest.partition("/")
    return f"{first}/{portal}/{last}" if word == ANY else topic


class Portals:
    """The numbers that were heard, which must be one."""

    def __init__(self) -> None:
        self._heard: dict[str, None] = {}

    def heard(self, portal: str) -> None:
        """Take one in."""
        if len(self._heard) < MOST_PORTALS:
            self._heard[portal] = None

    def clear(self) -> None:
        """Begin anew."""
        self._heard.clear()

    @property
    def only(self) -> str | None:
        """The number; None before one was heard, and when there are several."""
        return next(iter(self._heard)) if len(self._heard) == 1 else None

    @property
    def several(self) -> str | None:
        """A sentence when nobody knows which of several is meant."""
        return several_portals(self._heard) if len(self._heard) > 1 else None


def several_portals(portals: Iterable[str]) -> str:
    """That, for people."""
    named = ", ".join("".join(sign for sign in each if sign.isprintable()) for each in sorted(portals))
    return f"several devices publish at this broker ({named}): say which by mqtt.prefix"
