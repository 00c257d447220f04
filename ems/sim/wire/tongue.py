"""What a simulated station needs to speak one version of OCPP: the seam between its box and its socket.

A tongue turns what happens in the box into messages, and requests into what the box does. There is one package for
1.6 and one for 2.0.1 and 2.1; neither knows our central system.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from ems.sim.charging_profiles import Answer
from ems.sim.schedules import Purpose
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult, Payload
from ems.sim.wire.papers import Papers

MOST_FRAMES: Final = 10_000


class Misunderstood(ValueError):
    """The answer to an own call is none that this version knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCall:
    """Something to tell, and what to do with the answer."""

    action: str
    payload: Payload
    answered: Callable[[Payload], None]
    """May raise Misunderstood."""

    unanswered: bool = False
    """OCPP 2.1: a SEND, to which no answer comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFrame:
    """One limit as it arrived: a whole profile, or a new value for a dynamic one."""

    message_id: str
    received_at_s: float
    """Monotonic."""

    connector_id: int | None
    purpose: Purpose | None
    """None where the frame could not be understood; so are the next two."""

    limit_a: float | None
    """What the profile allows at receipt, per phase; None where it defines nothing yet."""

    phases: int | None
    answer: Answer | None
    """None when the answer was an error."""

    reason_code: str | None = None
    """OCPP 2.x: why it was refused."""

    @property
    def accepted(self) -> bool:
        return self.answer is Answer.ACCEPTED


class FrameLog:
    """The limits that reached a station."""

    def __init__(self) -> None:
        self.frames: Final[deque[ProfileFrame]] = deque(maxlen=MOST_FRAMES)
        self.received = 0
        self.accepted = 0
        self.received_at: Final[Counter[int | None]] = Counter()
        """The same by connector."""

        self.accepted_at: Final[Counter[int | None]] = Counter()

    def note(self, frame: ProfileFrame) -> None:
        """One more."""
        self.frames.append(frame)
        self.received += 1
        self.accepted += frame.accepted
        self.received_at[frame.connector_id] += 1
        self.accepted_at[frame.connector_id] += frame.accepted


class Tongue(Protocol):
    """One version of OCPP, spoken for one box."""

    log: FrameLog
    papers: Papers

    def connected(self) -> None:
        """A new connection stands."""

    def disconnected(self) -> None:
        """It is gone."""

    def power_lost(self) -> None:
        """Whatever was not yet told and not kept is forgotten."""

    def tick(self) -> None:
        """See what has happened in the box since the last tick, connected or not."""

    def next_call(self) -> OwnCall | None:
        """The most urgent thing to tell; None when all is told."""

    def answer(self, call: Call) -> CallResult | CallError | None:
        """The answer to a request; None where the station never gives one."""

    def reset_wanted(self) -> str | None:
        """The reason of a reboot that is due now, once."""
