"""Authorisation, transaction events and meter values of version 2, in the words of `messages`.

Events come late, twice, out of order or not at all; what is old never counts as the car's present current.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ems.csms.fields import printable, text, whole
from ems.csms.inbound import Answers
from ems.csms.messages import Heard, MeterReport, StartReport, StopReport
from ems.csms.station_clock import parse_timestamp
from ems.csms.v201.book import Book
from ems.csms.v201.event_log import Followed
from ems.csms.v201.meter_values import begin_and_end_wh, plain

LOGGER = logging.getLogger(__name__)

LONGEST_ID: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """A TransactionEvent as it was read."""

    kind: str
    number: int | None
    at: datetime | None
    offline: bool
    charging: str
    reason: str
    id_tag: str | None
    meter_value: object
    message_id: str


class TransactionsV201:
    """TransactionEvent, Authorize and MeterValues."""

    def __init__(self, heard: Heard, book: Book, *, station: str) -> None:
        self._heard = heard
        self._book = book
        self._station = station
        self.answers: Final[Answers] = {
            "Authorize": self._authorize,
            "MeterValues": self._meter_values,
            "TransactionEvent": self._transaction_event,
        }

    def _authorize(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        """Plug and charge is off: a contract certificate is answered with that none could be checked."""
        answer: dict[str, object] = {"idTokenInfo": {"status": self._heard.authorize(_tag(payload) or "").value}}
        if payload.get("iso15118CertificateHashData") or payload.get("certificate"):
            answer["certificateStatus"] = "NoCertificateAvailable"
        return answer

    def _meter_values(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        evse = whole(payload, "evseId")
        connector = evse if evse is not None and 0 <= evse < 100 else 1
        self._heard.metered(
            MeterReport(connector=connector, transaction_id=None, meter_value=plain(payload.get("meterValue")))
        )
        return {}

    def _transaction_event(self, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        info = payload.get("transactionInfo")
        told: Mapping[str, object] = info if isinstance(info, dict) else {}
        event = _event(payload, told, message_id)
        transaction_id = text(told, "transactionId")[:LONGEST_ID]
        if transaction_id:
            followed = self._book.events.of(transaction_id, _evse(payload))
            if not followed.repeats(event.number, event.kind, text(payload, "timestamp")):
                self._follow(followed, event)
        if event.id_tag is None:
            return {}
        return {"idTokenInfo": {"status": self._heard.authorize(event.id_tag).value}}

    def _follow(self, followed: Followed, event: _Event) -> None:
        newest = event.number is None or followed.sequence.take(event.number)
        begun_wh, now_wh = begin_and_end_wh(event.meter_value)
        if event.id_tag:
            followed.id_tag = followed.id_tag or event.id_tag
        if begun_wh is not None and followed.meter_start_wh is None:
            followed.meter_start_wh = begun_wh
        if event.kind == "Started" and not followed.started:
            followed.started, followed.started_at = True, event.at
            followed.meter_start_wh = now_wh if followed.meter_start_wh is None else followed.meter_start_wh
        if followed.ended:
            return
        if event.kind == "Ended":
            followed.ended = True
            self._end(followed, event, now_wh)
        elif newest:
            self._go_on(followed, event)

    def _go_on(self, followed: Followed, event: _Event) -> None:
        """It begins or goes on. One that is told of afterwards does not put an end to the one that runs now."""
        running = self._book.events.running(followed.evse)
        if not followed.live and not (event.offline and running is not None):
            followed.live = True
            self._heard.transaction_started(_start(followed, event.message_id))
        if not followed.live:
            return
        if not event.offline:
            self._book.connectors.charging(followed.evse, event.charging, event.at)
        self._meter(followed, event)

    def _end(self, followed: Followed, event: _Event, now_wh: float | None) -> None:
        missing = followed.sequence.missing
        if missing or not followed.started:
            LOGGER.warning(
                "%s: transaction %.36r ended, and %s of it did not come",
                self._station,
                followed.transaction_id,
                f"{len(missing)} events" if missing else "the beginning",
            )
        stop = StopReport(
            transaction_id=followed.transaction_id,
            meter_stop_wh=now_wh,
            at=event.at,
            reason=event.reason,
            incomplete=bool(missing) or not followed.started,
            live=not event.offline,
        )
        if followed.live:
            self._meter(followed, event)
            self._heard.transaction_stopped(stop)
            self._book.connectors.ended(followed.evse, None if event.offline else event.at)
        else:
            self._heard.transaction_found(_start(followed, event.message_id), stop)

    def _meter(self, followed: Followed, event: _Event) -> None:
        if event.meter_value is None:
            return
        self._heard.metered(
            MeterReport(
                connector=followed.evse,
                transaction_id=followed.transaction_id,
                meter_value=plain(event.meter_value),
                live=not event.offline,
            )
        )


def _event(payload: Mapping[str, object], info: Mapping[str, object], message_id: str) -> _Event:
    return _Event(
        kind=text(payload, "eventType"),
        number=whole(payload, "seqNo"),
        at=parse_timestamp(payload.get("timestamp")),
        offline=payload.get("offline") is True,
        charging=text(info, "chargingState"),
        reason=printable(text(info, "stoppedReason"), 50) or "Local",
        id_tag=_tag(payload),
        meter_value=payload.get("meterValue"),
        message_id=message_id,
    )


def _start(followed: Followed, message_id: str) -> StartReport:
    return StartReport(
        connector=followed.evse,
        id_tag=followed.id_tag,
        meter_start_wh=followed.meter_start_wh,
        at=followed.started_at,
        message_id=message_id,
        transaction_id=followed.transaction_id,
    )


def _evse(payload: Mapping[str, object]) -> int | None:
    told = payload.get("evse")
    evse = whole(told, "id") if isinstance(told, dict) else None
    return evse if evse is not None and 0 < evse < 100 else None


def _tag(payload: Mapping[str, object]) -> str | None:
    """The id token; None when the message has none."""
    token = payload.get("idToken")
    return text(token, "idToken") if isinstance(token, dict) else None
