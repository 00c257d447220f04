"""What a simulated station answers to each request of its central system."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ems.clock import Clock
from ems.sim.charging_profiles import Answer, in_unit
from ems.sim.schedules import Profile, Purpose, RateUnit, limit_of
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult, Malformed
from ems.sim.wire.profile_json import filter_from, profile_from, schedule_json, timestamp, whole_number
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.station_reports import StationReports
from ems.sim.wire.station_settings import Settings

MOST_FRAMES: Final = 10_000
LONGEST_COMPOSITE_S: Final = 7 * 86_400

Body: TypeAlias = dict[str, Any]

FIXED: Final[Mapping[str, str]] = {
    "DataTransfer": "UnknownVendorId",
    # A station with a fixed cable has nothing to unlock.
    "UnlockConnector": "NotSupported",
    "ClearCache": "Accepted",
}
"""Requests that always get the same status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFrame:
    """One SetChargingProfile as it arrived."""

    message_id: str
    received_at_s: float
    """Monotonic."""

    connector_id: int | None
    purpose: Purpose | None
    """None where the frame could not be understood; so are the next two."""

    limit_a: float | None
    """What the profile allows at receipt, per phase; None where it defines nothing yet."""

    phases: int | None
    answer: Answer | None
    """None when the answer was an error."""

    @property
    def accepted(self) -> bool:
        return self.answer is Answer.ACCEPTED


class StationAnswers:
    """Turns a request into its answer, and into what it does to the station."""

    def __init__(self, box: StationBox, settings: Settings, reports: StationReports, clock: Clock) -> None:
        self.frames: deque[ProfileFrame] = deque(maxlen=MOST_FRAMES)
        self.frames_received = 0
        self.frames_accepted = 0
        self.reset_asked: str | None = None
        """Reason of a reboot that a Reset asked for; whoever reboots sets it back."""

        self._box = box
        self._settings = settings
        self._reports = reports
        self._clock = clock
        self._responses = {
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

    def answer(self, call: Call) -> CallResult | CallError:
        """The answer; wrong requests get the error that the standard names for them."""
        if call.action in FIXED:
            return CallResult(message_id=call.message_id, payload={"status": FIXED[call.action]})
        respond = self._responses.get(call.action)
        if respond is None:
            return CallError(message_id=call.message_id, code="NotImplemented")
        try:
            return CallResult(message_id=call.message_id, payload=respond(call))
        except Malformed as err:
            return CallError(message_id=call.message_id, code="FormationViolation", description=str(err))

    def _set_profile(self, call: Call) -> Body:
        try:
            connector_id = whole_number(call.payload, "connectorId")
            profile = profile_from(call.payload.get("csChargingProfiles"))
        except Malformed:
            self._record(call, None, None, None)
            raise
        answer = Answer.REJECTED
        if not self._box.faults.reject_profiles:
            self._box.profiles, answer = self._box.profiles.install(
                connector_id, profile, self._clock.utc_now(), self._box.transaction
            )
        self._record(call, connector_id, profile, answer)
        return {"status": answer.value}

    def _record(self, call: Call, connector_id: int | None, profile: Profile | None, answer: Answer | None) -> None:
        wired = self._box.build.firmware.wired_phases
        limit = profile and limit_of(profile, self._clock.utc_now(), self._box.transaction, wired)
        frame = ProfileFrame(
            message_id=call.message_id,
            received_at_s=self._clock.monotonic_s(),
            connector_id=connector_id,
            purpose=profile.purpose if profile else None,
            limit_a=limit.limit_a if limit else None,
            phases=limit.phases if limit else None,
            answer=answer,
        )
        self.frames.append(frame)
        self.frames_received += 1
        self.frames_accepted += frame.accepted

    def _clear_profile(self, call: Call) -> Body:
        which = filter_from(call.payload)
        self._box.profiles, found = self._box.profiles.clear(which)
        return {"status": "Accepted" if found else "Unknown"}

    def _composite(self, call: Call) -> Body:
        connector_id = whole_number(call.payload, "connectorId")
        duration_s = whole_number(call.payload, "duration")
        firmware = self._box.build.firmware
        fits = 0 <= connector_id <= firmware.connectors and 0 < duration_s <= LONGEST_COMPOSITE_S
        if not fits or not firmware.smart_charging:
            return {"status": "Rejected"}
        wanted = call.payload.get("chargingRateUnit", RateUnit.AMPERE.value)
        unit = RateUnit.WATT if wanted == RateUnit.WATT.value else RateUnit.AMPERE
        now = self._clock.utc_now()
        periods = self._box.profiles.composite(now, duration_s, self._box.transaction, max(connector_id, 1))
        shown = [in_unit(period, unit, firmware.wired_phases) for period in periods]
        return {
            "status": "Accepted",
            "connectorId": connector_id,
            "scheduleStart": timestamp(now),
            "chargingSchedule": schedule_json(shown, unit, duration_s),
        }

    def _get_configuration(self, call: Call) -> Body:
        keys = call.payload.get("key", [])
        if not isinstance(keys, list):
            raise Malformed("key is not a list")
        known, unknown = self._settings.found(str(key) for key in keys)
        return {"configurationKey": [setting.json() for setting in known], "unknownKey": unknown}

    def _change_configuration(self, call: Call) -> Body:
        key, value = call.payload.get("key"), call.payload.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise Malformed("key and value must be text")
        return {"status": self._settings.change(key, value)}

    def _trigger(self, call: Call) -> Body:
        wanted = str(call.payload.get("requestedMessage"))
        return {"status": "Accepted" if self._reports.ask(wanted) else "NotImplemented"}

    def _remote_start(self, call: Call) -> Body:
        tag = call.payload.get("idTag")
        if not isinstance(tag, str):
            raise Malformed("idTag is missing")
        profile = profile_from(call.payload["chargingProfile"]) if "chargingProfile" in call.payload else None
        unfit = profile is not None and (profile.purpose is not Purpose.TX or profile.transaction_id is not None)
        if unfit or not self._box.operative or self._box.session is not None:
            return {"status": "Rejected"}
        if self._box.car.plugged:
            self._box.start(tag, profile)
        else:
            self._box.waiting_tag = tag
        return {"status": "Accepted"}

    def _remote_stop(self, call: Call) -> Body:
        wanted = whole_number(call.payload, "transactionId")
        transaction = self._box.transaction
        if transaction is None or transaction.transaction_id != wanted:
            return {"status": "Rejected"}
        self._box.stop("Remote")
        return {"status": "Accepted"}

    def _reset(self, call: Call) -> Body:
        kind = call.payload.get("type")
        if kind not in ("Hard", "Soft"):
            raise Malformed("type is neither Hard nor Soft")
        self.reset_asked = f"{kind}Reset"
        return {"status": "Accepted"}

    def _availability(self, call: Call) -> Body:
        wanted = call.payload.get("type")
        if wanted not in ("Operative", "Inoperative"):
            raise Malformed("type is neither Operative nor Inoperative")
        self._box.operative = wanted == "Operative"
        waits = self._box.session is not None and not self._box.operative
        return {"status": "Scheduled" if waits else "Accepted"}
