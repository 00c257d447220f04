"""A limit that was in force for a while: since when, and what was seen meanwhile. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ems.commissioning.trace import largest_a
from ems.model.station import CarReading, SendOutcome, SentLimit, StationState


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """A limit that was in force while the car stayed as it was."""

    limit_a: float
    phases: int
    since_s: float
    """When it was sent; monotonic, as the others."""

    taken_s: float
    """When the station had answered that it holds: a message may be long on its way."""

    settled_s: float
    """From here on the car had followed."""

    until_s: float
    reading: CarReading | None
    """The station's newest of that time."""

    window_s: float

    @property
    def station_a(self) -> float | None:
        return None if self.reading is None else largest_a(self.reading)

    @property
    def early(self) -> tuple[float, float]:
        """The stretch of time right after the car had settled."""
        return self.settled_s, min(self.settled_s + self.window_s, self.until_s)

    @property
    def late(self) -> tuple[float, float]:
        """The last stretch of it."""
        return max(self.until_s - self.window_s, self.settled_s), self.until_s


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSince:
    """When a limit that is in force now began; its renewals do not count."""

    sent_s: float
    taken_s: float
    """When the station had answered; as `sent_s` where it never did."""


def held_since(state: StationState, limit: SentLimit) -> HeldSince:
    """Since when the station has had `limit`, one of those it was sent."""
    first = limit
    for each in reversed(state.sent):
        if each.outcome is SendOutcome.REJECTED:
            continue
        if (each.limit_a, each.phases) != (limit.limit_a, limit.phases):
            break
        first = each
    taken_s = first.settled_at_s if first.outcome is SendOutcome.ACCEPTED else limit.settled_at_s
    return HeldSince(sent_s=first.sent_at_s, taken_s=first.sent_at_s if taken_s is None else taken_s)


def in_force(state: StationState, now_s: float) -> SentLimit | None:
    """The newest limit that the station has taken; None while another one is on its way, or when its lease is over."""
    valid = [limit for limit in state.sent if limit.outcome is not SendOutcome.REJECTED]
    taken = next((limit for limit in reversed(valid) if limit.outcome is SendOutcome.ACCEPTED), None)
    if taken is None or taken.lease_ends_at_s < now_s:
        return None
    newest = valid[-1]
    return taken if (newest.limit_a, newest.phases) == (taken.limit_a, taken.phases) else None
