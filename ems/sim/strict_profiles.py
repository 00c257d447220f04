"""What an OCPP 2.x station refuses where a 1.6 one would not, and the reason code it gives.

Own reading of use case K01 (`ocpp-smart-charging.md` §2); the numbers in the comments are its requirements. Replacing
goes by id alone: another id at the same purpose, level and EVSE is refused while both would be valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from ems.sim.charging_profiles import Firmware, Installed, Profiles
from ems.sim.schedules import Kind, Period, Profile, Purpose, Transaction


class Refusal(StrEnum):
    """Reason codes of the standard's own list."""

    DUPLICATE_PROFILE = "DuplicateProfile"
    INVALID_PROFILE = "InvalidProfile"
    INVALID_SCHEDULE = "InvalidSchedule"
    INVALID_STACK_LEVEL = "InvalidStackLevel"
    MISSING_PARAM = "MissingParam"
    TOO_MANY_ELEMENTS = "TooManyElements"
    TX_NOT_FOUND = "TxNotFound"
    UNKNOWN_EVSE = "UnknownEvse"
    UNSUPPORTED_RATE_UNIT = "UnsupportedRateUnit"
    UNSUPPORTED_REQUEST = "UnsupportedRequest"


def install_strictly(
    profiles: Profiles, evse_id: int, profile: Profile, now: datetime, transaction: Transaction | None
) -> tuple[Profiles, Refusal | None]:
    """Add or replace a profile; a refused one changes nothing. `transaction` is the one that runs on that EVSE."""
    refusal = next(_refusals(profiles, evse_id, profile, now, transaction), None)
    if refusal is not None:
        return profiles, refusal
    kept = tuple(each for each in profiles.installed if each.profile.profile_id != profile.profile_id)
    return replace(profiles, installed=(*kept, Installed(connector_id=evse_id, profile=profile))), None


def with_limit(profiles: Profiles, profile_id: int, limit: float) -> Profiles | None:
    """The same with a new limit in that dynamic profile; None where there is no such one."""
    found = [each for each in profiles.installed if each.profile.profile_id == profile_id]
    if not found or found[0].profile.kind is not Kind.DYNAMIC:
        return None
    profile = found[0].profile
    only = replace(profile.schedule.periods[0], limit=limit)
    renewed = replace(found[0], profile=replace(profile, schedule=replace(profile.schedule, periods=(only,))))
    installed = tuple(renewed if each is found[0] else each for each in profiles.installed)
    return replace(profiles, installed=installed)


def _refusals(
    profiles: Profiles, evse_id: int, profile: Profile, now: datetime, transaction: Transaction | None
) -> Iterator[Refusal]:
    firmware = profiles.firmware
    if not 0 <= evse_id <= firmware.connectors:  # FR.28
        yield Refusal.UNKNOWN_EVSE
    if profile.purpose not in firmware.purposes or profile.kind not in firmware.kinds:
        yield Refusal.UNSUPPORTED_REQUEST
    if not 0 <= profile.stack_level <= firmware.max_stack_level - firmware.level_exclusive:
        yield Refusal.INVALID_STACK_LEVEL
    yield from _place_refusals(firmware, evse_id, profile, transaction)
    yield from _schedule_refusals(firmware, profile)
    if profile.valid_to is not None and (profile.valid_to <= now or profile.valid_to <= (profile.valid_from or now)):
        yield Refusal.INVALID_PROFILE
    yield from _rival_refusals(profiles, evse_id, profile)


def _place_refusals(
    firmware: Firmware, evse_id: int, profile: Profile, transaction: Transaction | None
) -> Iterator[Refusal]:
    if profile.purpose is Purpose.TX:
        if evse_id == 0:  # FR.16
            yield Refusal.INVALID_PROFILE
        if profile.transaction_id is None:
            yield Refusal.MISSING_PARAM
        if transaction is None or transaction.transaction_id != profile.transaction_id:  # FR.09, FR.33
            yield Refusal.TX_NOT_FOUND
    elif profile.transaction_id is not None:
        yield Refusal.INVALID_PROFILE
    elsewhere = evse_id != firmware.station_connector
    if profile.purpose is Purpose.CHARGE_POINT_MAX and (elsewhere or profile.kind is Kind.RELATIVE):  # FR.38
        yield Refusal.INVALID_PROFILE


def _schedule_refusals(firmware: Firmware, profile: Profile) -> Iterator[Refusal]:
    schedule = profile.schedule
    starts = [period.start_s for period in schedule.periods]
    counted = profile.kind in {Kind.ABSOLUTE, Kind.RECURRING}
    if schedule.unit not in firmware.units:  # FR.26
        yield Refusal.UNSUPPORTED_RATE_UNIT
    if len(starts) > (1 if profile.kind is Kind.DYNAMIC else firmware.max_periods):
        yield Refusal.TOO_MANY_ELEMENTS
    if not starts or starts[0] != 0 or starts != sorted(set(starts)):  # FR.31, FR.35
        yield Refusal.INVALID_SCHEDULE
    if counted and schedule.start is None:  # FR.40
        yield Refusal.INVALID_SCHEDULE
    if profile.kind is Kind.RELATIVE and schedule.start is not None:  # FR.41
        yield Refusal.INVALID_SCHEDULE
    if (profile.kind is Kind.RECURRING) != (profile.recurrency is not None):
        yield Refusal.INVALID_PROFILE
    if schedule.duration_s is not None and schedule.duration_s <= 0:
        yield Refusal.INVALID_SCHEDULE
    if not all(_sound(firmware, period) for period in schedule.periods):
        yield Refusal.INVALID_SCHEDULE


def _sound(firmware: Firmware, period: Period) -> bool:
    """One phase may be chosen only where the station can choose it, and only one (FR.19, FR.20)."""
    chosen = period.phase is None or (period.phases == 1 and firmware.switches_phases and period.phase in {1, 2, 3})
    return chosen and period.limit >= 0 and period.phases in {None, 1, 2, 3}


def _rival_refusals(profiles: Profiles, evse_id: int, profile: Profile) -> Iterator[Refusal]:
    """FR.06, and FR.39 for the profiles of one transaction."""
    others = [each for each in profiles.installed if each.profile.profile_id != profile.profile_id]
    for each in others:
        same_place = each.connector_id == evse_id and each.profile.purpose is profile.purpose
        if same_place and each.profile.stack_level == profile.stack_level and _overlap(each.profile, profile):
            yield Refusal.DUPLICATE_PROFILE
    if len(others) >= profiles.firmware.max_installed:
        yield Refusal.TOO_MANY_ELEMENTS


def _overlap(one: Profile, other: Profile) -> bool:
    """Whether some instant is inside both validities."""
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _begins_before_end(one: Profile, other: Profile) -> bool:
    return one.valid_from is None or other.valid_to is None or one.valid_from < other.valid_to
