"""How a meter speaks SML at its optical port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.devices.obis_profile import ObisProfile
from ems.devices.p1.numbers import numbers_of
from ems.devices.p1.speaking import Spoken
from ems.devices.p1.telegram import BadTelegram
from ems.devices.sml.stream import SmlFrame, SmlStream
from ems.devices.sml.telegram import read_messages

STANDS_AFTER: Final = 5
"""So many telegrams in a row with other content and the same time: the meter's clock stands, and says nothing."""


class SmlTongue:
    """Frames of SML."""

    def __init__(self, profile: ObisProfile) -> None:
        self._profile = profile
        self._stream = SmlStream()
        self._before: tuple[float | None, bytes] = (None, b"")
        self._same = 0

    def begin(self) -> None:
        self._stream = SmlStream()

    def feed(self, piece: bytes, at_s: float) -> Iterator[Spoken | BadTelegram]:
        for found in self._stream.feed(piece, at_s):
            if isinstance(found, BadTelegram):
                yield found
                continue
            try:
                yield self._read(found)
            except BadTelegram as err:
                yield err

    def _read(self, frame: SmlFrame) -> Spoken:
        telegram = read_messages(frame.content)
        values = numbers_of(telegram, self._profile)
        stamp_s = self._believed(telegram.stamp_s, frame.content)
        return Spoken(values=values, stamp_s=stamp_s, began_at_s=frame.began_at_s)

    def _believed(self, stamp_s: float | None, content: bytes) -> float | None:
        """The meter's time; None for a clock that stands while the telegrams go on."""
        before_s, before = self._before
        self._before = (stamp_s, content)
        if stamp_s != before_s:
            self._same = 0
        elif content != before:
            self._same += 1
        return None if self._same >= STANDS_AFTER else stamp_s
