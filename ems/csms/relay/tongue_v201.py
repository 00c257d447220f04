"""How a second central system is spoken to in OCPP 2.0.1: transactions are events with numbers, their ids are ours."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ems.csms.fields import printable, text
from ems.csms.messages import Boot
from ems.csms.relay import spelling
from ems.csms.relay.commands_v201 import CommandsV201
from ems.csms.relay.entries import Account, Begin, End, Entry, Meter
from ems.csms.relay.tongue import Told
from ems.csms.rpc import Answerer
from ems.csms.station_calls import REMOTE_TAG
from ems.csms.station_clock import format_timestamp
from ems.model.station import ConnectorStatus

LATE_S: Final = 60.0
"""What is told so much later counts as of a time without connection."""

_FREE: Final = frozenset(
    {
        ConnectorStatus.AVAILABLE.value,
        ConnectorStatus.RESERVED.value,
        ConnectorStatus.UNAVAILABLE.value,
        ConnectorStatus.FAULTED.value,
    }
)
"""States of the same name; everything else is `Occupied`."""

_TAG_WORDS: Final = frozenset({"Accepted", "Blocked", "Expired", "ConcurrentTx"})
_REASONS: Final[Mapping[str, str]] = {
    "DeAuthorized": "Deauthorized",
    "EmergencyStop": "AbnormalCondition",
    "EVDisconnected": "EVCommunicationLost",
    "ImmediateReset": "ResetCommand",
    "Local": "StopAuthorized",
    "Other": "AbnormalCondition",
    "PowerLoss": "AbnormalCondition",
    "Reboot": "ResetCommand",
    "Remote": "RemoteStop",
    "StoppedByEV": "ChargingStateChanged",
    "Timeout": "EVConnectTimeout",
}
"""Why a transaction ended, and what triggers the message of it."""

_RESETS: Final = frozenset({"HardReset", "SoftReset"})


class TongueV201:
    """Implements `tongue.Tongue`."""

    protocol: Final = "ocpp2.0.1"

    def __init__(self, own_tag: str | None) -> None:
        self._own_tag = own_tag
        self._started: dict[str, int] = {}
        """The number of its newest command to start, by its tag."""

    def boot(self, said: Boot) -> Told:
        station: dict[str, object] = {
            "vendorName": printable(said.vendor, 50) or "unknown",
            "model": printable(said.model, 20) or "unknown",
        }
        serial, firmware = printable(said.serials[0], 25) if said.serials else "", printable(said.firmware, 50)
        if serial:
            station["serialNumber"] = serial
        if firmware:
            station["firmwareVersion"] = firmware
        return {"reason": "PowerUp", "chargingStation": station}

    def status(self, connector: int, word: str, error: str, at: datetime) -> Told | None:  # noqa: ARG002 (no word for it)
        if connector == 0:
            return None
        return {
            "timestamp": format_timestamp(at),
            "connectorStatus": word if word in _FREE else "Occupied",
            "evseId": connector,
            "connectorId": 1,
        }

    def authorize(self, id_tag: str) -> Told:
        return {"idToken": self._token(id_tag)}

    def tag_word(self, answer: Told) -> str:
        told = answer.get("idTokenInfo")
        word = text(told, "status") if isinstance(told, dict) else ""
        return word if word in _TAG_WORDS or not word else "Invalid"

    def entry(self, entry: Entry, account: Account, now: datetime) -> tuple[str, Told]:
        event: dict[str, object] = {
            "timestamp": format_timestamp(entry.at),
            "seqNo": account.told,
            "evse": {"id": account.connector, "connectorId": 1},
        }
        if (now - entry.at).total_seconds() > LATE_S:
            event["offline"] = True
        info: dict[str, object] = {"transactionId": str(id_of(entry.transaction))}
        if isinstance(entry, Begin):
            event |= self._begin(entry, info)
        elif isinstance(entry, End):
            event |= _end(entry, info)
        else:
            event |= {"eventType": "Updated", "triggerReason": "MeterValuePeriodic", "meterValue": [_values(entry)]}
        return "TransactionEvent", {**event, "transactionInfo": info}

    def their_id(self, begin: Begin, answer: Told) -> int | None:  # noqa: ARG002 (ours to give)
        return id_of(begin.transaction)

    def hearing(self, answerer: Answerer) -> Answerer:
        return CommandsV201(answerer, self._to_start).answer

    def _to_start(self, id_tag: str, number: int) -> None:
        self._started = {id_tag: number}

    def _begin(self, begin: Begin, info: dict[str, object]) -> dict[str, object]:
        number = self._started.get(begin.id_tag)
        if number is not None:
            info["remoteStartId"] = number
        return {
            "eventType": "Started",
            "triggerReason": "Authorized" if number is None else "RemoteStart",
            "idToken": self._token(begin.id_tag),
            "meterValue": [_register(begin.meter_wh, begin.at, "Transaction.Begin")],
        }

    def _token(self, id_tag: str) -> dict[str, object]:
        if id_tag in {"", REMOTE_TAG}:
            return {"idToken": spelling.tag(id_tag, self._own_tag), "type": "Central"}
        return {"idToken": printable(id_tag, 36), "type": "ISO14443"}


def id_of(transaction: str) -> int:
    """By which number a transaction goes there: the same at every attempt and after every restart."""
    return int.from_bytes(hashlib.sha256(transaction.encode()).digest()[:4]) >> 1


def _end(end: End, info: dict[str, object]) -> dict[str, object]:
    reason = "ImmediateReset" if end.reason in _RESETS else end.reason if end.reason in _REASONS else "Other"
    info["stoppedReason"] = reason
    return {
        "eventType": "Ended",
        "triggerReason": _REASONS[reason],
        "meterValue": [_register(end.meter_wh, end.at, "Transaction.End")],
    }


def _register(meter_wh: int, at: datetime, context: str) -> dict[str, object]:
    value = {**_value(float(meter_wh), "Energy.Active.Import.Register", "Wh"), "context": context}
    return {"timestamp": format_timestamp(at), "sampledValue": [value]}


def _values(meter: Meter) -> dict[str, object]:
    values: list[dict[str, object]] = []
    if meter.energy_wh is not None:
        values.append(_value(float(meter.energy_wh), "Energy.Active.Import.Register", "Wh"))
    if meter.power_w is not None:
        values.append(_value(round(meter.power_w), "Power.Active.Import", "W"))
    for place, amps in enumerate(meter.current_a or (), start=1):
        values.append({**_value(round(amps, 1), "Current.Import", "A"), "phase": f"L{place}"})
    if meter.soc is not None:
        values.append(_value(round(100.0 * meter.soc), "SoC", "Percent"))
    return {"timestamp": format_timestamp(meter.at), "sampledValue": values}


def _value(value: float, measurand: str, unit: str) -> dict[str, object]:
    return {"value": value, "measurand": measurand, "unitOfMeasure": {"unit": unit}}
