"""A generated summer day: what the house draws and what the sun gives, at any second, from a seed.

`SummerDay.house_a` and `SummerDay.sun_w` are pure functions of the second of the day, so nobody has to play the day
from its start. Appliances run in slots of time; what happens in a slot is drawn from the seed, the name and the number
of the slot. After midnight the next day is another one.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from ems.model.electrical import NOMINAL_V, PerPhase, Phase, Wiring

Sky = Literal["clear", "broken", "overcast"]

DAY_S: Final = 86_400.0
SUNRISE_S: Final = 5 * 3600.0
SUNSET_S: Final = 21 * 3600.0
"""A summer day at 50° north, local time with daylight saving: the sun is highest at 13:00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummerDay:
    """One house and its roof over a summer day. `at_s` is always seconds after local midnight."""

    seed: int = 1
    sky: Sky = "broken"
    house_w: float = 350.0
    """What the house draws all the time, shared over its phases."""

    peak_w: float = 0.0
    """What the roof gives under a clear sky at noon."""

    phases: Wiring = (Phase.L1, Phase.L2, Phase.L3)
    ceiling_a: float = 13.75
    """The house alone stays below this on every phase: appliances that would not fit are scaled down."""

    def house_a(self, at_s: float) -> PerPhase:
        """Current of everything but cars and sun, per phase."""
        loads = PerPhase.of(self._base_a(each, at_s) for each in Phase)
        for place, appliance in enumerate(APPLIANCES):
            phase = self.phases[place % len(self.phases)]
            loads = loads.with_value(phase, loads[phase] + appliance.current_a(self.seed, at_s))
        scale = self._scale()
        return PerPhase(loads.l1 * scale.l1, loads.l2 * scale.l2, loads.l3 * scale.l3)

    def sun_w(self, at_s: float) -> float:
        """What the roof gives."""
        return self.peak_w * clear_sky(at_s) * cloud_factor(self.sky, self.seed, at_s)

    def _base_a(self, phase: Phase, at_s: float) -> float:
        if phase not in self.phases:
            return 0.0
        even = self.house_w / NOMINAL_V / len(self.phases)
        return even * (1 + BASE_RIPPLE * math.sin(2 * math.pi * at_s / (97.0 + 13.0 * phase.value)))

    def _scale(self) -> PerPhase:
        return _scale(self.phases, self.house_w, self.ceiling_a)


def clear_sky(at_s: float) -> float:
    """Share of the roof's peak that a clear sky gives: a bell between sunrise and sunset."""
    share = (at_s % DAY_S - SUNRISE_S) / (SUNSET_S - SUNRISE_S)
    return math.sin(math.pi * share) ** 1.3 if 0 < share < 1 else 0.0


def cloud_factor(sky: Sky, seed: int, at_s: float) -> float:
    """Share of the clear sky's light that gets through, 0 to 1."""
    if sky == "clear":
        return 1.0
    clouds = CLOUDS[sky]
    edge = math.floor(at_s / clouds.every_s)
    if at_s < clouds.edge(seed, edge).at_s:
        edge -= 1
    before, now = clouds.edge(seed, edge - 1), clouds.edge(seed, edge)
    share = min((at_s - now.at_s) / now.lasts_s, 1.0)
    return before.factor + (now.factor - before.factor) * share


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The border of a cloud: from `at_s` on, within `lasts_s`, the light goes to `factor`."""

    at_s: float
    lasts_s: float
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds:
    """Edges that come every `every_s` on average, between `every_s` - `jitter_s` and `every_s` + `jitter_s`."""

    name: str
    every_s: float
    jitter_s: float
    lasts_s: tuple[float, float]
    shade: tuple[float, float]
    light: tuple[float, float]

    def edge(self, seed: int, number: int) -> Edge:
        return _edge(self, seed, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """Something that switches: at most once per slot, in busy hours with `chance`, in the others with `quiet`."""

    name: str
    current_range_a: tuple[float, float]
    slot_s: float
    lasts_s: tuple[float, float]
    busy_h: tuple[tuple[float, float], ...]
    chance: float = 1.0
    quiet: float = 0.0

    def current_a(self, seed: int, at_s: float) -> float:
        slot = math.floor(at_s / self.slot_s)
        spell = _spell(self, seed, slot)
        hour = slot * self.slot_s % DAY_S / 3600
        chance = self.chance if any(first <= hour < last for first, last in self.busy_h) else self.quiet
        if spell.dice >= chance:
            return 0.0
        return spell.current_a if spell.starts_s <= at_s < spell.ends_s else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """What one slot of an appliance holds, if the dice let it run."""

    dice: float
    starts_s: float
    ends_s: float
    current_a: float


BASE_RIPPLE: Final = 0.1
CLOUDS: Final[dict[Sky, Clouds]] = {
    "broken": Clouds(name="broken", every_s=25, jitter_s=15, lasts_s=(2, 5), shade=(0.25, 0.45), light=(0.9, 1.0)),
    "overcast": Clouds(
        name="overcast", every_s=400, jitter_s=200, lasts_s=(60, 180), shade=(0.1, 0.2), light=(0.2, 0.32)
    ),
}
# Currents of the large uncontrolled loads of a home: `breakers-and-rules.md` §4, last line. They go round the phases.
APPLIANCES: Final = (
    Appliance(
        name="kettle",
        current_range_a=(8.5, 9.5),
        slot_s=600,
        lasts_s=(120, 180),
        busy_h=((6.5, 22),),
        chance=0.7,
        quiet=0.03,
    ),
    # Cooking hours are long, and every slot switches on and off: in 90 s of them something always happens.
    Appliance(
        name="hob",
        current_range_a=(10, 16),
        slot_s=45,
        lasts_s=(12, 30),
        busy_h=((7, 8), (10.5, 15), (17.5, 20)),
    ),
    Appliance(
        name="oven",
        current_range_a=(12.8, 13.2),
        slot_s=150,
        lasts_s=(60, 100),
        busy_h=((11, 13), (18, 19.5)),
        chance=0.9,
    ),
    Appliance(
        name="fridge",
        current_range_a=(0.6, 0.8),
        slot_s=2400,
        lasts_s=(600, 900),
        busy_h=((0, 24),),
    ),
)


@lru_cache(maxsize=256)
def _scale(phases: Wiring, house_w: float, ceiling_a: float) -> PerPhase:
    """Factor per phase that keeps the sum of all that can run there at once below the ceiling."""
    worst = PerPhase.on(phases, house_w / NOMINAL_V / len(phases) * (1 + BASE_RIPPLE))
    for place, appliance in enumerate(APPLIANCES):
        phase = phases[place % len(phases)]
        worst = worst.with_value(phase, worst[phase] + appliance.current_range_a[1])
    return worst.mapped(lambda most_a: min(1.0, ceiling_a / most_a) if most_a > 0 else 1.0)


@lru_cache(maxsize=4096)
def _spell(appliance: Appliance, seed: int, slot: int) -> Spell:
    draw = random.Random(f"{seed}/{appliance.name}/{slot}")
    dice = draw.random()
    lasts_s = draw.uniform(*appliance.lasts_s)
    starts_s = slot * appliance.slot_s + draw.uniform(0, appliance.slot_s - lasts_s)
    current_a = draw.uniform(*appliance.current_range_a)
    return Spell(dice=dice, starts_s=starts_s, ends_s=starts_s + lasts_s, current_a=current_a)


@lru_cache(maxsize=4096)
def _edge(clouds: Clouds, seed: int, number: int) -> Edge:
    draw = random.Random(f"{seed}/{clouds.name}/{number}")
    at_s = number * clouds.every_s + draw.uniform(0, clouds.jitter_s)
    factor = draw.uniform(*(clouds.light if number % 2 else clouds.shade))
    return Edge(at_s=at_s, lasts_s=draw.uniform(*clouds.lasts_s), factor=factor)
