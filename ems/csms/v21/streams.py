"""Streams of values that a station of OCPP 2.1 sends at its own pace, without waiting for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ems.csms.fields import number, text, whole
from ems.csms.inbound import Answers
from ems.csms.station_clock import parse_timestamp
from ems.csms.v201.book import Book

MOST_STREAMS: Final = 50
MOST_VALUES: Final = 200


class StreamsV21:
    """OpenPeriodicEventStream, NotifyPeriodicEventStream and ClosePeriodicEventStream."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._open: dict[int, int] = {}
        self.answers: Final[Answers] = {
            "ClosePeriodicEventStream": self._close,
            "NotifyPeriodicEventStream": self._values,
            "OpenPeriodicEventStream": self._begin,
        }

    def _begin(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        told = payload.get("constantStreamData")
        about: Mapping[str, object] = told if isinstance(told, dict) else {}
        stream, monitor = whole(about, "id"), whole(about, "variableMonitoringId")
        if stream is None or monitor is None or (stream not in self._open and len(self._open) >= MOST_STREAMS):
            return {"status": "Rejected"}
        self._open[stream] = monitor
        return {"status": "Accepted"}

    def _close(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._open.pop(whole(payload, "id") or 0, None)
        return {}

    def _values(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        """The newest value of an open stream is kept for those who want to see it; control has its meter values."""
        stream = whole(payload, "id")
        if stream is None or stream not in self._open:
            return {}
        base = parse_timestamp(payload.get("basetime"))
        listed = payload.get("data")
        values = [each for each in listed[-MOST_VALUES:] if isinstance(each, dict)] if isinstance(listed, list) else []
        for each in values:
            after_s = number(each, "t") or 0.0
            at = None if base is None or abs(after_s) > 86_400.0 else base + timedelta(seconds=after_s)
            self._book.streams[self._open[stream]] = (text(each, "v"), at)
        return {}
