"""How a smart meter speaks over its customer's port.

What is no good telegram is said, and is never a reading: a wrong checksum, one that was cut or came twice, an older
one, encrypted ones, bytes without end.
"""

from __future__ import annotations

from collections.abc import Iterator

from ems.devices.obis_profile import P1Profile
from ems.devices.p1.numbers import numbers_of
from ems.devices.p1.sealed import Keys, SealedStream
from ems.devices.p1.speaking import Spoken
from ems.devices.p1.stream import TelegramStream
from ems.devices.p1.telegram import BadTelegram, read_telegram


class P1Tongue:
    """Telegrams of IEC 62056-21 mode D."""

    def __init__(self, profile: P1Profile) -> None:
        self._profile = profile
        self._stream = TelegramStream()
        self._checksums = False
        """Whether this meter gives checksums; then it always does."""

    def begin(self) -> None:
        self._stream = TelegramStream()

    def feed(self, piece: bytes, at_s: float) -> Iterator[Spoken | BadTelegram]:
        for found in self._stream.feed(piece, at_s):
            yield found if isinstance(found, BadTelegram) else self.read(found.content, found.began_at_s)

    def read(self, content: bytes, began_at_s: float) -> Spoken | BadTelegram:
        """What one telegram says, from its `/` to the end of its last line."""
        try:
            return self._read(content, began_at_s)
        except BadTelegram as err:
            return err

    def _read(self, content: bytes, began_at_s: float) -> Spoken:
        telegram = read_telegram(content, needs_checksum=self._checksums)
        self._checksums = self._checksums or content.rpartition(b"!")[2].strip(b"\r\n\0 ") != b""
        values = numbers_of(telegram, self._profile)
        return Spoken(values=values, stamp_s=telegram.stamp_s, began_at_s=began_at_s)


class SealedTongue:
    """The same telegrams, encrypted."""

    def __init__(self, inside: P1Tongue, keys: Keys) -> None:
        self._inside = inside
        self._stream = SealedStream(keys)

    def begin(self) -> None:
        self._stream.begin()

    def feed(self, piece: bytes, at_s: float) -> Iterator[Spoken | BadTelegram]:
        for found in self._stream.feed(piece, at_s):
            yield found if isinstance(found, BadTelegram) else self._inside.read(found.content, found.began_at_s)


def p1_tongue(profile: P1Profile, keys: Keys | None) -> P1Tongue | SealedTongue:
    """How a meter at its customer's port speaks: with `keys`, encrypted."""
    plain = P1Tongue(profile)
    return plain if keys is None else SealedTongue(plain, keys)
