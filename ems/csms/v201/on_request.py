"""What a station of version 2 is asked only when somebody wants it: monitors, displays, costs, data of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ems.csms.asking import outcome
from ems.csms.dialect import OnRequestDialect
from ems.csms.fields import printable, text, whole
from ems.csms.lane import Urgency
from ems.csms.messages import Outcome
from ems.csms.on_request_words import (
    LONGEST_SHOWN,
    ComponentsThat,
    Monitor,
    MonitorBase,
    MonitorOrder,
)
from ems.csms.told_on_request import Gathered
from ems.csms.v201.asking import AskingV201
from ems.csms.v201.device_model import spelled
from ems.csms.v201.tokens import token
from ems.csms.v201.variables import name_of, place_named
from ems.errors import StationCannot

T = TypeVar("T")


class OnRequestV201(AskingV201):
    """Implements `on_request_words.OnRequestDialect`."""

    def on_request(self) -> OnRequestDialect:
        return self

    async def monitor(self, order: MonitorOrder) -> Outcome:
        place = place_named(order.variable)
        if place is None:
            return Outcome(done=False, answer="UnknownVariable")
        place = replace(place, evse=order.evse)
        asked = {"value": order.value, "type": order.kind.value, "severity": order.severity, **spelled(place)}
        answer = await self._ask("SetVariableMonitoring", {"setMonitoringData": [asked]}, Urgency.COMMAND)
        result = _first(answer.payload, "setMonitoringResult")
        status, number = printable(text(result, "status"), 80), whole(result, "id")
        if status == "Accepted" and number is not None:
            self._book.on_request.monitors.put(
                Monitor(
                    number=number,
                    variable=name_of(place),
                    kind=order.kind.value,
                    value=order.value,
                    severity=order.severity,
                )
            )
        return Outcome(done=status == "Accepted", answer=status)

    async def stop_monitors(self, numbers: Sequence[int]) -> Outcome:
        answer = await self._ask("ClearVariableMonitoring", {"id": list(numbers)}, Urgency.COMMAND)
        listed = answer.payload.get("clearMonitoringResult")
        results = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        gone = [each for each in results if text(each, "status") in {"Accepted", "NotFound"}]
        for each in gone:
            self._book.on_request.monitors.drop(whole(each, "id"))
        odd = next((text(each, "status") for each in results if each not in gone), "")
        return Outcome(done=bool(gone) and not odd, answer=printable(odd or "Accepted", 80) if results else "")

    async def monitor_base(self, base: MonitorBase) -> Outcome:
        return outcome(await self._ask("SetMonitoringBase", {"monitoringBase": base.value}, Urgency.COMMAND))

    async def monitor_level(self, severity: int) -> Outcome:
        return outcome(await self._ask("SetMonitoringLevel", {"severity": severity}, Urgency.COMMAND))

    async def report_monitors(self) -> Outcome:
        gathered, number = self._book.on_request.monitors, self._number()
        gathered.expect(number)
        answer = await self._ask("GetMonitoringReport", {"requestId": number}, Urgency.COMMAND)
        return _comes(gathered, outcome(answer))

    async def report_components(self, that: Sequence[ComponentsThat]) -> Outcome:
        gathered, number = self._book.on_request.components, self._number()
        gathered.expect(number)
        request = {"requestId": number, "componentCriteria": [each.value for each in that]}
        return _comes(gathered, outcome(await self._ask("GetReport", request, Urgency.COMMAND)))

    async def show(self, number: int, content: str, *, transaction_id: str | None = None) -> Outcome:
        message = {
            "id": number,
            "priority": "NormalCycle",
            "transactionId": transaction_id,
            "message": {"format": "UTF8", "content": content[:LONGEST_SHOWN]},
        }
        return outcome(await self._ask("SetDisplayMessage", {"message": message}, Urgency.COMMAND))

    async def report_shown(self) -> Outcome:
        gathered, number = self._book.on_request.texts, self._number()
        gathered.expect(number)
        answer = await self._ask("GetDisplayMessages", {"requestId": number}, Urgency.COMMAND)
        return _comes(gathered, outcome(answer))

    async def show_no_more(self, number: int) -> Outcome:
        said = outcome(await self._ask("ClearDisplayMessage", {"id": number}, Urgency.COMMAND), "Accepted", "Unknown")
        if said.done:
            self._book.on_request.texts.drop(number)
        return said

    async def tell_cost(self, transaction_id: str, total: float) -> Outcome:
        # Its answer has no fields: that one came says that it was taken.
        await self._ask("CostUpdated", {"transactionId": transaction_id, "totalCost": total}, Urgency.COMMAND)
        return Outcome(done=True, answer="Accepted")

    async def customer(self, tag: str, *, report: bool, clear: bool) -> Outcome:
        number = self._number()
        if report:
            self._book.on_request.expect_customer(number)
        request = {"requestId": number, "report": report, "clear": clear, "idToken": token(tag)}
        said = outcome(await self._ask("CustomerInformation", request, Urgency.COMMAND))
        return _comes(self._book.on_request.customer, said) if report else said

    async def report_curves(self) -> Outcome:
        raise StationCannot(f"{self._station} speaks OCPP 2.0.1, which knows no grid curves")


def _comes(gathered: Gathered[T], said: Outcome) -> Outcome:
    gathered.answered(comes=said.done)
    return said


def _first(payload: Mapping[str, object], name: str) -> Mapping[str, object]:
    listed = payload.get(name)
    return next((each for each in listed if isinstance(each, dict)), {}) if isinstance(listed, list) else {}
