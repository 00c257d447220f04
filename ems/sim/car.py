"""A car on a cable: how it follows the current that its station offers.

`step` is pure: a car, its state, the offer and a time step give the next state. The car notices a new offer after a
dead time, follows it with a ramp, wakes up slowly after a pause, draws a little less than it may, and tapers off when
its battery is nearly full (IEC 61851-1 for the 6 A minimum and the 5 s; the rest is what cars are seen to do).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ems.model.electrical import NOMINAL_V

PILOT_MINIMUM_A: Final = 6.0
"""Smallest current a pilot signal can offer, IEC 61851-1; below it the car pauses."""

FOLLOWS_WITHIN_S: Final = 5.0
"""A car has followed a lower offer within this, IEC 61851-1."""

TAPER_LEFT: Final = 0.15
"""Share of the current that is left just before the battery is full."""

USUAL_FALL_A_PER_S: Final = 20.0
ROUNDING_S: Final = 1e-6
"""Sums of many small steps may miss a time by less than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a station offers its car now. Below 6 A the car pauses."""

    limit_a: float = 0.0
    phases: int = 3


NO_OFFER: Final = Offer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A kind of car. Raises ValueError when it could not follow a lower offer within 5 s."""

    phases: int = 3
    max_a: float = 16.0
    battery_kwh: float = 60.0
    dead_time_s: float = 2.0
    """From a change of the offer to the first change of the current."""

    rise_a_per_s: float = 2.0
    fall_a_per_s: float = USUAL_FALL_A_PER_S
    start_delay_s: float = 5.0
    """From the first offer it notices to the first current, also after a pause."""

    offset_a: float = 0.3
    """How far its current stays below the offer."""

    taper_from_soc: float = 0.9

    def __post_init__(self) -> None:
        slowest_s = self.dead_time_s + self.max_a / self.fall_a_per_s
        if slowest_s > FOLLOWS_WITHIN_S:
            raise ValueError(f"this car needs {slowest_s:.1f} s to follow a lower offer; IEC 61851-1 allows 5 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarState:
    """A car at one instant."""

    soc: float
    drawn_a: float = 0.0
    """On each phase that it uses."""

    phases: int = 0
    """How many it uses; 0 while it does not draw."""

    obeyed: Offer = NO_OFFER
    """The offer it has noticed."""

    coming: tuple[tuple[float, Offer], ...] = ()
    """Offers it has not noticed yet, oldest first, with their ages in seconds."""

    awake_s: float = 0.0
    """How long it has known an offer that it may draw from."""

    energy_kwh: float = 0.0
    """Charged since it was plugged in."""

    @property
    def full(self) -> bool:
        return self.soc >= 1.0


def step(car: Car, state: CarState, offer: Offer, dt_s: float) -> CarState:
    """The same car `dt_s` seconds later while the station offers `offer`."""
    state = _noticing(car, state, offer, dt_s)
    may_draw = state.obeyed.limit_a >= PILOT_MINIMUM_A and not state.full
    awake_s = state.awake_s + dt_s if may_draw else 0.0
    wanted_a = _wanted_a(car, state) if awake_s + ROUNDING_S >= car.start_delay_s else 0.0
    phases = min(car.phases, offer.phases)
    # Opening a contactor acts at once; a car takes up more phases only after it has stopped.
    if phases > state.phases > 0:
        wanted_a, phases = 0.0, state.phases
    drawn_a = _ramped(car, state.drawn_a, wanted_a, dt_s)
    charged_kwh = drawn_a * phases * NOMINAL_V * dt_s / 3_600_000
    return replace(
        state,
        soc=min(state.soc + charged_kwh / car.battery_kwh, 1.0),
        drawn_a=drawn_a,
        phases=phases if drawn_a > 0 else 0,
        awake_s=awake_s,
        energy_kwh=state.energy_kwh + charged_kwh,
    )


def _noticing(car: Car, state: CarState, offer: Offer, dt_s: float) -> CarState:
    newest = state.coming[-1][1] if state.coming else state.obeyed
    coming = state.coming if offer == newest else (*state.coming, (0.0, offer))
    aged = tuple((age_s + dt_s, each) for age_s, each in coming)
    noticed = [each for age_s, each in aged if age_s + ROUNDING_S >= car.dead_time_s]
    if not noticed:
        return replace(state, coming=aged)
    return replace(state, obeyed=noticed[-1], coming=aged[len(noticed) :])


def _wanted_a(car: Car, state: CarState) -> float:
    ceiling_a = min(state.obeyed.limit_a - car.offset_a, car.max_a)
    if state.soc <= car.taper_from_soc:
        return ceiling_a
    left = (1.0 - state.soc) / (1.0 - car.taper_from_soc)
    return ceiling_a * max(left, TAPER_LEFT)


def _ramped(car: Car, drawn_a: float, wanted_a: float, dt_s: float) -> float:
    if wanted_a < drawn_a:
        return max(wanted_a, drawn_a - car.fall_a_per_s * dt_s)
    return min(wanted_a, drawn_a + car.rise_a_per_s * dt_s)
