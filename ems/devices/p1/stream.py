"""What comes from a meter, piece by piece, cut into telegrams. Pure, and bounded whatever comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ems.devices.p1.telegram import BadTelegram, Barred

MOST_BYTES: Final = 16 * 1024
"""Real telegrams have 1 to 3 kB; a text message of the grid operator adds 2 kB."""

PIECE_BYTES: Final = 4096
MOST_IN_PIECE: Final = 20
"""Telegrams that a piece of that size may hold, good ones and others; more is a flood, and dropped."""

LONGEST_END: Final = 12
"""Bytes of the line with the `!`: checksum and line end."""

_HEAD: Final = re.compile(rb"/[A-Za-z]{3}")
"""How a telegram begins; no value of one has that in it."""

_ODD: Final = re.compile(rb"[^\r\n\0 -~]")
_ENCRYPTED: Final = re.compile(rb"\xdb\x08[\x00-\xff]{8}\x82")
"""How an encrypted telegram begins (DLMS general-global-ciphering): tag, system title of 8 bytes, a long length."""


class Encrypted(Barred):
    """The meter encrypts what it says, and nobody stated its key."""

    def __init__(self) -> None:
        super().__init__(
            "it encrypts what it says: state the `key` that the grid operator gives out, or ask for clear text"
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """A telegram from its `/` to the end of its last line."""

    content: bytes
    began_at_s: float
    """When its first byte came."""


class TelegramStream:
    """Cuts bytes into frames. Takes whatever comes; what lies between two telegrams is dropped."""

    def __init__(self) -> None:
        self._held = b""
        self._began_at_s: float | None = None
        """When the telegram under way began; None between two."""

        self._dropped = 0
        self._encrypted = False

    def feed(self, piece: bytes, at_s: float) -> Iterator[Frame | BadTelegram]:
        """What is complete after `piece`, which came at `at_s`; a BadTelegram for what will never be a telegram."""
        for begin in range(0, len(piece), PIECE_BYTES):
            self._held += piece[begin : begin + PIECE_BYTES]
            yield from self._complete(at_s)

    def _complete(self, at_s: float) -> Iterator[Frame | BadTelegram]:
        for _ in range(MOST_IN_PIECE):
            found = self._next(at_s)
            if found is None:
                return
            yield self._named(found)
        self._restart(len(self._held), None)

    def _named(self, found: Frame | BadTelegram) -> Frame | BadTelegram:
        """Pieces of encrypted telegrams are called so, since they are only that."""
        if isinstance(found, Frame):
            self._encrypted = False
            return found
        self._encrypted = self._encrypted or isinstance(found, Encrypted)
        return Encrypted() if self._encrypted else found

    def _next(self, at_s: float) -> Frame | BadTelegram | None:
        if self._began_at_s is None and not self._begin(at_s):
            return self._fault_between()
        held, began_at_s = self._held, self._began_at_s or at_s
        end, odd, again = held.find(b"\n!"), _ODD.search(held), _HEAD.search(held, 1)
        last = held.find(b"\n", end + 1) if end >= 0 else -1
        # What stands behind the end of this telegram belongs to the next one.
        upto = last if last >= 0 else len(held)
        cut_at = again.start() if again and again.start() < upto else None
        if odd and odd.start() < (upto if cut_at is None else cut_at):
            return self._fault(odd.start() + 1)
        if cut_at is not None:
            self._restart(cut_at, at_s)
            return BadTelegram("a telegram that was cut in the middle")
        if last >= 0:
            self._restart(last + 1, None)
            return Frame(held[: last + 1], began_at_s)
        if end >= 0 and len(held) - end > LONGEST_END:
            self._restart(len(held), None)
            return BadTelegram("a telegram whose end is missing")
        if len(held) > MOST_BYTES:
            self._restart(len(held), None)
            return BadTelegram(f"a telegram without an end in {MOST_BYTES} bytes")
        return None

    def _begin(self, at_s: float) -> bool:
        """Drop what stands before the next telegram; whether there is a next one."""
        start = self._held.find(b"/")
        if start < 0 or _ENCRYPTED.search(self._held):
            return False
        self._dropped = 0
        self._restart(start, at_s)
        return True

    def _fault_between(self) -> BadTelegram | None:
        """What is wrong with bytes that belong to no telegram."""
        if _ENCRYPTED.search(self._held):
            self._held = b""
            return Encrypted()
        self._dropped += max(0, len(self._held) - LONGEST_END)
        # The beginning of an encrypted one may have come in part.
        self._held = self._held[-LONGEST_END:]
        if self._dropped <= MOST_BYTES:
            return None
        self._dropped = 0
        return BadTelegram(f"{MOST_BYTES} bytes without a telegram")

    def _fault(self, to: int) -> BadTelegram:
        encrypted = _ENCRYPTED.search(self._held)
        self._restart(to, None)
        return Encrypted() if encrypted else BadTelegram("bytes that no telegram has")

    def _restart(self, at: int, began_at_s: float | None) -> None:
        self._held, self._began_at_s = self._held[at:], began_at_s
