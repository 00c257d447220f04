"""Other systems' policies on our plant: a look every tick, and orders that stay until the next one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Final

from ems.clock import Clock
from ems.csms.ports import LeasedLimit, StationLink
from ems.errors import StationError, StationRefused
from ems.model.station import SendOutcome, SentLimit
from ems.runtime.board import Board
from ems.sim.policies.ports import Order, Policy

LOOKS_AFTER_S: Final = 0.05
"""The policy looks this long after the meter's sample came in, which is the freshest it can be."""


class Carrier:
    """Brings the newest order to one station; tries again at the next look when the station did not take it."""

    def __init__(self, link: StationLink, board: Board, clock: Clock) -> None:
        self._link = link
        self._board = board
        self._clock = clock
        self._wanted: Order | None = None
        self._taken: Order | None = None
        self._bell = asyncio.Event()

    def want(self, order: Order) -> None:
        """What the station is to offer; an order that it has taken already sends nothing."""
        self._wanted = order
        if order != self._taken:
            self._bell.set()

    async def run(self) -> None:
        """Bring orders for ever."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            order = self._wanted
            if order is not None and order != self._taken and self._link.state.connected:
                await self._send(order)

    async def _send(self, order: Order) -> None:
        lease = LeasedLimit(limit_a=order.limit_a, phases=order.phases, fallback_a=0.0, lease_s=math.inf)
        sent_at_s = self._clock.monotonic_s()
        pending = SentLimit(limit_a=order.limit_a, phases=order.phases, sent_at_s=sent_at_s, lease_ends_at_s=math.inf)
        self._board.record_sent(self._link.station_id, pending)
        outcome = SendOutcome.ACCEPTED
        try:
            await self._link.set_limit(lease)
            self._taken = order
        except StationError as err:
            outcome = SendOutcome.REJECTED if isinstance(err, StationRefused) else SendOutcome.UNANSWERED
        settled = pending.settled(outcome, self._clock.monotonic_s())
        self._board.record_outcome(self._link.station_id, pending, settled)
        if self._wanted != order and self._wanted is not None:
            self._bell.set()


class PolicyLoop:
    """Asks one policy every tick."""

    def __init__(
        self,
        policy: Policy,
        links: Mapping[str, StationLink],
        board: Board,
        clock: Clock,
        *,
        latency_s: float,
        beat: Callable[[], None],
    ) -> None:
        self._policy = policy
        self._board = board
        self._clock = clock
        self._latency_s = latency_s
        self._beat = beat
        self.carriers: Final = {station_id: Carrier(link, board, clock) for station_id, link in links.items()}

    async def run(self) -> None:
        """Look, decide and hand the orders over, for ever."""
        await self._clock.sleep(self._latency_s + LOOKS_AFTER_S)
        while True:
            for station_id, order in self._policy.decide(self._board.snapshot()).items():
                self.carriers[station_id].want(order)
            self._beat()
            await self._clock.sleep(self._policy.tick_s)
