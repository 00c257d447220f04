"""What a station must do with charging profiles: install, replace, refuse, clear, stack, and obey them.

`Profiles` is a value: every change gives a new one with the answer. It is written from the standard's rules
(`ocpp-smart-charging.md` §1) because it judges whether our leases end by themselves. `Firmware` narrows it to what a
particular station can do. What OCPP 2.x refuses beyond 1.6 is in `strict_profiles`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ems.model.electrical import NOMINAL_V
from ems.sim.schedules import (
    COUNTED,
    Kind,
    Limit,
    Period,
    Profile,
    Purpose,
    RateUnit,
    Transaction,
    changes_between,
    limit_of,
)

DECIMAL_SLACK: Final = 1e-6
"""Limits have at most one decimal; a tenth as a binary fraction is off by less than this."""


class Answer(StrEnum):
    """What a station says to a profile."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """What a station can do with profiles. The defaults are a good station; real ones narrow them."""

    hardware_max_a: float = 16.0
    """What it offers where no profile says anything."""

    wired_phases: int = 3
    switches_phases: bool = False
    """Whether `numberPhases: 1` makes it open two phases; otherwise all wired phases stay closed."""

    smart_charging: bool = True
    units: frozenset[RateUnit] = frozenset({RateUnit.AMPERE})
    purposes: frozenset[Purpose] = frozenset(Purpose)
    kinds: frozenset[Kind] = frozenset(Kind)
    max_stack_level: int = 8
    """Largest stack level it states."""

    level_exclusive: bool = False
    """Takes only levels below the largest that it states."""

    max_periods: int = 24
    max_installed: int = 10
    connectors: int = 1
    whole_amps: bool = False
    steps_a: tuple[float, ...] = ()
    """The only currents it can offer, rising; it takes the next lower one. Empty: any."""

    station_connector: int = 0
    """Where it takes profiles for the whole station; one vendor wants connector 1."""

    void_tx_profiles: bool = False
    """Accepts a transaction's profile while no transaction runs, and forgets it."""

    ignores_start: bool = False
    """Counts periods from validFrom, or from the start of the transaction, whatever startSchedule says."""

    @property
    def hardware(self) -> Limit:
        return Limit(limit_a=self.hardware_max_a, phases=self.wired_phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A profile in a station's memory."""

    connector_id: int
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which profiles to clear. With an id nothing else is looked at; without anything it means all."""

    profile_id: int | None = None
    connector_id: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None

    def takes(self, each: Installed) -> bool:
        if self.profile_id is not None:
            return each.profile.profile_id == self.profile_id
        return (
            self.connector_id in (None, each.connector_id)
            and self.purpose in (None, each.profile.purpose)
            and self.stack_level in (None, each.profile.stack_level)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """All profiles in a station, and the limit that follows from them."""

    firmware: Firmware = field(default_factory=Firmware)
    installed: tuple[Installed, ...] = ()

    def install(
        self, connector_id: int, profile: Profile, now: datetime, transaction: Transaction | None
    ) -> tuple[Profiles, Answer]:
        """Add or replace a profile. A refused one changes nothing."""
        if not self.firmware.smart_charging:
            return self, Answer.NOT_SUPPORTED
        if self.firmware.void_tx_profiles and profile.purpose is Purpose.TX and transaction is None:
            return self, Answer.ACCEPTED
        if not _acceptable(self.firmware, connector_id, profile, now, transaction):
            return self, Answer.REJECTED
        kept = tuple(each for each in self.installed if not _replaced(each, connector_id, profile))
        if len(kept) >= self.firmware.max_installed:
            return self, Answer.REJECTED
        place = 0 if profile.purpose is Purpose.CHARGE_POINT_MAX else connector_id
        return replace(self, installed=(*kept, Installed(connector_id=place, profile=profile))), Answer.ACCEPTED

    def clear(self, which: Filter) -> tuple[Profiles, bool]:
        """Without the profiles that the filter takes; False when it took none."""
        kept = tuple(each for each in self.installed if not which.takes(each))
        return replace(self, installed=kept), len(kept) < len(self.installed)

    def transaction_ended(self, connector_id: int = 1) -> Profiles:
        """A transaction's own profiles end with it."""
        kept = tuple(
            each
            for each in self.installed
            if each.profile.purpose is not Purpose.TX or each.connector_id != connector_id
        )
        return replace(self, installed=kept)

    def rebooted(self) -> Profiles:
        """After a power cut: profiles of transactions are gone, the others were kept."""
        return self.clear(Filter(purpose=Purpose.TX))[0]

    def offline_for(self, offline_s: float) -> Profiles:
        """Those that count that long after the connection was lost."""
        kept = tuple(each for each in self.installed if not _lapsed(each.profile, offline_s))
        return self if len(kept) == len(self.installed) else replace(self, installed=kept)

    def ended_offline(self, offline_s: float) -> Profiles:
        """Without those that this time offline ended for good."""
        gone = [each for each in self.installed if each.profile.ends_offline and _lapsed(each.profile, offline_s)]
        return replace(self, installed=tuple(each for each in self.installed if each not in gone)) if gone else self

    def limit_at(
        self, now: datetime, transaction: Transaction | None = None, connector_id: int = 1, sharing: int = 1
    ) -> Limit:
        """What the station may offer on that connector now, where `sharing` connectors share the station's limit."""
        own = self._best(Purpose.TX, now, transaction, connector_id)
        if own is None:
            own = self._best(Purpose.TX_DEFAULT, now, transaction, connector_id)
        cap = self._best(Purpose.CHARGE_POINT_MAX, now, transaction, 0)
        cap = replace(cap, limit_a=cap.limit_a / sharing) if cap is not None and sharing > 1 else cap
        limit = self.firmware.hardware
        for each in (own, cap):
            limit = limit if each is None else limit.capped_by(each)
        limit = self._quantised(limit)
        return limit if self.firmware.switches_phases else replace(limit, phases=self.firmware.wired_phases)

    def composite(
        self, now: datetime, duration_s: int, transaction: Transaction | None = None, connector_id: int = 1
    ) -> tuple[Period, ...]:
        """The limit over the next `duration_s` seconds in amperes per phase, from the first whole second on."""
        end = now + timedelta(seconds=duration_s)
        seconds = {0}
        for each in self.installed:
            for moment in changes_between(self._seen(each.profile), now, end, transaction):
                seconds.add(math.ceil((moment - now).total_seconds()))
        periods: list[Period] = []
        for second in sorted(second for second in seconds if second < duration_s):
            limit = self.limit_at(now + timedelta(seconds=second), transaction, connector_id)
            period = Period(start_s=second, limit=limit.limit_a, phases=limit.phases)
            if not periods or replace(periods[-1], start_s=second) != period:
                periods.append(period)
        return tuple(periods)

    def _best(
        self, purpose: Purpose, now: datetime, transaction: Transaction | None, connector_id: int
    ) -> Limit | None:
        """What the highest stack level that says anything allows; a connector's own profile before a general one."""
        rivals = [each for each in self.installed if each.profile.purpose is purpose]
        rivals.sort(key=lambda each: (each.profile.stack_level, each.connector_id), reverse=True)
        for each in rivals:
            if each.connector_id not in (0, connector_id) or not _meant_for(each.profile, transaction):
                continue
            limit = limit_of(self._seen(each.profile), now, transaction, self.firmware.wired_phases)
            if limit is not None:
                return limit
        return None

    def _seen(self, profile: Profile) -> Profile:
        """The profile as this firmware understands it."""
        if not self.firmware.ignores_start:
            return profile
        return replace(profile, schedule=replace(profile.schedule, start=profile.valid_from))

    def _quantised(self, limit: Limit) -> Limit:
        if self.firmware.steps_a:
            reached = [step_a for step_a in self.firmware.steps_a if step_a <= limit.limit_a]
            return replace(limit, limit_a=reached[-1] if reached else 0.0)
        return replace(limit, limit_a=float(math.floor(limit.limit_a))) if self.firmware.whole_amps else limit


def in_unit(period: Period, unit: RateUnit, wired_phases: int) -> Period:
    """A period in amperes as it goes into a composite schedule of that unit, with one decimal."""
    if unit is RateUnit.AMPERE:
        return replace(period, limit=round(period.limit, 1))
    return replace(period, limit=round(period.limit * NOMINAL_V * (period.phases or wired_phases), 1))


def _lapsed(profile: Profile, offline_s: float) -> bool:
    return profile.max_offline_s is not None and offline_s >= profile.max_offline_s


def _meant_for(profile: Profile, transaction: Transaction | None) -> bool:
    if profile.purpose is not Purpose.TX:
        return True
    return transaction is not None and profile.transaction_id in (None, transaction.transaction_id)


def _replaced(each: Installed, connector_id: int, newer: Profile) -> bool:
    if each.profile.profile_id == newer.profile_id:
        return True
    everywhere = newer.purpose is Purpose.CHARGE_POINT_MAX
    same_place = each.profile.purpose is newer.purpose and (everywhere or each.connector_id == connector_id)
    return same_place and each.profile.stack_level == newer.stack_level


def _acceptable(
    firmware: Firmware, connector_id: int, profile: Profile, now: datetime, transaction: Transaction | None
) -> bool:
    return (
        profile.purpose in firmware.purposes
        and profile.kind in firmware.kinds & COUNTED
        and 0 <= profile.stack_level <= firmware.max_stack_level - firmware.level_exclusive
        and _periods_fit(firmware, profile)
        and _start_fits(profile)
        and _validity_fits(profile, now)
        and _place_fits(firmware, connector_id, profile, transaction)
    )


def _periods_fit(firmware: Firmware, profile: Profile) -> bool:
    schedule = profile.schedule
    starts = [period.start_s for period in schedule.periods]
    return (
        schedule.unit in firmware.units
        and 1 <= len(starts) <= firmware.max_periods
        and starts[0] == 0
        and starts == sorted(set(starts))
        and (schedule.duration_s is None or schedule.duration_s > 0)
        and all(_limit_fits(period) for period in schedule.periods)
    )


def _limit_fits(period: Period) -> bool:
    tenths = period.limit * 10
    one_decimal = math.isfinite(tenths) and abs(tenths - round(tenths)) < DECIMAL_SLACK
    return one_decimal and period.limit >= 0 and period.phases in (None, 1, 2, 3)


def _start_fits(profile: Profile) -> bool:
    """Relative schedules carry no start; recurring ones need one, and a cycle."""
    if profile.kind is Kind.RELATIVE:
        return profile.schedule.start is None
    if profile.kind is Kind.RECURRING:
        return profile.schedule.start is not None and profile.recurrency is not None
    return True


def _validity_fits(profile: Profile, now: datetime) -> bool:
    if profile.purpose is Purpose.TX:
        return profile.valid_from is None and profile.valid_to is None
    if profile.valid_to is None:
        return True
    return profile.valid_to > now and (profile.valid_from is None or profile.valid_from < profile.valid_to)


def _place_fits(firmware: Firmware, connector_id: int, profile: Profile, transaction: Transaction | None) -> bool:
    if not 0 <= connector_id <= firmware.connectors:
        return False
    if profile.purpose is Purpose.TX:
        running = transaction is not None and transaction.connector_id == connector_id
        return running and _meant_for(profile, transaction)
    at_its_place = profile.purpose is Purpose.TX_DEFAULT or connector_id == firmware.station_connector
    return profile.transaction_id is None and at_its_place
