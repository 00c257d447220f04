"""What stations of version 2 tell because they were asked: monitors, texts on displays, data of a customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ems.csms.fields import number, printable, text, whole
from ems.csms.inbound import Answers
from ems.csms.on_request_words import LONGEST_SHOWN, EventTold, Monitor, ShownText, VariableTold
from ems.csms.station_clock import parse_timestamp
from ems.csms.told_on_request import ToldOnRequest
from ems.csms.v201.device_model import Place, place_of
from ems.csms.v201.variables import name_of

MOST_LINES: Final = 500
"""Of one message that are looked at."""

LONGEST_VALUE: Final = 120
LONGEST_WORD: Final = 40


class OnRequestReportsV201:
    """NotifyMonitoringReport, NotifyDisplayMessages and NotifyCustomerInformation."""

    def __init__(self, told: ToldOnRequest) -> None:
        self._told = told
        self.answers: Final[Answers] = {
            "NotifyCustomerInformation": self._customer,
            "NotifyDisplayMessages": self._texts,
            "NotifyMonitoringReport": self._monitors,
        }

    def _monitors(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        request_id, more_comes = whole(payload, "requestId"), payload.get("tbc") is True
        self._told.monitors.take(request_id, _monitors(payload), more_comes=more_comes)
        return {}

    def _texts(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        request_id, more_comes = whole(payload, "requestId"), payload.get("tbc") is True
        self._told.texts.take(request_id, _texts(payload), more_comes=more_comes)
        return {}

    def _customer(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        request_id, more_comes = whole(payload, "requestId"), payload.get("tbc") is True
        said, piece = payload.get("data"), whole(payload, "seqNo")
        pieces = [(piece or 0, _shown(said))] if isinstance(said, str) else []
        self._told.customer.take(request_id, pieces, more_comes=more_comes)
        return {}


def event_told(place: Place, event: Mapping[str, object]) -> EventTold:
    """One line of a NotifyEvent."""
    return EventTold(
        at=parse_timestamp(event.get("timestamp")),
        variable=name_of(place),
        value=text(event, "actualValue")[:LONGEST_VALUE],
        trigger=text(event, "trigger")[:LONGEST_WORD],
        cleared=event.get("cleared") is True,
        about=text(event, "techInfo")[:LONGEST_VALUE],
        monitor=whole(event, "variableMonitoringId"),
    )


def variables_told(payload: Mapping[str, object]) -> Iterator[VariableTold]:
    """The variables of a NotifyReport with their actual values."""
    for each in _lines(payload, "reportData"):
        place = place_of(each)
        if place is not None:
            attributes = list(_lines(each, "variableAttribute"))
            actual = next((one for one in attributes if text(one, "type") in {"", "Actual"}), {})
            yield VariableTold(variable=name_of(place), value=text(actual, "value")[:LONGEST_VALUE])


def _monitors(payload: Mapping[str, object]) -> Iterator[Monitor]:
    for each in _lines(payload, "monitor"):
        place = place_of(each)
        for one in _lines(each, "variableMonitoring") if place is not None else ():
            monitor_number = whole(one, "id")
            if place is not None and monitor_number is not None:
                yield Monitor(
                    number=monitor_number,
                    variable=name_of(place),
                    kind=text(one, "type")[:LONGEST_WORD],
                    value=number(one, "value"),
                    severity=whole(one, "severity"),
                )


def _texts(payload: Mapping[str, object]) -> Iterator[ShownText]:
    for each in _lines(payload, "messageInfo"):
        text_number, message = whole(each, "id"), each.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if text_number is not None and isinstance(content, str):
            yield ShownText(
                number=text_number,
                content=printable(content, LONGEST_SHOWN),
                priority=text(each, "priority")[:LONGEST_WORD],
                transaction_id=text(each, "transactionId")[:36] or None,
            )


def _shown(said: str) -> str:
    """Spaces at its ends belong to the whole that the pieces make."""
    return "".join(each if each.isprintable() else " " for each in said[:LONGEST_SHOWN])


def _lines(payload: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    listed = payload.get(name)
    for each in listed[:MOST_LINES] if isinstance(listed, list) else []:
        if isinstance(each, dict):
            yield each
