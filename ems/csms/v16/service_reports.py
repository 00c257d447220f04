"""What OCPP 1.6 stations say while they are serviced, read leniently: states of firmware and of uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.fields import printable, text, whole
from ems.csms.service_words import FirmwareReport, FirmwareState, UploadReport, UploadState

LONGEST_WORD: Final = 40

_FIRMWARE: Final[Mapping[str, FirmwareState]] = {state.value.lower(): state for state in FirmwareState}
_UPLOAD: Final[Mapping[str, UploadState]] = {
    **{state.value.lower(): state for state in UploadState},
    "uploadfailed": UploadState.UPLOAD_FAILED,
}


def firmware_report(payload: Mapping[str, object]) -> FirmwareReport:
    """Of FirmwareStatusNotification and SignedFirmwareStatusNotification."""
    said = printable(text(payload, "status"), LONGEST_WORD)
    return FirmwareReport(state=_FIRMWARE.get(said.lower()), said=said, request_id=whole(payload, "requestId"))


def upload_report(payload: Mapping[str, object]) -> UploadReport:
    """Of DiagnosticsStatusNotification and LogStatusNotification."""
    said = printable(text(payload, "status"), LONGEST_WORD)
    return UploadReport(state=_UPLOAD.get(said.lower()), said=said, request_id=whole(payload, "requestId"))
