"""One station's lane: the newest order wins, one is under way, the lease is renewed, failures are tried again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ems.clock import Clock
from ems.csms.ports import LeasedLimit, LimitReceipt, StationLink
from ems.errors import StationError, StationOffline, StationRefused, StationSilent
from ems.model.station import SendOutcome, SentLimit
from ems.runtime.board import Board
from ems.runtime.listeners import Listeners
from ems.runtime.poller import Backoff

LOGGER: Final = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 30.0
RENEWALS_PER_LEASE: Final = 3
"""A lease is renewed every third of it (`control.md` §7)."""

CONFIRM_WITHIN_S: Final = 2.0
"""Raises of others wait this long for a lower; after that control counts the station as deaf and reserves its amps."""

LONGEST_WAIT_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A limit to be sent, and when the meter sample that caused it was taken."""

    lease: LeasedLimit
    decided_on_s: float | None
    urgent: bool = False
    """Whether a fuse asks for it, not the sun: then a lower limit does not wait for an answer to an older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One limit that a station took: for the journal and the figures."""

    station_id: str
    lease: LeasedLimit
    receipt: LimitReceipt
    decided_on_s: float | None
    """When the meter sample that caused the decision was taken; None for renewals and for other causes."""


Sent = Callable[[Sending], None]


class Lane:
    """Takes orders without waiting; `run` brings them to the station."""

    def __init__(
        self,
        link: StationLink,
        board: Board,
        clock: Clock,
        *,
        settled: Callable[[], None],
        sent: Sent | None,
    ) -> None:
        self._link = link
        self._board = board
        self._clock = clock
        self._settled = settled
        self._sent = Listeners([] if sent is None else [sent])
        self._order: Order | None = None
        self._taken: Order | None = None
        self._sending: asyncio.Task[None] | None = None
        self._visits = 0
        self._lowering_since_s: float | None = None
        self._renew_at_s = 0.0
        self._lease_ends_at_s = 0.0
        self._retry_at_s = 0.0
        self._pauses = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        self._bell = asyncio.Event()
        self._withheld = False

    def withhold(self) -> None:
        """Send nothing until `release`: the station's lease is to end. What a fuse needs goes out nevertheless."""
        self._withheld = True

    def release(self) -> None:
        """Send what is wanted at once, since the station may have fallen back."""
        if self._withheld:
            self._withheld = False
            self.send_again()

    def is_at(self, limit_a: float, phases: int, *, urgent: bool = False) -> bool:
        """Whether its order says so already, as urgently as it is wanted or taken by the station.

        Not when it has forgotten that the station took one.
        """
        order = self._order
        if order is None or order.lease.limit_a != limit_a or order.lease.phases != phases:
            return False
        return order.urgent or not urgent or order is self._taken

    def would_raise(self, order: Order) -> bool:
        """Whether it gives the car more than the order before."""
        return self._order is not None and _lowers(self._order, order)

    def send(self, order: Order) -> None:
        """Take this order in place of any older one; a lower one does not sit out the whole pause after a failure."""
        before = self._order
        now_s = self._clock.monotonic_s()
        if before is None or _lowers(order, before):
            self._retry_at_s = min(self._retry_at_s, now_s + FIRST_RETRY_S)
            # Only the first of several counts: a hung station whose limit keeps falling holds nobody up for longer.
            if self._lowering_since_s is None:
                self._lowering_since_s = now_s
        self._order = order
        self._bell.set()

    def forget(self) -> None:
        """The station may have lost its limits: whatever is decided next is sent, changed or not."""
        self._visits += 1
        self._order = None
        self._taken = None
        self._retry_at_s = 0.0
        self._pauses.reset()

    def send_again(self) -> None:
        """Send the same limit at once, not at its renewal: the station is to take it in another way.

        One that is still on its way is given up; it may or may not be followed.
        """
        if self._order is None:
            return
        self._order = replace(self._order, decided_on_s=None)
        self._taken = None
        self._retry_at_s = 0.0
        if self._sending is not None:
            self._sending.cancel()
        self._bell.set()

    @property
    def lower_unconfirmed(self) -> bool:
        """Whether a lower limit is on its way, and not for so long that control counts the station as deaf."""
        lowering_s = self._lowering_since_s
        return lowering_s is not None and self._clock.monotonic_s() - lowering_s <= CONFIRM_WITHIN_S

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            order = await self._next_due()
            sending = self._sending = asyncio.create_task(self._send(order))
            try:
                await self._until_done_or_overtaken(order, sending)
            finally:
                sending.cancel()
                await asyncio.wait([sending])
                self._sending = None

    async def _until_done_or_overtaken(self, order: Order, sending: asyncio.Task[None]) -> None:
        """An urgent lower limit does not wait until the station has answered a higher one."""
        while not sending.done():
            self._bell.clear()
            if self._order is not None and self._order.urgent and _lowers(self._order, order):
                return
            ringing = asyncio.create_task(self._bell.wait())
            try:
                await asyncio.wait([sending, ringing], return_when=asyncio.FIRST_COMPLETED)
            finally:
                ringing.cancel()

    async def _next_due(self) -> Order:
        """Wait for a new order, the renewal of the lease, or the next attempt after a failure."""
        while True:
            self._bell.clear()
            now_s = self._clock.monotonic_s()
            due_at_s = self._due_at_s()
            if self._order is not None and due_at_s <= now_s:
                return self._order
            try:
                async with self._clock.timeout(min(due_at_s - now_s, LONGEST_WAIT_S)):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _due_at_s(self) -> float:
        """When the order is to be sent, again or for the first time; never while the station is away."""
        if self._order is None or not self._link.state.connected:
            return float("inf")
        if self._withheld and not self._fuse_needs(self._order):
            return float("inf")
        return self._renew_at_s if self._order is self._taken else self._retry_at_s

    def _fuse_needs(self, order: Order) -> bool:
        """Whether it must not be withheld: it lowers for a fuse what runs now, or what the station falls back to."""
        if not order.urgent or self._taken is None:
            return order.urgent
        runs = self._clock.monotonic_s() < self._lease_ends_at_s
        return order.lease.limit_a < order.lease.fallback_a or (runs and _lowers(order, self._taken))

    async def _send(self, order: Order) -> None:
        visit = self._visits
        pending = SentLimit(
            limit_a=order.lease.limit_a,
            phases=order.lease.phases,
            sent_at_s=self._clock.monotonic_s(),
            lease_ends_at_s=float("inf"),
        )
        self._board.record_sent(self._link.station_id, pending)
        try:
            receipt = await self._link.set_limit(order.lease)
        except asyncio.CancelledError:
            self._overtaken(order, pending)
            raise
        except StationError as err:
            self._failed(order, pending, err, same_visit=visit == self._visits)
        except Exception as err:
            # One station that nobody foresaw must not end the house.
            LOGGER.exception("%s: sending a limit failed unexpectedly", self._link.station_id)
            unforeseen = StationSilent(f"{type(err).__name__}")
            self._failed(order, pending, unforeseen, same_visit=visit == self._visits)
        else:
            self._accepted(order, pending, receipt)

    def _accepted(self, order: Order, pending: SentLimit, receipt: LimitReceipt) -> None:
        lease_s = order.lease.lease_s
        ends_at_s = receipt.ends_at_s(lease_s)
        self._record(pending, SendOutcome.ACCEPTED, receipt.answered_at_s, ends_at_s)
        decided_on_s = None if order is self._taken else order.decided_on_s
        is_newest = order is self._order
        if is_newest:
            self._lowering_since_s = None
            self._taken = order
            self._renew_at_s = receipt.ends_at_s(lease_s / RENEWALS_PER_LEASE)
            self._lease_ends_at_s = ends_at_s
        self._retry_at_s = 0.0
        self._pauses.reset()
        self._sent.tell(
            Sending(station_id=self._link.station_id, lease=order.lease, receipt=receipt, decided_on_s=decided_on_s)
        )
        self._settled()

    def _overtaken(self, order: Order, pending: SentLimit) -> None:
        """A newer order goes first; the station may or may not follow this one."""
        now_s = self._clock.monotonic_s()
        self._record(pending, SendOutcome.UNANSWERED, now_s, now_s + order.lease.lease_s)

    def _failed(self, order: Order, pending: SentLimit, error: StationError, *, same_visit: bool) -> None:
        """The old limit stays in force in our model; try again after a pause."""
        now_s = self._clock.monotonic_s()
        outcome = SendOutcome.REJECTED if isinstance(error, StationRefused) else SendOutcome.UNANSWERED
        self._record(pending, outcome, now_s, now_s + order.lease.lease_s)
        # What went wrong on an older connection says nothing against a limit on the present one.
        if same_visit:
            self._taken = None
            self._pause(order, error, now_s)
        self._settled()

    def _pause(self, order: Order, error: StationError, now_s: float) -> None:
        """Put off the next attempt; a connection that breaks is no reason for ever longer pauses."""
        broken = isinstance(error, StationOffline)
        pause_s = FIRST_RETRY_S if broken else self._pauses.next_s()
        self._retry_at_s = now_s + pause_s
        LOGGER.log(
            logging.INFO if broken else logging.WARNING,
            "%s did not take %.1f A (%s: %s); counting on its old limit, next try in %.0f s",
            self._link.station_id,
            order.lease.limit_a,
            error.code,
            error,
            pause_s,
        )

    def _record(self, pending: SentLimit, outcome: SendOutcome, at_s: float, lease_ends_at_s: float) -> None:
        settled = replace(pending, outcome=outcome, settled_at_s=at_s, lease_ends_at_s=lease_ends_at_s)
        self._board.record_outcome(self._link.station_id, pending, settled)


def _lowers(order: Order, other: Order) -> bool:
    """Whether `order` gives the car less than `other` in any way."""
    return order.lease.limit_a < other.lease.limit_a or order.lease.phases < other.lease.phases
