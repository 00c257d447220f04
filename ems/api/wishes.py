"""What people wish of a station, and the goal that control makes of it. Pure: the time is given."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from ems.api.errors import BelowMinimum, CannotSwitchPhases, NoTimeToCome, WidensInstallerLimit
from ems.model.electrical import NOMINAL_V
from ems.model.goals import ChargeMode, Deadline, Goal, still_to_come_kwh
from ems.model.site import Site, Station

BOOST_PRIORITY: Final = 9
"""The highest that a person can set."""

LONGEST_CAP_S: Final = 31 * 86_400.0

PLANNED_YEARS: Final = range(1970, 2100)
"""A time outside of them is no time that anybody waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A wish that ends by itself."""

    until: datetime
    """Wall time, UTC: for people, and over a restart."""

    ends_at_s: float
    """The same in seconds of the monotonic clock, which counts."""

    limit_a: float | None = None
    """The bound of a temporary limit; None for any other wish."""

    limit_kw: float | None = None
    """The bound of the house's import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Everything that people set for one station; None is what the site file says."""

    mode: ChargeMode | None = None
    max_a: float | None = None
    min_a: float | None = None
    phases: Literal[1, 3] | None = None
    priority: int | None = None
    vehicle: str | None = None
    guest: str | None = None
    """Whose car is there for this stay."""

    energy_kwh: float | None = None
    ready_by: datetime | None = None
    limit: Passing | None = None
    boost: Passing | None = None

    @property
    def car(self) -> str | None:
        """The car that people say is there; a guest's goes first."""
        return self.vehicle if self.guest is None else self.guest

    @property
    def has_goal(self) -> bool:
        return self.energy_kwh is not None or self.ready_by is not None


NO_WISHES: Final = Wishes()


def passing(for_s: float, *, now_s: float, now: datetime, limit_a: float | None = None) -> Passing:
    """A wish from now on, for so many seconds."""
    return Passing(until=now + timedelta(seconds=for_s), ends_at_s=now_s + for_s, limit_a=limit_a)


def resumed(wish: Passing, *, now_s: float, now: datetime) -> Passing:
    """A wish from before a restart: it lasts until its wall time, in seconds of the new monotonic clock."""
    left_s = (wish.until - now).total_seconds()
    return replace(wish, ends_at_s=now_s + left_s)


def still_wished(wishes: Wishes, *, now_s: float, plugged: bool) -> Wishes:
    """The wishes less those that are over. A goal is for one stay on the cable, and so is a guest."""
    if wishes.guest is not None and not plugged:
        wishes = replace(wishes, guest=None)
    if wishes.limit is not None and now_s >= wishes.limit.ends_at_s:
        wishes = replace(wishes, limit=None)
    if wishes.boost is not None and now_s >= wishes.boost.ends_at_s:
        wishes = replace(wishes, boost=None)
    if wishes.has_goal and not plugged:
        wishes = replace(wishes, energy_kwh=None, ready_by=None)
    return wishes


def goal_of(
    station: Station, wishes: Wishes, *, session_kwh: float | None, optimising: bool, zone: tzinfo = UTC
) -> Goal:
    """What control is told. `zone` is the house's, for the times in sentences.

    While optimisation is off, every car that is not off gets its fallback current, a share that was proven safe.
    """
    goal = Goal(
        mode=station.goal.mode if wishes.mode is None else wishes.mode,
        max_a=_lowest(wishes.max_a, None if wishes.limit is None else wishes.limit.limit_a),
        priority=station.goal.priority if wishes.priority is None else wishes.priority,
        energy_kwh=wishes.energy_kwh,
        fulfilled=_fulfilled(wishes.energy_kwh, session_kwh),
        phases=station.goal.phases if wishes.phases is None else wishes.phases,
        least_phases=station.goal.least_phases if wishes.phases is None else wishes.phases,
        min_a=wishes.min_a,
        deadline=_deadline(wishes, session_kwh, zone),
    )
    if not optimising:
        mode = goal.mode if goal.mode is ChargeMode.OFF else ChargeMode.FAST
        return replace(
            goal,
            mode=mode,
            max_a=_lowest(goal.max_a, station.fallback_a),
            min_a=None,
            deadline=None if goal.deadline is None else replace(goal.deadline, eases_utc_s=None),
        )
    if wishes.boost is not None:
        return replace(goal, mode=ChargeMode.FAST, priority=BOOST_PRIORITY, fulfilled=False)
    return goal


def _deadline(wishes: Wishes, session_kwh: float | None, zone: tzinfo) -> Deadline | None:
    """A time alone plans nothing: nobody knows how much the car takes."""
    energy_kwh, by, limit = wishes.energy_kwh, wishes.ready_by, wishes.limit
    if energy_kwh is None or by is None or by.year not in PLANNED_YEARS:
        return None
    offset = by.astimezone(zone).utcoffset() or timedelta()
    return Deadline(
        by_utc_s=by.timestamp(),
        left_kwh=still_to_come_kwh(energy_kwh, session_kwh or 0.0),
        utc_offset_s=offset.total_seconds(),
        eases_utc_s=None if limit is None else limit.until.timestamp(),
        lasting_max_a=None if limit is None else wishes.max_a,
    )


def bounded(station: Station, max_a: float) -> float:
    """A person's own bound. Raises WidensInstallerLimit, or BelowMinimum where no car could charge any more."""
    if max_a < station.min_a:
        raise BelowMinimum(
            f"{station.station_id} charges from {station.min_a:.1f} A on; {max_a:.1f} A would pause it, "
            "which is what mode off is for"
        )
    return not_above(station, max_a)


def import_cap(site: Site, limit_kw: float, until: datetime, *, now_s: float, now: datetime) -> Passing:
    """That bound until then. Raises WidensInstallerLimit above what the house may import, or NoTimeToCome."""
    main = site.circuits.main
    fuse_w = main.fuse.rating_a * NOMINAL_V * len(main.phases)
    most_kw = min(fuse_w, math.inf if main.max_power_w is None else main.max_power_w) / 1000.0
    if limit_kw > most_kw:
        raise WidensInstallerLimit(f"the house may import {most_kw:.1f} kW; {limit_kw:.1f} kW is more")
    lasts_s = (until - now).total_seconds()
    if not 0.0 < lasts_s <= LONGEST_CAP_S:
        raise NoTimeToCome("a bound of the import ends within the next 31 days")
    return Passing(until=until, ends_at_s=now_s + lasts_s, limit_kw=limit_kw)


def least(station: Station, min_a: float) -> float:
    """A person's own least current. Raises BelowMinimum or WidensInstallerLimit outside of the station's range."""
    if min_a < station.min_a:
        raise BelowMinimum(f"{station.station_id} charges from {station.min_a:.1f} A on; {min_a:.1f} A is less")
    return not_above(station, min_a)


def may_choose_phases(station: Station, phases: Literal[1, 3]) -> Literal[1, 3]:
    """That number. Raises CannotSwitchPhases where the station has no choice."""
    if not station.can_switch_phases or len(station.wiring) < max(phases, 2):
        wired = "phase" if len(station.wiring) == 1 else "phases"
        raise CannotSwitchPhases(f"{station.station_id} always offers {len(station.wiring)} {wired}")
    return phases


def not_above(station: Station, limit_a: float) -> float:
    """That limit. Raises WidensInstallerLimit above the installer's."""
    if limit_a > station.max_a:
        raise WidensInstallerLimit(
            f"{station.station_id} may draw {station.max_a:.1f} A, as the installer set it; {limit_a:.1f} A is more"
        )
    return limit_a


def _lowest(*bounds_a: float | None) -> float | None:
    return min((bound for bound in bounds_a if bound is not None), default=None)


def _fulfilled(wanted_kwh: float | None, session_kwh: float | None) -> bool:
    return wanted_kwh is not None and session_kwh is not None and session_kwh >= wanted_kwh
