"""Limits as leases: charging profiles that fall back by themselves (`ocpp-smart-charging.md` §4).

Pure. `ems.csms.constructions` lists the forms worth trying on a station; `profiles` fills one form with a limit.
Every working profile has an end, and what follows its end is the fallback current, not freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ems.csms.capabilities import RateUnit
from ems.csms.constructions import (
    ENDING_FORMS,
    FALLBACK_FORMS,
    Construction,
    Form,
    Purpose,
    constructions,
    still_possible,
)
from ems.csms.ports import LeasedLimit
from ems.model.electrical import NOMINAL_V
from ems.model.transaction import TransactionId

__all__ = [
    "Construction",
    "Form",
    "Installation",
    "Moment",
    "Period",
    "Profile",
    "Purpose",
    "constructions",
    "is_own_id",
    "offer_id",
    "open_offer",
    "profiles",
    "resident_id",
    "rounded_down",
    "start_profile",
    "still_possible",
    "working_id",
]

LEAST_A: Final = 6.0
"""Smallest charging current, IEC 61851-1; anything between it and 0 is undefined and never sent."""

RESIDENT_BACK_S: Final = 2 * 86_400.0
"""The fallback profile starts two days ago, so that it holds even when the station's clock steps back by a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `start_s` after the schedule's start: a limit in the profile's unit."""

    start_s: int
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A charging profile, in no protocol's spelling."""

    profile_id: int
    connector: int
    purpose: Purpose
    level: int
    unit: RateUnit
    phases: int
    counted_phases: int
    """How many phases the last period's limit is the sum of when it is in watts."""

    periods: tuple[Period, ...]
    start: datetime | None
    """Station time; None counts from the start of charging."""

    duration_s: int | None = None
    """None: the last period lasts for ever."""

    transaction_id: TransactionId | None = None
    dynamic: bool = False
    """Whether its limit may be changed by its value alone (OCPP 2.1)."""

    offline_s: int | None = None
    """How long it counts without a connection, where the version has a word for that (OCPP 2.1); None is for ever."""

    @property
    def valid_from(self) -> datetime | None:
        """Same as the start, for stations that ignore the latter; not allowed on a transaction's own profile."""
        return None if self.purpose is Purpose.TX else self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a schedule needs to know of the station at the moment of sending."""

    station_now: datetime
    guard_s: float
    """G: schedules start so far back that a clock that is slow by less has begun them."""

    transaction_id: TransactionId | None = None
    charging_for_s: float = 0.0
    """Time since the transaction began; 0 without one."""

    drawing_phases: int | None = None
    """How many phases the car draws on, as measured; None while it does not draw or nobody measures its phases.

    A limit in watts is a sum of phases, so a one-phase car takes three times its amps from a sum of three. The fallback
    has to hold when nobody is left to correct it, so it counts one phase until more are measured; the limit itself
    counts those of the lease until then.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The profiles of one limit, in the order of sending."""

    resident: Profile | None
    """Holds for ever and needs sending only when it changes."""

    working: Profile | None
    """The lease. None when only the resident profile can be set now; it is then no higher than the limit."""


def profiles(
    way: Construction, lease: LeasedLimit, moment: Moment, *, whole_amps: bool = False, steps_a: tuple[float, ...] = ()
) -> Installation:
    """The profiles that put `lease` in force at `moment`. Limits are rounded down, never up."""
    limit_a = rounded_down(lease.limit_a, whole_amps=whole_amps, steps_a=steps_a)
    fallback_a = rounded_down(lease.fallback_a, whole_amps=whole_amps, steps_a=steps_a)
    if way.form in FALLBACK_FORMS:
        held = _held(way, min(limit_a, fallback_a), lease.phases, moment)
        return Installation(resident=None, working=held)
    without_transaction = way.purpose is Purpose.TX and moment.transaction_id is None
    resting_a = min(limit_a, fallback_a) if without_transaction else fallback_a
    return Installation(
        resident=_resident(way, resting_a, lease.phases, moment),
        working=None if without_transaction else _working(way, limit_a, fallback_a, lease, moment),
    )


def start_profile(
    way: Construction, lease: LeasedLimit, moment: Moment, *, whole_amps: bool = False, steps_a: tuple[float, ...] = ()
) -> Profile | None:
    """What goes along with the command to start charging, so that a transaction's own limit is there from its start.

    None where limits are not those of transactions: it would hide them.
    """
    if way.purpose is not Purpose.TX:
        return None
    limit_a = rounded_down(lease.limit_a, whole_amps=whole_amps, steps_a=steps_a)
    fallback_a = rounded_down(lease.fallback_a, whole_amps=whole_amps, steps_a=steps_a)
    return replace(_working(way, limit_a, fallback_a, lease, moment), transaction_id=None)


def rounded_down(limit_a: float, *, whole_amps: bool = False, steps_a: tuple[float, ...] = ()) -> float:
    """The largest limit a station may be told that is not above `limit_a`: 0, or 6 A and more in its steps.

    `steps_a`: the currents that it knows; a single one is the width of its steps.
    """
    if not limit_a >= LEAST_A:
        return 0.0
    steps_per_a = 1 if whole_amps else 10
    rounded_a = math.floor(limit_a * steps_per_a + 1e-6) / steps_per_a
    if len(steps_a) == 1:
        rounded_a = math.floor(math.floor(rounded_a / steps_a[0] + 1e-6) * steps_a[0] * 10 + 1e-6) / 10
    elif steps_a:
        rounded_a = max((step_a for step_a in steps_a if step_a <= rounded_a + 1e-6), default=0.0)
    return rounded_a if rounded_a >= LEAST_A else 0.0


def _held(way: Construction, limit_a: float, phases: int, moment: Moment) -> Profile:
    """A limit that needs no end, since it is no higher than what it would end in."""
    counted = _fallback_phases(phases, moment)
    return Profile(
        profile_id=working_id(way.purpose, way.connector),
        connector=way.connector,
        purpose=way.purpose,
        level=way.level,
        unit=way.unit,
        phases=phases,
        counted_phases=counted,
        periods=(Period(start_s=0, limit=_in(way.unit, limit_a, counted)),),
        start=None if way.is_relative else _long_ago(moment),
    )


def _resident(way: Construction, fallback_a: float, phases: int, moment: Moment) -> Profile | None:
    if way.fallback_level is None:
        return None
    purpose = Purpose.TX_DEFAULT if way.purpose is Purpose.TX else way.purpose
    counted = _fallback_phases(phases, moment)
    return Profile(
        profile_id=resident_id(purpose, way.connector),
        connector=way.connector,
        purpose=purpose,
        level=way.fallback_level,
        unit=way.unit,
        phases=phases,
        counted_phases=counted,
        periods=(Period(start_s=0, limit=_in(way.unit, fallback_a, counted)),),
        start=None if way.is_relative else _long_ago(moment),
    )


def _long_ago(moment: Moment) -> datetime:
    return moment.station_now - timedelta(seconds=max(RESIDENT_BACK_S, moment.guard_s))


def _working(way: Construction, limit_a: float, fallback_a: float, lease: LeasedLimit, moment: Moment) -> Profile:
    relative = way.is_relative
    ends_s = math.floor((moment.charging_for_s if relative else moment.guard_s) + lease.lease_s)
    ending = way.form in ENDING_FORMS
    first = Period(start_s=0, limit=_in(way.unit, limit_a, _limit_phases(lease.phases, moment)))
    counted = _fallback_phases(lease.phases, moment)
    last = Period(start_s=ends_s, limit=_in(way.unit, fallback_a, counted))
    return Profile(
        profile_id=working_id(way.purpose, way.connector),
        connector=way.connector,
        purpose=way.purpose,
        level=way.level,
        unit=way.unit,
        phases=lease.phases,
        counted_phases=counted,
        periods=(first,) if ending else (first, last),
        start=None if relative else moment.station_now - timedelta(seconds=moment.guard_s),
        duration_s=ends_s if ending else None,
        transaction_id=moment.transaction_id if way.purpose is Purpose.TX else None,
        dynamic=way.form is Form.DYNAMIC_OVER_FALLBACK,
        offline_s=math.floor(lease.lease_s) if way.fallback_level is not None else None,
    )


def _limit_phases(allowed: int, moment: Moment) -> int:
    return allowed if moment.drawing_phases is None else min(allowed, moment.drawing_phases)


def _fallback_phases(allowed: int, moment: Moment) -> int:
    return 1 if moment.drawing_phases is None else min(allowed, moment.drawing_phases)


def _in(unit: RateUnit, limit_a: float, phases: int) -> float:
    """Amperes per phase, or the sum of the phases in whole watts."""
    return limit_a if unit is RateUnit.AMPERE else float(math.floor(limit_a * NOMINAL_V * phases + 1e-6))


_FIRST_ID: Final = 8480
_PURPOSE_ORDER: Final = tuple(Purpose)


def resident_id(purpose: Purpose, connector: int) -> int:
    """Fixed, so that a later profile replaces an earlier one in place."""
    return _FIRST_ID + 100 * connector + 10 * _PURPOSE_ORDER.index(purpose)


def working_id(purpose: Purpose, connector: int) -> int:
    """Fixed, so that a renewal replaces the lease in place."""
    return resident_id(purpose, connector) + 1


def open_offer(way: Construction, moment: Moment, max_a: float, phases: int) -> Profile:
    """What a car's transaction may have by itself; `way` limits the whole station below it."""
    return Profile(
        profile_id=offer_id(1),
        connector=1,
        purpose=Purpose.TX,
        level=0,
        unit=way.unit,
        phases=phases,
        counted_phases=phases,
        periods=(Period(start_s=0, limit=_in(way.unit, rounded_down(max_a, whole_amps=True), phases)),),
        start=moment.station_now - timedelta(seconds=moment.guard_s),
        transaction_id=moment.transaction_id,
    )


def is_own_id(profile_id: int) -> bool:
    """Whether profiles of ours have such ids."""
    return _FIRST_ID <= profile_id < _FIRST_ID + 100 * 100


def offer_id(connector: int) -> int:
    """Of the profile that a car is offered while another of ours limits the whole station."""
    return resident_id(Purpose.TX, connector) + 2
