"""Limits as leases: charging profiles that fall back by themselves (`ocpp-smart-charging.md` §4).

Pure. `constructions` lists the forms worth trying on a station, best first; `profiles` fills one form with a limit.
Every working profile has an end, and what follows its end is the fallback current, not freedom.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Final

from ems.csms.capabilities import Capabilities, RateUnit
from ems.csms.ports import LeasedLimit
from ems.model.electrical import NOMINAL_V
from ems.model.transaction import TransactionId

LEAST_A: Final = 6.0
"""Smallest charging current, IEC 61851-1; anything between it and 0 is undefined and never sent."""

RESIDENT_BACK_S: Final = 2 * 86_400.0
"""The fallback profile starts two days ago, so that it holds even when the station's clock steps back by a day."""


class Purpose(StrEnum):
    """What a profile caps."""

    STATION_MAX = "station_max"
    TX_DEFAULT = "tx_default"
    TX = "tx"


class Form(Enum):
    """The constructions of `ocpp-smart-charging.md` §4 in OCPP 1.6."""

    TWO_PERIODS_OVER_FALLBACK = "A over S"
    """One profile with limit then fallback, above a permanent fallback profile."""

    TWO_PERIODS = "A"
    """The same where only one stack level or one profile exists."""

    ENDING_OVER_FALLBACK = "B"
    """A limit that ends, above a permanent fallback profile; for stations with one period."""

    TRANSACTION_OVER_FALLBACK = "C"
    """A limit that ends on the running transaction, above a permanent default."""

    RELATIVE = "E"
    """Limit then fallback, counted from the start of charging; for stations that refuse absolute schedules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Construction:
    """One way to say a limit to a station."""

    form: Form
    purpose: Purpose
    connector: int
    unit: RateUnit
    fallback_level: int | None = None
    """Stack level of the permanent fallback profile, where the form has one."""

    level: int


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


def constructions(can: Capabilities) -> tuple[Construction, ...]:
    """The forms worth trying, best first; what the station has not said counts as possible."""
    units = can.units or (RateUnit.AMPERE, RateUnit.WATT)
    return tuple(each for unit in units for each in _in_unit(can, unit))


def profiles(way: Construction, lease: LeasedLimit, moment: Moment, *, whole_amps: bool = False) -> Installation:
    """The profiles that put `lease` in force at `moment`. Limits are rounded down, never up."""
    limit_a = rounded_down(lease.limit_a, whole_amps=whole_amps)
    fallback_a = rounded_down(lease.fallback_a, whole_amps=whole_amps)
    without_transaction = way.form is Form.TRANSACTION_OVER_FALLBACK and moment.transaction_id is None
    resting_a = min(limit_a, fallback_a) if without_transaction else fallback_a
    return Installation(
        resident=_resident(way, resting_a, lease.phases, moment),
        working=None if without_transaction else _working(way, limit_a, fallback_a, lease, moment),
    )


def rounded_down(limit_a: float, *, whole_amps: bool) -> float:
    """The largest limit a station may be told that is not above `limit_a`: 0, or 6 A and more in its steps."""
    if not limit_a >= LEAST_A:
        return 0.0
    steps_per_a = 1 if whole_amps else 10
    return math.floor(limit_a * steps_per_a + 1e-6) / steps_per_a


def _in_unit(can: Capabilities, unit: RateUnit) -> Iterator[Construction]:
    top = 1 if can.max_stack_level is None else can.max_stack_level
    # Some stations count the maximum as exclusive (ABB), so one below it where there is room.
    level = max(1, top - 1)
    two_levels = top >= 1 and can.max_installed != 1
    two_periods = can.max_periods != 1
    targets = ((Purpose.STATION_MAX, 0), (Purpose.TX_DEFAULT, 1), (Purpose.TX_DEFAULT, 0))
    for purpose, connector in targets:
        if two_levels and two_periods:
            form = Form.TWO_PERIODS_OVER_FALLBACK
            yield _over(form, purpose, connector, unit, level)
        if two_periods:
            yield Construction(form=Form.TWO_PERIODS, purpose=purpose, connector=connector, unit=unit, level=0)
        if two_levels:
            yield _over(Form.ENDING_OVER_FALLBACK, purpose, connector, unit, level)
    if can.max_installed != 1:
        yield Construction(
            form=Form.TRANSACTION_OVER_FALLBACK,
            purpose=Purpose.TX,
            connector=1,
            unit=unit,
            fallback_level=0,
            level=min(1, top),
        )
    if two_periods:
        yield Construction(form=Form.RELATIVE, purpose=Purpose.TX_DEFAULT, connector=1, unit=unit, level=0)


def _over(form: Form, purpose: Purpose, connector: int, unit: RateUnit, level: int) -> Construction:
    return Construction(
        form=form, purpose=purpose, connector=connector, unit=unit, fallback_level=level - 1, level=level
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
        start=moment.station_now - timedelta(seconds=max(RESIDENT_BACK_S, moment.guard_s)),
    )


def _working(way: Construction, limit_a: float, fallback_a: float, lease: LeasedLimit, moment: Moment) -> Profile:
    relative = way.form is Form.RELATIVE
    ends_s = math.floor((moment.charging_for_s if relative else moment.guard_s) + lease.lease_s)
    ending = way.form in {Form.ENDING_OVER_FALLBACK, Form.TRANSACTION_OVER_FALLBACK}
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


def still_possible(way: Construction, can: Capabilities) -> bool:
    """Whether what the station has said meanwhile leaves room for a construction that it took before."""
    if can.units and way.unit not in can.units:
        return False
    if can.max_stack_level is not None and way.level > can.max_stack_level:
        return False
    if can.max_installed == 1 and way.fallback_level is not None:
        return False
    return can.max_periods != 1 or way.form in {Form.ENDING_OVER_FALLBACK, Form.TRANSACTION_OVER_FALLBACK}
