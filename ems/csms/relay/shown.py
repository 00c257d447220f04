"""The states of a station's connectors as a second central system is to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.csms.messages import StatusReport
from ems.model.station import ConnectorStatus

AWAY_S: Final = 120.0
"""A station that has been away for so long is told to be unavailable."""

CONNECTORS: Final = range(1, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The state of a connector as it is told; 0 is the station itself."""

    word: str
    error: str
    at: datetime


class ShownStates:
    """What the station said last, while it is there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[int, Shown] = {}
        self._away_since_s: float | None = None

    def told(self, said: StatusReport) -> None:
        """A state; one that the standard does not know changes nothing."""
        if said.status is not None and said.connector in {0, *CONNECTORS}:
            at = said.at or self._clock.utc_now()
            self._states[said.connector] = Shown(word=said.status.value, error=said.error, at=at)

    def seen(self, *, connected: bool) -> None:
        """Whether it is there now."""
        if connected:
            self._away_since_s = None
        elif self._away_since_s is None:
            self._away_since_s = self._clock.monotonic_s()

    def now(self) -> Mapping[int, Shown]:
        """By connector."""
        now, since_s = self._clock.utc_now(), self._away_since_s
        if since_s is not None and self._clock.monotonic_s() - since_s >= AWAY_S:
            away = Shown(word=ConnectorStatus.UNAVAILABLE.value, error="", at=now)
            return dict.fromkeys({0, 1, *self._states}, away)
        return {0: Shown(word=ConnectorStatus.AVAILABLE.value, error="", at=now), **self._states}
