"""A station link without a wire: takes, refuses, delays or hangs as the test says."""

from __future__ import annotations

from collections import deque

from ems.clock import VirtualClock
from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.model.station import StationState


class FakeLink:
    """Records what reached the station, in order and with the time."""

    def __init__(self, station_id: str, clock: VirtualClock, wire: list[tuple[str, float]]) -> None:
        self.station_id = station_id
        self.state = StationState(station_id=station_id, connected=True, connections=1)
        self.clock = clock
        self.wire = wire
        self.sends: list[tuple[float, LeasedLimit]] = []
        self.takes_s = 0.05
        self.counts_from_s: float | None = None
        self.failures: deque[Exception] = deque()

    async def set_limit(self, lease: LeasedLimit) -> LimitReceipt:
        sent_at_s = self.clock.monotonic_s()
        self.sends.append((sent_at_s, lease))
        self.wire.append((self.station_id, lease.limit_a))
        await self.clock.sleep(self.takes_s)
        if self.failures:
            raise self.failures.popleft()
        return LimitReceipt(
            message_id=f"{self.station_id}-{len(self.sends)}",
            sent_at_s=sent_at_s,
            answered_at_s=self.clock.monotonic_s(),
            counts_from_s=self.counts_from_s,
        )
