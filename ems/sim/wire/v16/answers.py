"""What a simulated station answers to each request of its central system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from ems.clock import Clock
from ems.sim.charging_profiles import Answer, in_unit
from ems.sim.schedules import Kind, Profile, Purpose, RateUnit, limit_of
from ems.sim.wire.fields import whole
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult, Malformed
from ems.sim.wire.outlet import Outlet
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import utc_text
from ems.sim.wire.tongue import FrameLog, ProfileFrame
from ems.sim.wire.v16.profile_json import filter_from, profile_from, schedule_json
from ems.sim.wire.v16.reports import StationReports
from ems.sim.wire.v16.settings import Settings

LONGEST_COMPOSITE_S: Final = 7 * 86_400

Body: TypeAlias = dict[str, Any]

FIXED: Final[Mapping[str, str]] = {
    "DataTransfer": "UnknownVendorId",
    # A station with a fixed cable has nothing to unlock.
    "UnlockConnector": "NotSupported",
    "ClearCache": "Accepted",
}
"""Requests that always get the same status."""


class StationAnswers:
    """Turns a request into its answer, and into what it does to the station."""

    def __init__(self, box: StationBox, settings: Settings, reports: StationReports, clock: Clock) -> None:
        self.log: Final = FrameLog()
        self._reset_asked: str | None = None
        self._wants_reset = False
        self._box = box
        self._odd = box.build.difficulty
        self._settings = settings
        self._reports = reports
        self._clock = clock
        self._responses: dict[str, Callable[[Call], Body | None]] = {
            "SetChargingProfile": self._set_profile,
            "ClearChargingProfile": self._clear_profile,
            "GetCompositeSchedule": self._composite,
            "GetConfiguration": self._get_configuration,
            "ChangeConfiguration": self._change_configuration,
            "TriggerMessage": self._trigger,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "Reset": self._reset,
            "ChangeAvailability": self._availability,
        }

    def learns(self, action: str, respond: Callable[[Call], Body | None]) -> None:
        """Answer one more action."""
        self._responses[action] = respond

    def reset_wanted(self) -> str | None:
        """Reason of a reboot that is due now, once."""
        asked, self._reset_asked = self._reset_asked, None
        return asked

    def power_lost(self) -> None:
        """It comes back as it was set up."""
        self._wants_reset = False

    def answer(self, call: Call) -> CallResult | CallError | None:
        """The answer; wrong requests get the error that the standard names for them, and some stations are mute."""
        if call.action in FIXED:
            return CallResult(message_id=call.message_id, payload={"status": FIXED[call.action]})
        respond = self._responses.get(call.action)
        if respond is None:
            return CallError(message_id=call.message_id, code="NotImplemented")
        try:
            answer = respond(call)
        except Malformed as err:
            return CallError(message_id=call.message_id, code="FormationViolation", description=str(err))
        return None if answer is None else CallResult(message_id=call.message_id, payload=answer)

    def _set_profile(self, call: Call) -> Body | None:
        try:
            connector_id = whole(call.payload, "connectorId")
            profile = profile_from(call.payload.get("csChargingProfiles"))
        except Malformed:
            self._record(call, None, None, None)
            raise
        if self._odd.mute_on_absolute and profile.kind is Kind.ABSOLUTE:
            self._record(call, connector_id, profile, None)
            return None
        answer = Answer.REJECTED
        if not self._box.faults.reject_profiles and not self._wants_reset:
            outlet = self._box.outlet(connector_id)
            transaction = outlet.transaction if outlet else None
            profiles, answer = self._box.profiles.install(connector_id, profile, self._box.now(), transaction)
            if answer is Answer.ACCEPTED:
                self._box.take(profiles)
        self._record(call, connector_id, profile, answer)
        return {"status": answer.value}

    def _record(self, call: Call, connector_id: int | None, profile: Profile | None, answer: Answer | None) -> None:
        wired = self._box.build.firmware.wired_phases
        outlet = self._box.outlet(connector_id or 1)
        limit = profile and limit_of(profile, self._box.now(), outlet.transaction if outlet else None, wired)
        frame = ProfileFrame(
            message_id=call.message_id,
            received_at_s=self._clock.monotonic_s(),
            connector_id=connector_id,
            purpose=profile.purpose if profile else None,
            limit_a=limit.limit_a if limit else None,
            phases=limit.phases if limit else None,
            answer=answer,
        )
        self.log.note(frame)

    def _clear_profile(self, call: Call) -> Body:
        which = filter_from(call.payload)
        self._box.profiles, found = self._box.profiles.clear(which)
        return {"status": "Accepted" if found else "Unknown"}

    def _composite(self, call: Call) -> Body:
        connector_id = whole(call.payload, "connectorId")
        duration_s = whole(call.payload, "duration")
        firmware = self._box.build.firmware
        fits = 0 <= connector_id <= firmware.connectors and 0 < duration_s <= LONGEST_COMPOSITE_S
        if not fits or not firmware.smart_charging:
            return {"status": "Rejected"}
        wanted = call.payload.get("chargingRateUnit", RateUnit.AMPERE.value)
        unit = RateUnit.WATT if wanted == RateUnit.WATT.value else RateUnit.AMPERE
        now = self._box.now()
        outlet = self._box.outlets[max(connector_id, 1) - 1]
        periods = self._box.profiles.composite(now, duration_s, outlet.transaction, outlet.connector_id)
        shown = [in_unit(period, unit, firmware.wired_phases) for period in periods]
        return {
            "status": "Accepted",
            "connectorId": connector_id,
            "scheduleStart": utc_text(now),
            "chargingSchedule": schedule_json(shown, unit, duration_s),
        }

    def _get_configuration(self, call: Call) -> Body:
        keys = call.payload.get("key", [])
        if not isinstance(keys, list):
            raise Malformed("key is not a list")
        if self._settings.poisoned or (not keys and self._odd.reboots_on_full_list):
            self._reset_asked = "Reboot"
        known, unknown = self._settings.found(str(key) for key in keys)
        return {"configurationKey": [setting.json() for setting in known], "unknownKey": unknown}

    def _change_configuration(self, call: Call) -> Body:
        key, value = call.payload.get("key"), call.payload.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise Malformed("key and value must be text")
        status = self._settings.change(key, value)
        if status == "Accepted" and self._odd.wants_reset:
            self._wants_reset = True
            return {"status": "RebootRequired"}
        return {"status": status}

    def _trigger(self, call: Call) -> Body:
        wanted = str(call.payload.get("requestedMessage"))
        connector_id = whole(call.payload, "connectorId") if "connectorId" in call.payload else 1
        if self._odd.no_triggers:
            return {"status": "Rejected"}
        # The status of the whole station comes with that of its first connector.
        return {"status": "Accepted" if self._reports.ask(wanted, max(connector_id, 1)) else "NotImplemented"}

    def _remote_start(self, call: Call) -> Body:
        tag = call.payload.get("idTag")
        if not isinstance(tag, str):
            raise Malformed("idTag is missing")
        profile = profile_from(call.payload["chargingProfile"]) if "chargingProfile" in call.payload else None
        outlet = self._free_outlet(call)
        unfit = profile is not None and (profile.purpose is not Purpose.TX or profile.transaction_id is not None)
        if unfit or not self._box.operative or outlet is None or outlet.session is not None:
            return {"status": "Rejected"}
        if outlet.car.plugged:
            self._box.start(tag, profile, outlet.connector_id)
        else:
            self._box.waiting_tag = tag
        return {"status": "Accepted"}

    def _free_outlet(self, call: Call) -> Outlet | None:
        """The connector that is named, or else the first free one."""
        if "connectorId" in call.payload:
            return self._box.outlet(whole(call.payload, "connectorId"))
        return next((outlet for outlet in self._box.outlets if outlet.session is None), None)

    def _remote_stop(self, call: Call) -> Body:
        outlet = self._box.holder(whole(call.payload, "transactionId"))
        if outlet is None:
            return {"status": "Rejected"}
        self._box.stop("Remote", outlet.connector_id)
        return {"status": "Accepted"}

    def _reset(self, call: Call) -> Body:
        kind = call.payload.get("type")
        if kind not in ("Hard", "Soft"):
            raise Malformed("type is neither Hard nor Soft")
        self._reset_asked = f"{kind}Reset"
        return {"status": "Accepted"}

    def _availability(self, call: Call) -> Body:
        wanted = call.payload.get("type")
        if wanted not in ("Operative", "Inoperative"):
            raise Malformed("type is neither Operative nor Inoperative")
        self._box.operative = wanted == "Operative"
        waits = any(outlet.session for outlet in self._box.outlets) and not self._box.operative
        return {"status": "Scheduled" if waits else "Accepted"}
