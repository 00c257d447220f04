"""What the state of charge of a car means for its charging. Pure: the time is given.

Old news stops no car: it may have been driven since, or its maker's server may be away. What was reached on fresh news
stays reached for the rest of the stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from ems.api.wire import SessionState
from ems.api.wishes import Wishes
from ems.model.goals import ChargeMode, Goal

_T = TypeVar("_T")

STALE_AFTER_S: Final = 1800.0
"""Cars that charge tell their state of charge every few minutes, slow ones four times an hour (assumed)."""

BACK_BELOW: Final = 0.03
"""A car that was at its target charges again once it tells so much less: rounding and rest take one or two percent."""

PLUGS_WITHIN: Final = timedelta(seconds=60)
"""A state of charge from so shortly before the stay was counted is of this stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[_T]):
    """One thing that a car told."""

    value: _T
    at_s: float
    """When it was so, monotonic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The session that ran when a state of charge was told, and what was in the car then."""

    session_id: str
    energy_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """What is known of one car, and what people want of it."""

    soc: Told[float] | None = None
    range_km: Told[float] | None = None
    at_home: Told[bool] | None = None
    capacity_kwh: float | None = None
    target_soc: float | None = None
    minimum_soc: float | None = None
    anchor: Anchor | None = None
    """Of its state of charge."""

    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a car's state of charge asks of the station where it stands."""

    energy_kwh: float | None = None
    """In this session, until the target is reached; None where nobody knows."""

    target_soc: float | None = None
    fresh: bool = False
    reached: bool = False
    below_minimum: bool = False

    def on(self, wishes: Wishes) -> Wishes:
        """The same wishes, with the energy to the target where no person asked for another."""
        if self.energy_kwh is None or wishes.energy_kwh is not None:
            return wishes
        return replace(wishes, energy_kwh=self.energy_kwh)

    def under(self, goal: Goal, wishes: Wishes) -> Goal:
        """The goal, as `wishes` of a person leave room for it. A boost and a person's own energy come first."""
        if wishes.boost is not None or goal.mode is ChargeMode.OFF:
            return goal
        if wishes.energy_kwh is None and self.target_soc is not None:
            fulfilled = self.reached or (goal.fulfilled and self.fresh)
            goal = replace(goal, fulfilled=fulfilled, target_soc=self.target_soc)
        if self.below_minimum and not goal.fulfilled:
            goal = replace(goal, mode=ChargeMode.FAST)
        return goal


NO_AIM: Final = Aim()


@dataclass(slots=True)
class Reached:
    """The targets that cars reached in their present stay, by station."""

    _reached: dict[str, tuple[str, str, float, float]] = field(default_factory=dict)

    def note(self, station_id: str, session_id: str, name: str, target_soc: float, now_s: float) -> None:
        if not self.holds(station_id, session_id, name, target_soc, None):
            self._reached[station_id] = (session_id, name, target_soc, now_s)

    def holds(self, station_id: str, session_id: str, name: str, target_soc: float, newest: Told[float] | None) -> bool:
        """Whether that car did, in that session; a newer state of charge well below takes it back."""
        found = self._reached.get(station_id)
        if found is None or found[:3] != (session_id, name, target_soc):
            return False
        if newest is not None and newest.at_s > found[3] and newest.value < target_soc - BACK_BELOW:
            del self._reached[station_id]
            return False
        return True


def is_stale(told: Told[_T] | None, now_s: float) -> bool:
    """Whether it is too old to stop a car; true for what was never told."""
    return told is None or now_s - told.at_s > STALE_AFTER_S


def aim_of(car: Car, session: SessionState | None, *, now_s: float, now: datetime) -> Aim:
    """What that car asks for in the running session."""
    fresh = not is_stale(car.soc, now_s)
    soc = car.soc
    if soc is None or session is None:
        return Aim(below_minimum=_below(car, fresh=fresh))
    told_at = now - timedelta(seconds=now_s - soc.at_s)
    of_this_stay = session.began is None or told_at >= session.began - PLUGS_WITHIN
    target = car.target_soc
    if target is None or not of_this_stay:
        return Aim(below_minimum=_below(car, fresh=fresh), target_soc=target)
    return Aim(
        energy_kwh=_energy_kwh(car, soc.value, target, session),
        target_soc=target,
        fresh=fresh,
        reached=fresh and soc.value >= target,
        below_minimum=_below(car, fresh=fresh),
    )


def to_target_kwh(car: Car) -> float | None:
    """(target − soc) × capacity, as the car told it; None where something of that is unknown."""
    if car.soc is None or car.target_soc is None or car.capacity_kwh is None:
        return None
    return max(0.0, car.target_soc - car.soc.value) * car.capacity_kwh


def _energy_kwh(car: Car, soc: float, target: float, session: SessionState) -> float | None:
    """What the session has when the target is reached."""
    anchor = car.anchor
    if car.capacity_kwh is None or anchor is None or anchor.session_id != session.id or soc >= target:
        return None
    return anchor.energy_kwh + (target - soc) * car.capacity_kwh


def _below(car: Car, *, fresh: bool) -> bool:
    return fresh and car.soc is not None and car.minimum_soc is not None and car.soc.value < car.minimum_soc
