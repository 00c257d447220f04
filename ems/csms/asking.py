"""How every version 2 asks: judged by its schema before it leaves, on the lane, its answer read leniently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.complaints import Complaints
from ems.csms.fields import printable, text
from ems.csms.lane import Answer, CallLane, Urgency
from ems.csms.messages import Outcome
from ems.csms.pace import Pace
from ems.csms.vocabulary import Request, Vocabulary
from ems.errors import StationRefused

LONGEST_STATUS: Final = 80


class Asking:
    """Asks one connected station; a family of requests is a subclass, and a dialect is one of them all."""

    def __init__(
        self, lane: CallLane, pace: Pace, complaints: Complaints, vocabulary: Vocabulary, *, station: str
    ) -> None:
        self._lane = lane
        self._pace = pace
        self._complaints = complaints
        self._vocabulary = vocabulary
        self._station = station

    async def _ask(
        self,
        action: str,
        payload: Mapping[str, object] | None = None,
        urgency: Urgency = Urgency.ROUTINE,
        *,
        within_s: float | None = None,
        connector: int = 0,
    ) -> Answer:
        """Send a request in the wire's spelling, without what is None. One that its schema forbids is refused here.

        `connector` is that of a limit.
        """
        try:
            action, spelled = self._vocabulary.encode(Request(action, payload or {}))
        except ValueError as err:
            raise StationRefused(f"{self._station} cannot be asked that: {err}") from None
        answer = await self._lane.call(
            action,
            spelled,
            urgency=urgency,
            within_s=within_s or self._pace.answer_within_s,
            connector=connector,
        )
        self._complaints.note(f"{action} answer", self._vocabulary.result_complaint(action, answer.payload))
        return answer

    def _accepted(self, what: str, answer: Answer, *, also: tuple[str, ...] = ()) -> Answer:
        """The answer. Raises StationRefused unless its status is `Accepted` or one of `also`."""
        if text(answer.payload, "status") not in {"Accepted", *also}:
            raise StationRefused(f"{self._station} refused {what} ({said(answer.payload) or 'no status'})")
        return answer


def outcome(answer: Answer, *good: str) -> Outcome:
    """What became of a command, in the station's own word; done when that is one of `good`, `Accepted` by itself."""
    status = printable(text(answer.payload, "status"), LONGEST_STATUS)
    return Outcome(done=status in (good or ("Accepted",)), answer=status)


def said(payload: Mapping[str, object]) -> str:
    """Status and reason of an answer."""
    info = payload.get("statusInfo")
    why = info if isinstance(info, dict) else {}
    words = (text(payload, "status"), text(why, "reasonCode"), text(why, "additionalInfo"))
    return printable(", ".join(word for word in words if word), LONGEST_STATUS)
