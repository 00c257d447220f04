"""SML's transport frames: escapes, filling, checksum. Pure, and bounded whatever comes.

A frame begins with an escape and four ones and ends with an escape, 0x1A, the number of bytes it was filled up with,
and a checksum over everything before that. An escape inside of it stands there twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ems.devices.p1.telegram import BadTelegram

ESCAPE: Final = b"\x1b" * 4
BEGIN: Final = ESCAPE + b"\x01" * 4
END: Final = 0x1A
WORD: Final = 4
"""Bytes of an escape, and of what follows one."""

MOST_BYTES: Final = 8 * 1024
"""Real frames have 200 to 1500."""

PIECE_BYTES: Final = 4096
MOST_IN_PIECE: Final = 40
"""Frames that a piece of that size may hold, good ones and others; more is a flood, and dropped."""


@dataclass(frozen=True, slots=True)
class SmlFrame:
    """What stood between begin and end, without escapes and filling; its checksum was right."""

    content: bytes
    began_at_s: float
    """When its first byte came."""


def checksum(content: bytes) -> int:
    """CRC16 of X.25: reflected polynomial 0x8408, from 0xFFFF, inverted."""
    return _crc(content, 0xFFFF) ^ 0xFFFF


def other_checksum(content: bytes) -> int:
    """CRC16 of Kermit: the same polynomial from 0; some meters of Holley have it in their messages."""
    return _crc(content, 0)


def framed(content: bytes) -> bytes:
    """A frame with that content, which must not end with the byte of an escape; messages end with 0."""
    filling = -len(content) % WORD
    body = BEGIN + content.replace(ESCAPE, ESCAPE * 2) + bytes(filling) + ESCAPE + bytes([END, filling])
    return body + checksum(body).to_bytes(2, "little")


class SmlStream:
    """Cuts bytes into frames. What lies between two is dropped."""

    def __init__(self) -> None:
        self._held = b""
        self._began_at_s: float | None = None
        """When the frame under way began; None between two."""

        self._seen = 0
        """How much of the frame under way was looked at."""

        self._dropped = 0

    def feed(self, piece: bytes, at_s: float) -> Iterator[SmlFrame | BadTelegram]:
        """What is complete after `piece`, which came at `at_s`; a BadTelegram for what will never be a frame."""
        for begin in range(0, len(piece), PIECE_BYTES):
            self._held += piece[begin : begin + PIECE_BYTES]
            for _ in range(MOST_IN_PIECE):
                found = self._next(at_s)
                if found is None:
                    break
                yield found
            else:
                self._restart(len(self._held), None)

    def _next(self, at_s: float) -> SmlFrame | BadTelegram | None:
        if self._began_at_s is None:
            start = self._held.find(BEGIN)
            if start < 0:
                return self._fault_between()
            self._dropped = 0
            self._restart(start, at_s)
        while (at := self._held.find(ESCAPE, self._seen)) >= 0:
            word = self._held[at + WORD : at + 2 * WORD]
            if len(word) < WORD:
                self._seen = at
                return self._endless()
            if word == ESCAPE:
                self._seen = at + 2 * WORD
            elif word == BEGIN[WORD:]:
                self._restart(at, at_s)
                return BadTelegram("a telegram that was cut in the middle")
            elif word[0] == END:
                return self._ended(at)
            else:
                self._restart(at + 2 * WORD, None)
                return BadTelegram("a telegram with an escape that none has")
        # An escape may have come in part.
        self._seen = max(self._seen, len(self._held) - WORD + 1)
        return self._endless()

    def _ended(self, at: int) -> SmlFrame | BadTelegram:
        end = at + 2 * WORD
        frame, began_at_s = self._held[:end], self._began_at_s or 0.0
        self._restart(end, None)
        if checksum(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
            return BadTelegram("a telegram with a wrong checksum")
        filling, filled = frame[-3], frame[len(BEGIN) : at]
        content = filled[: len(filled) - filling]
        # Up to three by the book; meters of DZG fill a whole word.
        if filling > WORD or any(filled[len(content) :]):
            return BadTelegram("a telegram that is filled up wrongly")
        return SmlFrame(content.replace(ESCAPE * 2, ESCAPE), began_at_s)

    def _endless(self) -> BadTelegram | None:
        if len(self._held) <= MOST_BYTES:
            return None
        self._restart(len(self._held), None)
        return BadTelegram(f"a telegram without an end in {MOST_BYTES} bytes")

    def _fault_between(self) -> BadTelegram | None:
        """What is wrong with bytes that belong to no frame; the beginning of one may have come in part."""
        self._dropped += max(0, len(self._held) - len(BEGIN) + 1)
        self._held = self._held[-(len(BEGIN) - 1) :]
        if self._dropped <= MOST_BYTES:
            return None
        self._dropped = 0
        return BadTelegram(f"{MOST_BYTES} bytes without a telegram")

    def _restart(self, at: int, began_at_s: float | None) -> None:
        self._held, self._began_at_s = self._held[at:], began_at_s
        self._seen = len(BEGIN) if began_at_s is not None else 0


def _crc_table() -> Iterator[int]:
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
        yield crc


_CRC_TABLE: Final = tuple(_crc_table())


def _crc(content: bytes, crc: int) -> int:
    for byte in content:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc
