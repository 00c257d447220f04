"""What meters, inverters and batteries said, in our units and signs.

Signs (design §2): grid + import, solar + production, battery + discharge. `taken_at_s` is the monotonic second when
the device answered, not when we looked.
"""

from __future__ import annotations

from dataclasses import dataclass

from ems.model.electrical import PerPhase
from ems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class GridReading:
    """What the meter at a circuit's fuse saw at one instant; at the main circuit that is the grid."""

    current_a: PerPhase
    """Signed per phase; negative while exporting."""

    power_w: float
    taken_at_s: float
    voltage_v: PerPhase | None = None
    frequency_hz: float | None = None
    energy_import_kwh: float | None = None
    energy_export_kwh: float | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SolarReading:
    """What an inverter produced at one instant."""

    power_w: float
    taken_at_s: float
    current_a: PerPhase | None = None
    """Of one inverter in its own phase order; of a sum on the phases of the house. None where nobody tells phases."""

    energy_kwh: float | None = None
    complete: bool = True
    """Whether this is all the sun of the house; false for a sum from which an inverter is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """What a home battery did at one instant."""

    power_w: float
    taken_at_s: float
    soc: float | None = None
    """State of charge, 0 to 1."""

    capacity_kwh: float | None = None
    """What it holds when full."""


Reading = GridReading | SolarReading | BatteryReading
