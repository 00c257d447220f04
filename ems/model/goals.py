"""What people want of a car's charging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChargeMode(StrEnum):
    """How a car chooses its current."""

    OFF = "off"
    SOLAR = "solar"
    MIN_SOLAR = "min_solar"
    FAST = "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The wish for one station, as a person or the site file set it."""

    mode: ChargeMode = ChargeMode.SOLAR
    max_a: float | None = None
    """A person's own ceiling; may tighten the installer's, never widen it."""

    priority: int = 0
    """Higher goes first; equal ones share."""

    energy_kwh: float | None = None
    """What a person wants in the car for this stay; None for as much as it takes."""

    fulfilled: bool = False
    """That much is in: the car pauses until somebody wishes otherwise."""

    target_soc: float | None = None
    """The state of charge that it comes from, 0 to 1; None for an energy that a person asked for."""

    phases: int | None = None
    """At most so many of the station's phases, where it can change them; None for all that are wired."""
