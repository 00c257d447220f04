"""Units that devices tell with their numbers, and what makes them ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.devices.messages import Json

UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "power": {"W": 1.0, "kW": 1000.0, "MW": 1e6, "mW": 0.001},
    "current": {"A": 1.0, "mA": 0.001},
    "voltage": {"V": 1.0, "kV": 1000.0, "mV": 0.001},
    "energy": {"kWh": 1.0, "Wh": 0.001, "MWh": 1000.0},
    "frequency": {"Hz": 1.0},
    "soc": {"%": 0.01},
}
"""By what our names begin with: the number in that unit times this is ours."""


def units_of(name: str) -> Mapping[str, float]:
    """The units that such a number may have."""
    return UNITS.get(name.partition("_")[0], {})


def factor_of(name: str, unit: Json) -> float | None:
    """What a number in that unit has to be multiplied by; None for a unit of something else."""
    return units_of(name).get(unit) if isinstance(unit, str) else None
