"""What was heard once, said again and again with the meter's own clock going on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeVar

from ems.devices.p1.telegram import STAMP_CODE, BadTelegram, checksum
from ems.devices.sml.rewriting import later
from ems.devices.sml.stream import SmlFrame, SmlStream, framed

USUAL_GAP_S: Final = 1.0
"""After the last of a recording, where one alone was heard."""

TICK_AT: Final = slice(24, 28)
_STAMP: Final = re.compile(rf"{re.escape(STAMP_CODE)}\((\d{{12}})([SWsw]?)\)")
_CHECKSUM: Final = re.compile(r"[0-9A-Fa-f]{4}")


class _Timed(Protocol):
    @property
    def at_s(self) -> float: ...


T = TypeVar("T", bound=_Timed)


def round_s(heard: Sequence[_Timed]) -> float:
    """How long one round lasts: all of them, and a gap as long as the mean of the others."""
    if not heard:
        return USUAL_GAP_S
    length_s = heard[-1].at_s - heard[0].at_s
    return length_s + max(length_s / max(1, len(heard) - 1), 0.1) if length_s > 0 else USUAL_GAP_S


def rounds(heard: Sequence[T]) -> Iterator[tuple[float, float, T]]:
    """For ever: the silence before each, how much later than in the recording it is said, and what is said."""
    lasts_s, shift_s, before_s = round_s(heard), 0.0, 0.0
    while True:
        for each in heard:
            at_s = each.at_s - heard[0].at_s + shift_s
            yield max(0.0, at_s - before_s), shift_s, each
            before_s = max(before_s, at_s)
        shift_s += lasts_s


def later_telegram(text: str, by_s: float) -> str:
    """The telegram with its time stamp that much later; a checksum that was right is right again."""
    whole_s = round(by_s)
    if whole_s == 0:
        return text
    body, mark, after = text.rpartition("!")
    new = _STAMP.sub(lambda match: _later_stamp(match, whole_s), body) + mark
    said = after.strip("\r\n\0 ")
    if not _CHECKSUM.fullmatch(said):
        return new + after
    right = int(said, 16) == checksum((body + mark).encode("ascii", "replace"))
    crc = checksum(new.encode("ascii", "replace"))
    return new + after.replace(said, f"{crc if right else crc ^ 0xFFFF:04X}", 1)


def _later_stamp(match: re.Match[str], by_s: int) -> str:
    try:
        stamp = datetime.strptime(match[1], "%y%m%d%H%M%S").replace(tzinfo=UTC) + timedelta(seconds=by_s)
    except (ValueError, OverflowError):
        return match[0]
    return f"{STAMP_CODE}({stamp:%y%m%d%H%M%S}{match[2]})"


def later_datagram(content: bytes, by_s: float) -> bytes:
    """The message with its meter's own time that much later."""
    ticks = int.from_bytes(content[TICK_AT], "big") + round(1000 * by_s)
    return content[: TICK_AT.start] + (ticks % 2**32).to_bytes(4, "big") + content[TICK_AT.stop :]


def later_frame(frame: bytes, by_s: float) -> bytes:
    """The SML telegram with its meter's own time that much later; what is none stays as it is."""
    found = next(SmlStream().feed(frame, 0.0), None)
    if round(by_s) == 0 or not isinstance(found, SmlFrame):
        return frame
    try:
        return framed(later(found.content, by_s))
    except BadTelegram:
        return frame
