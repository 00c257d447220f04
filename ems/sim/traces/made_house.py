"""A generated household: what it draws at each second of a day.

Every appliance is off or at full power. Hours are local solar time, so that breakfast is in the morning anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ems.sim.traces.gaps import DAY_S
from ems.sim.traces.trace import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Something people switch on at some hours; while in use it cycles if its pauses are not 0."""

    name: str
    power_w: tuple[float, float]
    hours: tuple[tuple[float, float], ...]
    """One chance to be used within each of these."""

    chance: float
    lasts_s: tuple[float, float]
    on_s: tuple[float, float] = (DAY_S, DAY_S)
    off_s: tuple[float, float] = (0.0, 0.0)


USES: Final = (
    Use(
        name="kettle",
        power_w=(1900, 2300),
        hours=((6, 7.5), (7, 9), (10, 11.5), (15, 16.5), (20, 21.5)),
        chance=0.75,
        lasts_s=(100, 180),
    ),
    Use(
        name="hob, front ring",
        power_w=(1700, 2200),
        hours=((6.5, 7.5), (11.5, 12.5), (17.5, 19)),
        chance=0.7,
        lasts_s=(600, 2400),
        on_s=(10, 30),
        off_s=(10, 40),
    ),
    Use(
        name="hob, back ring",
        power_w=(1100, 1500),
        hours=((11.5, 12.5), (17.5, 19)),
        chance=0.5,
        lasts_s=(600, 1800),
        on_s=(10, 25),
        off_s=(15, 50),
    ),
    Use(
        name="oven",
        power_w=(2400, 2900),
        hours=((17, 18.5),),
        chance=0.4,
        lasts_s=(1800, 4200),
        on_s=(60, 120),
        off_s=(60, 150),
    ),
    Use(name="washing machine, heating", power_w=(1900, 2200), hours=((9, 15),), chance=0.45, lasts_s=(700, 1300)),
    Use(name="washing machine, motor", power_w=(150, 350), hours=((9.5, 15),), chance=0.45, lasts_s=(2400, 4200)),
    Use(name="dishwasher, heating", power_w=(1800, 2100), hours=((13, 14), (20, 22)), chance=0.35, lasts_s=(900, 1500)),
    Use(name="vacuum cleaner", power_w=(600, 900), hours=((9, 17),), chance=0.3, lasts_s=(600, 1500)),
    Use(name="screens and lights", power_w=(150, 350), hours=((17, 19),), chance=1.0, lasts_s=(10800, 18000)),
    Use(name="screens and lights, morning", power_w=(60, 180), hours=((6, 7),), chance=0.9, lasts_s=(3600, 7200)),
)
FRIDGE_W: Final = 85.0
FRIDGE_ON_S: Final = (700.0, 1000.0)
FRIDGE_OFF_S: Final = (1400.0, 2200.0)


Span = tuple[float, float]
"""From, to; seconds of the day."""


def household_w(base_w: float, solar_noon_s: float, draw: random.Random) -> Series:
    """Load of each second of one day; what still runs at midnight is cut off there.

    `solar_noon_s` is the second of the day of local noon.
    """
    load_w = np.full(DAY_S, float(base_w))
    for pulse in _pulses((-draw.uniform(0, 1000), DAY_S), FRIDGE_ON_S, FRIDGE_OFF_S, draw):
        _add(load_w, FRIDGE_W, pulse)
    for use in USES:
        for power_w, span in times_of_use(use, solar_noon_s, draw):
            for pulse in pulses(use, span, draw):
                _add(load_w, power_w, pulse)
    return load_w


def times_of_use(use: Use, solar_noon_s: float, draw: random.Random) -> Iterator[tuple[float, Span]]:
    """The power it draws and from when to when it is in use, for every time that somebody uses it that day."""
    shift_s = solar_noon_s - DAY_S / 2
    for first_h, last_h in use.hours:
        if draw.random() >= use.chance:
            continue
        begin_s = (draw.uniform(first_h, last_h) * 3600 + shift_s) % DAY_S
        span = (begin_s, begin_s + draw.uniform(*use.lasts_s))
        yield draw.uniform(*use.power_w), span


def pulses(use: Use, span: Span, draw: random.Random) -> Iterator[Span]:
    """When it is on while in use."""
    return _pulses(span, use.on_s, use.off_s, draw)


def _pulses(span: Span, on_s: Span, off_s: Span, draw: random.Random) -> Iterator[Span]:
    at_s, end_s = span
    while at_s < end_s:
        off_at_s = min(at_s + draw.uniform(*on_s), end_s)
        yield at_s, off_at_s
        at_s = off_at_s + draw.uniform(*off_s)


def _add(load_w: Series, power_w: float, pulse: Span) -> None:
    load_w[max(0, round(pulse[0])) : max(0, round(pulse[1]))] += power_w
