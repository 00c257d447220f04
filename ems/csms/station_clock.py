"""The station's own clock as seen from here, so that schedules can be written in station time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ems.clock import Clock

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""A timestamp outside these years is none: it comes from a clock that was never set (Q14), or is nonsense."""

PROOFS: Final = ((3.0, 1.0), (10.0, 20.0))
"""Messages that agree within the first on the difference prove it when they came at least the second apart, in
seconds. The looser proof is for stations that send a sample some time after they took it.
"""

ZONE_STEP_S: Final = 900.0
"""Time zones differ by whole quarters of an hour."""

NEAR_S: Final = 10.0
"""A station that was told our time and is no further from it has taken it; messages dawdle by about so much."""

SMALLEST_STEP_S: Final = 5.0
"""Timestamps have whole seconds and take a moment to arrive, so less is no step of a clock."""


def parse_timestamp(text: object) -> datetime | None:
    """A station's timestamp as UTC; None when it is no date, or not between `EARLIEST` and `LATEST`.

    Lenient: no zone means UTC, `+02` is a zone, a blank may stand for the T (Q14).
    """
    if not isinstance(text, str):
        return None
    try:
        stamp = datetime.fromisoformat(text.strip().upper())
        stamp = stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return stamp if EARLIEST <= stamp < LATEST else None


def tells_unset_clock(text: object) -> bool:
    """Whether a station's timestamp is a date that no set clock shows, such as 1970."""
    if not isinstance(text, str):
        return False
    try:
        stamp = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        return False
    return not EARLIEST.year <= stamp.year < LATEST.year


def format_timestamp(stamp: datetime) -> str:
    """As stations want it: whole seconds, Z, no offset (Q15)."""
    return stamp.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


class StationClock:
    """Follows the station's clock against monotonic time, so that a step of our own wall clock does not touch it.

    Until the station has given a believable timestamp it counts as having our time, because our answers to Boot and
    Heartbeat set it. One that is near our time is believed at once. Any other is believed when two messages some time
    apart agree on it: a backlog of old messages never does, because it arrives faster than it was written.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchors: list[tuple[float, float] | None] = [None for _ in PROOFS]
        self._offset_s: float | None = None
        self._told = False
        self.is_unset = False
        """Whether its last timestamp was one of a clock that was never set."""

        self.in_local_time = False
        """Whether its timestamps are local time: whole quarters of an hour are then its zone, and no fault."""

        self._first_seen_s = (self._ours_s(), self._ours_s())
        self._seen_s: dict[str, tuple[float, float]] = {}

    @property
    def skew_s(self) -> float:
        """Station time less ours."""
        return self._station_s() - self._ours_s() - self._zone_s()

    def glance(self, payload: Mapping[str, object]) -> None:
        """Look at a request that has just arrived for a date of a clock that was never set."""
        blocks = payload.get("meterValue")
        block = blocks[-1] if isinstance(blocks, list) and blocks else None
        text = payload.get("timestamp", block.get("timestamp") if isinstance(block, dict) else None)
        if text is not None:
            self.is_unset = tells_unset_clock(text)

    def told(self) -> None:
        """It was told our time; if it takes it, its next timestamp will show that."""
        self._told = True

    def heard(self, stamp: datetime | None) -> None:
        """Take note of the timestamp of a message that has just arrived."""
        if stamp is None or not EARLIEST <= stamp < LATEST:
            return
        offset_s = _seconds(stamp) - self._clock.monotonic_s()
        self._compare_with_ours(offset_s)
        self._compare_with_earlier(offset_s)

    def stepped(self, by_s: float, who: str = "") -> bool:
        """Whether our clock or the station's was set by more than `by_s` (and 5 s) since the last such step.

        Each who asks, such as each connector of a station, is told of each step once.
        """
        ours_s, station_s = self._seen_s.get(who, self._first_seen_s)
        most_s = max(by_s, SMALLEST_STEP_S)
        if abs(self._ours_s() - ours_s) <= most_s and abs(self._station_s() - station_s) <= most_s:
            return False
        self._seen_s[who] = (self._ours_s(), self._station_s())
        return True

    def now(self) -> datetime:
        """Station time."""
        return self._written_now() - timedelta(seconds=self._zone_s())

    def age_s(self, stamp: datetime | None) -> float:
        """How long ago the station wrote `stamp`; 0 when it has none."""
        return 0.0 if stamp is None else (self._written_now() - stamp).total_seconds()

    def ours_utc_s(self, stamp: datetime | None) -> float | None:
        """When the station wrote `stamp`, by our clock, in seconds since 1970; None when it has none."""
        if stamp is None:
            return None
        return stamp.timestamp() - (0.0 if self._offset_s is None else self.skew_s)

    def _written_now(self) -> datetime:
        """What it would write now."""
        if self._offset_s is None:
            return self._clock.utc_now()
        return EARLIEST + timedelta(seconds=self._offset_s + self._clock.monotonic_s())

    def _zone_s(self) -> float:
        """What its timestamps are ahead of its clock by."""
        if not self.in_local_time:
            return 0.0
        return round((self._station_s() - self._ours_s()) / ZONE_STEP_S) * ZONE_STEP_S

    def _compare_with_ours(self, offset_s: float) -> None:
        ours_s = self._ours_s()
        if abs(offset_s - ours_s) > NEAR_S:
            return
        takes_ours = self._told and abs(offset_s - self._station_s()) > NEAR_S
        if self._offset_s is None or takes_ours:
            self._offset_s = ours_s
        self._told = False

    def _compare_with_earlier(self, offset_s: float) -> None:
        now_s = self._clock.monotonic_s()
        for i, (within_s, apart_s) in enumerate(PROOFS):
            anchor_s, since_s = self._anchors[i] or (offset_s, now_s)
            agrees = abs(offset_s - anchor_s) <= within_s
            self._anchors[i] = (anchor_s, since_s) if agrees else (offset_s, now_s)
            if agrees and now_s - since_s >= apart_s:
                self._anchors[i] = (offset_s, now_s)
                if abs(offset_s - self._station_s()) > within_s:
                    self._offset_s = offset_s

    def _station_s(self) -> float:
        return self._ours_s() if self._offset_s is None else self._offset_s

    def _ours_s(self) -> float:
        """Our wall time against monotonic time: changes only when somebody sets our clock."""
        return _seconds(self._clock.utc_now()) - self._clock.monotonic_s()


def _seconds(stamp: datetime) -> float:
    return (stamp - EARLIEST).total_seconds()
