"""The messages of one SML frame with other bytes in the same places. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ems.devices.p1.telegram import BadTelegram
from ems.devices.sml.stream import checksum, other_checksum
from ems.devices.sml.telegram import END_OF_MESSAGE, VALUES
from ems.devices.sml.tree import TEXT, Leaf, leaves


@dataclass(frozen=True, slots=True)
class Value:
    """What stands in one place of a message."""

    content: bytes
    is_text: bool


Message: TypeAlias = Mapping[tuple[int, ...], Value]
"""By the place in the message, and in each of the lists in it."""

Change: TypeAlias = Callable[[Message], Mapping[tuple[int, ...], bytes]]
"""What shall stand there instead; the rest stays."""

MESSAGE: Final = 0x76
PARTS: Final = 4
"""Of a message, before its checksum: number, group, what to do on a fault, body."""

KIND_AT: Final = (3, 0)
TIMES_AT: Final = ((3, 1, 3), (3, 1, 3, 1))
"""The meter's own seconds, in the message with values; some leave out which kind of time it is."""


def rewritten(content: bytes, change: Change) -> bytes:
    """The messages with what `change` puts in their places, as many bytes in each as before.

    A checksum that was right is right again, and a wrong one stays wrong. Raises BadTelegram for what is no message.
    """
    return b"".join(_messages(content, change))


def tells_values(message: Message) -> bool:
    """Whether it is the message with the meter's numbers."""
    kind = message.get(KIND_AT)
    return kind is not None and int.from_bytes(kind.content, "big") == VALUES


def later(content: bytes, by_s: float) -> bytes:
    """The messages with the meter's own time that much later."""

    def change(message: Message) -> Mapping[tuple[int, ...], bytes]:
        times = [at for at in TIMES_AT if at in message] if tells_values(message) else []
        return {at: _added(message[at].content, round(by_s)) for at in times}

    return rewritten(content, change)


def _added(number: bytes, more: int) -> bytes:
    return ((int.from_bytes(number, "big") + more) % (1 << 8 * len(number))).to_bytes(len(number), "big")


def _messages(content: bytes, change: Change) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        begin = at
        if content[at] != MESSAGE:
            raise BadTelegram("a telegram with a message of no known form")
        at, found = at + 1, list[Leaf]()
        for place in range(PARTS):
            inside, at = leaves(content, at, (place,))
            found += inside
        over, end = leaves(content, at)
        if len(over) != 1 or content[end : end + 1] != END_OF_MESSAGE:
            raise BadTelegram("a telegram with a message that does not end")
        new = _changed(content, found, change)[begin:at]
        yield new + b"\x63" + _crc(content[begin:at], content[over[0].begin : over[0].end], new) + END_OF_MESSAGE
        at = end + 1


def _changed(content: bytes, found: list[Leaf], change: Change) -> bytes:
    new = bytearray(content)
    instead = change({leaf.path: Value(content[leaf.begin : leaf.end], leaf.kind == TEXT) for leaf in found})
    for leaf in found:
        if leaf.path in instead:
            new[leaf.begin : leaf.end] = instead[leaf.path].rjust(leaf.end - leaf.begin, b"\0")[: leaf.end - leaf.begin]
    return bytes(new)


def _crc(before: bytes, said: bytes, after: bytes) -> bytes:
    """The checksum of the message that was `before`, in the way that it had there."""
    for way in (checksum, other_checksum):
        if _spelled(way(before)) == said.rjust(2, b"\0"):
            return _spelled(way(after))
    return _spelled(checksum(after) ^ 0xFFFF)


def _spelled(crc: int) -> bytes:
    """The lower byte first."""
    return crc.to_bytes(2, "little")
