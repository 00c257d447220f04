"""Charging profiles in the spelling of OCPP 1.6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.charging_profiles import Profile, Purpose
from ems.csms.station_clock import format_timestamp
from ems.csms.v16.vocabulary import datatypes

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.STATION_MAX: "ChargePointMaxProfile",
    Purpose.TX_DEFAULT: "TxDefaultProfile",
    Purpose.TX: "TxProfile",
}


def charging_profile(profile: Profile) -> object:
    """A profile as it stands in a message."""
    start = None if profile.start is None else format_timestamp(profile.start)
    schedule = datatypes.ChargingSchedule(
        charging_rate_unit=profile.unit.value,
        charging_schedule_period=[
            datatypes.ChargingSchedulePeriod(
                start_period=period.start_s, limit=_plain(period.limit), number_phases=profile.phases
            )
            for period in profile.periods
        ],
        duration=profile.duration_s,
        start_schedule=start,
    )
    return datatypes.ChargingProfile(
        charging_profile_id=profile.profile_id,
        stack_level=profile.level,
        charging_profile_purpose=PURPOSES[profile.purpose],
        charging_profile_kind="Relative" if start is None else "Absolute",
        charging_schedule=schedule,
        transaction_id=profile.transaction_id,
        valid_from=None if profile.valid_from is None else format_timestamp(profile.valid_from),
    )


def _plain(limit: float) -> float:
    """16 rather than 16.0: some stations read only the former as a whole number."""
    return int(limit) if limit.is_integer() else limit
