"""What OCPP 2.1 adds to what a station is asked on request: the grid curves that it follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ems.csms.asking import outcome
from ems.csms.fields import text, whole
from ems.csms.inbound import Answers
from ems.csms.lane import Urgency
from ems.csms.messages import Outcome
from ems.csms.on_request_words import GridCurve
from ems.csms.told_on_request import ToldOnRequest
from ems.csms.v201.on_request import OnRequestV201

FAMILIES: Final = {
    "curve": "curve",
    "enterService": "enterService",
    "fixedPFAbsorb": "fixedPF",
    "fixedPFInject": "fixedPF",
    "fixedVar": "fixedVar",
    "freqDroop": "freqDroop",
    "gradient": "gradient",
    "limitMaxDischarge": "limitMaxDischarge",
}
"""Where a report has its curves, and under which name each has its content."""

MOST_OF_A_KIND: Final = 50


class OnRequestV21(OnRequestV201):
    """GetDERControl beside the requests of 2.0.1. We read these curves and set none."""

    async def report_curves(self) -> Outcome:
        curves, number = self._book.on_request.curves, self._number()
        curves.expect(number)
        said = outcome(await self._ask("GetDERControl", {"requestId": number}, Urgency.COMMAND))
        curves.answered(comes=said.done)
        return said


class CurvesV21:
    """ReportDERControl."""

    def __init__(self, told: ToldOnRequest) -> None:
        self._told = told
        self.answers: Final[Answers] = {"ReportDERControl": self._curves}

    def _curves(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        request_id, more_comes = whole(payload, "requestId"), payload.get("tbc") is True
        self._told.curves.take(request_id, _curves(payload), more_comes=more_comes)
        return {}


def _curves(payload: Mapping[str, object]) -> Iterator[GridCurve]:
    for family, content in FAMILIES.items():
        listed = payload.get(family)
        for each in listed[:MOST_OF_A_KIND] if isinstance(listed, list) else []:
            if isinstance(each, dict):
                told = each.get(content)
                yield GridCurve(
                    kind=text(each, "curveType")[:40] or family,
                    number=text(each, "id")[:36],
                    priority=whole(told, "priority") if isinstance(told, dict) else None,
                    is_default=each.get("isDefault") is True,
                    superseded=each.get("isSuperseded") is True,
                )
