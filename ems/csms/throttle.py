"""How often somebody may knock: token buckets in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from ems.clock import Clock

MOST_KEYS: Final = 256


class Throttle:
    """Allows `burst` at once for each key, and then one more every `every_s`."""

    def __init__(self, clock: Clock, *, burst: int, every_s: float) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._every_s = every_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Whether one more is allowed now; takes it when it is."""
        left = self._left(key)
        if left < 1.0:
            return False
        self._buckets[key] = (left - 1.0, self._clock.monotonic_s())
        self._buckets.move_to_end(key)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return True

    def is_empty(self, key: str) -> bool:
        """Whether no more is allowed now."""
        return self._left(key) < 1.0

    def _left(self, key: str) -> float:
        now_s = self._clock.monotonic_s()
        left, since_s = self._buckets.get(key, (self._burst, now_s))
        return min(self._burst, left + (now_s - since_s) / self._every_s)
