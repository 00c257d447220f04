"""From meter samples to the one reading that control gets of a car."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from ems.csms.meter_values import MeterSample
from ems.model.electrical import NOMINAL_V
from ems.model.station import CarReading

_T = TypeVar("_T")

SHORTEST_SLOPE_S: Final = 5.0
"""Registers count in steps; over a shorter time their slope says nothing."""

MOST_W: Final = 60_000.0


class CarMeter:
    """Remembers the register, for stations that report nothing else."""

    def __init__(self, phases: int) -> None:
        self._phases = phases
        self._register: tuple[float, float] | None = None

    def read(
        self, samples: Sequence[MeterSample], now_s: float, *, active_phases: int, idle: bool
    ) -> CarReading | None:
        """The reading in `samples` (oldest first, none of them old); None when they do not say what the car draws."""
        current_a = _newest(samples, lambda sample: sample.current_a)
        power_w = _newest(samples, lambda sample: sample.power_w)
        energy_kwh = _newest(samples, lambda sample: sample.energy_kwh)
        if current_a is None and energy_kwh is not None:
            power_w = 0.0 if idle else self._slope_w(energy_kwh, now_s)
            current_a = self._shared(power_w, active_phases)
        if energy_kwh is not None:
            self._keep(energy_kwh, now_s)
        if current_a is None:
            return None
        return CarReading(
            current_a=current_a,
            taken_at_s=now_s,
            power_w=power_w,
            energy_kwh=energy_kwh,
            every_phase_measured=any(sample.every_phase_measured for sample in samples),
        )

    def _slope_w(self, energy_kwh: float, now_s: float) -> float | None:
        if self._register is None:
            return None
        before_kwh, before_s = self._register
        if now_s - before_s < SHORTEST_SLOPE_S or energy_kwh < before_kwh:
            return None
        slope_w = (energy_kwh - before_kwh) * 3.6e6 / (now_s - before_s)
        return slope_w if slope_w <= MOST_W else None

    def _shared(self, power_w: float | None, active_phases: int) -> tuple[float, ...] | None:
        if power_w is None:
            return None
        active = max(1, min(self._phases, active_phases))
        return tuple(power_w / NOMINAL_V / active if i < active else 0.0 for i in range(self._phases))

    def _keep(self, energy_kwh: float, now_s: float) -> None:
        if self._register is None or energy_kwh < self._register[0] or now_s - self._register[1] >= SHORTEST_SLOPE_S:
            self._register = (energy_kwh, now_s)


def _newest(samples: Iterable[MeterSample], take: Callable[[MeterSample], _T | None]) -> _T | None:
    newest = None
    for sample in samples:
        value = take(sample)
        newest = newest if value is None else value
    return newest
