"""Charging profiles in the spelling of version 2, by its strict rules (`ocpp-smart-charging.md` §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.charging_profiles import Profile, Purpose
from ems.csms.lane import Answer, Urgency
from ems.csms.messages import CompositeSchedule
from ems.csms.station_clock import format_timestamp, parse_timestamp
from ems.csms.v201.asking import AskingV201
from ems.csms.v201.schedules import periods_of, unit_of
from ems.errors import StationRefused

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.STATION_MAX: "ChargingStationMaxProfile",
    Purpose.TX_DEFAULT: "TxDefaultProfile",
    Purpose.TX: "TxProfile",
}


class SmartChargingV201(AskingV201):
    """SetChargingProfile, ClearChargingProfile and GetCompositeSchedule."""

    async def install(self, profile: Profile) -> Answer:
        forbidden = forbidden_by(profile)
        if forbidden is not None:
            raise StationRefused(f"{self._station} is not asked for what it must refuse: {forbidden}")
        return await self._install_whole(profile)

    async def _install_whole(self, profile: Profile) -> Answer:
        request = {"evseId": profile.connector, "chargingProfile": self._spelled(profile)}
        answer = await self._ask("SetChargingProfile", request, Urgency.LIMIT, connector=profile.connector)
        return self._accepted("SetChargingProfile", answer)

    async def offer(self, profile: Profile) -> None:
        """Set a profile that limits nothing more than others do: it need not go before what waits."""
        request = {"evseId": profile.connector, "chargingProfile": self._spelled(profile)}
        self._accepted("SetChargingProfile", await self._ask("SetChargingProfile", request, Urgency.COMMAND))

    async def clear_profiles(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        level: int | None = None,
    ) -> None:
        criteria = {
            "evseId": connector,
            "chargingProfilePurpose": PURPOSES[purpose] if purpose else None,
            "stackLevel": level,
        }
        named = profile_id is None and any(each is not None for each in criteria.values())
        request = {"chargingProfileId": profile_id, "chargingProfileCriteria": criteria if named else None}
        answer = await self._ask("ClearChargingProfile", request, Urgency.COMMAND)
        self._accepted("ClearChargingProfile", answer, also=("Unknown",))

    async def composite_schedule(self, connector: int, duration_s: int) -> CompositeSchedule:
        request = {"evseId": connector, "duration": duration_s}
        answer = await self._ask("GetCompositeSchedule", request, Urgency.COMMAND)
        schedule = self._accepted("GetCompositeSchedule", answer).payload.get("schedule")
        return _composite(schedule if isinstance(schedule, dict) else {})

    def _spelled(self, profile: Profile) -> dict[str, object]:
        return charging_profile(profile)


def charging_profile(profile: Profile) -> dict[str, object]:
    """A profile as it stands in a message. Its schedule has the profile's own id, so that both stay the same."""
    start = None if profile.start is None else format_timestamp(profile.start)
    return {
        "id": profile.profile_id,
        "stackLevel": profile.level,
        "chargingProfilePurpose": PURPOSES[profile.purpose],
        "chargingProfileKind": "Relative" if start is None else "Absolute",
        "validFrom": None if profile.valid_from is None else format_timestamp(profile.valid_from),
        "transactionId": None if profile.transaction_id is None else str(profile.transaction_id),
        "chargingSchedule": [
            {
                "id": profile.profile_id,
                "startSchedule": start,
                "duration": profile.duration_s,
                "chargingRateUnit": profile.unit.value,
                "chargingSchedulePeriod": [
                    {"startPeriod": period.start_s, "limit": _plain(period.limit), "numberPhases": profile.phases}
                    for period in profile.periods
                ],
            }
        ],
    }


def forbidden_by(profile: Profile) -> str | None:
    """Which rule of K01 a strict station would refuse that profile by; None when none does."""
    if profile.purpose is Purpose.STATION_MAX and profile.start is None:
        return "a limit of the whole station may not be relative (K01.FR.38)"
    if profile.purpose is Purpose.STATION_MAX and profile.connector != 0:
        return "a limit of the whole station has EVSE 0"
    if profile.purpose is Purpose.TX and (profile.transaction_id is None or profile.connector < 1):
        return "a limit of a transaction needs its id and its EVSE (K01.FR.03, K01.FR.16)"
    return None


def _plain(limit: float) -> float:
    """16 rather than 16.0: some stations read only the former as a whole number."""
    return int(limit) if limit.is_integer() else limit


def _composite(schedule: Mapping[str, object]) -> CompositeSchedule:
    return CompositeSchedule(
        start=parse_timestamp(schedule.get("scheduleStart")),
        unit=unit_of(schedule),
        periods=periods_of(schedule),
    )
