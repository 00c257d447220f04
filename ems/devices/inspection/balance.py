"""Do a house's devices fit together? Grid, sun and battery in one look: signs that no device shows alone. Pure.

Our signs: grid + import, sun + production, battery + discharge. So grid + sun + battery is what the house draws, which
is never negative, and more sun means less import.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median
from typing import Final

LEAST_LOOKS: Final = 5
SUN_STEP_W: Final = 300.0
"""The sun has to change by that much before it tells anything."""

LEAST_SLOPE: Final = 0.5
"""Of a watt of sun, so much must show in grid and battery; the rest may be the house."""

LEAST_AGREEMENT: Final = 0.5
"""Share of what grid and battery did that the sun explains."""

GRID_FOLLOWS: Final = 0.3
"""Of the sun's change; below that a battery took it, and the meter has not been tested."""

SLACK_W: Final = 200.0
SLACK: Final = 0.05
"""Of all powers together: devices are not read at the same instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseLook:
    """What the devices said at one time."""

    grid_w: float
    solar_w: float = 0.0
    """Of all inverters."""

    battery_w: float = 0.0


class SunSays(StrEnum):
    """What changing sun says of the meter's sign."""

    RIGHT = "right"
    TURNED = "turned"
    UNKNOWN = "unknown"


def sun_says(looks: Sequence[HouseLook]) -> SunSays:
    """Whether import falls as the sun rises, or rises with it."""
    if len(looks) < LEAST_LOOKS:
        return SunSays.UNKNOWN
    sun = [each.solar_w for each in looks]
    grid = [each.grid_w for each in looks]
    rest = [each.grid_w + each.battery_w for each in looks]
    step_w = _span(sun)
    if step_w < SUN_STEP_W or _span(grid) < GRID_FOLLOWS * step_w:
        return SunSays.UNKNOWN
    together, sun_alone, rest_alone = _moments(sun, rest)
    slope = together / sun_alone
    if abs(slope) < LEAST_SLOPE or together**2 < LEAST_AGREEMENT * sun_alone * rest_alone:
        return SunSays.UNKNOWN
    return SunSays.TURNED if slope > 0 else SunSays.RIGHT


def house_doubts(looks: Sequence[HouseLook], *, sources_known: bool) -> tuple[str, ...]:
    """Sentences about what does not fit between the devices. `sources_known`: whether the file names all that gives."""
    return (*_sun_doubt(looks), *_negative_house(looks, sources_known=sources_known))


def _sun_doubt(looks: Sequence[HouseLook]) -> Iterator[str]:
    if sun_says(looks) is SunSays.TURNED:
        yield (
            "grid import rises with the sun: the sign of the meter is turned (set invert, or turn its clamps), or that "
            "of the inverter"
        )


def _negative_house(looks: Sequence[HouseLook], *, sources_known: bool) -> Iterator[str]:
    if len(looks) < LEAST_LOOKS:
        return
    house_w = median(each.grid_w + each.solar_w + each.battery_w for each in looks)
    moved_w = median(abs(each.grid_w) + abs(each.solar_w) + abs(each.battery_w) for each in looks)
    if house_w >= -(SLACK_W + SLACK * moved_w):
        return
    unnamed = "" if sources_known else ", unless something gives that the site file does not name"
    yield f"the house would give {-house_w:.0f} W by itself: a sign is turned, most often the meter's{unnamed}"


def _span(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _moments(sun: Sequence[float], rest: Sequence[float]) -> tuple[float, float, float]:
    """How both move together, and each alone, about their means."""
    sun_mean, rest_mean = fmean(sun), fmean(rest)
    pairs = [(one - sun_mean, other - rest_mean) for one, other in zip(sun, rest, strict=True)]
    return (
        sum(one * other for one, other in pairs),
        sum(one * one for one, _ in pairs),
        sum(other * other for _, other in pairs),
    )
