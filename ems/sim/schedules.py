"""Charging profiles of OCPP as values, and what one profile allows at one instant.

Own reading of the standard's rules, `ocpp-smart-charging.md` §1 to §3; nothing here knows our central system. Durations
are whole seconds as on the wire, instants are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from ems.model.electrical import NOMINAL_V

TransactionId: TypeAlias = int | str
"""A number from the central system in OCPP 1.6, a text of the station's own in 2.x."""


class Purpose(StrEnum):
    """What a profile limits, in the words of OCPP 1.6."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """What the periods of a schedule are counted from."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    DYNAMIC = "Dynamic"
    """OCPP 2.1: one period, whose limit is told anew again and again."""


class Recurrency(StrEnum):
    """How often a recurring schedule begins anew."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class RateUnit(StrEnum):
    """Amperes count per phase, watts over all phases."""

    AMPERE = "A"
    WATT = "W"


COUNTED: Final = frozenset({Kind.ABSOLUTE, Kind.RECURRING, Kind.RELATIVE})
"""The kinds that every version of OCPP knows."""

CYCLE_S: Final = {Recurrency.DAILY: 86_400, Recurrency.WEEKLY: 7 * 86_400}
DEFAULT_PHASES: Final = 3
"""`numberPhases` left out means 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A limit from `start_s` on, until the next period begins."""

    start_s: int
    limit: float
    """In the schedule's unit."""

    phases: int | None = None
    phase: int | None = None
    """OCPP 2.x: the one phase to use where `phases` is 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Periods one after the other; the last one lasts until `duration_s`, or for ever without it."""

    unit: RateUnit
    periods: tuple[Period, ...]
    duration_s: int | None = None
    start: datetime | None = None
    schedule_id: int = 1
    """OCPP 2.x gives it a number of its own."""

    def at(self, elapsed_s: float) -> Period | None:
        """The period in force `elapsed_s` after the start; None before the start and after the end."""
        if elapsed_s < 0 or (self.duration_s is not None and elapsed_s >= self.duration_s):
            return None
        begun = [period for period in self.periods if period.start_s <= elapsed_s]
        return begun[-1] if begun else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One charging profile as a central system sent it."""

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    schedule: Schedule
    recurrency: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: TransactionId | None = None
    max_offline_s: int | None = None
    """OCPP 2.1: it counts no longer than this after the connection was lost; None: for ever."""

    ends_offline: bool = False
    """OCPP 2.1: after that it is gone for good, and does not come back with the connection."""

    asks_every_s: int | None = None
    """OCPP 2.1: how often the station asks for the newest limit of a dynamic profile."""

    def valid_at(self, now: datetime) -> bool:
        begun = self.valid_from is None or now >= self.valid_from
        return begun and (self.valid_to is None or now < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A running transaction; its id is None until the central system has given one."""

    started: datetime
    transaction_id: TransactionId | None = None
    connector_id: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a station may offer its car."""

    limit_a: float
    """Per phase."""

    phases: int

    def capped_by(self, other: Limit) -> Limit:
        return Limit(limit_a=min(self.limit_a, other.limit_a), phases=min(self.phases, other.phases))


def limit_of(profile: Profile, now: datetime, transaction: Transaction | None, wired_phases: int) -> Limit | None:
    """What the profile alone allows now; None where it defines nothing."""
    if not profile.valid_at(now):
        return None
    elapsed_s = elapsed(profile, now, transaction)
    period = None if elapsed_s is None else profile.schedule.at(elapsed_s)
    if period is None:
        return None
    phases = min(period.phases or DEFAULT_PHASES, wired_phases)
    if profile.schedule.unit is RateUnit.AMPERE:
        return Limit(limit_a=period.limit, phases=phases)
    return Limit(limit_a=period.limit / (phases * NOMINAL_V), phases=phases)


def elapsed(profile: Profile, now: datetime, transaction: Transaction | None) -> float | None:
    """Seconds since the schedule's periods began to count; None while they have nothing to count from."""
    if profile.kind is Kind.DYNAMIC:
        # Its one period is in force as long as the profile is.
        return 0.0
    start = origin(profile, transaction)
    if start is None:
        return None
    elapsed_s = (now - start).total_seconds()
    if profile.kind is Kind.RECURRING and profile.recurrency is not None and elapsed_s >= 0:
        return elapsed_s % CYCLE_S[profile.recurrency]
    return elapsed_s


def origin(profile: Profile, transaction: Transaction | None) -> datetime | None:
    """Where the periods count from: the schedule's own start, or else the start of charging."""
    if profile.kind is not Kind.RELATIVE and profile.schedule.start is not None:
        return profile.schedule.start
    return transaction.started if transaction else None


def changes_between(
    profile: Profile, first: datetime, last: datetime, transaction: Transaction | None
) -> Iterator[datetime]:
    """Every instant in that span at which the profile may begin to allow something else."""
    yield from (edge for edge in (profile.valid_from, profile.valid_to) if edge and first <= edge <= last)
    start = origin(profile, transaction)
    if start is None:
        return
    offsets = [period.start_s for period in profile.schedule.periods]
    if profile.schedule.duration_s is not None:
        offsets.append(profile.schedule.duration_s)
    for cycle_start in _cycle_starts(profile, start, first, last):
        edges = (cycle_start + timedelta(seconds=offset) for offset in offsets)
        yield from (edge for edge in edges if first <= edge <= last)


def _cycle_starts(profile: Profile, start: datetime, first: datetime, last: datetime) -> Iterator[datetime]:
    if profile.kind is not Kind.RECURRING or profile.recurrency is None:
        yield start
        return
    cycle = timedelta(seconds=CYCLE_S[profile.recurrency])
    moment = start + max(0, (first - start) // cycle) * cycle
    while moment <= last:
        yield moment
        moment += cycle
