"""Limits on their way: lowers first and confirmed, then raises, a lane for each station (design §4, step 9)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.clock import Clock
from ems.csms.ports import LeasedLimit, LimitReceipt, StationLink
from ems.errors import StationError, StationOffline, StationRefused
from ems.model.decision import Decision, Setpoint
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.station import SendOutcome, SentLimit, StationState
from ems.runtime.board import Board
from ems.runtime.poller import Backoff

LOGGER: Final = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 30.0
RENEWALS_PER_LEASE: Final = 3
"""A lease is renewed every third of it (`control.md` §7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One limit that a station took: for the journal and the figures."""

    station_id: str
    lease: LeasedLimit
    receipt: LimitReceipt
    decided_on_s: float | None
    """When the meter sample that caused the decision was taken; None for renewals and for other causes."""


Sent = Callable[[Sending], None]


class Dispatch:
    """Hands every decision's set-points to the lanes."""

    def __init__(
        self, site: Site, links: Mapping[str, StationLink], board: Board, clock: Clock, *, sent: Sent | None = None
    ) -> None:
        self._site = site
        self._lanes = {
            station.station_id: Lane(links[station.station_id], board, clock, settled=self._settled, sent=sent)
            for station in site.stations
        }
        self._unconfirmed: set[str] = set()
        self._held_raises: dict[str, Order] = {}
        self._known: dict[str, StationState] = {}
        self._newest_sample_s = float("-inf")

    async def run(self) -> None:
        """Work all lanes for ever."""
        async with asyncio.TaskGroup() as lanes:
            for station_id, lane in self._lanes.items():
                lanes.create_task(lane.run(), name=f"lane {station_id}")

    def apply(self, decision: Decision, look: Snapshot) -> None:
        """Send what changed: every lower at once, the raises when all lowers are confirmed. Never waits.

        A newer decision takes the place of raises that were still held back.
        """
        self._unconfirmed.clear()
        self._held_raises.clear()
        cause_s = self._new_sample_s(look)
        for station_id, setpoint in decision.setpoints.items():
            lane = self._lanes[station_id]
            order = self._order(setpoint, cause_s)
            if not look.state_of(station_id).connected or not lane.differs(order):
                continue
            if lane.would_raise(order):
                self._held_raises[station_id] = order
            else:
                self._unconfirmed.add(station_id)
                lane.send(order)
        self._release_raises()

    def station_changed(self, state: StationState) -> None:
        """A station that connected or rebooted may have lost its limits; whatever is decided next goes out."""
        known = self._known.get(state.station_id)
        self._known[state.station_id] = state
        if known is None or state.connections != known.connections:
            self._lanes[state.station_id].forget()

    def _new_sample_s(self, look: Snapshot) -> float | None:
        """When the newest meter sample was taken, if this look is the first to see it."""
        newest_s = max((reading.taken_at_s for reading in look.meters.values()), default=float("-inf"))
        is_new = newest_s > self._newest_sample_s
        self._newest_sample_s = newest_s
        return newest_s if is_new else None

    def _order(self, setpoint: Setpoint, decided_on_s: float | None) -> Order:
        station = self._site.station(setpoint.station_id)
        return Order(
            lease=LeasedLimit(
                limit_a=setpoint.limit_a,
                phases=setpoint.phases,
                fallback_a=station.fallback_a,
                lease_s=self._site.policy.lease_s,
            ),
            decided_on_s=decided_on_s,
        )

    def _settled(self, station_id: str, accepted: bool) -> None:
        """A lane is done with an order; a refused lower keeps the raises back until the next decision."""
        if accepted:
            self._unconfirmed.discard(station_id)
            self._release_raises()

    def _release_raises(self) -> None:
        if self._unconfirmed:
            return
        for station_id, order in self._held_raises.items():
            self._lanes[station_id].send(order)
        self._held_raises.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A limit to be sent, and when the meter sample that caused it was taken."""

    lease: LeasedLimit
    decided_on_s: float | None


class Lane:
    """One station's orders: the newest wins, one is under way, the lease is renewed, failures are tried again."""

    def __init__(
        self,
        link: StationLink,
        board: Board,
        clock: Clock,
        *,
        settled: Callable[[str, bool], None],
        sent: Sent | None,
    ) -> None:
        self._link = link
        self._board = board
        self._clock = clock
        self._settled = settled
        self._sent = sent
        self._order: Order | None = None
        self._taken: Order | None = None
        self._renew_at_s = 0.0
        self._retry_at_s = 0.0
        self._pauses = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        self._bell = asyncio.Event()

    def differs(self, order: Order) -> bool:
        """Whether this order says something other than what the lane is at, or has forgotten the station took it."""
        return self._order is None or order.lease != self._order.lease

    def would_raise(self, order: Order) -> bool:
        """Whether it gives the car more than the order before."""
        before = self._order
        if before is None:
            return False
        return order.lease.limit_a > before.lease.limit_a or order.lease.phases > before.lease.phases

    def send(self, order: Order) -> None:
        """Take this order in place of any older one; a lower one does not sit out the whole pause after a failure."""
        before = self._order
        if before is not None and order.lease.limit_a < before.lease.limit_a:
            self._retry_at_s = min(self._retry_at_s, self._clock.monotonic_s() + FIRST_RETRY_S)
        self._order = order
        self._bell.set()

    def forget(self) -> None:
        """The station may have lost its limits: whatever is decided next is sent, changed or not."""
        self._order = None
        self._taken = None
        self._retry_at_s = 0.0
        self._pauses.reset()

    async def run(self) -> None:
        while True:
            await self._until_due()
            order = self._order
            if order is None or not self._link.state.connected:
                continue
            await self._send(order)

    async def _until_due(self) -> None:
        """Wait for a new order, the renewal of the lease, or the next attempt after a failure."""
        while True:
            self._bell.clear()
            now_s = self._clock.monotonic_s()
            due_at_s = self._due_at_s()
            if due_at_s is not None and due_at_s <= now_s:
                return
            try:
                async with self._clock.timeout(3600.0 if due_at_s is None else due_at_s - now_s):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _due_at_s(self) -> float | None:
        if self._order is None or not self._link.state.connected:
            return None
        if self._order is self._taken:
            return self._renew_at_s
        return self._retry_at_s

    async def _send(self, order: Order) -> None:
        lease = order.lease
        sent_at_s = self._clock.monotonic_s()
        pending = SentLimit(
            limit_a=lease.limit_a,
            phases=lease.phases,
            sent_at_s=sent_at_s,
            lease_ends_at_s=float("inf"),
        )
        self._board.record_sent(self._link.station_id, pending)
        try:
            receipt = await self._link.set_limit(lease)
        except StationError as err:
            self._failed(order, pending, err)
        else:
            self._accepted(order, pending, receipt)

    def _accepted(self, order: Order, pending: SentLimit, receipt: LimitReceipt) -> None:
        lease_s = order.lease.lease_s
        settled = replace(pending, lease_ends_at_s=receipt.sent_at_s + lease_s)
        self._record(pending, settled.settled(SendOutcome.ACCEPTED, receipt.answered_at_s))
        renewal = self._taken is not None and self._taken is order
        if self._order is order:
            self._taken = order
        self._renew_at_s = receipt.sent_at_s + lease_s / RENEWALS_PER_LEASE
        self._retry_at_s = 0.0
        self._pauses.reset()
        if self._sent is not None:
            decided_on_s = None if renewal else order.decided_on_s
            self._sent(
                Sending(station_id=self._link.station_id, lease=order.lease, receipt=receipt, decided_on_s=decided_on_s)
            )
        self._settled(self._link.station_id, True)

    def _failed(self, order: Order, pending: SentLimit, error: StationError) -> None:
        """The old limit stays in force in our model; try again after a pause."""
        now_s = self._clock.monotonic_s()
        refused = isinstance(error, StationRefused)
        outcome = SendOutcome.REJECTED if refused else SendOutcome.UNANSWERED
        settled = replace(pending, lease_ends_at_s=now_s + order.lease.lease_s)
        self._record(pending, settled.settled(outcome, now_s))
        # A connection that broke says nothing against the limit: it goes out as soon as the station is back.
        pause_s = 0.0 if isinstance(error, StationOffline) else self._pauses.next_s()
        self._retry_at_s = now_s + pause_s
        self._taken = None
        LOGGER.log(
            logging.INFO if isinstance(error, StationOffline) else logging.WARNING,
            "%s did not take %.1f A (%s: %s); counting on its old limit, next try in %.0f s",
            self._link.station_id,
            order.lease.limit_a,
            error.code,
            error,
            pause_s,
        )
        self._settled(self._link.station_id, False)

    def _record(self, pending: SentLimit, settled: SentLimit) -> None:
        self._board.record_outcome(self._link.station_id, pending, settled)
