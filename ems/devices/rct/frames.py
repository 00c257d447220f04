"""RCT Power's frames: start sign, escapes, checksum, numbered objects. Pure, and bounded whatever comes.

A frame is a start sign, then a command, a length, the number of an object, its content and a checksum, big-endian.
Whatever of that looks like a start sign or an escape has an escape before it, so a start sign alone always begins a
frame. The length counts the object's number too, and takes two bytes in long frames.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

START: Final = 0x2B
ESCAPE: Final = 0x2D
READ: Final = 0x01
ANSWER: Final = 0x05
LONG_ANSWER: Final = 0x06

OTHER_UNIT: Final = 0x40
"""In the command of a frame that is for one of several inverters side by side."""

_SHORT: Final = frozenset({0x01, 0x02, 0x04, 0x05, 0x08})
_LONG: Final = frozenset({0x03, 0x06})
MOST_BYTES: Final = 8 * 1024
"""Of one frame; the longest that is known, a day of history, has half of that."""

NUMBER_BYTES: Final = 4
CHECKSUM_BYTES: Final = 2
FLOAT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame with the right checksum."""

    command: int
    object_id: int
    content: bytes

    @property
    def number(self) -> float | None:
        """Its content as a number; None for what is none, or not finite."""
        if len(self.content) != FLOAT_BYTES:
            return None
        (value,) = struct.unpack(">f", self.content)
        return float(value) if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Damaged:
    """What began as a frame and is none; `why` says what is wrong with it."""

    why: str


def checksum(content: bytes) -> int:
    """CRC16 with polynomial 0x1021 from 0xFFFF; of an odd number of bytes a zero is taken as one more."""
    crc = 0xFFFF
    for byte in content + b"\0" * (len(content) % 2):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def written(frame: Frame) -> bytes:
    """The frame as it goes over the wire."""
    size = NUMBER_BYTES + len(frame.content)
    length = size.to_bytes(2 if frame.command in _LONG else 1, "big")
    body = bytes([frame.command]) + length + frame.object_id.to_bytes(NUMBER_BYTES, "big") + frame.content
    body += checksum(body).to_bytes(CHECKSUM_BYTES, "big")
    escaped = b"".join(bytes([ESCAPE, byte]) if byte in {START, ESCAPE} else bytes([byte]) for byte in body)
    return bytes([START]) + escaped


def request_for(object_id: int) -> bytes:
    """The question for an object's value."""
    return written(Frame(READ, object_id, b""))


def answer_with(object_id: int, value: float) -> bytes:
    """What a device says of an object that is a number."""
    return written(Frame(ANSWER, object_id, struct.pack(">f", value)))


class FrameStream:
    """Cuts bytes into frames, one by one, in whatever pieces they come. What stands between two frames is dropped."""

    def __init__(self) -> None:
        self._held: bytearray | None = None
        """The frame under way, without its start sign and escapes; None between two."""

        self._escaped = False

    @property
    def under_way(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._held is not None

    def feed(self, piece: bytes) -> Iterator[Frame | Damaged]:
        """What ends with `piece`; everything that began ends as one or the other."""
        for byte in piece:
            found = self._next(byte)
            if found is not None:
                yield found

    def _next(self, byte: int) -> Frame | Damaged | None:
        if byte == START and not self._escaped:
            cut = Damaged("a frame that was cut") if self._held is not None else None
            self._held = bytearray()
            return cut
        if self._held is None:
            self._escaped = False
            return None
        if byte == ESCAPE and not self._escaped:
            self._escaped = True
            return None
        self._escaped = False
        self._held.append(byte)
        found = _ended(self._held)
        if found is not None:
            self._held = None
        return found


def _ended(held: bytearray) -> Frame | Damaged | None:
    """What a frame of those bytes is; None while some are missing."""
    command = held[0] & ~OTHER_UNIT
    if command not in _SHORT | _LONG:
        return Damaged("a frame with a command that nobody knows")
    begin = 3 if command in _LONG else 2
    if len(held) < begin:
        return None
    size = int.from_bytes(held[1:begin], "big")
    if not NUMBER_BYTES <= size <= MOST_BYTES:
        return Damaged(f"a frame of {size} bytes")
    end = begin + size
    if len(held) < end + CHECKSUM_BYTES:
        return None
    if checksum(bytes(held[:end])) != int.from_bytes(held[end:], "big"):
        return Damaged("a frame with a wrong checksum")
    object_id = int.from_bytes(held[begin : begin + NUMBER_BYTES], "big")
    return Frame(held[0], object_id, bytes(held[begin + NUMBER_BYTES : end]))
