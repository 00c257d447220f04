"""The sun that is left for the cars that follow it, in watts before those cars (`control.md` §5)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ems.control.draw import cars_draw
from ems.control.memory import Memory
from ems.control.trust import MeterView
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.goals import ChargeMode
from ems.model.readings import GridReading
from ems.model.snapshot import Snapshot

FOLLOWS_SUN = frozenset({ChargeMode.SOLAR, ChargeMode.MIN_SOLAR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """What the grid meter says of the sun; both None while it gives nothing."""

    surplus_w: float | None = None
    """Filtered, before the cars that follow the sun."""

    house_w: float | None = None
    """Everything but those cars, sun included: negative when the sun is stronger."""


def surplus(now: Snapshot, memory: Memory, grid: MeterView | None) -> Surplus:
    """S = what all but the sun's cars export together, less the bias and what a battery gives; filtered.

    Only the grid meter is needed, so a silent inverter costs no safety and little sun. Cars that do not follow the sun
    count as part of the house, so they are served first.
    """
    if grid is None or grid.good is None:
        return Surplus()
    house_w = _house_w(now, memory, grid.good)
    discharge_w = max(0.0, now.battery.power_w) if now.battery is not None else 0.0
    raw_w = -house_w - discharge_w - now.site.policy.export_bias_w
    surplus_w = raw_w if memory.surplus_w is None else _filtered(memory.surplus_w, raw_w, now, memory)
    return Surplus(surplus_w=surplus_w, house_w=house_w)


def voltage_v(grid: GridReading | None) -> PerPhase:
    """Measured phase voltages, nominal where nobody measures."""
    measured = grid.voltage_v if grid is not None else None
    if measured is None:
        return PerPhase(NOMINAL_V, NOMINAL_V, NOMINAL_V)
    return measured.mapped(lambda volts: volts if volts > NOMINAL_V / 2 else NOMINAL_V)


def _house_w(now: Snapshot, memory: Memory, grid: GridReading) -> float:
    """The power nearest to what it was, between the bounds that the cars' draw allows."""
    # For a sum of watts it does not matter which phase of the house a car hangs on.
    sunny = [
        replace(station, wiring_known=True)
        for station in now.site.stations
        if now.goal_of(station.station_id).mode in FOLLOWS_SUN
    ]
    cars = cars_draw(now, memory, sunny, grid.taken_at_s)
    volts = voltage_v(grid)
    low_w = grid.power_w - _power_w(cars.vouched_a, volts)
    high_w = grid.power_w - _power_w(cars.low_a, volts)
    return high_w if memory.house_w is None else min(max(memory.house_w, low_w), high_w)


def _power_w(current_a: PerPhase, volts: PerPhase) -> float:
    return sum(amps * volt for amps, volt in zip(current_a, volts, strict=True))


def _filtered(before_w: float, raw_w: float, now: Snapshot, memory: Memory) -> float:
    policy = now.site.policy
    time_constant_s = policy.filter_up_s if raw_w > before_w else policy.filter_down_s
    elapsed_s = max(0.0, now.now_s - memory.last_at_s)
    return raw_w + (before_w - raw_w) * math.exp(-elapsed_s / time_constant_s)
