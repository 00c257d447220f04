"""What a station of version 2 says of itself: boot, heartbeat, the state of its connectors, its device model."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from ems.clock import Clock
from ems.csms.fields import text, whole
from ems.csms.inbound import Answers
from ems.csms.messages import Boot, Heard
from ems.csms.pace import Pace
from ems.csms.station_clock import format_timestamp, parse_timestamp
from ems.csms.v201.book import Book
from ems.csms.v201.device_model import Place, place_of
from ems.csms.v201.on_request_reports import event_told, variables_told

LOGGER = logging.getLogger(__name__)

MOST_VENDORS: Final = 50
MOST_EVENTS: Final = 200


class ProvisioningV201:
    """Boot, Heartbeat, StatusNotification, NotifyReport, NotifyEvent and DataTransfer."""

    def __init__(self, heard: Heard, book: Book, clock: Clock, pace: Pace, *, station: str) -> None:
        self._heard = heard
        self._book = book
        self._clock = clock
        self._pace = pace
        self._station = station
        self._vendors_refused: set[str] = set()
        self.answers: Final[Answers] = {
            "BootNotification": self._boot,
            "DataTransfer": self._vendor_data,
            "Heartbeat": self._heartbeat,
            "NotifyEvent": self._event,
            "NotifyReport": self._report,
            "StatusNotification": self._status,
        }

    def _boot(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        told = payload.get("chargingStation")
        station: Mapping[str, object] = told if isinstance(told, dict) else {}
        serial = text(station, "serialNumber")
        boot = Boot(
            vendor=text(station, "vendorName"),
            model=text(station, "model"),
            firmware=text(station, "firmwareVersion"),
            serials=(serial,) if serial else (),
        )
        accepted = self._heard.booted(boot)
        if accepted:
            self._book.restarted()
        status = "Accepted" if accepted else "Rejected"
        return {"status": status, "currentTime": self._now(), "interval": self._pace.heartbeat_s}

    def _heartbeat(self, _payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        return {"currentTime": self._now()}

    def _status(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        evse = whole(payload, "evseId")
        self._book.connectors.told(
            self._heard.untold_connector if evse is None else evse,
            whole(payload, "connectorId") or 0,
            text(payload, "connectorStatus"),
            parse_timestamp(payload.get("timestamp")),
        )
        return {}

    def _report(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._book.model.take(payload.get("reportData"))
        self._book.base_report.take(payload)
        request_id, more_comes = whole(payload, "requestId"), payload.get("tbc") is True
        self._book.on_request.components.take(request_id, variables_told(payload), more_comes=more_comes)
        return {}

    def _event(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        """Events are values of variables: kept in the device model; a connector's availability is a state of it."""
        listed = payload.get("eventData")
        for each in listed[:MOST_EVENTS] if isinstance(listed, list) else []:
            place = place_of(each)
            if place is not None and isinstance(each, dict):
                self._event_at(place, each)
        return {}

    def _event_at(self, place: Place, event: Mapping[str, object]) -> None:
        value = text(event, "actualValue")
        self._book.on_request.happened(event_told(place, event))
        self._book.model.update(place, value)
        if place.variable == "AvailabilityState" and place.component == "Connector" and place.evse:
            self._book.connectors.told(place.evse, place.connector, value, parse_timestamp(event.get("timestamp")))
        elif text(event, "trigger") == "Alerting" and event.get("cleared") is not True:
            LOGGER.warning("%s reports %s.%s = %.80s", self._station, place.component, place.variable, value)

    def _vendor_data(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        vendor = text(payload, "vendorId")[:60]
        if vendor not in self._vendors_refused and len(self._vendors_refused) < MOST_VENDORS:
            self._vendors_refused.add(vendor)
            LOGGER.info("%s sends data of vendor %r, which nobody here understands", self._station, vendor)
        return {"status": "UnknownVendorId"}

    def _now(self) -> str:
        self._heard.time_told()
        return format_timestamp(self._clock.utc_now())
