"""What a second central system may ask in OCPP 2.0.1: the same as in 1.6, so its words are turned into those and back.

Nothing it says is trusted: each message is judged by its own schema, and what it becomes by that of 1.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ems.csms.fields import text, whole
from ems.csms.rpc import Answerer, Later, Result, Unanswerable
from ems.csms.v201.vocabulary import VOCABULARY

Payload: TypeAlias = Mapping[str, object]

_REFUSALS: Final[Mapping[str, Result]] = {
    "CancelReservation": {"status": "Rejected"},
    "CertificateSigned": {"status": "Rejected"},
    "ChangeAvailability": {"status": "Rejected"},
    "ClearDisplayMessage": {"status": "Unknown"},
    "ClearVariableMonitoring": {"clearMonitoringResult": [{"id": 0, "status": "NotFound"}]},
    "CustomerInformation": {"status": "Rejected"},
    "DeleteCertificate": {"status": "NotFound"},
    "GetBaseReport": {"status": "NotSupported"},
    "GetChargingProfiles": {"status": "NoProfiles"},
    "GetDisplayMessages": {"status": "Unknown"},
    "GetInstalledCertificateIds": {"status": "NotFound"},
    "GetLocalListVersion": {"versionNumber": 0},
    "GetLog": {"status": "Rejected"},
    "GetMonitoringReport": {"status": "NotSupported"},
    "GetReport": {"status": "NotSupported"},
    "GetTransactionStatus": {"messagesInQueue": False},
    "InstallCertificate": {"status": "Rejected"},
    "ReserveNow": {"status": "Rejected"},
    "SendLocalList": {"status": "Failed"},
    "SetDisplayMessage": {"status": "Rejected"},
    "SetMonitoringBase": {"status": "NotSupported"},
    "SetMonitoringLevel": {"status": "Rejected"},
    "SetNetworkProfile": {"status": "Rejected"},
    "UpdateFirmware": {"status": "Rejected"},
}
"""By action: what a station answers that does not have it."""

_PURPOSES: Final[Mapping[str, str]] = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}
_VARIABLES: Final[Mapping[tuple[str, str], str]] = {
    ("OCPPCommCtrlr", "HeartbeatInterval"): "HeartbeatInterval",
    ("SampledDataCtrlr", "TxUpdatedInterval"): "MeterValueSampleInterval",
}
"""The variables that are about what it is told."""

_REPORTS: Final[Mapping[str, str]] = {"TransactionEvent": "MeterValues"}
_TRIGGERS: Final = frozenset({"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"})
MOST_VARIABLES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One command, its name in 1.6, and the ways there and back; None is refused."""

    action: str
    there: Callable[[Payload], Payload | None]
    back: Callable[[Result], Result] = lambda said: {"status": said.get("status", "Rejected")}
    refusal: str = "Rejected"


class CommandsV201:
    """Answers by way of what knows the commands of OCPP 1.6."""

    def __init__(self, v16: Answerer, to_start: Callable[[str, int], None]) -> None:
        """`to_start` is told the tag and the number of each command to start that was accepted."""
        self._v16 = v16
        self._to_start = to_start

    def answer(self, action: str, payload: Payload, message_id: str) -> Result | Later:
        """See `Commands.answer`. Raises Unanswerable."""
        if action not in VOCABULARY.actions:
            raise Unanswerable("NotImplemented", "not served")
        complaint = VOCABULARY.call_complaint(action, payload)
        if complaint is not None:
            raise Unanswerable("FormationViolation", complaint)
        if action in _REFUSALS:
            return _REFUSALS[action]
        if action == "GetVariables":
            return {"getVariableResult": [self._variable(each, message_id) for each in _listed(payload, "get")]}
        if action == "SetVariables":
            return {"setVariableResult": [self._set_variable(each, message_id) for each in _listed(payload, "set")]}
        row = _ROWS.get(action)
        if row is None:
            raise Unanswerable("NotSupported", "not served")
        translated = row.there(payload)
        if translated is None:
            return {"status": row.refusal}
        said = self._v16(row.action, translated, message_id)
        if isinstance(said, Mapping):
            return self._back(row, payload, said)
        return self._later(row, payload, said)

    async def _later(self, row: _Row, payload: Payload, said: Later) -> Result:
        return self._back(row, payload, await said)

    def _back(self, row: _Row, payload: Payload, said: Result) -> Result:
        number = whole(payload, "remoteStartId")
        if row.action == "RemoteStartTransaction" and said.get("status") == "Accepted" and number is not None:
            self._to_start(_tag(payload), number)
        return row.back(said)

    def _variable(self, asked: Payload, message_id: str) -> dict[str, object]:
        names, key = _named(asked)
        said = {} if key is None else self._ask("GetConfiguration", {"key": [key]}, message_id)
        listed = said.get("configurationKey")
        known = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else None
        if known is None:
            return {**names, "attributeStatus": "UnknownComponent"}
        return {**names, "attributeStatus": "Accepted", "attributeValue": str(known.get("value", ""))}

    def _set_variable(self, asked: Payload, message_id: str) -> dict[str, object]:
        names, key = _named(asked)
        if key is None:
            return {**names, "attributeStatus": "UnknownComponent"}
        value = text(asked, "attributeValue")
        said = self._ask("ChangeConfiguration", {"key": key, "value": value}, message_id)
        return {**names, "attributeStatus": "Accepted" if said.get("status") == "Accepted" else "Rejected"}

    def _ask(self, action: str, payload: Payload, message_id: str) -> Result:
        """What is answered from what is known here, at once."""
        try:
            said = self._v16(action, payload, message_id)
        except Unanswerable:
            return {}
        return said if isinstance(said, Mapping) else {}


def _listed(payload: Payload, verb: str) -> list[Payload]:
    listed = payload.get(f"{verb}VariableData")
    return [each for each in listed[:MOST_VARIABLES] if isinstance(each, dict)] if isinstance(listed, list) else []


def _named(asked: Payload) -> tuple[dict[str, object], str | None]:
    """Component and variable as they are given back, and the key of 1.6 for them."""
    component, variable = _part(asked, "component"), _part(asked, "variable")
    key = _VARIABLES.get((text(component, "name"), text(variable, "name")))
    return {"component": dict(component), "variable": dict(variable)}, key


def _part(payload: Payload, name: str) -> Payload:
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _tag(payload: Payload) -> str:
    return text(_part(payload, "idToken"), "idToken")


def _start(payload: Payload) -> Payload | None:
    id_tag, profile = _tag(payload), payload.get("chargingProfile")
    if not id_tag or len(id_tag) > 20:
        return None
    told = None if profile is None else _profile(profile)
    if profile is not None and told is None:
        return None
    return _known(idTag=id_tag, connectorId=whole(payload, "evseId"), chargingProfile=told)


def _stop(payload: Payload) -> Payload | None:
    theirs = _number(payload.get("transactionId"))
    return None if theirs is None else {"transactionId": theirs}


def _number(said: object) -> int | None:
    """One of the ids that we give."""
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) <= 10 else None


def _reset(payload: Payload) -> Payload | None:
    return {"type": "Hard" if text(payload, "type") == "Immediate" else "Soft"}


def _unlock(payload: Payload) -> Payload | None:
    return {"connectorId": whole(payload, "evseId") or 0}


def _unlocked(said: Result) -> Result:
    return {"status": "Unlocked" if said.get("status") == "Unlocked" else "UnlockFailed"}


def _trigger(payload: Payload) -> Payload | None:
    report = text(payload, "requestedMessage")
    report = _REPORTS.get(report, report)
    return {"requestedMessage": report} if report in _TRIGGERS else None


def _set_profile(payload: Payload) -> Payload | None:
    profile = _profile(payload.get("chargingProfile"))
    return None if profile is None else {"connectorId": whole(payload, "evseId"), "csChargingProfiles": profile}


def _profile(told: object) -> dict[str, object] | None:
    """A profile in the words of 1.6; None for one with several schedules, or of a purpose that nobody may set."""
    schedules = told.get("chargingSchedule") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(schedules, list) or len(schedules) != 1:
        return None
    purpose, schedule = _PURPOSES.get(text(told, "chargingProfilePurpose")), schedules[0]
    theirs = told.get("transactionId")
    if purpose is None or not isinstance(schedule, dict) or (theirs is not None and _number(theirs) is None):
        return None
    kept = ("startSchedule", "duration", "chargingRateUnit", "minChargingRate")
    periods = schedule.get("chargingSchedulePeriod")
    listed = periods if isinstance(periods, list) else []
    return _known(
        chargingProfileId=whole(told, "id"),
        stackLevel=whole(told, "stackLevel"),
        chargingProfilePurpose=purpose,
        chargingProfileKind=told.get("chargingProfileKind"),
        recurrencyKind=told.get("recurrencyKind"),
        validFrom=told.get("validFrom"),
        validTo=told.get("validTo"),
        transactionId=_number(theirs),
        chargingSchedule={
            **{key: schedule[key] for key in kept if key in schedule},
            "chargingSchedulePeriod": [
                {key: each[key] for key in ("startPeriod", "limit", "numberPhases") if key in each}
                for each in listed
                if isinstance(each, dict)
            ],
        },
    )


def _clear(payload: Payload) -> Payload | None:
    criteria = _part(payload, "chargingProfileCriteria")
    word = text(criteria, "chargingProfilePurpose")
    if word and word not in _PURPOSES:
        return None
    return _known(
        id=whole(payload, "chargingProfileId"),
        connectorId=whole(criteria, "evseId"),
        chargingProfilePurpose=_PURPOSES.get(word),
        stackLevel=whole(criteria, "stackLevel"),
    )


def _composite(payload: Payload) -> Payload | None:
    return _known(
        connectorId=whole(payload, "evseId"),
        duration=whole(payload, "duration"),
        chargingRateUnit=payload.get("chargingRateUnit"),
    )


def _composed(said: Result) -> Result:
    schedule = said.get("chargingSchedule")
    if said.get("status") != "Accepted" or not isinstance(schedule, dict):
        return {"status": "Rejected"}
    return {
        "status": "Accepted",
        "schedule": {
            "evseId": said.get("connectorId"),
            "duration": schedule["duration"],
            "scheduleStart": schedule["startSchedule"],
            "chargingRateUnit": schedule["chargingRateUnit"],
            "chargingSchedulePeriod": schedule["chargingSchedulePeriod"],
        },
    }


def _known(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _as_it_is(payload: Payload) -> Payload | None:
    return payload


def _same(said: Result) -> Result:
    return said


_ROWS: Final[Mapping[str, _Row]] = {
    "ClearCache": _Row(action="ClearCache", there=lambda _: {}),
    "ClearChargingProfile": _Row(action="ClearChargingProfile", there=_clear, refusal="Unknown"),
    "DataTransfer": _Row(action="DataTransfer", there=_as_it_is, back=_same, refusal="UnknownVendorId"),
    "GetCompositeSchedule": _Row(action="GetCompositeSchedule", there=_composite, back=_composed),
    "RequestStartTransaction": _Row(action="RemoteStartTransaction", there=_start),
    "RequestStopTransaction": _Row(action="RemoteStopTransaction", there=_stop),
    "Reset": _Row(action="Reset", there=_reset),
    "SetChargingProfile": _Row(action="SetChargingProfile", there=_set_profile),
    "TriggerMessage": _Row(action="TriggerMessage", there=_trigger, refusal="NotImplemented"),
    "UnlockConnector": _Row(action="UnlockConnector", there=_unlock, back=_unlocked, refusal="UnlockFailed"),
}
