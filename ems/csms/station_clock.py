"""The station's own clock as seen from here, so that schedules can be written in station time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ems.clock import Clock

EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Older timestamps come from clocks that were never set (Q14)."""

PROOFS: Final = ((3.0, 1.0), (10.0, 20.0))
"""Messages that agree within the first on the difference prove it when they came at least the second apart, in
seconds. The looser proof is for stations that send a sample some time after they took it.
"""


def parse_timestamp(text: object) -> datetime | None:
    """A station's timestamp as UTC; None when it is no date or older than any charging station with a set clock.

    Lenient: no zone means UTC, `+02` is a zone, a blank may stand for the T (Q14).
    """
    if not isinstance(text, str):
        return None
    try:
        stamp = datetime.fromisoformat(text.strip().upper())
        stamp = stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return stamp if stamp >= EARLIEST else None


def format_timestamp(stamp: datetime) -> str:
    """As stations want it: whole seconds, Z, no offset (Q15)."""
    return stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class StationClock:
    """Follows the difference between the station's clock and ours.

    Every clock starts as right, because our answers to Boot and Heartbeat set it. A difference is believed when two
    messages some time apart agree on it: a backlog of old messages never does, because it arrives faster than it was
    written.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchors: list[tuple[float, float] | None] = [None for _ in PROOFS]
        self.skew_s = 0.0
        """Station time less ours."""

    def heard(self, stamp: datetime | None) -> None:
        """Take note of the timestamp of a message that has just arrived."""
        if stamp is None:
            return
        now_s = self._clock.monotonic_s()
        offset_s = (stamp - self._clock.utc_now()).total_seconds()
        for i, (within_s, apart_s) in enumerate(PROOFS):
            anchor_s, since_s = self._anchors[i] or (offset_s, now_s)
            agrees = abs(offset_s - anchor_s) <= within_s
            self._anchors[i] = (anchor_s, since_s) if agrees else (offset_s, now_s)
            if agrees and now_s - since_s >= apart_s:
                self._anchors[i] = (offset_s, now_s)
                if abs(offset_s - self.skew_s) > within_s:
                    self.skew_s = offset_s

    def now(self) -> datetime:
        """Station time."""
        return self._clock.utc_now() + timedelta(seconds=self.skew_s)

    def age_s(self, stamp: datetime | None) -> float:
        """How long ago the station wrote `stamp`; 0 when it has none."""
        return 0.0 if stamp is None else (self.now() - stamp).total_seconds()
