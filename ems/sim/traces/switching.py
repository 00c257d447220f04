"""Seconds inside a step: which on and off of appliances could have given the step's mean power.

Everything keeps each step's energy exactly. One phase at a time, from the means of the step and its neighbours:

- between a lower and a higher neighbour, the load switches from one level to the other once, at the instant that
  gives the mean;
- above both neighbours, something ran for a part of the step: pulses of an appliance from `APPLIANCES`;
- below both, something was off for a part of it;
- with a chance that grows with the step (`cycling_chance`), a hob, an oven or a heater with a thermostat cycled:
  pulses whose share of the step gives the mean.

A pulse never lifts the phase above `ems.sim.traces.phase_split.PHASE_ROOM_W` unless the mean itself is above.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """Something that is either off or at full power on one phase."""

    name: str
    power_w: tuple[float, float]
    on_s: tuple[float, float]
    """How long it stays on at a time."""


APPLIANCES: Final = (
    Appliance(name="hob ring", power_w=(1200, 2300), on_s=(10, 30)),
    Appliance(name="oven", power_w=(2200, 3000), on_s=(40, 90)),
    Appliance(name="kettle", power_w=(2000, 2400), on_s=(90, 180)),
    Appliance(name="microwave, iron", power_w=(700, 1300), on_s=(15, 60)),
    Appliance(name="fan heater", power_w=(1000, 2000), on_s=(60, 240)),
    Appliance(name="instant heater", power_w=(3000, 3600), on_s=(10, 60)),
)
"""Usual ratings of household appliances at 230 V, one phase; thermostats and power dials switch in these times."""

SMALLEST_EVENT_W: Final = 60.0
"""Below, a step is drawn flat: lights, electronics, a fridge."""

CYCLING_FROM_W: Final = 250.0
"""A hob on its lowest dial."""

_QUARTER_S: Final = 900


def cycling_chance(step_s: int) -> float:
    """How probable it is that a thermostat cycles in a quarter hour: 0.4 for minutes, 0.9 for quarter hours."""
    return 0.4 + 0.5 * min(1.0, step_s / _QUARTER_S)


def seconds_of(means_w: NDArray[np.float64], room_w: NDArray[np.float64], step_s: int, seed: str) -> Series:
    """One phase's appliance power per second. `means_w` has one step more at both ends than comes out.

    `room_w` is the power per step that pulses may reach; the mean of each step's seconds is the step's mean.
    """
    draw = random.Random(seed)
    means, rooms = means_w.tolist(), room_w.tolist()
    starts_s: list[float] = []
    levels_w: list[float] = []
    steps_per_spell = max(1, _QUARTER_S // step_s)
    cycling = False
    for step, room in enumerate(rooms):
        if step % steps_per_spell == 0:
            cycling = draw.random() < cycling_chance(step_s)
        before, mean, after = means[step : step + 3]
        at_s = step * step_s
        for offset_s, level_w in _levels(before, mean, after, room, step_s, cycling=cycling, draw=draw):
            starts_s.append(at_s + offset_s)
            levels_w.append(level_w)
    length_s = len(rooms) * step_s
    edges_s = np.array([*starts_s, length_s])
    energy_ws = np.concatenate(([0.0], np.cumsum(np.array(levels_w) * np.diff(edges_s))))
    return np.maximum(np.diff(np.interp(np.arange(length_s + 1), edges_s, energy_ws)), 0.0)


Series = NDArray[np.float64]
Levels = Iterator[tuple[float, float]]
"""(seconds after the start of the step, power from there on)."""


def _levels(
    before: float, mean: float, after: float, room: float, step_s: int, *, cycling: bool, draw: random.Random
) -> Levels:
    low, high = min(before, after), max(before, after)
    if cycling and mean >= CYCLING_FROM_W:
        return _pulses(0.0, mean, room, step_s, draw)
    if mean > high:
        return _pulses(high, mean, room, step_s, draw)
    if mean < low:
        return _pause(low, mean, step_s, draw)
    if high - low < SMALLEST_EVENT_W:
        return iter(((0.0, mean),))
    switches_s = step_s * (after - mean) / (after - before)
    return iter(((0.0, before), (switches_s, after)))


def _pulses(floor: float, mean: float, room: float, step_s: int, draw: random.Random) -> Levels:
    """An appliance above `floor` that gives the mean."""
    above = mean - floor
    appliance = draw.choice(APPLIANCES)
    power_w = max(above, min(draw.uniform(*appliance.power_w), room - floor))
    if above < SMALLEST_EVENT_W or power_w - above < SMALLEST_EVENT_W:
        yield 0.0, mean
        return
    on_s = step_s * above / power_w
    times = max(1, round(on_s / draw.uniform(*appliance.on_s)))
    pauses = [draw.random() for _ in range(times + 1)]
    scale = (step_s - on_s) / sum(pauses)
    at_s = 0.0
    for pause in pauses[:-1]:
        yield at_s, floor
        at_s += pause * scale
        yield at_s, floor + power_w
        at_s += on_s / times
    yield at_s, floor


def _pause(level: float, mean: float, step_s: int, draw: random.Random) -> Levels:
    """Something of the level is off for a while."""
    missing = level - mean
    depth_w = max(missing, min(level, draw.uniform(*draw.choice(APPLIANCES).power_w)))
    if missing < SMALLEST_EVENT_W:
        yield 0.0, mean
        return
    off_s = step_s * missing / depth_w
    at_s = draw.random() * (step_s - off_s)
    yield 0.0, level
    yield at_s, level - depth_w
    yield at_s + off_s, level
