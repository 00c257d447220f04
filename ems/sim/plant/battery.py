"""A home battery whose inverter holds the grid at 0 W by a loop of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from ems.config.schema import SimulatedBattery

BOUND_LASTS_S: Final = 60
"""As long as the batteries that we know keep a bound that nobody says again."""

EFFICIENCY: Final = 0.95
"""One way: of 1 kWh put in, 0.95 kWh are stored, and of 1 kWh stored, 0.95 kWh come out."""


class HomeBattery:
    """First-order in time, bounded by power and by what it holds."""

    __slots__ = (
        *("_capacity_wh", "_gain", "_max_w", "_per_h", "_step_s", "_stored_wh", "power_w"),
        *("_charge_at_most_w", "_discharge_at_most_w", "_bounded_for_s"),
    )

    def __init__(self, kind: SimulatedBattery, *, step_s: float = 1.0) -> None:
        self._step_s = step_s
        self._per_h = 3600 / step_s
        self._capacity_wh = kind.capacity_kwh * 1000
        self._stored_wh = kind.soc * self._capacity_wh
        self._max_w = kind.max_w
        self._gain = 1.0 - math.exp(-step_s / kind.reacts_within_s) if kind.reacts_within_s > 0 else 1.0
        self.power_w = 0.0
        """+ discharge."""

        self._charge_at_most_w = self._discharge_at_most_w = self._max_w
        self._bounded_for_s = 0.0

    @property
    def soc(self) -> float:
        return self._stored_wh / self._capacity_wh

    def bound(
        self,
        *,
        charge_at_most_w: float | None,
        discharge_at_most_w: float | None,
        lasts_s: float = BOUND_LASTS_S,
    ) -> None:
        """As an energy manager says; forgotten after `lasts_s` in which nobody says it again."""
        most_w = self._max_w
        self._charge_at_most_w = most_w if charge_at_most_w is None else min(charge_at_most_w, most_w)
        self._discharge_at_most_w = most_w if discharge_at_most_w is None else min(discharge_at_most_w, most_w)
        self._bounded_for_s = lasts_s

    @property
    def is_held(self) -> bool:
        """Whether it may not discharge now."""
        return self._discharge_at_most_w == 0.0

    def step(self, needed_w: float) -> float:
        """One step later, while the house and its cars need that much beyond the sun: what the battery gives."""
        if self._bounded_for_s > 0:
            self._bounded_for_s = max(0.0, self._bounded_for_s - self._step_s)
            if self._bounded_for_s == 0:
                self._charge_at_most_w = self._discharge_at_most_w = self._max_w
        power_w = self.power_w + self._gain * (needed_w - self.power_w)
        power_w = max(-self._charge_at_most_w, min(self._discharge_at_most_w, power_w))
        if power_w > 0:
            power_w = min(power_w, self._stored_wh * EFFICIENCY * self._per_h)
            self._stored_wh -= power_w / EFFICIENCY / self._per_h
        else:
            power_w = -min(-power_w, (self._capacity_wh - self._stored_wh) / EFFICIENCY * self._per_h)
            self._stored_wh -= power_w * EFFICIENCY / self._per_h
        self.power_w = power_w
        return power_w

    def run(self, needed_w: Iterable[float]) -> list[float]:
        """What it gives step by step."""
        return [self.step(each_w) for each_w in needed_w]
