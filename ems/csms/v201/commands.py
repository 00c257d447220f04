"""What a station of version 2 is told to do at once: begin, end, restart, unlock, report."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ems.csms.asking import outcome
from ems.csms.charging_profiles import Profile
from ems.csms.lane import Urgency
from ems.csms.messages import Outcome, Report
from ems.csms.v201.asking import AskingV201, evse_of
from ems.csms.v201.smart_charging import charging_profile
from ems.csms.v201.tokens import token
from ems.errors import StationRefused
from ems.model.transaction import TransactionId

LOGGER = logging.getLogger(__name__)


class CommandsV201(AskingV201):
    """The part of `messages.Dialect` that commands."""

    async def trigger(self, report: Report, connector: int | None) -> None:
        """Ask for a report; meter values of a running transaction come with an event of it."""
        within_s = max(self._pace.trigger_within_s, self._pace.answer_within_s)
        request = self._report(report, connector)
        answer = await self._ask("TriggerMessage", request, within_s=within_s)
        self._accepted(f"TriggerMessage {request['requestedMessage']}", answer)

    async def remote_start(self, id_tag: str, connector: int | None, profile: Profile | None = None) -> None:
        request = {
            "idToken": token(id_tag),
            "remoteStartId": self._number(),
            "evseId": connector or None,
            "chargingProfile": charging_profile(profile) if profile is not None and connector else None,
        }
        self._accepted("RequestStartTransaction", await self._ask("RequestStartTransaction", request, Urgency.COMMAND))

    async def remote_stop(self, transaction_id: TransactionId) -> None:
        request = {"transactionId": str(transaction_id)}
        self._accepted("RequestStopTransaction", await self._ask("RequestStopTransaction", request, Urgency.COMMAND))

    async def restart(self, *, hard: bool) -> Outcome:
        """Boot anew; soft waits until no transaction runs, hard ends it."""
        answer = await self._ask("Reset", {"type": "Immediate" if hard else "OnIdle"}, Urgency.COMMAND)
        return outcome(answer, "Accepted", "Scheduled")

    async def unlock(self, connector: int) -> Outcome:
        """Let go of the cable; a station refuses that in the middle of a transaction, so this ends first."""
        running = self._book.running.on(connector)
        if running is not None:
            try:
                await self.remote_stop(running)
            except StationRefused as err:
                LOGGER.info("%s", err)
        request = {"evseId": max(connector, 1), "connectorId": 1}
        return outcome(await self._ask("UnlockConnector", request, Urgency.COMMAND), "Unlocked")

    def _report(self, report: Report, connector: int | None) -> Mapping[str, object]:
        if report is Report.METER_VALUES and connector is not None and self._book.running.on(connector) is not None:
            return {"requestedMessage": "TransactionEvent", "evse": evse_of(connector)}
        evse = evse_of(connector)
        if report is Report.STATUS:
            evse = {"id": connector or 1, "connectorId": 1}
        # There is one kind of log notification left.
        word = Report.LOG.value if report is Report.DIAGNOSTICS else report.value
        return {"requestedMessage": word, "evse": evse}
