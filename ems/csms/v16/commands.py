"""What an OCPP 1.6 station is told to do at once: begin, end, restart, unlock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from ems.csms.charging_profiles import Profile
from ems.csms.fields import printable, text
from ems.csms.lane import Answer, Urgency
from ems.csms.messages import Outcome
from ems.csms.v16.profile_words import charging_profile
from ems.csms.v16.vocabulary import call
from ems.model.transaction import TransactionId

LONGEST_TAG_SENT: Final = 16
LONGEST_STATUS: Final = 40


class CommandsV16(ABC):
    """The part of `messages.Dialect` that commands."""

    @abstractmethod
    async def _ask(
        self, request: object, urgency: Urgency = Urgency.ROUTINE, *, within_s: float | None = None
    ) -> Answer: ...

    @abstractmethod
    def _accepted(self, what: str, answer: Answer, *, also: str = "Accepted") -> Answer: ...

    async def remote_start(self, id_tag: str, connector: int | None, profile: Profile | None = None) -> None:
        request = call.RemoteStartTransaction(
            id_tag=id_tag[:LONGEST_TAG_SENT],
            connector_id=connector,
            charging_profile=None if profile is None else charging_profile(profile),
        )
        self._accepted("RemoteStartTransaction", await self._ask(request, Urgency.COMMAND))

    async def remote_stop(self, transaction_id: TransactionId) -> None:
        request = call.RemoteStopTransaction(transaction_id=int(transaction_id))
        self._accepted("RemoteStopTransaction", await self._ask(request, Urgency.COMMAND))

    async def restart(self, *, hard: bool) -> Outcome:
        answer = await self._ask(call.Reset(type="Hard" if hard else "Soft"), Urgency.COMMAND)
        return outcome_of(answer, "Accepted")

    async def unlock(self, connector: int) -> Outcome:
        answer = await self._ask(call.UnlockConnector(connector_id=connector), Urgency.COMMAND)
        return outcome_of(answer, "Unlocked")


def outcome_of(answer: Answer, *good: str) -> Outcome:
    """The answer in the station's word; done when it is one of the good ones."""
    status = printable(text(answer.payload, "status"), LONGEST_STATUS)
    return Outcome(done=status in good, answer=status)
