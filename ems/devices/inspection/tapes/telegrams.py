"""Telegrams of a smart meter as they come, with everything blanked that its profile does not read."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.recording import NEWEST, HeardTelegram, Recording
from ems.devices.inspection.tapes.length import Length, Reel
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.line import P1Line, listen
from ems.devices.p1.speaking import OPEN_WITHIN_S
from ems.devices.p1.stream import Encrypted, TelegramStream
from ems.devices.p1.telegram import STAMP_CODE, VERSION_CODES, BadTelegram, checksum
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused

_VALUE_LINE: Final = re.compile(r"(?P<code>[0-9.:-]+)(?P<values>\(.*)")
_SIGN: Final = re.compile(r"[A-Za-z0-9]")
_CHECKSUM: Final = re.compile(r"[0-9A-Fa-f]{4}")


async def record_telegrams(
    profile: P1Profile, line: P1Line, length: Length, clock: Clock, *, with_ids: bool = False
) -> Recording:
    """Listen so long. Raises LinkDown, NoAnswer, Nonsense, or Refused for a meter that encrypts."""
    ear = _Tape(profile, Reel(length, clock), clock, with_ids=with_ids)
    try:
        async with clock.timeout(OPEN_WITHIN_S):
            listening = await listen(line, ear)
    except TimeoutError:
        raise LinkDown(f"{line.where} took no connection within {OPEN_WITHIN_S:g} s") from None
    except (OSError, ValueError) as error:
        raise LinkDown(f"{line.where} cannot be opened ({type(error).__name__})") from error
    try:
        async with clock.timeout(length.for_s):
            await ear.over.wait()
    except TimeoutError:
        pass
    finally:
        listening.close()
    if ear.heard:
        return Recording(recording=NEWEST, profile=profile.id, telegrams=tuple(ear.heard))
    if isinstance(ear.fault, Encrypted):
        raise Refused(f"{line.where}: {ear.fault}")
    if ear.fault is not None:
        raise Nonsense(f"{ear.fault} from {line.where}")
    raise NoAnswer(f"no telegram from {line.where} within {length.for_s:g} s")


class _Tape:
    """Keeps whole telegrams."""

    def __init__(self, profile: P1Profile, reel: Reel, clock: Clock, *, with_ids: bool) -> None:
        self._profile = profile
        self._reel = reel
        self._clock = clock
        self._with_ids = with_ids
        self._stream = TelegramStream()
        self.heard: list[HeardTelegram] = []
        self.fault: BadTelegram | None = None
        self.over = asyncio.Event()

    def came(self, piece: bytes) -> None:
        for found in self._stream.feed(piece, self._clock.monotonic_s()):
            if isinstance(found, BadTelegram):
                self.fault = found
            elif not self._reel.is_full():
                text = found.content.decode("ascii", "replace")
                kept = text if self._with_ids else blanked(text, self._profile)
                self.heard.append(HeardTelegram(at_s=self._reel.add(len(kept)), text=kept))
        if self._reel.is_full():
            self.over.set()

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
