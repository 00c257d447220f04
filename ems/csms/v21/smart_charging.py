"""Limits in OCPP 2.1: profiles that end with the connection, and those whose value alone is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ems.csms.asking import outcome
from ems.csms.capabilities import DYNAMIC_PROFILES
from ems.csms.charging_profiles import Profile, Purpose
from ems.csms.lane import Answer, Superseded, Urgency
from ems.csms.messages import Outcome
from ems.csms.station_clock import format_timestamp
from ems.csms.v21.discharge import discharges
from ems.csms.v201.device_model import Place
from ems.csms.v201.lookback import LookbackV201
from ems.csms.v201.smart_charging import SmartChargingV201, charging_profile
from ems.errors import StationRefused

LOGGER = logging.getLogger(__name__)

_FEATURES: Final = {
    DYNAMIC_PROFILES: Place(
        component="SmartChargingCtrlr", variable="SupportsFeature", variable_instance="DynamicProfiles"
    )
}


class SmartChargingV21(SmartChargingV201, LookbackV201):
    """What 2.1 adds to SetChargingProfile: UpdateDynamicSchedule, `maxOfflineDuration`, UsePriorityCharging."""

    async def install(self, profile: Profile) -> Answer:
        """Set a profile, or only its value where that does."""
        if not profile.dynamic:
            return await super().install(profile)
        if self._book.dynamic.may_be_updated(profile, self._clock.monotonic_s()):
            try:
                return await self._update(profile)
            except Superseded:
                raise
            except StationRefused as err:
                LOGGER.info("%s; sending the whole profile", err)
        now_s = self._clock.monotonic_s()
        self._book.dynamic.forget(profile.profile_id)
        answer = await super().install(profile)
        self._book.dynamic.taken(profile, now_s)
        return answer

    def features(self) -> Mapping[str, str]:
        told = {word: self._book.model.find(place) for word, place in _FEATURES.items()}
        return {word: variable.value for word, variable in told.items() if variable is not None}

    async def use_priority(self, transaction_id: str, *, on: bool) -> Outcome:
        """Have a transaction charge by the station's priority profile, or no more. Other limits still cap it."""
        request = {"transactionId": transaction_id, "activate": on}
        return outcome(await self._ask("UsePriorityCharging", request, Urgency.COMMAND))

    async def _update(self, profile: Profile) -> Answer:
        request = {"chargingProfileId": profile.profile_id, "scheduleUpdate": {"limit": profile.periods[0].limit}}
        # Until it answers it may hold the old value or the new one.
        whole_at_s = self._book.dynamic.forget(profile.profile_id)
        answer = await self._ask("UpdateDynamicSchedule", request, Urgency.LIMIT, connector=profile.connector)
        answer = self._accepted("UpdateDynamicSchedule", answer)
        self._book.dynamic.taken(profile, whole_at_s)
        # The end of what it holds stays where it was.
        return replace(answer, counts_from_s=whole_at_s)

    async def _ask(
        self,
        action: str,
        payload: Mapping[str, object] | None = None,
        urgency: Urgency = Urgency.ROUTINE,
        *,
        within_s: float | None = None,
        connector: int = 0,
    ) -> Answer:
        if discharges(payload):
            raise StationRefused(f"{self._station} is not told to let a car give energy back ({action})")
        return await super()._ask(action, payload, urgency, within_s=within_s, connector=connector)

    def _spelled(self, profile: Profile) -> dict[str, object]:
        spelled = charging_profile(profile)
        spelled["maxOfflineDuration"] = profile.offline_s
        if profile.dynamic:
            spelled["chargingProfileKind"] = "Dynamic"
            spelled["validTo"] = _end(profile)
        return spelled


def _end(profile: Profile) -> str | None:
    """When a dynamic profile ends whatever a station makes of its duration; not allowed on a transaction's own."""
    if profile.purpose is Purpose.TX or profile.start is None or profile.duration_s is None:
        return None
    return format_timestamp(profile.start + timedelta(seconds=profile.duration_s))
