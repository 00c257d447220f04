"""The ports: what the runtime needs from a charging station, whatever its protocol version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ems.model.station import StationState


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedLimit:
    """A working limit that ends by itself."""

    limit_a: float
    """Per phase; 0 pauses. A multiple of 0.1 A."""

    phases: int
    """How many of the station's phases the car may use."""

    fallback_a: float
    """What the station falls back to when the lease ends."""

    lease_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReceipt:
    """Proof that a station took a limit."""

    message_id: str
    """OCPP message id of the request that was accepted."""

    sent_at_s: float
    answered_at_s: float
    counts_from_s: float | None = None
    """From when on its lease counts; None from when it was sent. Earlier where only a value was changed."""

    def ends_at_s(self, lease_s: float) -> float:
        """When a lease of so long ends."""
        return (self.sent_at_s if self.counts_from_s is None else self.counts_from_s) + lease_s


class StationLink(Protocol):
    """One configured station: stays the same object over any number of connections."""

    @property
    def station_id(self) -> str: ...

    @property
    def state(self) -> StationState:
        """What the protocol side knows now. `sent` is empty here: dispatch keeps that record."""
        ...

    async def set_limit(self, lease: LeasedLimit) -> LimitReceipt:
        """Install the limit as a lease over the fallback current, and return when the station has accepted it.

        Raises StationOffline, StationSilent (no answer in time) or StationRefused.
        """
        ...


StationChanged = Callable[[StationState], None]
"""Called on the event loop, without waiting, each time a station's state changed."""
