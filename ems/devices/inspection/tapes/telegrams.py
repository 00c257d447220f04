"""Telegrams of a smart meter as they come, with everything blanked that its profile does not read."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.recording import NEWEST, HeardTelegram, Recording
from ems.devices.inspection.tapes.length import Length, Reel
from ems.devices.inspection.tapes.listening import listen_for
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.line import P1Line
from ems.devices.p1.sealed import Keys, Opened, SealedStream
from ems.devices.p1.stream import Frame, TelegramStream
from ems.devices.p1.telegram import STAMP_CODE, VERSION_CODES, BadTelegram, Barred, checksum
from ems.errors import NoAnswer, Nonsense, Refused

_HEAD: Final = re.compile(r"/[A-Za-z]{3}")
_VALUE_LINE: Final = re.compile(r"(?P<code>[0-9.:-]+)(?P<values>\(.*)")
_SIGN: Final = re.compile(r"[A-Za-z0-9]")
_CHECKSUM: Final = re.compile(r"[0-9A-Fa-f]{4}")


async def record_telegrams(
    profile: P1Profile,
    line: P1Line,
    length: Length,
    clock: Clock,
    *,
    keys: Keys | None = None,
    with_ids: bool = False,
) -> Recording:
    """Listen so long; what `keys` open is recorded in clear, and they are nowhere in it.

    Raises LinkDown, NoAnswer, Nonsense, or Refused for a meter that encrypts and is not opened.
    """
    ear = _Tape(profile, keys, Reel(length, clock), clock, with_ids=with_ids)
    await listen_for(line, ear, length, clock)
    if ear.heard:
        return Recording(recording=NEWEST, profile=profile.id, telegrams=tuple(ear.heard))
    if isinstance(ear.fault, Barred):
        raise Refused(f"{line.where}: {ear.fault}")
    if ear.fault is not None:
        raise Nonsense(f"{ear.fault} from {line.where}")
    raise NoAnswer(f"no telegram from {line.where} within {length.for_s:g} s")


class _Tape:
    """Keeps whole telegrams."""

    def __init__(self, profile: P1Profile, keys: Keys | None, reel: Reel, clock: Clock, *, with_ids: bool) -> None:
        self._profile = profile
        self._reel = reel
        self._clock = clock
        self._with_ids = with_ids
        self._stream = TelegramStream() if keys is None else SealedStream(keys)
        self.heard: list[HeardTelegram] = []
        self.fault: BadTelegram | None = None
        self.over = asyncio.Event()

    def came(self, piece: bytes) -> None:
        for found in self._stream.feed(piece, self._clock.monotonic_s()):
            self._take(found)
        if self._reel.is_full():
            self.over.set()

    def _take(self, found: Frame | Opened | BadTelegram) -> None:
        if isinstance(found, BadTelegram):
            # That it is locked says more than what was found between its pieces.
            self.fault = self.fault if isinstance(self.fault, Barred) else found
            return
        text = found.content.decode("ascii", "replace").rstrip("\r\n") + "\r\n"
        if not _HEAD.match(text):
            self.fault = BadTelegram("a telegram without the name of its maker")
        elif not self._reel.is_full():
            kept = text if self._with_ids else blanked(text, self._profile)
            self.heard.append(HeardTelegram(at_s=self._reel.add(len(kept)), text=kept))

    def ended(self) -> None:
        self.over.set()


def blanked(telegram: str, profile: P1Profile) -> str:
    """The telegram with 0 for every sign of a value that the profile does not read; what was right stays right."""
    body, mark, after = telegram.rpartition("!")
    said = after.strip("\r\n\0 ")
    kept = {*profile.codes, STAMP_CODE, *VERSION_CODES}
    lines = [_blanked_line(line, kept, is_head=not at) for at, line in enumerate(body.split("\n"))]
    new = "\n".join(lines) + mark
    if not _CHECKSUM.fullmatch(said):
        return new + "".join(sign for sign in after if sign in "\r\n")
    right = int(said, 16) == checksum(telegram[: len(body) + 1].encode("ascii", "replace"))
    crc = checksum(new.encode("ascii", "replace"))
    return new + after.replace(said, f"{crc if right else crc ^ 0xFFFF:04X}", 1)


def _blanked_line(line: str, kept: set[str], *, is_head: bool) -> str:
    if is_head:
        return line
    match = _VALUE_LINE.match(line)
    if match is None:
        return _SIGN.sub("0", line)
    return line if match["code"] in kept else match["code"] + _SIGN.sub("0", match["values"])
