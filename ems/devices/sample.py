"""A sample: the numbers a device gave at one instant, before they become a reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ems.model.electrical import Phase

METER_POINTS: Final = (
    *("power", "power_l1", "power_l2", "power_l3"),
    *("current", "current_l1", "current_l2", "current_l3"),
    *("voltage", "voltage_l1", "voltage_l2", "voltage_l3"),
    *("frequency", "energy_import", "energy_export"),
)
"""W (+ import), A, V, Hz, kWh. The names without a phase are the total power, and on one phase its only current."""

INVERTER_POINTS: Final = ("power", "current", "current_l1", "current_l2", "current_l3", "energy")
"""W (+ production), A, kWh."""

BATTERY_POINTS: Final = ("power", "soc", "capacity")
"""W (+ discharge), state of charge from 0 to 1, kWh when full."""

TEXT_POINTS: Final = ("manufacturer", "model", "serial", "firmware")

LIVE_PREFIXES: Final = ("power", "current")
"""Points that change from second to second; a sample is as old as the oldest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Numbers under their point names, scaled and signed as in `METER_POINTS`; what is unknown is absent."""

    taken_at_s: float
    """Monotonic seconds when the device answered."""

    values: Mapping[str, float]

    same_instant: bool = True
    """False when currents and powers were put together from several answers or messages."""


def is_live(name: str) -> bool:
    """Whether that point belongs to the currents and powers."""
    return name.startswith(LIVE_PREFIXES)


def one_way(here: float | None, there: float | None) -> float | None:
    """One flow whose two directions are told apart, one of them 0; None when it cannot be told.

    Of one direction alone only a flow is sure: 0 there may be anything in the other.
    """
    if here is not None and there is not None:
        return here - there
    if here:
        return here
    return -there if there else None


def phase_point(quantity: str, phase: Phase) -> str:
    """The name of a per-phase point, such as `current_l2`."""
    return f"{quantity}_{phase.name.lower()}"
