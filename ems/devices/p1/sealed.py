"""Encrypted telegrams of smart meters, opened with the key that the grid operator gives out. Pure, and bounded.

Luxembourg's meters, and some in Austria, put each telegram into a DLMS message that is ciphered for everybody who has
the key (general-glo-ciphering, security suite 0): tag, title of the meter, length, security byte, a counter, the
ciphered telegram, and a seal of 12 bytes (AES-128-GCM). A telegram whose seal does not fit is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from ems.devices.p1.stream import MOST_BYTES, PIECE_BYTES
from ems.devices.p1.telegram import BadTelegram, Barred

KEY_BYTES: Final = 16
SEAL_BYTES: Final = 12
COUNTER_BYTES: Final = 4
SECURED: Final = b"\x30"
"""The security byte: authenticated and encrypted."""

USUAL_AUTHENTICATION: Final = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
"""Luxembourg's for all meters; it is public, and no secret rests on it."""

_HEAD: Final = re.compile(rb"\xdb\x08(?P<title>[\x00-\xff]{8})\x82(?P<size>[\x00-\xff]{2})\x30")
HEAD_BYTES: Final = 14
LEAST_SIZE: Final = len(SECURED) + COUNTER_BYTES + SEAL_BYTES + 1
"""Of what the length counts: everything from the security byte on."""

WRONG_KEY: Final = (
    "its telegrams do not open with that key: compare `key`, and `authentication_key` where you have one, with what "
    "the grid operator gave you for this meter"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the telegrams of one meter."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(default=USUAL_AUTHENTICATION, repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """One telegram as it was before it was sealed."""

    content: bytes
    began_at_s: float
    """When its first byte came."""


def sealed(content: bytes, keys: Keys, title: bytes, counter: int) -> bytes:
    """The telegram as such a meter sends it."""
    count = counter.to_bytes(COUNTER_BYTES, "big")
    cipher = Cipher(AES(keys.encryption), GCM(title + count)).encryptor()
    cipher.authenticate_additional_data(SECURED + keys.authentication)
    body = SECURED + count + cipher.update(content) + cipher.finalize() + cipher.tag[:SEAL_BYTES]
    return b"\xdb" + bytes([len(title)]) + title + b"\x82" + len(body).to_bytes(2, "big") + body


def _unsealed(title: bytes, body: bytes, keys: Keys) -> bytes:
    """What was sealed. Raises InvalidTag."""
    counter, content, seal = body[1:5], body[5:-SEAL_BYTES], body[-SEAL_BYTES:]
    mode = GCM(title + counter, seal, min_tag_length=SEAL_BYTES)
    cipher = Cipher(AES(keys.encryption), mode).decryptor()
    cipher.authenticate_additional_data(SECURED + keys.authentication)
    return cipher.update(content) + cipher.finalize()


class SealedStream:
    """Cuts bytes into sealed telegrams, and opens them. What lies between two is dropped."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._fits = False
        """Whether the keys opened one."""

        self._held = b""
        self._began_at_s: float | None = None
        self._dropped = 0

    def begin(self) -> None:
        """A connection begins: what was held of an older one is forgotten."""
        self._held, self._began_at_s, self._dropped = b"", None, 0

    def feed(self, piece: bytes, at_s: float) -> Iterator[Opened | BadTelegram]:
        """What is complete after `piece`, which came at `at_s`."""
        for begin in range(0, len(piece), PIECE_BYTES):
            self._held += piece[begin : begin + PIECE_BYTES]
            while (found := self._next(at_s)) is not None:
                yield found

    def _next(self, at_s: float) -> Opened | BadTelegram | None:
        head = _HEAD.search(self._held)
        if head is None:
            return self._fault_between()
        if head.start() > 0 or self._began_at_s is None:
            self._held, self._began_at_s = self._held[head.start() :], at_s
        self._dropped = 0
        size = int.from_bytes(head["size"], "big")
        if not LEAST_SIZE <= size <= MOST_BYTES:
            return self._skip(BadTelegram(f"an encrypted telegram of {size} bytes"))
        end = HEAD_BYTES - 1 + size
        if len(self._held) < end:
            return None
        return self._open(head["title"], self._held[HEAD_BYTES - 1 : end], end)

    def _open(self, title: bytes, body: bytes, end: int) -> Opened | BadTelegram:
        try:
            content = _unsealed(title, body, self._keys)
        except InvalidTag:
            # The next one may begin inside, where this one was cut.
            return self._skip(BadTelegram("a telegram whose seal is broken") if self._fits else Barred(WRONG_KEY))
        self._fits = True
        found = Opened(content, self._began_at_s or 0.0)
        self._held, self._began_at_s = self._held[end:], None
        return found

    def _skip(self, why: BadTelegram) -> BadTelegram:
        self._held, self._began_at_s = self._held[1:], None
        return why

    def _fault_between(self) -> BadTelegram | None:
        """What is wrong with bytes that belong to no telegram; the beginning of one may have come in part."""
        self._dropped += max(0, len(self._held) - HEAD_BYTES)
        self._held, self._began_at_s = self._held[-HEAD_BYTES:], None
        if self._dropped <= MOST_BYTES:
            return None
        self._dropped = 0
        return BadTelegram(f"{MOST_BYTES} bytes without an encrypted telegram; if it speaks plainly, delete the key,")
