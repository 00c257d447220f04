"""What OCPP 1.6 stations say, and what they are answered.

Read leniently: a station is never refused for an extra field, a long id tag or an unknown word (Q17).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from ems.clock import Clock
from ems.csms.complaints import Complaints
from ems.csms.fields import number, printable, text, whole
from ems.csms.messages import (
    Boot,
    Heard,
    MeterReport,
    StartReport,
    StatusReport,
    StopReport,
    TagVerdict,
)
from ems.csms.pace import Pace
from ems.csms.rpc import Unanswerable
from ems.csms.station_clock import format_timestamp, parse_timestamp
from ems.csms.v16.certificates import CertificateAnswersV16
from ems.csms.v16.service_reports import firmware_report, upload_report
from ems.csms.v16.vocabulary import ACTIONS, call_complaint
from ems.model.station import ConnectorStatus

LOGGER = logging.getLogger(__name__)

PROTOCOL: Final = "ocpp1.6"
MOST_VENDORS: Final = 50

_STATUSES: Final = {status.value.lower(): status for status in ConnectorStatus}


class InboundV16:
    """Answers a station's requests. One for the life of a station."""

    def __init__(self, heard: Heard, clock: Clock, pace: Pace, *, station: str) -> None:
        self._heard = heard
        self._clock = clock
        self._pace = pace
        self._station = station
        self.complaints: Final = Complaints(station)
        self._vendors_refused: set[str] = set()
        certificates = CertificateAnswersV16(heard)
        self._answers: Mapping[str, Callable[[Mapping[str, object], str], Mapping[str, object]]] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._vendor_data,
            **dict.fromkeys(("DiagnosticsStatusNotification", "LogStatusNotification"), self._upload),
            **dict.fromkeys(("FirmwareStatusNotification", "SignedFirmwareStatusNotification"), self._firmware),
            "Heartbeat": self._heartbeat,
            "MeterValues": self._meter_values,
            "SecurityEventNotification": certificates.security_event,
            "SignCertificate": certificates.sign_certificate,
            "StartTransaction": self._start,
            "StatusNotification": self._status,
            "StopTransaction": self._stop,
        }

    def answer(self, action: str, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        """The answer to one request. Raises Unanswerable."""
        answer = self._answers.get(action)
        if answer is None:
            code = "NotImplemented" if action in ACTIONS else "NotSupported"
            raise Unanswerable(code, f"{printable(action, 50)} is not served")
        self.complaints.note(action, call_complaint(action, payload))
        return answer(payload, message_id)

    def _boot(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        serials = (text(payload, "chargePointSerialNumber"), text(payload, "chargeBoxSerialNumber"))
        boot = Boot(
            vendor=text(payload, "chargePointVendor"),
            model=text(payload, "chargePointModel"),
            firmware=text(payload, "firmwareVersion"),
            serials=tuple(serial for serial in serials if serial),
        )
        status = "Accepted" if self._heard.booted(boot) else "Rejected"
        return {"status": status, "currentTime": self._now(), "interval": self._pace.heartbeat_s}

    def _heartbeat(self, _payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        return {"currentTime": self._now()}

    def _status(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        report = StatusReport(
            connector=self._connector(payload),
            status=_STATUSES.get(text(payload, "status").lower()),
            error=text(payload, "errorCode"),
            at=parse_timestamp(payload.get("timestamp")),
        )
        self._heard.status_reported(report)
        return {}

    def _meter_values(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        report = MeterReport(
            connector=self._connector(payload),
            transaction_id=whole(payload, "transactionId"),
            meter_value=payload.get("meterValue"),
        )
        self._heard.metered(report)
        return {}

    def _authorize(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        return {"idTagInfo": _tag_info(self._heard.authorize(text(payload, "idTag")))}

    def _start(self, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        id_tag = text(payload, "idTag")
        report = StartReport(
            connector=self._connector(payload),
            id_tag=id_tag,
            meter_start_wh=number(payload, "meterStart"),
            at=parse_timestamp(payload.get("timestamp")),
            message_id=message_id,
        )
        transaction_id = self._heard.transaction_started(report)
        # Also a tag that may not charge gets an id: the energy until the station stops it is counted by that.
        verdict = self._heard.authorize(id_tag, report.connector)
        return {"transactionId": transaction_id, "idTagInfo": _tag_info(verdict)}

    def _stop(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        report = StopReport(
            transaction_id=whole(payload, "transactionId"),
            meter_stop_wh=number(payload, "meterStop"),
            at=parse_timestamp(payload.get("timestamp")),
            reason=text(payload, "reason") or "Local",
            meter_value=payload.get("transactionData"),
        )
        self._heard.transaction_stopped(report)
        return {"idTagInfo": {"status": "Accepted"}} if text(payload, "idTag") else {}

    def _firmware(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._heard.firmware_reported(firmware_report(payload))
        return {}

    def _upload(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._heard.upload_reported(upload_report(payload))
        return {}

    def _vendor_data(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        vendor = text(payload, "vendorId")[:60]
        if vendor not in self._vendors_refused and len(self._vendors_refused) < MOST_VENDORS:
            self._vendors_refused.add(vendor)
            LOGGER.info("%s sends data of vendor %r, which nobody here understands", self._station, vendor)
        return {"status": "UnknownVendorId"}

    def _connector(self, payload: Mapping[str, object]) -> int:
        """The only one of most homes where it is missing or absurd."""
        connector = whole(payload, "connectorId")
        return connector if connector is not None and 0 <= connector < 100 else self._heard.untold_connector

    def _now(self) -> str:
        self._heard.time_told()
        return format_timestamp(self._clock.utc_now())


def _tag_info(verdict: TagVerdict) -> Mapping[str, object]:
    info = {"status": verdict.status.value}
    if verdict.expires is not None:
        info["expiryDate"] = format_timestamp(verdict.expires)
    if verdict.parent is not None:
        info["parentIdTag"] = verdict.parent
    return info
