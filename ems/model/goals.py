"""What people want of a car's charging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from ems.model.decision import Reason


class ChargeMode(StrEnum):
    """How a car chooses its current."""

    OFF = "off"
    SOLAR = "solar"
    MIN_SOLAR = "min_solar"
    FAST = "fast"


LEFT_STEP_KWH: Final = 0.1
"""What is still to come is counted in these: control need not look anew at every watt hour."""


def still_to_come_kwh(wanted_kwh: float, in_car_kwh: float) -> float:
    """What is missing, rounded up."""
    left_kwh = max(0.0, wanted_kwh - max(0.0, in_car_kwh))
    return round(ceil(left_kwh / LEFT_STEP_KWH - 1e-6) * LEFT_STEP_KWH, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """By when the energy of a goal is to be in the car."""

    by_utc_s: float
    """Wall time as seconds since 1970 UTC."""

    left_kwh: float
    """What is still to come, rounded up to 0.1 kWh: all of it while nobody counts."""

    utc_offset_s: float = 0.0
    """What the house's clocks are ahead of UTC then: sentences say people's time."""

    eases_utc_s: float | None = None
    """When `Goal.max_a`, a bound for a while, ends before the deadline; None where it lasts."""

    lasting_max_a: float | None = None
    """A person's ceiling after that."""


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

    least_phases: int = 1
    """And at least so many: as many as `phases` where a person chose."""

    min_a: float | None = None
    """A person's own least current: below it the car pauses; at or above the station's, never above `max_a`."""

    deadline: Deadline | None = None
    """None for whenever it comes."""

    hurry: Reason | None = None
    """Set by control alone: why the car charges now, whatever its mode (`ems.control.goal`)."""
