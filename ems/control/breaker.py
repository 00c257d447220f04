"""How warm a fuse is and how long it still carries a current (`control.md` §3).

One body with one time constant: θ is 0 cold and 1 where the device may trip, and θ' = (i² − θ)/τ with i the current
relative to k times the rating. It is a model for guarding, no proof about one device: real breakers have a fast and a
slow part, and the magnetic release acts before any control loop can.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ems.model.electrical import Fuse, FuseDevice

UNKNOWN_SHARE: Final = 0.95
"""A device of unknown past is taken to have carried this share of its rating for long (`control.md` §3)."""

_ALMOST_ONE: Final = math.nextafter(1.0, 0.0)


class Edge(StrEnum):
    """Which device of the band that its standard allows."""

    FASTEST = "fastest"
    """Trips as early as the standard permits: what a guard must assume of an unknown device."""

    TYPICAL = "typical"
    """Lower edge of what data sheets show (assumed)."""

    SLOWEST = "slowest"
    """Trips as late as the standard permits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerThermalModel:
    """One phase of one protective device. Currents in amps, of either sign: an exporting phase heats as well."""

    k: float
    """Times the rating that the device carries for ever."""

    tau_s: float
    rating_a: float
    """With the derating for heat and neighbours in it."""

    def __post_init__(self) -> None:
        for name, value in (("k", self.k), ("tau_s", self.tau_s), ("rating_a", self.rating_a)):
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"breaker model: {name} is {value}; give a finite number above 0")

    @classmethod
    def from_point(cls, *, k: float, rating_a: float, at_multiple: float, trips_after_s: float) -> BreakerThermalModel:
        """From one point of a data sheet: cold, it trips after so many seconds at `at_multiple` times its rating.

        τ = t / ln(m² / (m² − k²)), `control.md` §3. Raises ValueError where the device would carry that for ever.
        """
        if not (k > 0 and at_multiple > k and trips_after_s > 0):
            raise ValueError(
                f"breaker model: {trips_after_s} s at {at_multiple} times the rating is no trip of a device that "
                f"carries {k} times for ever; give a multiple above k and a time above 0"
            )
        tau_s = trips_after_s / -math.log1p(-((k / at_multiple) ** 2))
        return cls(k=k, tau_s=tau_s, rating_a=rating_a)

    @property
    def carries_a(self) -> float:
        """k·In: up to this it never trips."""
        return self.k * self.rating_a

    @property
    def unknown_theta(self) -> float:
        """θ to start from when nobody knows the past: settled at 0.95 of the rating."""
        return (UNKNOWN_SHARE / self.k) ** 2

    def theta_at(self, current_a: float) -> float:
        """θ once the current has flowed for long; above 1 it has tripped on the way."""
        return (current_a / self.carries_a) ** 2

    def step(self, theta: float, current_a: float, dt_s: float) -> float:
        """θ after `dt_s` seconds of a constant current: exact, so that many small steps equal a large one."""
        settled = self.theta_at(current_a)
        reached = theta + (settled - theta) * -math.expm1(-dt_s / self.tau_s)
        # Settling at exactly k·In comes near 1 for ever; rounding must not make it a trip.
        return min(reached, _ALMOST_ONE) if settled <= 1.0 and theta < 1.0 else reached

    def time_to_trip_s(self, theta: float, current_a: float) -> float:
        """T = τ·ln((i² − θ)/(i² − 1)): seconds of that constant current until θ is 1; inf when never, 0 when it is."""
        if theta >= 1.0:
            return 0.0
        settled = self.theta_at(current_a)
        if settled <= 1.0:
            return math.inf
        return self.tau_s * math.log1p((1.0 - theta) / (settled - 1.0))

    def survivable_a(self, theta: float, for_s: float) -> float:
        """The largest constant current that takes `for_s` seconds to reach 1; 0 when θ is there, inf for no time.

        i_max = sqrt((1 − θ·e^(−T/τ)) / (1 − e^(−T/τ))), the inverse of `time_to_trip_s`.
        """
        if theta >= 1.0:
            return 0.0
        gone = -math.expm1(-for_s / self.tau_s)
        if gone <= 0.0:
            return math.inf
        return self.carries_a * math.sqrt((1.0 - theta) / gone + theta)

    def survivable_step_a(self, preload_a: float, for_s: float) -> float:
        """ΔI on top of a preload that has settled, survived for `for_s` seconds; negative when the preload trips it."""
        return self.survivable_a(self.theta_at(preload_a), for_s) - abs(preload_a)

    def preload_a(self, step_a: float, for_s: float) -> float:
        """The largest settled current on top of which that step is survived for `for_s` seconds; 0 when there is none.

        The inverse of `survivable_step_a`: p² + 2·g·p·ΔI + g·ΔI² = k²·In² with g = 1 − e^(−T/τ).
        """
        gone = -math.expm1(-for_s / self.tau_s)
        left = (gone * step_a) ** 2 + self.carries_a**2 - gone * step_a**2
        return max(0.0, math.sqrt(left) - gone * step_a) if left > 0.0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A device of one kind and edge, whatever its rating: what it carries, and one point of its curve."""

    k: float
    at_multiple: float
    trips_after_s: float

    def of(self, rating_a: float) -> BreakerThermalModel:
        """The model of such a device with that rating in amps, derating included."""
        return BreakerThermalModel.from_point(
            k=self.k, rating_a=rating_a, at_multiple=self.at_multiple, trips_after_s=self.trips_after_s
        )


SMALL_UP_TO_A: Final = 32.0
"""IEC 60898-1 gives larger breakers twice the time at 2.55 In."""

MCB: Final[Mapping[Edge, Profile]] = {
    # IEC 60898-1 (`breakers-and-rules.md` §1): 1.13 In holds for an hour; not before 1 s at 2.55 In, cold.
    Edge.FASTEST: Profile(k=1.13, at_multiple=2.55, trips_after_s=1.0),
    # Assumed; a data sheet is better.
    Edge.TYPICAL: Profile(k=1.13, at_multiple=2.0, trips_after_s=8.0),
    # The same standard: 1.45 In trips within the hour, 2.55 In within 60 s.
    Edge.SLOWEST: Profile(k=1.45, at_multiple=2.55, trips_after_s=60.0),
}
MCB_LARGE_SLOWEST: Final = Profile(k=1.45, at_multiple=2.55, trips_after_s=120.0)

SLS_K: Final[Mapping[Edge, float]] = {Edge.FASTEST: 1.05, Edge.TYPICAL: 1.05, Edge.SLOWEST: 1.2}
"""DIN VDE 0641-21, type E: 1.05 In holds, 1.2 In trips. Its τ is taken from the breakers above (assumed)."""

GG_K: Final = 1.25
GG_SLOWEST_K: Final = 1.6
"""IEC 60269: 1.25 In holds for the conventional time, 1.6 In melts within it, from 16 A on."""

GG_GATES_A: Final[Mapping[float, tuple[float, float]]] = {
    16.0: (33.0, 65.0),
    25.0: (52.0, 110.0),
    32.0: (75.0, 150.0),
    40.0: (95.0, 190.0),
    63.0: (160.0, 320.0),
}
"""Per rating: the amps it holds for 10 s, and those that melt it in 5 s (IEC 60269, `breakers-and-rules.md` §2)."""


def model_of(fuse: Fuse, derating: float = 1.0, edge: Edge = Edge.FASTEST) -> BreakerThermalModel:
    """The model of a fuse as printed on its front. Raises ValueError for a rating or a derating not above 0."""
    rating_a = fuse.rating_a * derating
    if fuse.device is FuseDevice.GG:
        return _gg(fuse.rating_a, edge).of(rating_a)
    breaker = _mcb(fuse.rating_a, edge).of(rating_a)
    return replace(breaker, k=SLS_K[edge]) if fuse.device is FuseDevice.SLS else breaker


def _mcb(rating_a: float, edge: Edge) -> Profile:
    return MCB_LARGE_SLOWEST if edge is Edge.SLOWEST and rating_a > SMALL_UP_TO_A else MCB[edge]


def _gg(rating_a: float, edge: Edge) -> Profile:
    """By the next lower rating in the table, whose τ is shorter; the typical one is taken to be the fastest."""
    row = max((each for each in GG_GATES_A if each <= rating_a), default=min(GG_GATES_A))
    holds_a, melts_a = GG_GATES_A[row]
    if edge is Edge.SLOWEST:
        return Profile(k=GG_SLOWEST_K, at_multiple=melts_a / row, trips_after_s=5.0)
    return Profile(k=GG_K, at_multiple=holds_a / row, trips_after_s=10.0)
