"""Which messages of a device are new, and how old they are, by the time that the device stamps on them itself. Pure.

Nobody knows how a device's clock stands to ours, so only differences count: the message that was on its way the
shortest is the measure of all others. One that stood in some buffer meanwhile is as old as it is; one that comes twice,
or after a newer one, is no sample. A clock that is set is believed again after `TRUST_AFTER` messages that agree.
"""

from __future__ import annotations

from collections import deque
from typing import Final

SLACK_S: Final = 1.5
"""Stamps are whole seconds, and networks have their moods."""

TRUST_AFTER: Final = 10
AGREE_WITHIN_S: Final = 2.0


class SenderClock:
    """Follows the stamps of one device."""

    def __init__(self, *, wraps_after_s: float | None = None) -> None:
        self._wraps_after_s = wraps_after_s
        self._last_s: float | None = None
        self._shortest_s = 0.0
        """Our time less the device's, for the message that was on its way the shortest."""

        self._doubted: deque[float] = deque(maxlen=TRUST_AFTER)

    def measured_at_s(self, stamp_s: float, arrived_s: float) -> float | None:
        """When a message was measured, on our clock; None for one that is known already, or older than one that is."""
        if self._last_s is None:
            return self._believe(stamp_s, arrived_s)
        step_s = self._step_s(stamp_s, self._last_s)
        if step_s == 0:
            return None
        stamp_s = self._last_s + step_s
        lag_s = arrived_s - stamp_s
        late_s = lag_s - self._shortest_s
        if step_s > 0 and late_s <= SLACK_S:
            self._doubted.clear()
            self._last_s, self._shortest_s = stamp_s, min(self._shortest_s, lag_s)
            return arrived_s - max(0.0, late_s)
        self._doubted.append(lag_s)
        if len(self._doubted) == TRUST_AFTER and max(self._doubted) - min(self._doubted) <= AGREE_WITHIN_S:
            return self._believe(stamp_s, arrived_s)
        if step_s < 0:
            return None
        self._last_s = stamp_s
        return arrived_s - late_s

    def _believe(self, stamp_s: float, arrived_s: float) -> float:
        self._doubted.clear()
        self._last_s, self._shortest_s = stamp_s, arrived_s - stamp_s
        return arrived_s

    def _step_s(self, stamp_s: float, last_s: float) -> float:
        step_s = stamp_s - last_s
        if self._wraps_after_s is None:
            return step_s
        half_s = self._wraps_after_s / 2
        return (step_s + half_s) % self._wraps_after_s - half_s
