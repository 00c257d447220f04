"""A generated sky: what a south roof gives at any second of a day, clear or behind drawn clouds.

Sun height from declination and hour angle (no equation of time); direct light 1353 W/m² · 0.7^(AM^0.678) with air mass
AM (Meinel 1976); a tenth of it again is diffuse. Meant for playing, not for yield studies.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np

from ems.sim.traces.gaps import DAY_S
from ems.sim.traces.trace import Series

Sky = Literal["clear", "broken", "overcast"]
SKIES: Final[tuple[Sky, ...]] = ("clear", "broken", "overcast")

SOLAR_CONSTANT_W_M2: Final = 1353.0
DIFFUSE: Final = 0.1
LOSSES: Final = 0.14
"""Modules, cables and inverter together."""

_STANDARD_W_M2: Final = 1000.0
_LOWEST_SUN: Final = 0.02
"""Sine of the sun's height below which the horizon hides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """Where the modules are; facing south (north of the equator)."""

    kwp: float
    latitude: float
    longitude: float
    tilt: float = 35.0
    """Degrees from flat."""


def clear_sky_w(roof: Roof, midnight_utc: datetime) -> Series:
    """Power of each second of the UTC day that begins at `midnight_utc`, without clouds."""
    day_of_year = midnight_utc.timetuple().tm_yday
    declination = math.radians(-23.44 * math.cos(2 * math.pi * (day_of_year + 10) / 365.25))
    latitude, tilt = math.radians(roof.latitude), math.radians(math.copysign(roof.tilt, roof.latitude))
    hour_angle = 2 * np.pi * (np.arange(DAY_S) / DAY_S - 0.5 + roof.longitude / 360)
    height = _sine(latitude, declination, hour_angle)
    # A plane tilted towards the equator sees the sun as flat ground does that many degrees closer to the equator.
    onto_roof = np.maximum(_sine(latitude - tilt, declination, hour_angle), 0.0)
    up = height > _LOWEST_SUN
    air_mass = 1 / np.where(up, height, 1.0)
    direct = np.where(up, SOLAR_CONSTANT_W_M2 * 0.7 ** (air_mass**0.678), 0.0)
    light_w_m2 = direct * (onto_roof + DIFFUSE * (1 + math.cos(tilt)) / 2)
    power_w: Series = light_w_m2 / _STANDARD_W_M2 * roof.kwp * 1000 * (1 - LOSSES)
    return power_w


def cloud_factor(sky: Sky, draw: random.Random) -> Series:
    """Share of the clear sky's power at each second of one day, drawn."""
    return _SKIES[sky](draw)


def sky_of_day(draw: random.Random, weights: Mapping[Sky, float]) -> Sky:
    """The kind of sky of one day."""
    return draw.choices(SKIES, [weights.get(sky, 0.0) for sky in SKIES])[0]


def _sine(latitude: float, declination: float, hour_angle: Series) -> Series:
    """Sine of the sun's height."""
    level: Series = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * np.cos(
        hour_angle
    )
    return level


def _clear(draw: random.Random) -> Series:
    return np.full(DAY_S, draw.uniform(0.93, 1.0))


def _broken(draw: random.Random) -> Series:
    """Fair-weather clouds: shade and light in turns, with edges of 4 to 20 s; at the edges a little more than clear."""
    at_s, level = 0.0, 1.0
    times: list[float] = []
    levels: list[float] = []
    while at_s < DAY_S:
        times.append(at_s)
        levels.append(level)
        at_s += draw.expovariate(1 / 240 if level > 0.5 else 1 / 150) + 10
        times.append(at_s)
        levels.append(level)
        at_s += draw.uniform(4, 20)
        level = draw.uniform(0.2, 0.5) if level > 0.5 else draw.uniform(0.9, 1.05)
    return np.interp(np.arange(DAY_S), times, levels)


def _overcast(draw: random.Random) -> Series:
    """A closed cover that thickens and thins within a quarter of an hour or more."""
    times = [0.0]
    while times[-1] < DAY_S:
        times.append(times[-1] + draw.uniform(600, 2400))
    levels = [min(0.6, draw.lognormvariate(math.log(0.2), 0.4)) for _ in times]
    return np.interp(np.arange(DAY_S), times, levels)


_SKIES: Final[Mapping[Sky, Callable[[random.Random], Series]]] = {
    "clear": _clear,
    "broken": _broken,
    "overcast": _overcast,
}
