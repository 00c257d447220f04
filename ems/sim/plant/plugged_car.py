"""A car on a cable, second by second: the quick twin of `ems.sim.car` for runs of a year.

It notices an offer after its dead time, wakes up slowly after a pause, rises by a ramp, draws a little less than it
may, tapers off when nearly full, and stops when full (IEC 61851-1 for 6 A and 5 s; the rest is what cars are seen to
do). Times are seconds since the start of the run.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from ems.model.electrical import NOMINAL_V
from ems.sim.car import PILOT_MINIMUM_A, ROUNDING_S
from ems.sim.plant.faults import StationFaults

USUAL_START_DELAY_S: Final = 15.0
"""From a noticed offer to the first current, also after a pause: cars need 10 to 30 s."""

TAPERS_FOR: Final = 0.03
"""The last part of the battery, or of what the car can take if that is less, is charged with falling current.

A few percent at the few kilowatts of alternating current; the long tapers of fast charging begin much earlier.
"""

TAPERS_TO_A: Final = 5.0
"""Cars end a charge rather than idle far below the smallest pilot (assumed)."""

KWH_PER_A: Final = NOMINAL_V / 3_600_000
"""Energy of one ampere on one phase in one second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarKind:
    """How a car behaves."""

    phases: int = 3
    max_a: float = 16.0
    battery_kwh: float = 60.0
    dead_time_s: float = 2.0
    start_delay_s: float = USUAL_START_DELAY_S
    rise_a_per_s: float = 2.0
    fall_a_per_s: float = 20.0
    offset_a: float = 0.3


class PluggedCar:
    """One car from arrival to departure. `energy_kwh` is what it can take; infinite for one that is never full."""

    __slots__ = (
        "_awake_at_s",
        "_coming",
        "_faults",
        "_kind",
        "_may_draw",
        "_offer_a",
        "_taper_kwh",
        "_target_a",
        "drawn_a",
        "energy_kwh",
        "phases",
        "taken_kwh",
    )

    def __init__(self, kind: CarKind, energy_kwh: float, faults: StationFaults) -> None:
        self._kind = kind
        self._faults = faults
        self._coming: deque[tuple[float, float, int]] = deque()
        self._offer_a = 0.0
        self._may_draw = False
        self._awake_at_s = math.inf
        self._target_a = 0.0
        self._taper_kwh = TAPERS_FOR * min(kind.battery_kwh, energy_kwh)
        self.energy_kwh = energy_kwh
        self.taken_kwh = 0.0
        self.drawn_a = 0.0
        """On each phase that it uses."""

        self.phases = 0
        """On how many phases it draws while it draws."""

    def offer(self, limit_a: float, phases: int, at_s: float) -> None:
        """The pilot changes; the car notices after its dead time."""
        self._coming.append((at_s + self._kind.dead_time_s - ROUNDING_S, limit_a, phases))

    def cut(self) -> None:
        """The contactor opens: no current from now on, and no pilot."""
        self._coming.clear()
        self._may_draw = False
        self._offer_a = self._target_a = self.drawn_a = 0.0

    def step(self, second: int) -> float:
        """What it draws on each of its phases during that second."""
        coming = self._coming
        while coming and coming[0][0] <= second:
            self._notice(*coming.popleft())
        faults = self._faults
        target_a = self._target_a
        refuses = self.drawn_a == 0.0 and self._offer_a < faults.car_starts_from_a
        if not self._may_draw or second < self._awake_at_s or faults.car_never_starts or refuses:
            target_a = 0.0
        elif faults.car_ignores:
            target_a = self._kind.max_a
        left_kwh = self.energy_kwh - self.taken_kwh
        if left_kwh < self._taper_kwh:
            target_a = min(target_a, max(left_kwh / self._taper_kwh * self._kind.max_a, TAPERS_TO_A))
        drawn_a = self.drawn_a
        if target_a > drawn_a:
            drawn_a = min(target_a, drawn_a + self._kind.rise_a_per_s)
        elif target_a < drawn_a:
            drawn_a = max(target_a, drawn_a - self._kind.fall_a_per_s)
        if drawn_a:
            charged_kwh = drawn_a * self.phases * KWH_PER_A
            if charged_kwh > left_kwh:
                drawn_a = max(left_kwh, 0.0) / (self.phases * KWH_PER_A)
                charged_kwh = max(left_kwh, 0.0)
            self.taken_kwh += charged_kwh
        self.drawn_a = drawn_a
        return drawn_a

    def _notice(self, at_s: float, limit_a: float, phases: int) -> None:
        self._offer_a = limit_a
        if limit_a < PILOT_MINIMUM_A:
            self._may_draw = False
            self._target_a = 0.0
            return
        self.phases = min(self._kind.phases, phases)
        self._target_a = min(limit_a - self._kind.offset_a, self._kind.max_a)
        if not self._may_draw:
            self._may_draw = True
            self._awake_at_s = at_s + self._kind.start_delay_s
