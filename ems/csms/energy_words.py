"""What a station tells of energy beside the meter: limits that others set it, what its car needs and plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ems.csms.capabilities import RateUnit
from ems.csms.charging_profiles import Period
from ems.model.electrical import NOMINAL_V

MOST_LIMITS: Final = 16

OWN_SOURCE: Final = "CSO"
"""What a station calls the source of limits that its central system set, which are ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Limits over time, as a station writes them."""

    unit: RateUnit
    periods: tuple[Period, ...]
    start: datetime | None = None
    """In the station's time; None where it does not say, and its first period counts."""

    duration_s: int | None = None
    phases: int = 3
    """What a limit in watts is the sum of."""

    def amps_at(self, station_now: datetime) -> float | None:
        """The limit per phase then; None before it begins, after it ends, and where it says nothing."""
        since_s = 0.0 if self.start is None else (station_now - self.start).total_seconds()
        if since_s < 0.0 or (self.duration_s is not None and since_s >= self.duration_s):
            return None
        begun = [period.limit for period in self.periods if period.start_s <= since_s]
        if not begun:
            return None
        return begun[-1] if self.unit is RateUnit.AMPERE else begun[-1] / NOMINAL_V / max(self.phases, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideLimit:
    """A limit that somebody else set a station: its own load management, a grid operator."""

    connector: int
    """0 is the whole station."""

    source: str
    critical: bool = False
    """Whether the grid needs it."""

    schedule: Schedule | None = None
    """None where the station does not say how much it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingNeeds:
    """What a car said that it needs (ISO 15118)."""

    connector: int
    energy_kwh: float | None = None
    departs: datetime | None = None
    min_a: float | None = None
    max_a: float | None = None
    soc: float | None = None
    """State of charge, 0 to 1."""

    transfer: str = ""
    """The kind of energy transfer that it asks for, in the standard's word."""

    discharge_w: float | None = None
    """What it could give back. Shown only: nobody here commands it to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarPlan:
    """How a car means to follow what it was offered."""

    connector: int
    told: datetime | None
    schedule: Schedule


class EnergyTold(Protocol):
    """Where a dialect tells of energy."""

    def limited(self, limit: OutsideLimit) -> None: ...

    def released(self, connector: int | None, source: str) -> None: ...

    def needs_told(self, needs: ChargingNeeds) -> None: ...

    def planned(self, plan: CarPlan) -> None: ...

    def hurried(self, *, on: bool, transaction_id: str = "") -> None: ...


class EnergyBook:
    """What was told last. One for the life of a station."""

    def __init__(self, changed: Callable[[], None], needed: Callable[[], None]) -> None:
        """`changed` is told of every change; `needed` of a car that waits for a schedule."""
        self._changed = changed
        self._needed = needed
        self._limits: dict[tuple[int, str], OutsideLimit] = {}
        self.needs: dict[int, ChargingNeeds] = {}
        """By connector."""

        self.plans: dict[int, CarPlan] = {}
        self.priority = False
        """Whether a person has asked at the station to charge as fast as can be."""

    @property
    def limits(self) -> tuple[OutsideLimit, ...]:
        return tuple(self._limits.values())

    def outside_a(self, station_now: datetime) -> float | None:
        """The lowest of the limits that others have set, per phase; None without one, or where none tells how much."""
        told = [limit.schedule.amps_at(station_now) for limit in self._limits.values() if limit.schedule is not None]
        known = [amps for amps in told if amps is not None]
        return max(0.0, min(known)) if known else None

    def limited(self, limit: OutsideLimit) -> None:
        """Somebody else set a limit; a newer one of the same source takes its place. Our own caps nothing."""
        if limit.source == OWN_SOURCE:
            return
        key = (limit.connector, limit.source)
        if key in self._limits or len(self._limits) < MOST_LIMITS:
            self._limits[key] = limit
        self._changed()

    def released(self, connector: int | None, source: str) -> None:
        """That source limits no more; None is every connector."""
        for key in [key for key in self._limits if key[1] == source and connector in {None, key[0]}]:
            del self._limits[key]
        self._changed()

    def needs_told(self, needs: ChargingNeeds) -> None:
        """A car says what it needs, and waits for a schedule."""
        self.needs[needs.connector] = needs
        self._changed()
        self._needed()

    def planned(self, plan: CarPlan) -> None:
        """A car says what it will do."""
        self.plans[plan.connector] = plan
        self._changed()

    def hurried(self, *, on: bool) -> None:
        """A person asks for priority, or lets go of it."""
        self.priority = on
        self._changed()

    def session_over(self, connector: int) -> None:
        """The car that needed and planned is done."""
        self.needs.pop(connector, None)
        self.plans.pop(connector, None)
        self.priority = False

    def restarted(self) -> None:
        """It booted: limits of others that still hold are told anew."""
        self._limits.clear()
        self.needs.clear()
        self.plans.clear()
        self.priority = False
