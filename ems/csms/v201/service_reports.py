"""What stations of version 2 say while they are serviced: states of firmware and of uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.inbound import Answers
from ems.csms.messages import Heard
from ems.csms.v16.service_reports import firmware_report, upload_report


class ServiceReportsV201:
    """FirmwareStatusNotification and LogStatusNotification, whose fields are those of OCPP 1.6's security extension."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self.answers: Final[Answers] = {
            "FirmwareStatusNotification": self._firmware,
            "LogStatusNotification": self._upload,
        }

    def _firmware(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._heard.firmware_reported(firmware_report(payload))
        return {}

    def _upload(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._heard.upload_reported(upload_report(payload))
        return {}
