"""A lane whose station answers at once as a test says, for dialects without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ems.csms.complaints import Complaints
from ems.csms.lane import Answer, CallLane, CallRefused, Urgency
from ems.csms.pace import Pace
from ems.csms.v16.outbound import OutboundV16

Payload = dict[str, Any]
Script = Payload | Exception | Callable[[Payload], Payload]


@dataclass
class ScriptedLane(CallLane):
    """Answers by action; `Accepted` to everything else."""

    script: Mapping[str, Script] = field(default_factory=dict)
    sent: list[tuple[str, Payload]] = field(default_factory=list)

    async def call(
        self,
        action: str,
        payload: Mapping[str, object],
        *,
        urgency: Urgency = Urgency.ROUTINE,  # noqa: ARG002 (nothing waits here)
        within_s: float,  # noqa: ARG002 (the same)
        message_id: str | None = None,  # noqa: ARG002 (the same)
        connector: int = 0,  # noqa: ARG002 (the same)
    ) -> Answer:
        self.sent.append((action, dict(payload)))
        said = self.script.get(action, {"status": "Accepted"})
        if isinstance(said, Exception):
            raise said
        answer = said(dict(payload)) if callable(said) else said
        return Answer(message_id="m", payload=answer, sent_at_s=0.0, answered_at_s=0.0)


def refusal(code: str) -> CallRefused:
    return CallRefused(f"garage refused ({code})", code)


def v16(**script: Script) -> tuple[OutboundV16, list[tuple[str, Payload]]]:
    """A dialect, and what it sends."""
    lane = ScriptedLane(script)
    return OutboundV16(lane, Pace(), Complaints("garage"), station="garage"), lane.sent
