"""What a station of version 2 is asked only when somebody wants it: monitors, displays, costs, data of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ems.csms.asking import outcome
from ems.csms.fields import text, whole
from ems.csms.lane import Answer, Urgency
from ems.csms.messages import Outcome
from ems.csms.v201.asking import AskingV201
from ems.csms.v201.device_model import Place, spelled
from ems.csms.v201.tokens import token

LEAST_SEVERE: Final = 9


class OnRequestV201(AskingV201):
    """Each raises StationOffline, StationSilent or StationRefused."""

    async def monitor(
        self, place: Place, kind: str, value: float, *, severity: int = LEAST_SEVERE
    ) -> tuple[Outcome, int | None]:
        """Have a variable watched; the number of the monitor with the outcome. `kind` as in the standard."""
        asked = {"value": value, "type": kind, "severity": severity, **spelled(place)}
        answer = await self._command("SetVariableMonitoring", {"setMonitoringData": [asked]})
        result = _first(answer.payload, "setMonitoringResult")
        status = text(result, "status")
        return Outcome(done=status == "Accepted", answer=status), whole(result, "id")

    async def stop_monitors(self, numbers: Sequence[int]) -> Outcome:
        """Watch no more by these; one that does not exist is gone too."""
        answer = await self._command("ClearVariableMonitoring", {"id": list(numbers)})
        status = text(_first(answer.payload, "clearMonitoringResult"), "status")
        return Outcome(done=status in {"Accepted", "NotFound"}, answer=status)

    async def monitor_base(self, base: str) -> Outcome:
        """Which preset monitors are in force: `All`, `FactoryDefault` or `HardWiredOnly`."""
        return outcome(await self._command("SetMonitoringBase", {"monitoringBase": base}))

    async def monitor_level(self, severity: int) -> Outcome:
        """Report what is as severe as that or more; 0 is the most severe."""
        return outcome(await self._command("SetMonitoringLevel", {"severity": severity}))

    async def report_monitors(self) -> Outcome:
        """Have it tell its monitors."""
        return outcome(await self._command("GetMonitoringReport", {"requestId": self._number()}))

    async def show(self, number: int, content: str, *, transaction_id: str | None = None) -> Outcome:
        """Show a text on its display."""
        message = {
            "id": number,
            "priority": "NormalCycle",
            "transactionId": transaction_id,
            "message": {"format": "UTF8", "content": content[:512]},
        }
        return outcome(await self._command("SetDisplayMessage", {"message": message}))

    async def report_shown(self) -> Outcome:
        """Have it tell what its display shows."""
        return outcome(await self._command("GetDisplayMessages", {"requestId": self._number()}))

    async def show_no_more(self, number: int) -> Outcome:
        """Take a text off its display; one that is not there is gone too."""
        return outcome(await self._command("ClearDisplayMessage", {"id": number}), "Accepted", "Unknown")

    async def tell_cost(self, transaction_id: str, total: float) -> None:
        """What the running session has cost so far, in the currency that it knows."""
        await self._command("CostUpdated", {"transactionId": transaction_id, "totalCost": total})

    async def customer(self, tag: str, *, report: bool, clear: bool) -> Outcome:
        """Have it tell or forget what it keeps of the owner of a tag."""
        request = {"requestId": self._number(), "report": report, "clear": clear, "idToken": token(tag)}
        return outcome(await self._command("CustomerInformation", request))

    async def _command(self, action: str, payload: Mapping[str, object]) -> Answer:
        return await self._ask(action, payload, Urgency.COMMAND)


def _first(payload: Mapping[str, object], name: str) -> Mapping[str, object]:
    listed = payload.get(name)
    return next((each for each in listed if isinstance(each, dict)), {}) if isinstance(listed, list) else {}
