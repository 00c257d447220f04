"""A station of the plant behind the port of `ems.csms`: limits travel, arrive, and are answered or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.errors import StationOffline, StationRefused, StationSilent
from ems.model.station import StationState
from ems.sim.plant.bay import Bay
from ems.sim.plant.house import Plant


@dataclass(slots=True)
class LinkCounts:
    """What was sent to the station so far."""

    messages: int = 0
    limit_changes: int = 0


class OnlyWay:
    """The one construction in which the stations of the plant take limits."""

    def give_up_way(self) -> None:
        """There is no other."""


class PlantLink:
    """A limit takes `message_s` to the station, and the answer as long back. `sent` hears of every limit."""

    def __init__(
        self,
        bay: Bay,
        plant: Plant,
        *,
        message_s: float,
        answer_within_s: float,
        sent: Callable[[str], None] | None = None,
    ) -> None:
        self.station_id: Final = bay.station.station_id
        self.counts: Final = LinkCounts()
        self.limits: Final = OnlyWay()
        self._bay = bay
        self._plant = plant
        self._faults = bay.faults
        self._message_s = message_s
        self._answer_within_s = answer_within_s
        self._sent = sent
        self._before: tuple[float, int] | None = None

    @property
    def state(self) -> StationState:
        return self._bay.state

    async def set_limit(self, lease: LeasedLimit) -> LimitReceipt:
        """See `ems.csms.ports.StationLink`. A lease of infinite length never ends."""
        clock = self._plant.clock
        if self._faults.offline:
            raise StationOffline(f"{self.station_id} is not connected")
        self._count(lease)
        sent_at_s = clock.monotonic_s()
        # On its way it cannot be called back, even if nobody waits for the answer any more.
        asyncio.get_running_loop().call_later(self._message_s, self._arrive, lease, sent_at_s)
        await self._answered()
        if self._faults.refuses:
            raise StationRefused(f"{self.station_id} refused {lease.limit_a:.1f} A")
        return LimitReceipt(
            message_id=f"{self.station_id}-{self.counts.messages}",
            sent_at_s=sent_at_s,
            answered_at_s=clock.monotonic_s(),
        )

    async def remote_stop(self) -> None:
        """End the transaction, which no fault of the limits keeps a station from. Raises as `set_limit` does."""
        if self._faults.offline:
            raise StationOffline(f"{self.station_id} is not connected")
        asyncio.get_running_loop().call_later(self._message_s, self._stop)
        await self._answered()

    async def _answered(self) -> None:
        """Wait for the answer. Raises StationSilent or StationOffline when there is none."""
        if self._faults.silent or self._faults.deaf:
            await self._plant.clock.sleep(self._answer_within_s)
            raise StationSilent(f"{self.station_id} gave no answer within {self._answer_within_s:g} s")
        await self._plant.clock.sleep(2 * self._message_s)
        if self._faults.offline:
            raise StationOffline(f"the connection to {self.station_id} broke")

    def _stop(self) -> None:
        if not (self._faults.offline or self._faults.deaf):
            self._plant.advance_to(self._plant.clock.monotonic_s())
            self._bay.end_transaction(self._plant.row)

    def _arrive(self, lease: LeasedLimit, sent_at_s: float) -> None:
        faults, plant = self._faults, self._plant
        if faults.offline or faults.refuses or faults.deaf or faults.ignores:
            return
        plant.advance_to(plant.clock.monotonic_s())
        self._bay.install(lease, sent_at_s + lease.lease_s - plant.start_s, plant.run_s())

    def _count(self, lease: LeasedLimit) -> None:
        self.counts.messages += 1
        if self._sent is not None:
            self._sent(self.station_id)
        now = (lease.limit_a, lease.phases)
        self.counts.limit_changes += self._before is not None and now != self._before
        self._before = now
