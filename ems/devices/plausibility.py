"""Is it possible at all? Pure checks that turn an impossible sample into `Nonsense`, which counts as no sample.

Source of the rules: `control.md` §4 (sanity) and design §6. A frozen meter is judged in control, which knows the cars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ems.errors import Nonsense
from ems.model.electrical import NOMINAL_V, Wiring
from ems.model.readings import BatteryReading, GridReading, SolarReading

CURRENT_FACTOR: Final = 3.0
"""|I| above this many times the fuse rating is impossible (`control.md` §4)."""

LARGEST_HOME_FUSE_A: Final = 125.0
"""Stands in for a fuse that nobody has stated yet."""

LOWEST_V: Final = 0.5 * NOMINAL_V
HIGHEST_V: Final = 1.3 * NOMINAL_V
LOWEST_HZ: Final = 45.0
HIGHEST_HZ: Final = 65.0

POWER_FACTOR: Final = 1.25
POWER_SLACK_A: Final = 1.0
"""Active power cannot exceed U x I. A quarter and 1 A per phase on top cover meters that round to whole amperes and
read voltage, current and power at different moments. Below that bound everything is possible: at a motor or a
capacitor most of the current is reactive."""

LARGEST_SOLAR_FACTOR: Final = 3.0
LARGEST_DEVICE_W: Final = 250_000.0

TRUST_COUNTER_AFTER: Final = 10
"""So many samples in a row below the last good count mean that the counter itself was changed or reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the installation makes possible at one meter."""

    phases: Wiring
    fuse_a: float | None = None
    """None when nobody has stated it."""


def check_grid(reading: GridReading, bounds: Bounds, *, same_instant: bool = True) -> None:
    """Raise Nonsense when the reading cannot be true.

    `same_instant` is False when its numbers came in several answers or messages: a kettle may switch in between, so
    then power is not compared with U x I.
    """
    numbers = [*reading.current_a, reading.power_w, *(reading.voltage_v or ())]
    _finite("the meter", numbers)
    most_a = CURRENT_FACTOR * (bounds.fuse_a or LARGEST_HOME_FUSE_A)
    for phase in bounds.phases:
        if abs(reading.current_a[phase]) > most_a:
            raise Nonsense(f"{reading.current_a[phase]:.0f} A on {phase.name}; more than {most_a:.0f} A is impossible")
    _check_voltage(reading, bounds)
    if reading.frequency_hz is not None and not LOWEST_HZ <= reading.frequency_hz <= HIGHEST_HZ:
        raise Nonsense(f"a frequency of {reading.frequency_hz:.1f} Hz is impossible")
    if same_instant:
        _check_power(reading, bounds)


def _check_voltage(reading: GridReading, bounds: Bounds) -> None:
    if reading.voltage_v is None:
        return
    for phase in bounds.phases:
        if not LOWEST_V <= reading.voltage_v[phase] <= HIGHEST_V:
            raise Nonsense(f"{reading.voltage_v[phase]:.0f} V on {phase.name} is impossible")


def _check_power(reading: GridReading, bounds: Bounds) -> None:
    volts = reading.voltage_v
    apparent_va = sum(
        (abs(reading.current_a[phase]) + POWER_SLACK_A) * (volts[phase] if volts else NOMINAL_V)
        for phase in bounds.phases
    )
    if abs(reading.power_w) > POWER_FACTOR * apparent_va:
        raise Nonsense(f"{reading.power_w:.0f} W with currents that carry at most {apparent_va:.0f} VA")


def check_solar(reading: SolarReading, peak_w: float | None = None) -> None:
    """Raise Nonsense when the inverter's reading cannot be true; `peak_w` is its size when known."""
    _finite("the inverter", [reading.power_w, *(reading.current_a or ())])
    most_w = LARGEST_SOLAR_FACTOR * peak_w if peak_w else LARGEST_DEVICE_W
    if abs(reading.power_w) > most_w:
        raise Nonsense(f"{reading.power_w:.0f} W of sun; more than {most_w:.0f} W is impossible")


def check_battery(reading: BatteryReading) -> None:
    """Raise Nonsense when the battery's reading cannot be true."""
    _finite("the battery", [reading.power_w, reading.soc or 0.0])
    if abs(reading.power_w) > LARGEST_DEVICE_W:
        raise Nonsense(f"{reading.power_w:.0f} W from a home battery is impossible")
    if reading.soc is not None and not 0 <= reading.soc <= 1:
        raise Nonsense(f"a state of charge of {100 * reading.soc:.0f} % is impossible")


def true_frequency(reported_hz: float) -> float:
    """Some SDM630 firmware reports ten times the frequency (`eastron_sdm630.yaml`, notes)."""
    return reported_hz / 10 if reported_hz > 100 else reported_hz


def _finite(who: str, numbers: Iterable[float]) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise Nonsense(f"{who} gave a number that is not finite")


@dataclass(frozen=True, slots=True)
class Counter:
    """An energy counter's memory: counters only run forward."""

    last_kwh: float | None = None
    refused: int = 0

    def seen(self, value_kwh: float | None) -> tuple[Counter, float | None]:
        """The memory after `value_kwh`, and the value to believe: None when it ran backwards or is not a number.

        After `TRUST_COUNTER_AFTER` refusals in a row the new, lower count is believed.
        """
        if value_kwh is None or not math.isfinite(value_kwh) or value_kwh < 0:
            return self, None
        backwards = self.last_kwh is not None and value_kwh < self.last_kwh
        if backwards and self.refused < TRUST_COUNTER_AFTER:
            return Counter(self.last_kwh, self.refused + 1), None
        return Counter(value_kwh), value_kwh
