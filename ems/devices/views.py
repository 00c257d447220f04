"""Samples become readings: our units, our signs, one current per phase of the house.

The current of a phase is, in this order: what the device signs itself; the magnitude with the sign of that phase's
power; the power over the voltage where only powers are known. A magnitude without any direction counts as import,
which is the careful side for the fuse. Nor is an import less than its power needs: some meters tell whole amperes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.devices.plausibility import LOWEST_V, Bounds, Counter, check_battery, check_grid, check_solar, true_frequency
from ems.devices.sample import Sample, phase_point
from ems.errors import Nonsense
from ems.model.electrical import NOMINAL_V, PerPhase, Phase
from ems.model.readings import BatteryReading, GridReading, SolarReading

LARGEST_KWH: Final = 1000.0
"""A home battery of more is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounting:
    """How a meter sits in the house. Its own L1, L2, L3 are the phases of its circuit, in their order."""

    bounds: Bounds
    invert: bool = False
    invert_swaps_counters: bool = True
    """True for a meter wired the other way round; False where only the maker's sign of power differs from ours."""

    signed: frozenset[str] = frozenset()
    """Points whose current carries its direction itself."""


class GridView:
    """Turns the samples of one meter into grid readings."""

    def __init__(self, mounting: Mounting) -> None:
        self._mounting = mounting
        self._imported = Counter()
        self._exported = Counter()

    def reading(self, sample: Sample) -> GridReading:
        """The sample as a grid reading. Raises Nonsense when it is incomplete or impossible."""
        values, mounting = sample.values, self._mounting
        voltage_v = _voltage(values, mounting)
        current_a = _currents(values, mounting, voltage_v, same_instant=sample.same_instant)
        power_w = _power(values, current_a, voltage_v)
        frequency_hz = values.get("frequency")
        reading = GridReading(
            current_a=-current_a if mounting.invert else current_a,
            power_w=-power_w if mounting.invert else power_w,
            taken_at_s=sample.taken_at_s,
            voltage_v=voltage_v,
            frequency_hz=None if frequency_hz is None else true_frequency(frequency_hz),
        )
        check_grid(reading, mounting.bounds, same_instant=sample.same_instant)
        return self._with_counters(reading, values)

    def _with_counters(self, reading: GridReading, values: Mapping[str, float]) -> GridReading:
        swapped = self._mounting.invert and self._mounting.invert_swaps_counters
        import_name, export_name = ("energy_export", "energy_import") if swapped else ("energy_import", "energy_export")
        self._imported, imported_kwh = self._imported.seen(values.get(import_name))
        self._exported, exported_kwh = self._exported.seen(values.get(export_name))
        return replace(reading, energy_import_kwh=imported_kwh, energy_export_kwh=exported_kwh)


class SolarView:
    """Turns the samples of one inverter into solar readings."""

    def __init__(self, *, peak_w: float | None = None, invert: bool = False) -> None:
        self._peak_w = peak_w
        self._direction = -1.0 if invert else 1.0
        self._energy = Counter()

    def reading(self, sample: Sample) -> SolarReading:
        """The sample as a solar reading. Raises Nonsense when its power is unknown or impossible."""
        power_w = self._direction * _known(sample.values, "power")
        currents = [_own(sample.values, "current", own, alone=False) for own in Phase]
        flow = -1.0 if power_w < 0 else 1.0
        reading = SolarReading(
            power_w=power_w,
            taken_at_s=sample.taken_at_s,
            current_a=PerPhase.of(flow * abs(amps or 0.0) for amps in currents) if currents != [None] * 3 else None,
        )
        check_solar(reading, self._peak_w)
        self._energy, energy_kwh = self._energy.seen(sample.values.get("energy"))
        if "energy" not in sample.values:
            # At night many inverters tell none, and it stands still.
            energy_kwh = self._energy.last_kwh
        return replace(reading, energy_kwh=energy_kwh)


class BatteryView:
    """Turns the samples of the home battery into battery readings."""

    def __init__(self, *, invert: bool = False) -> None:
        self._direction = -1.0 if invert else 1.0

    def reading(self, sample: Sample) -> BatteryReading:
        """The sample as a battery reading. Raises Nonsense when its power is unknown or impossible."""
        reading = BatteryReading(
            power_w=self._direction * _known(sample.values, "power"),
            taken_at_s=sample.taken_at_s,
            soc=sample.values.get("soc"),
            capacity_kwh=_size_kwh(sample.values.get("capacity")),
        )
        check_battery(reading)
        return reading


def _size_kwh(told_kwh: float | None) -> float | None:
    """Of a battery; devices whose battery is away tell 0, and nothing rests on it."""
    return told_kwh if told_kwh is not None and 0.0 < told_kwh <= LARGEST_KWH else None


def _known(values: Mapping[str, float], name: str) -> float:
    if name not in values:
        raise Nonsense(f"it gave no {name}")
    return values[name]


def _own(values: Mapping[str, float], quantity: str, own: Phase, *, alone: bool) -> float | None:
    value = values.get(phase_point(quantity, own))
    return values.get(quantity) if value is None and alone else value


def _voltage(values: Mapping[str, float], mounting: Mounting) -> PerPhase | None:
    phases = mounting.bounds.phases
    voltage_v = PerPhase()
    for own, phase in zip(Phase, phases, strict=False):
        volts = _own(values, "voltage", own, alone=len(phases) == 1)
        if volts is None:
            return None
        voltage_v = voltage_v.with_value(phase, volts)
    return voltage_v


def _currents(
    values: Mapping[str, float], mounting: Mounting, voltage_v: PerPhase | None, *, same_instant: bool
) -> PerPhase:
    phases = mounting.bounds.phases
    current_a = PerPhase()
    for own, phase in zip(Phase, phases, strict=False):
        alone = len(phases) == 1
        amps = _own(values, "current", own, alone=alone)
        watts = _own(values, "power", own, alone=alone)
        if amps is None and watts is None:
            raise Nonsense(f"it gave neither current nor power for {phase.name}")
        if amps is None:
            amps = (watts or 0.0) / ((voltage_v[phase] if voltage_v else 0.0) or NOMINAL_V)
        elif watts is not None and not mounting.signed & {"current", phase_point("current", own)}:
            least_a = watts / voltage_v[phase] if same_instant and voltage_v and voltage_v[phase] >= LOWEST_V else 0.0
            amps = -abs(amps) if watts < 0 else max(abs(amps), least_a)
        current_a = current_a.with_value(phase, amps)
    return current_a


def _power(values: Mapping[str, float], current_a: PerPhase, voltage_v: PerPhase | None) -> float:
    if "power" in values:
        return values["power"]
    by_phase = [values[name] for name in (phase_point("power", own) for own in Phase) if name in values]
    if by_phase:
        return sum(by_phase)
    volts = voltage_v or PerPhase.of(NOMINAL_V for _ in Phase)
    return sum(amps * each for amps, each in zip(current_a, volts, strict=True))
