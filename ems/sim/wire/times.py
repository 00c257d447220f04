"""The time as a simulated station writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from ems.clock import Clock
from ems.sim.wire.difficulty import TimeSpelling
from ems.sim.wire.station_box import StationBox

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LOCAL: Final = timezone(timedelta(hours=2))
"""Where the stations stand, in summer."""

UTC_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
BARE_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"


def utc_text(moment: datetime) -> str:
    """UTC without fractions, as well-bred stations write it."""
    return moment.astimezone(UTC).strftime(UTC_FORMAT)


class StationTime:
    """One station's way with time."""

    def __init__(self, box: StationBox, clock: Clock) -> None:
        self._box = box
        self._clock = clock

    def now(self) -> str:
        """What it writes now."""
        return self.text(self._box.now())

    def text(self, moment: datetime) -> str:
        """How it writes that moment of its own clock."""
        match self._box.build.difficulty.times:
            case TimeSpelling.UTC:
                return utc_text(moment)
            case TimeSpelling.NO_ZONE:
                return moment.astimezone(UTC).strftime(BARE_FORMAT)
            case TimeSpelling.SHORT_ZONE:
                return moment.astimezone(LOCAL).strftime(BARE_FORMAT) + "+02"
            case TimeSpelling.LOCAL_MARKED_Z:
                return moment.astimezone(LOCAL).strftime(UTC_FORMAT)
            case TimeSpelling.EPOCH:
                return utc_text(EPOCH + self._since_power(moment))

    def _since_power(self, moment: datetime) -> timedelta:
        powered_for = timedelta(seconds=self._clock.monotonic_s() - self._box.powered_at_s)
        return max(powered_for - (self._box.now() - moment), timedelta())
