"""Meter values as stations send them, to numbers as we need them (`ocpp-charger-quirks.md`, MeterValues normalisation).

Pure, and total: whatever JSON comes in, samples or nothing comes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ems.csms.station_clock import parse_timestamp
from ems.model.electrical import NOMINAL_V

_SCALES: Final[Mapping[str, Mapping[str, float]]] = {
    "Current.Import": {"": 1.0, "a": 1.0, "ma": 1e-3},
    "Power.Active.Import": {"": 1.0, "w": 1.0, "kw": 1e3},
    "Energy.Active.Import.Register": {"": 1.0, "wh": 1.0, "kwh": 1e3},
    "Voltage": {"": 1.0, "v": 1.0, "kv": 1e3},
    "SoC": {"": 1.0, "percent": 1.0, "%": 1.0},
}
"""Factors to A, W, Wh, V and percent; a missing unit is the measurand's own."""

_MOST: Final[Mapping[str, float]] = {
    "Current.Import": 1e3,
    "Power.Active.Import": 1e6,
    "Energy.Active.Import.Register": 1e10,
    "Voltage": 1e3,
    "SoC": 100.0,
}
_PHASES: Final[Mapping[str, str]] = {
    "": "", "L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3", "N": "N",
}  # fmt: skip
_LIVE_V: Final = 50.0
"""Below this a phase is off or its voltage is not measured."""

MOST_BLOCKS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSample:
    """What one block of meter values says of the car."""

    at: datetime | None
    """The station's timestamp; None without a usable one."""

    current_a: tuple[float, ...] | None = None
    """In the station's own phase order, one per wired phase."""

    phases_measured: bool = False
    """True when the station told the currents (or powers) phase by phase; False when a total was shared out."""

    every_phase_measured: bool = False
    """True when it told one for each phase that it is wired to."""

    power_w: float | None = None
    energy_kwh: float | None = None
    """The station's register."""

    soc: float | None = None
    """State of charge of the car, 0 to 1."""

    closing: bool = False
    """Taken at the end of a transaction."""


def normalise(meter_value: object, *, phases: int, active_phases: int | None = None) -> tuple[MeterSample, ...]:
    """The samples in the `meterValue` of a message, oldest first.

    `phases` is how many are wired; a total is divided among `active_phases`, all wired ones when not given.
    """
    blocks = meter_value if isinstance(meter_value, list) else [meter_value]
    active = max(1, min(phases, active_phases or phases))
    samples = (_sample(block, phases, active) for block in blocks[-MOST_BLOCKS:] if isinstance(block, dict))
    return tuple(sorted(samples, key=lambda sample: sample.at or datetime.max.replace(tzinfo=UTC)))


@dataclass(slots=True)
class _Quantities:
    """Values of one block: measurand, then phase ("" is the total)."""

    by_measurand: dict[str, dict[str, float]] = field(default_factory=dict)
    closing: bool = False

    def total(self, measurand: str) -> float | None:
        return self.by_measurand.get(measurand, {}).get("")

    def phase(self, measurand: str, phase: str) -> float | None:
        return self.by_measurand.get(measurand, {}).get(phase)

    def on_phases(self, measurand: str) -> dict[str, float]:
        values = self.by_measurand.get(measurand, {})
        return {phase: values[phase] for phase in ("L1", "L2", "L3") if phase in values}

    def sum(self, measurand: str) -> float | None:
        """The total as stated, else the sum of the phases."""
        total = self.total(measurand)
        if total is not None:
            return total
        values = self.on_phases(measurand)
        return sum(values.values()) if values else None


def _sample(block: Mapping[object, object], phases: int, active: int) -> MeterSample:
    values = _quantities(block.get("sampledValue"))
    current_a = _currents(values, phases, active)
    energy_wh = values.sum("Energy.Active.Import.Register")
    soc = values.total("SoC")
    return MeterSample(
        at=parse_timestamp(block.get("timestamp")),
        current_a=current_a,
        phases_measured=bool(values.on_phases("Current.Import") or values.on_phases("Power.Active.Import")),
        every_phase_measured=max(len(values.on_phases("Current.Import")), len(values.on_phases("Power.Active.Import")))
        >= phases,
        power_w=_power(values, current_a),
        energy_kwh=None if energy_wh is None else energy_wh / 1e3,
        soc=None if soc is None else soc / 100.0,
        closing=values.closing,
    )


def _quantities(sampled: object) -> _Quantities:
    found = _Quantities()
    for each in sampled if isinstance(sampled, list) else [sampled]:
        if not isinstance(each, dict):
            continue
        context = _word(each.get("context"))
        found.closing |= context == "Transaction.End"
        measurand = _word(each.get("measurand")) or "Energy.Active.Import.Register"
        phase = _PHASES.get(_word(each.get("phase")).upper())
        value = _value(each, measurand)
        if value is None or phase is None or (context == "Transaction.Begin" and value == 0.0):
            continue
        found.by_measurand.setdefault(measurand, {})[phase] = value
    return found


def _value(each: Mapping[object, object], measurand: str) -> float | None:
    scale = _SCALES.get(measurand, {}).get(_word(each.get("unit")).lower())
    number = _number(each.get("value"))
    if scale is None or number is None:
        return None
    scaled = number * scale
    return scaled if 0.0 <= scaled <= _MOST[measurand] else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _currents(values: _Quantities, phases: int, active: int) -> tuple[float, ...] | None:
    tagged = values.on_phases("Current.Import") or _currents_from_power(values)
    if tagged:
        if phases == 1:  # a one-phase station may name the house phase that it hangs on
            return (max(tagged.values()),)
        return tuple(tagged.get(f"L{i + 1}", 0.0) for i in range(phases))
    power_w = values.total("Power.Active.Import")
    if phases == 1:
        alone = (values.total("Current.Import"), values.phase("Current.Import", "N"))
        one = next((value for value in alone if value is not None), None)
        return _shared(one, 1, 1) or _shared(_amps(values, power_w), 1, 1)
    return _shared(_amps(values, power_w), phases, active) or _shared(values.total("Current.Import"), phases, active)


def _currents_from_power(values: _Quantities) -> dict[str, float]:
    return {
        phase: power_w / _voltage(values, phase) for phase, power_w in values.on_phases("Power.Active.Import").items()
    }


def _amps(values: _Quantities, power_w: float | None) -> float | None:
    return None if power_w is None else power_w / _voltage(values, "L1")


def _shared(total_a: float | None, phases: int, active: int) -> tuple[float, ...] | None:
    if total_a is None:
        return None
    return tuple(total_a / active if i < active else 0.0 for i in range(phases))


def _power(values: _Quantities, current_a: Iterable[float] | None) -> float | None:
    stated_w = values.sum("Power.Active.Import")
    if stated_w is not None or current_a is None:
        return stated_w
    return sum(amps * _voltage(values, f"L{i + 1}") for i, amps in enumerate(current_a))


def _voltage(values: _Quantities, phase: str) -> float:
    found_v = values.phase("Voltage", phase) or values.total("Voltage") or 0.0
    return found_v if found_v >= _LIVE_V else NOMINAL_V
