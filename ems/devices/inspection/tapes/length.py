"""How long somebody who speaks by himself is listened to."""

from __future__ import annotations

from dataclasses import dataclass

from ems.clock import Clock
from ems.devices.inspection.recording import LONGEST_S, MOST_HEARD, MOST_HEARD_CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """Whatever is reached first ends it."""

    for_s: float = 30.0
    most: int = MOST_HEARD
    """Messages, telegrams or datagrams."""


class Reel:
    """What is left of a length. `add` says when something came, and whether it still fits."""

    def __init__(self, length: Length, clock: Clock) -> None:
        self._clock = clock
        self._most = min(length.most, MOST_HEARD)
        self._for_s = min(length.for_s, LONGEST_S)
        self._from_s = clock.monotonic_s()
        self._count = self._characters = 0

    @property
    def left_s(self) -> float:
        """Until its time is over."""
        return max(0.0, self._for_s - self._at_s)

    def is_full(self) -> bool:
        """Whether nothing more is taken."""
        return self._count >= self._most or self._characters >= MOST_HEARD_CHARACTERS or self.left_s == 0.0

    def add(self, characters: int) -> float:
        """Something so long came. When that was, in seconds of the recording."""
        self._count += 1
        self._characters += characters
        return round(min(self._at_s, self._for_s), 3)

    @property
    def _at_s(self) -> float:
        return self._clock.monotonic_s() - self._from_s
