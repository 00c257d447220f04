"""What a second central system may ask, and what it is answered. Nothing it says is trusted.

Every action of OCPP 1.6 has a row here: what is not allowed gets the refusal that the standard has for it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ems.clock import Clock
from ems.config.schema_upstream import UpstreamCommand, UpstreamSection
from ems.csms.capabilities import RateUnit
from ems.csms.fields import text, whole
from ems.csms.redaction import is_secret
from ems.csms.relay.desk import Commanded, Desk, Payload
from ems.csms.relay.profiles import PURPOSES
from ems.csms.relay.spelling import composite_periods
from ems.csms.relay.vendor_data import REJECTED, UNKNOWN, answer_of, bounded
from ems.csms.rpc import Later, Result, Unanswerable
from ems.csms.station_calls import REMOTE_TAG
from ems.csms.station_clock import format_timestamp
from ems.csms.throttle import Throttle
from ems.csms.v16.vocabulary import ACTIONS, call_complaint
from ems.errors import StationError

LOGGER = logging.getLogger(__name__)

COMMANDS_AT_ONCE: Final = 6
COMMAND_EVERY_S: Final = 20.0
RESETS_AT_ONCE: Final = 2
RESET_EVERY_S: Final = 900.0
MOST_KEYS: Final = 100
MOST_SCHEDULE_S: Final = 86_400

_ACCEPTED: Final[Result] = {"status": "Accepted"}
_REJECTED: Final[Result] = {"status": "Rejected"}
_REFUSALS: Final[Mapping[str, Result]] = {
    "CancelReservation": _REJECTED,
    "CertificateSigned": _REJECTED,
    "ChangeAvailability": _REJECTED,
    "DeleteCertificate": {"status": "NotFound"},
    "GetDiagnostics": {},
    "GetInstalledCertificateIds": {"status": "NotFound"},
    "GetLocalListVersion": {"listVersion": -1},
    "GetLog": _REJECTED,
    "InstallCertificate": _REJECTED,
    "ReserveNow": _REJECTED,
    "SendLocalList": {"status": "NotSupported"},
    "SignedUpdateFirmware": _REJECTED,
}
"""By action; no file name, list or certificate is what a station without them answers."""


class Commands:
    """Answers one second central system about one station. For the life of the relay, so that rates are kept."""

    def __init__(self, desk: Desk, station: Commanded, section: UpstreamSection, clock: Clock, *, phases: int) -> None:
        self._desk = desk
        self._station = station
        self._section = section
        self._clock = clock
        self._phases = phases
        self._rate = Throttle(clock, burst=COMMANDS_AT_ONCE, every_s=COMMAND_EVERY_S)
        self._resets = Throttle(clock, burst=RESETS_AT_ONCE, every_s=RESET_EVERY_S)
        self._busy = False
        self._answers: Mapping[str, Callable[[Payload], Result | Later]] = {
            **{action: _always(refusal) for action, refusal in _REFUSALS.items()},
            "ChangeConfiguration": self._change_configuration,
            "ClearCache": self._clear_cache,
            "ClearChargingProfile": self._clear_profile,
            "DataTransfer": self._pass_on,
            "ExtendedTriggerMessage": self._trigger,
            "GetCompositeSchedule": self._composite,
            "GetConfiguration": self._get_configuration,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "Reset": self._reset,
            "SetChargingProfile": self._set_profile,
            "TriggerMessage": self._trigger,
            "UnlockConnector": self._unlock,
        }

    def fresh(self) -> None:
        """A new connection: nothing is under way."""
        self._busy = False

    def answer(self, action: str, payload: Payload, _message_id: str) -> Result | Later:
        """The answer to one request; one that reaches the station is awaited. Raises Unanswerable."""
        answer = self._answers.get(action)
        if answer is None:
            raise Unanswerable("NotSupported" if action in ACTIONS else "NotImplemented", "not served")
        complaint = call_complaint(action, payload)
        if complaint is not None:
            raise Unanswerable("FormationViolation", complaint)
        return answer(payload)

    def _remote_start(self, payload: Payload) -> Result | Later:
        id_tag = text(payload, "idTag")
        in_place = whole(payload, "connectorId") in {None, 1} and id_tag not in {"", REMOTE_TAG}
        if not in_place or not self._may(UpstreamCommand.START):
            return _REJECTED
        profile = payload.get("chargingProfile")
        promised = profile if isinstance(profile, dict) and self._section.limits == "cap" else None

        async def start() -> Result:
            await self._station.remote_start(id_tag)
            self._desk.trusts(id_tag, promised)
            return _ACCEPTED

        return self._once(start, _REJECTED)

    def _remote_stop(self, payload: Payload) -> Result | Later:
        account = self._desk.backlog.by_their_id(whole(payload, "transactionId") or 0)
        session = self._station.session
        runs = account is not None and session is not None and session.key == account.transaction
        if account is None or not runs:
            return _REJECTED
        is_its_own = account.accepted and account.id_tag not in {"", REMOTE_TAG}
        allowed = is_its_own and UpstreamCommand.STOP in self._section.allow
        if not (allowed or UpstreamCommand.STOP_ANY in self._section.allow) or not self._rate.allows(""):
            return _REJECTED

        async def stop() -> Result:
            await self._station.remote_stop()
            return _ACCEPTED

        return self._once(stop, _REJECTED)

    def _reset(self, payload: Payload) -> Result | Later:
        if not self._may(UpstreamCommand.RESET) or not self._resets.allows(""):
            return _REJECTED

        async def reset() -> Result:
            outcome = await self._station.restart(hard=text(payload, "type") == "Hard")
            return _ACCEPTED if outcome.done else _REJECTED

        return self._once(reset, _REJECTED)

    def _unlock(self, payload: Payload) -> Result | Later:
        if whole(payload, "connectorId") != 1 or not self._may(UpstreamCommand.UNLOCK):
            return {"status": "NotSupported"}

        async def unlock() -> Result:
            outcome = await self._station.unlock()
            return {"status": "Unlocked" if outcome.done else "UnlockFailed"}

        return self._once(unlock, {"status": "UnlockFailed"})

    def _pass_on(self, payload: Payload) -> Result | Later:
        """Vendor data for the station. It may be anything, so only where somebody allowed it."""
        data = bounded(payload)
        if data is None or not self._may(UpstreamCommand.DATA):
            return UNKNOWN

        async def pass_on() -> Result:
            message, content = data.get("messageId"), data.get("data")
            said = await self._station.send_vendor_data(
                str(data["vendorId"]),
                None if message is None else str(message),
                None if content is None else str(content),
            )
            return answer_of({"status": said.status, "data": said.content or None})

        return self._once(pass_on, REJECTED)

    def _trigger(self, payload: Payload) -> Result:
        return {"status": "Accepted" if self._desk.asked_for(text(payload, "requestedMessage")) else "NotImplemented"}

    def _clear_cache(self, _payload: Payload) -> Result:
        self._desk.forget_tags()
        return _ACCEPTED

    def _set_profile(self, payload: Payload) -> Result:
        profile, connector = payload.get("csChargingProfiles"), whole(payload, "connectorId")
        if self._section.limits == "ignore" or not isinstance(profile, dict) or connector not in {0, 1}:
            return _REJECTED
        if not self._desk.caps.set(profile, connector, self._clock.utc_now(), self._desk.running):
            return _REJECTED
        self._desk.caps_changed()
        return _ACCEPTED

    def _clear_profile(self, payload: Payload) -> Result:
        word = text(payload, "chargingProfilePurpose")
        found = self._desk.caps.clear(
            profile_id=whole(payload, "id"),
            connector=whole(payload, "connectorId"),
            purpose=PURPOSES.get(word),
            level=whole(payload, "stackLevel"),
        )
        self._desk.caps_changed()
        return {"status": "Accepted" if found else "Unknown"}

    def _composite(self, payload: Payload) -> Result:
        duration_s, connector = whole(payload, "duration") or 0, whole(payload, "connectorId")
        allowed_a = self._desk.allowed_a
        if connector not in {0, 1} or duration_s <= 0 or allowed_a is None:
            return _REJECTED
        duration_s = min(duration_s, MOST_SCHEDULE_S)
        unit = RateUnit.WATT if text(payload, "chargingRateUnit") == "W" else RateUnit.AMPERE
        now = self._clock.utc_now()
        caps = self._desk.caps.segments(now, duration_s, self._desk.running)
        periods = composite_periods(caps, allowed_a, unit, self._phases)
        start = format_timestamp(now)
        return {
            "status": "Accepted",
            "connectorId": connector,
            "scheduleStart": start,
            "chargingSchedule": {
                "duration": duration_s,
                "startSchedule": start,
                "chargingRateUnit": unit.value,
                "chargingSchedulePeriod": periods,
            },
        }

    def _get_configuration(self, payload: Payload) -> Result:
        known = {} if self._station.configuration is None else self._station.configuration.known
        told = {key: setting.value for key, setting in known.items() if not is_secret(key)}
        own = self._desk.settings.told()
        asked = payload.get("key")
        keys = asked[:MOST_KEYS] if isinstance(asked, list) and asked else sorted({*told, *own})[:MOST_KEYS]
        listed = [
            {"key": key, "readonly": key not in own, "value": own.get(key, told.get(key, ""))[:500]}
            for key in keys
            if key in own or key in told
        ]
        return {"configurationKey": listed, "unknownKey": [key for key in keys if key not in own and key not in told]}

    def _change_configuration(self, payload: Payload) -> Result:
        key = text(payload, "key")
        if self._desk.settings.change(key, text(payload, "value")):
            return _ACCEPTED
        known = {} if self._station.configuration is None else self._station.configuration.known
        is_known = key in known or key in self._desk.settings.told() or is_secret(key)
        return {"status": "Rejected" if is_known else "NotSupported"}

    def _may(self, command: UpstreamCommand) -> bool:
        return command in self._section.allow and self._rate.allows("")

    def _once(self, work: Callable[[], Awaitable[Result]], otherwise: Result) -> Result | Later:
        """That work, unless another command is under way; `otherwise` then, and where the station does not take it."""
        if self._busy:
            return otherwise
        self._busy = True
        return self._alone(work, otherwise)

    async def _alone(self, work: Callable[[], Awaitable[Result]], otherwise: Result) -> Result:
        try:
            return await work()
        except StationError as err:
            LOGGER.info("a second central system's command was not carried out: %s", err)
            return otherwise
        finally:
            self._busy = False


def _always(refusal: Result) -> Callable[[Payload], Result]:
    return lambda _payload: refusal
