"""What a simulated OCPP 2.x station answers to everything about charging profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.clock import Clock
from ems.sim.charging_profiles import Answer, Installed, in_unit
from ems.sim.schedules import Kind, Limit, Profile, RateUnit, limit_of
from ems.sim.strict_profiles import Refusal, install_strictly, with_limit
from ems.sim.wire.fields import rows, section, whole
from ems.sim.wire.ocpp_frames import Call, Malformed, Payload
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import utc_text
from ems.sim.wire.tongue import FrameLog, OwnCall, ProfileFrame
from ems.sim.wire.v2.answer_words import Body, Unspeakable, status
from ems.sim.wire.v2.profile_json import (
    Refused,
    filter_from,
    limit_from,
    periods_json,
    profile_from,
    profile_json,
    purpose_from,
)
from ems.sim.wire.v2.reports import Asked, Reports2, ignored

LONGEST_COMPOSITE_S: Final = 7 * 86_400
PROFILES_PER_PART: Final = 1


class ChargingAnswers:
    """Charging profiles come, go, and are shown."""

    def __init__(self, box: StationBox, reports: Reports2, clock: Clock) -> None:
        self.log: Final = FrameLog()
        self.wants_reset = False
        """It takes no limit before it was reset."""

        self._box = box
        self._reports = reports
        self._clock = clock
        self._version = box.build.version

    def set_profile(self, call: Call) -> Body | None:
        """SetChargingProfile."""
        profile: Profile | None = None
        evse_id: int | None = None
        try:
            evse_id = whole(call.payload, "evseId")
            profile = profile_from(call.payload.get("chargingProfile"), self._version)
            if self._box.build.difficulty.mute_on_absolute and profile.kind is Kind.ABSOLUTE:
                return None
            self._install(evse_id, profile)
        except Malformed:
            self._note(call, evse_id, profile, None)
            raise
        except Refused as refused:
            self._note(call, evse_id, profile, Answer.REJECTED, refused.reason)
            return status("Rejected", refused.reason)
        self._note(call, evse_id, profile, Answer.ACCEPTED)
        return status("Accepted")

    def _install(self, evse_id: int, profile: Profile) -> None:
        if not self._box.build.firmware.smart_charging:
            raise Unspeakable("NotSupported")
        if self._box.faults.reject_profiles or self.wants_reset:
            raise Refused(Refusal.UNSUPPORTED_REQUEST)
        outlet = self._box.outlet(evse_id)
        transaction = outlet.transaction if outlet else None
        profiles, refusal = install_strictly(self._box.profiles, evse_id, profile, self._box.now(), transaction)
        if refusal is not None:
            raise Refused(refusal)
        self._box.take(profiles)

    def update_dynamic(self, call: Call) -> Body:
        """UpdateDynamicSchedule."""
        number = whole(call.payload, "chargingProfileId")
        try:
            limit = limit_from(section(call.payload.get("scheduleUpdate")))
        except Refused as refused:
            self._note(call, None, None, Answer.REJECTED, refused.reason)
            return status("Rejected", refused.reason)
        updated = None if self._box.faults.reject_profiles else with_limit(self._box.profiles, number, limit)
        if updated is None:
            self._note(call, None, None, Answer.REJECTED, Refusal.INVALID_PROFILE)
            return status("Rejected", Refusal.INVALID_PROFILE)
        self._box.take(updated)
        changed = next(each for each in updated.installed if each.profile.profile_id == number)
        self._note(call, changed.connector_id, changed.profile, Answer.ACCEPTED)
        return status("Accepted")

    def clear(self, call: Call) -> Body:
        """ClearChargingProfile."""
        try:
            which = filter_from(call.payload, self._version)
        except Refused:
            return status("Unknown")
        self._box.profiles, found = self._box.profiles.clear(which)
        return status("Accepted" if found else "Unknown")

    def report(self, call: Call) -> Body:
        """GetChargingProfiles, whose answer comes later in parts."""
        number = whole(call.payload, "requestId")
        wanted = section(call.payload.get("chargingProfile"))
        evse_id = whole(call.payload, "evseId") if "evseId" in call.payload else None
        try:
            found = [each for each in self._box.profiles.installed if self._shown(each, evse_id, wanted)]
        except Refused:
            found = []
        if not found:
            return status("NoProfiles")
        for at, each in enumerate(found):
            self._reports.queue(self._part(number, [each], more=at + 1 < len(found)))
        return status("Accepted")

    def composite(self, call: Call) -> Body:
        """GetCompositeSchedule."""
        evse_id, duration_s = whole(call.payload, "evseId"), whole(call.payload, "duration")
        firmware = self._box.build.firmware
        if not firmware.smart_charging:
            raise Unspeakable("NotSupported")
        if not 0 <= evse_id <= len(self._box.outlets):
            return status("Rejected", Refusal.UNKNOWN_EVSE)
        if not 0 < duration_s <= LONGEST_COMPOSITE_S:
            return status("Rejected", Refusal.INVALID_SCHEDULE)
        unit = RateUnit(call.payload.get("chargingRateUnit", RateUnit.AMPERE.value))
        if unit not in firmware.units:
            return status("Rejected", Refusal.UNSUPPORTED_RATE_UNIT)
        now, outlet = self._box.now(), self._box.outlets[max(evse_id, 1) - 1]
        periods = self._box.profiles.composite(now, duration_s, outlet.transaction, outlet.connector_id)
        schedule = {
            "evseId": evse_id,
            "duration": duration_s,
            "scheduleStart": utc_text(now),
            "chargingRateUnit": unit.value,
            "chargingSchedulePeriod": periods_json(in_unit(each, unit, firmware.wired_phases) for each in periods),
        }
        return {**status("Accepted"), "schedule": schedule}

    def _shown(self, each: Installed, evse_id: int | None, wanted: Payload) -> bool:
        profile = each.profile
        named = "chargingProfilePurpose" in wanted
        return (
            evse_id in (None, each.connector_id)
            and ("chargingProfileId" not in wanted or profile.profile_id in rows(wanted, "chargingProfileId"))
            and (not named or profile.purpose is purpose_from(wanted, self._version))
            and ("stackLevel" not in wanted or profile.stack_level == wanted["stackLevel"])
            and ("chargingLimitSource" not in wanted or "CSO" in rows(wanted, "chargingLimitSource"))
        )

    def _part(self, number: int, found: Sequence[Installed], *, more: bool) -> Asked:
        payload = {
            "requestId": number,
            "chargingLimitSource": "CSO",
            "evseId": found[0].connector_id,
            "chargingProfile": [profile_json(each.profile) for each in found],
            "tbc": more,
        }
        return lambda: OwnCall(action="ReportChargingProfiles", payload=payload, answered=ignored)

    def _note(
        self,
        call: Call,
        evse_id: int | None,
        profile: Profile | None,
        answer: Answer | None,
        reason: Refusal | None = None,
    ) -> None:
        limit = self._limit(evse_id, profile)
        frame = ProfileFrame(
            message_id=call.message_id,
            received_at_s=self._clock.monotonic_s(),
            connector_id=evse_id,
            purpose=profile.purpose if profile else None,
            limit_a=limit.limit_a if limit else None,
            phases=limit.phases if limit else None,
            answer=answer,
            reason_code=reason.value if reason else None,
        )
        self.log.note(frame)

    def _limit(self, evse_id: int | None, profile: Profile | None) -> Limit | None:
        if profile is None:
            return None
        outlet = self._box.outlet(evse_id or 1)
        transaction = outlet.transaction if outlet else None
        return limit_of(profile, self._box.now(), transaction, self._box.build.firmware.wired_phases)
