"""The binary tree inside an SML message: texts, numbers and lists, each behind type and length. Pure, and bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from ems.devices.p1.telegram import BadTelegram

DEEPEST: Final = 8
"""Lists inside each other; real messages have 5."""

MOST_NUMBER_BYTES: Final = 8
MORE: Final = 0x80
TEXT, TRUTH, SIGNED, UNSIGNED, LIST = 0, 4, 5, 6, 7


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, as it was sent."""

    raw: bytes
    signed: bool

    @property
    def value(self) -> int:
        """The number."""
        return int.from_bytes(self.raw, "big", signed=self.signed)


Node: TypeAlias = "bytes | Number | bool | tuple[Node, ...] | None"
"""None where nothing is told."""


def read_node(content: bytes, at: int, deep: int = 0) -> tuple[Node, int]:
    """What stands there, and where it ends. Raises BadTelegram."""
    kind, size, begin = _head(content, at)
    if kind == LIST:
        if deep >= DEEPEST:
            raise BadTelegram("a telegram with lists too deep in each other")
        members: list[Node] = []
        for _ in range(size):
            member, begin = read_node(content, begin, deep + 1)
            members.append(member)
        return tuple(members), begin
    # The length counts the bytes that tell it.
    end = at + size
    if end < begin or end > len(content):
        raise BadTelegram("a telegram with a length that cannot be")
    return _leaf(kind, content[begin:end]), end


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text or a number, and where in the bytes it stands."""

    path: tuple[int, ...]
    """Its place in each of the lists around it, the outermost first."""

    kind: int
    begin: int
    end: int


def leaves(content: bytes, at: int, path: tuple[int, ...] = ()) -> tuple[list[Leaf], int]:
    """Everything that stands there and is no list, and where it ends. Raises BadTelegram."""
    kind, size, begin = _head(content, at)
    if kind != LIST:
        _, end = read_node(content, at)
        return [Leaf(path, kind, begin, end)], end
    if len(path) >= DEEPEST:
        raise BadTelegram("a telegram with lists too deep in each other")
    found: list[Leaf] = []
    for place in range(size):
        inside, begin = leaves(content, begin, (*path, place))
        found += inside
    return found, begin


def _head(content: bytes, at: int) -> tuple[int, int, int]:
    """Type, length, and where what they are about begins."""
    kind = size = 0
    for begin in range(at, min(at + 3, len(content))):
        byte = content[begin]
        if begin == at:
            kind = byte >> 4 & 0x07
        elif byte & 0x70:
            break
        size = size << 4 | byte & 0x0F
        if not byte & MORE:
            return kind, size, begin + 1
    raise BadTelegram("a telegram that ends within a value")


def _leaf(kind: int, raw: bytes) -> Node:
    if kind == TEXT:
        return raw or None
    if kind == TRUTH and len(raw) == 1:
        return raw != b"\0"
    if kind in {SIGNED, UNSIGNED} and 1 <= len(raw) <= MOST_NUMBER_BYTES:
        return Number(raw, kind == SIGNED)
    raise BadTelegram("a telegram with a value of no known type")
