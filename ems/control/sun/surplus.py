"""The sun that is left for the cars that follow it, in watts before those cars (`control.md` §5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.control.memory import Memory
from ems.control.seen.draw import Draws, car_draw
from ems.control.seen.expected import expected_a, may_have_gone
from ems.control.seen.learn import NOTHING, Learned
from ems.control.seen.trust import MeterView
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.goals import ChargeMode
from ems.model.quick import quick
from ems.model.readings import GridReading
from ems.model.snapshot import Snapshot

NOMINAL: Final = PerPhase(NOMINAL_V, NOMINAL_V, NOMINAL_V)
LEAST_V: Final = NOMINAL_V / 2
"""Below it nobody measures that phase."""

FOLLOWS_SUN: Final = frozenset({ChargeMode.SOLAR, ChargeMode.MIN_SOLAR})


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """What the grid meter says of the sun; both None while it gives nothing."""

    surplus_w: float | None = None
    """Filtered, before the cars that follow the sun."""

    house_w: float | None = None
    """Everything but those cars, sun included: negative when the sun is stronger."""


def surplus(
    now: Snapshot,
    memory: Memory,
    grid: MeterView | None,
    draws: Draws | None = None,
    learned: Mapping[str, Learned] | None = None,
) -> Surplus:
    """S = what all but the sun's cars export together, less the bias and what a battery gives, plus the share of its
    charging that the cars may have; filtered.

    Only the grid meter is needed, so a silent inverter costs no safety and little sun. Cars that do not follow the sun
    count as part of the house, so they are served first.
    """
    if grid is None or grid.good is None:
        return Surplus()
    house_w = _house_w(now, memory, grid.good, draws or Draws(now, memory), learned or {})
    raw_w = -house_w - _lent_by_battery_w(now) - now.site.policy.export_bias_w
    surplus_w = raw_w if memory.surplus_w is None else _filtered(memory.surplus_w, raw_w, now, memory)
    return Surplus(surplus_w=surplus_w, house_w=house_w)


def _lent_by_battery_w(now: Snapshot) -> float:
    """What the battery gives, which is no sun; negative for the part of its charging that cars may take over."""
    if now.battery is None:
        return 0.0
    power_w = now.battery.power_w
    return power_w if power_w > 0 else power_w * now.site.policy.battery_share


def voltage_v(grid: GridReading | None) -> PerPhase:
    """Measured phase voltages, nominal where nobody measures."""
    measured = grid.voltage_v if grid is not None else None
    if measured is None:
        return NOMINAL
    one_v, two_v, three_v = measured
    if one_v > LEAST_V and two_v > LEAST_V and three_v > LEAST_V:
        return measured
    return PerPhase(*[volts if volts > LEAST_V else NOMINAL_V for volts in measured])


def _house_w(now: Snapshot, memory: Memory, grid: GridReading, draws: Draws, learned: Mapping[str, Learned]) -> float:
    """All power but that of the sun's cars, as they most likely drew when the meter looked.

    A car that was stopped just now may have gone already: where the meter falls, only what is more than such cars can
    have let go is sun.
    """
    volts = voltage_v(grid)
    cars_w = gone_w = 0.0
    for station in now.site.stations:
        state = now.state_of(station.station_id)
        if state.hurried or now.goal_of(station.station_id).mode not in FOLLOWS_SUN:
            continue
        # For a sum of watts it does not matter which phase of the house a car hangs on.
        known = station if station.wiring_known else replace(station, wiring_known=True)
        band = draws.of(known, grid.taken_at_s) if known is station else car_draw(now, memory, known, grid.taken_at_s)
        drawn_a = expected_a(known, state, learned.get(station.station_id, NOTHING), band, grid.taken_at_s)
        drawn_w = _power_w(drawn_a, volts)
        cars_w += drawn_w
        gone_w += drawn_w if may_have_gone(known, state, grid.taken_at_s) else 0.0
    likely_w = grid.power_w - cars_w
    if memory.house_w is None:
        return likely_w
    return max(likely_w, min(memory.house_w, likely_w + gone_w))


def _power_w(current_a: PerPhase, volts: PerPhase) -> float:
    return current_a[0] * volts[0] + current_a[1] * volts[1] + current_a[2] * volts[2]


def _filtered(before_w: float, raw_w: float, now: Snapshot, memory: Memory) -> float:
    policy = now.site.policy
    time_constant_s = policy.filter_up_s if raw_w > before_w else policy.filter_down_s
    elapsed_s = max(0.0, now.now_s - memory.last_at_s)
    return raw_w + (before_w - raw_w) * math.exp(-elapsed_s / time_constant_s)
