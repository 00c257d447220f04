"""What is suspicious about one station now: an alarm lasts while its cause comes back, and a while longer."""

from __future__ import annotations

from collections import deque
from typing import Final

from ems.clock import Clock
from ems.model.station import StationAlarm

LASTS_S: Final = 600.0
REPLACED_TOO_OFTEN: Final = 3
"""So many newer connections within `LASTS_S`, each while the older one was alive, are two stations of one name."""

ALIVE_S: Final = 60.0
"""A connection on which something was heard within this was no dead one."""

JUMP_S: Final = 60.0
SETTLED_S: Final = 300.0
"""A station sets its clock by our answers in its first minutes."""

IMPOSSIBLE_FACTOR: Final = 2.0
IMPOSSIBLE_OVER_A: Final = 20.0
"""A current above twice what the hardware carries, and by so much more, is none."""


class Alarms:
    """Judges what one station does. Pure but for the clock."""

    def __init__(self, clock: Clock, hardware_max_a: float) -> None:
        self._clock = clock
        self._most_a = max(IMPOSSIBLE_FACTOR * hardware_max_a, hardware_max_a + IMPOSSIBLE_OVER_A)
        self._until_s: dict[StationAlarm, float] = {}
        self._replaced_at_s: deque[float] = deque(maxlen=REPLACED_TOO_OFTEN)
        self._skew_s: float | None = None

    @property
    def now(self) -> tuple[StationAlarm, ...]:
        """Those that last, in alphabetical order."""
        now_s = self._clock.monotonic_s()
        return tuple(sorted(alarm for alarm, until_s in self._until_s.items() if now_s < until_s))

    def ring(self, alarm: StationAlarm) -> bool:
        """There is cause for it; whether that is news."""
        news = alarm not in self.now
        self._until_s[alarm] = self._clock.monotonic_s() + LASTS_S
        return news

    def replaced(self, heard_at_s: float) -> bool:
        """A newer connection took the place of one that was last heard then; whether that is too often."""
        now_s = self._clock.monotonic_s()
        if now_s - heard_at_s > ALIVE_S:
            return False
        self._replaced_at_s.append(now_s)
        often = len(self._replaced_at_s) == REPLACED_TOO_OFTEN
        return often and now_s - self._replaced_at_s[0] <= LASTS_S and self.ring(StationAlarm.SECOND_CONNECTION)

    def clock_seen(self, skew_s: float, came_at_s: float | None) -> bool:
        """Its clock less ours; whether it has jumped, long after it came."""
        before_s, self._skew_s = self._skew_s, skew_s
        settled = came_at_s is not None and self._clock.monotonic_s() - came_at_s > SETTLED_S
        jumped = before_s is not None and abs(skew_s - before_s) > JUMP_S
        return settled and jumped and self.ring(StationAlarm.CLOCK_JUMP)

    def metered(self, current_a: tuple[float, ...]) -> bool:
        """What it says that its car draws; whether it cannot be."""
        return max(current_a, default=0.0) > self._most_a and self.ring(StationAlarm.IMPOSSIBLE_METER)
