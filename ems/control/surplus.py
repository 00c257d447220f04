"""The sun that is left for the cars, in watts before the cars (`control.md` §5)."""

from __future__ import annotations

import math

from ems.control.draw import in_house_phases
from ems.control.headroom import Headroom, voltage_v
from ems.control.memory import Memory
from ems.model.goals import ChargeMode
from ems.model.snapshot import Snapshot

FOLLOWS_SUN = frozenset({ChargeMode.SOLAR, ChargeMode.MIN_SOLAR})


def surplus_w(now: Snapshot, memory: Memory, room: Headroom) -> float | None:
    """S = what house and sun together export without the cars, less the bias and what a battery gives; filtered.

    Only the grid meter is needed, so a silent inverter costs no safety and little sun. Power taken by cars that do not
    follow the sun comes off first. None while the grid meter gives nothing.
    """
    if room.house_w is None:
        return None
    discharge_w = max(0.0, now.battery.power_w) if now.battery is not None else 0.0
    raw_w = -room.house_w - discharge_w - now.site.policy.export_bias_w - _other_cars_w(now)
    if memory.surplus_w is None:
        return raw_w
    return _filtered(memory.surplus_w, raw_w, now, memory)


def _filtered(before_w: float, raw_w: float, now: Snapshot, memory: Memory) -> float:
    policy = now.site.policy
    time_constant_s = policy.filter_up_s if raw_w > before_w else policy.filter_down_s
    elapsed_s = max(0.0, now.now_s - memory.last_at_s)
    return raw_w + (before_w - raw_w) * math.exp(-elapsed_s / time_constant_s)


def _other_cars_w(now: Snapshot) -> float:
    """What cars in modes without sun draw by their last reading."""
    main = now.meters.get(now.site.circuits.main.circuit_id)
    volts = voltage_v(main)
    drawn_w = 0.0
    for station in now.site.stations:
        car = now.state_of(station.station_id).car
        if car is None or now.goal_of(station.station_id).mode in FOLLOWS_SUN:
            continue
        drawn_a = in_house_phases(station, car)
        drawn_w += sum(amps * volt for amps, volt in zip(drawn_a, volts, strict=True))
    return drawn_w
