"""Authorisation, transaction events and meter values of version 2, in the words of `messages`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ems.csms.fields import text, whole
from ems.csms.inbound import Answers
from ems.csms.messages import UNTOLD, Heard, MeterReport, Step, TagStatus, TagVerdict, TransactionEvent
from ems.csms.station_clock import parse_timestamp
from ems.csms.v201.book import Book
from ems.csms.v201.meter_values import plain
from ems.csms.v201.tokens import token_info

LOGGER = logging.getLogger(__name__)

LONGEST_ID: Final = 36
_STEPS: Final = {step.value: step for step in Step}


class TransactionsV201:
    """TransactionEvent, Authorize and MeterValues."""

    def __init__(self, heard: Heard, book: Book) -> None:
        self._heard = heard
        self._book = book
        self.answers: Final[Answers] = {
            "Authorize": self._authorize,
            "MeterValues": self._meter_values,
            "TransactionEvent": self._transaction_event,
        }

    def _authorize(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        """Plug and charge is off: a car with a contract certificate is not charged by it, a card is another matter."""
        if payload.get("iso15118CertificateHashData") or payload.get("certificate"):
            return {
                "idTokenInfo": token_info(TagVerdict(status=TagStatus.INVALID)),
                "certificateStatus": "NoCertificateAvailable",
            }
        return {"idTokenInfo": token_info(self._heard.authorize(_tag(payload) or ""))}

    def _meter_values(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        evse = whole(payload, "evseId")
        connector = evse if evse is not None and 0 <= evse < 100 else self._heard.untold_connector
        report = MeterReport(connector=connector, transaction_id=None, meter_value=plain(payload.get("meterValue")))
        self._heard.metered(report)
        return {}

    def _transaction_event(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        told = payload.get("transactionInfo")
        info: Mapping[str, object] = told if isinstance(told, dict) else {}
        tag = _tag(payload)
        transaction_id = text(info, "transactionId")[:LONGEST_ID]
        step = _STEPS.get(text(payload, "eventType"))
        if transaction_id and step is not None:
            event = TransactionEvent(
                connector=self._book.running.evse_of(transaction_id, _evse(payload), self._heard.untold_connector),
                transaction_id=transaction_id,
                step=step,
                seq_no=_sequence_number(payload),
                at=parse_timestamp(payload.get("timestamp")),
                offline=payload.get("offline") is True,
                id_tag=tag or "",
                reason=(text(info, "stoppedReason") or "Local") if step is Step.ENDED else "",
                meter_value=None if payload.get("meterValue") is None else plain(payload.get("meterValue")),
            )
            self._heard.transaction_told(event)
            self._follow(event, transaction_id, text(info, "chargingState"))
        return {} if tag is None else {"idTokenInfo": token_info(self._heard.authorize(tag, _evse(payload)))}

    def _follow(self, event: TransactionEvent, transaction_id: str, charging: str) -> None:
        """What the connector does. One that waited in the station or comes after a newer one tells nothing."""
        at: datetime | None = None if event.offline else event.at
        if event.step is Step.ENDED:
            if self._book.running.ends(transaction_id) and event.connector != UNTOLD:
                self._book.connectors.ended(event.connector, at)
        elif not event.offline and self._book.running.goes_on(transaction_id, event.seq_no):
            if event.connector == UNTOLD:
                return
            self._book.connectors.charging(event.connector, charging, at)


def _sequence_number(payload: Mapping[str, object]) -> int | None:
    number = whole(payload, "seqNo")
    return number if number is not None and 0 <= number < 2**31 else None


def _evse(payload: Mapping[str, object]) -> int | None:
    told = payload.get("evse")
    evse = whole(told, "id") if isinstance(told, dict) else None
    return evse if evse is not None and 0 < evse < 100 else None


def _tag(payload: Mapping[str, object]) -> str | None:
    """The id token; None when the message has none."""
    token = payload.get("idToken")
    return text(token, "idToken") if isinstance(token, dict) else None
