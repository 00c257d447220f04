"""Keeps the home battery at what it is ordered: says it, says it again in time, and lets go.

Control never waits for it. What it ordered ends in the battery by itself when nobody says it again: after our end, a
crash, a cut cable.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Final, Protocol

from ems.clock import Clock
from ems.control.battery import order_battery
from ems.errors import DeviceError
from ems.model.battery import BatteryOrder, BatteryReason, BatteryRules, BatteryStanding, BatteryTakes
from ems.model.decision import Decision
from ems.model.snapshot import Snapshot
from ems.runtime.poller import Backoff

LOGGER: Final = logging.getLogger(__name__)

STALE_AFTER_S: Final = 10.0
"""An order that no look has renewed for so long says nothing about now; looks come every 2 s at least."""

SAID_LASTS: Final = 3
"""After so many refreshes that did not come about nobody knows any more whether a bound still holds."""

LETS_GO_WITHIN_S: Final = 5.0
"""At our end; then the battery's own time-out does it."""


class BatteryValve(Protocol):
    """Where a battery takes its bounds."""

    @property
    def refresh_s(self) -> float:
        """How often a bound must be said again."""
        ...

    @property
    def lasts_s(self) -> float:
        """How long the battery keeps a bound that nobody says again."""
        ...

    @property
    def takes(self) -> BatteryTakes:
        """What it can be ordered."""
        ...

    async def clear(self) -> None:
        """Take back what an earlier run may have left. Raises DeviceError."""
        ...

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Say both; None bounds nothing. Raises DeviceError."""
        ...


class BatteryKeeper:
    """`watch` goes to the loop, `run` into the service's task group."""

    def __init__(self, rules: BatteryRules, valve: BatteryValve, clock: Clock) -> None:
        self._rules = replace(rules, hold_stops_charging=valve.takes.hold_stops_charging)
        self._valve = valve
        self._clock = clock
        self._order = BatteryOrder()
        self._seen_at_s = float("-inf")
        self._said: BatteryOrder | None = None
        self._said_at_s = float("-inf")
        self._lasts_until_s: list[float] = [float("-inf")] * 2
        """Until when the battery may keep the last bound of its charging, and of its discharging."""

        self._trouble: str | None = None
        self._cleared = False
        self._news = asyncio.Event()

    def watch(self, look: Snapshot, decision: Decision) -> None:
        """One cycle; returns at once."""
        before, self._seen_at_s = self._order, look.now_s
        self._order = order_battery(look, decision, self._rules, before)
        if _bounds(before) != _bounds(self._order):
            self._news.set()

    @property
    def standing(self) -> BatteryStanding:
        """What is ordered now, and whether the battery follows."""
        return self.read_standing()

    def read_standing(self) -> BatteryStanding:
        """The same, for those who are given the question."""
        order, said = self._wanted(), self._said
        known_s = self._clock.monotonic_s() - self._said_at_s
        taken = said is not None and _bounds(said) == _bounds(order) and known_s <= SAID_LASTS * self._valve.refresh_s
        return BatteryStanding(order=order, in_force=taken and not order.is_free, trouble=self._trouble)

    async def run(self) -> None:
        """Say what is ordered until cancelled; then let go."""
        pauses = Backoff(first_s=2.0, longest_s=60.0)
        # An earlier run may have bounded it until now.
        self._lasts_until_s = [self._clock.monotonic_s() + self._valve.lasts_s] * 2
        try:
            while True:
                self._news.clear()
                try:
                    await self._clear()
                    await self._say(self._sayable(self._wanted()))
                except DeviceError as err:
                    self._failed(err)
                    # A new order, such as to let it go, is worth another try at once.
                    await self._news_within(pauses.next_s())
                    continue
                if self._trouble is not None:
                    LOGGER.info("the battery takes orders again")
                self._trouble = None
                pauses.reset()
                await self._news_within(min(self._valve.refresh_s, STALE_AFTER_S / 2))
        finally:
            await self._let_go()

    async def _clear(self) -> None:
        """Once, before anything is said."""
        if not self._cleared:
            await self._valve.clear()
            self._cleared = True

    def _sayable(self, order: BatteryOrder) -> BatteryOrder:
        """That order, or no bound at all while silence has to end one that is in it no more.

        Whether a battery that hears of one bound keeps the other one, too, is nothing that makers tell.
        """
        bounds, now_s = _bounds(order), self._clock.monotonic_s()
        ending = any(
            bound_w is None and now_s < until_s for bound_w, until_s in zip(bounds, self._lasts_until_s, strict=True)
        )
        if not (self._valve.takes.ends_by_silence and ending):
            return order
        return replace(order, charge_at_most_w=None, discharge_at_most_w=None)

    async def _say(self, order: BatteryOrder) -> None:
        """To the battery, where it does not know it already."""
        due = self._clock.monotonic_s() - self._said_at_s >= self._valve.refresh_s
        free_already = order.is_free and (self._said is None or self._said.is_free)
        if free_already or (self._said is not None and _bounds(order) == _bounds(self._said) and not due):
            return
        charge_w, discharge_w = _bounds(order)
        before = self._said
        if not order.is_free:
            # A bound whose answer was lost may hold all the same, so that it has to be taken back.
            self._said, self._said_at_s = order, float("-inf")
        try:
            await self._valve.bound(charge_at_most_w=charge_w, discharge_at_most_w=discharge_w)
        finally:
            self._note_end(order)
        if before is None or _bounds(order) != _bounds(before):
            LOGGER.info("battery: charge %s, discharge %s (%s)", _watts(charge_w), _watts(discharge_w), order.reason)
        self._said, self._said_at_s = order, self._clock.monotonic_s()

    def _note_end(self, order: BatteryOrder) -> None:
        """What was said now, or perhaps was, lasts from now on."""
        until_s = self._clock.monotonic_s() + self._valve.lasts_s
        self._lasts_until_s = [
            before_s if bound_w is None else until_s
            for bound_w, before_s in zip(_bounds(order), self._lasts_until_s, strict=True)
        ]

    def _wanted(self) -> BatteryOrder:
        """The order, while the looks that made it go on."""
        if self._clock.monotonic_s() - self._seen_at_s > STALE_AFTER_S:
            return BatteryOrder(reason=BatteryReason.UNSEEN, since_s=self._seen_at_s)
        return self._order

    def _failed(self, err: DeviceError) -> None:
        if self._trouble is None:
            LOGGER.warning(
                "the battery takes no order (%s): %s; within %g s it is free, trying again",
                err.code, err, self._valve.lasts_s,
            )  # fmt: skip
        self._trouble = err.code

    async def _news_within(self, longest_s: float) -> None:
        alarm = self._clock.call_after(longest_s, self._news.set)
        try:
            await self._news.wait()
        finally:
            alarm.cancel()

    async def _let_go(self) -> None:
        if self._said is None or self._said.is_free:
            return
        # In a task of its own: this one is told to end, and a connection that is shared ends whoever was told so.
        letting = asyncio.create_task(self._valve.bound(charge_at_most_w=None, discharge_at_most_w=None))
        try:
            async with self._clock.timeout(LETS_GO_WITHIN_S):
                await asyncio.wait([letting])
        except TimeoutError:
            letting.cancel()
            await asyncio.wait([letting])
        failed = None if letting.cancelled() else letting.exception()
        if failed is not None and not isinstance(failed, DeviceError):
            raise failed
        if letting.cancelled() or failed is not None:
            why = failed or "no answer in time"
            LOGGER.warning("the battery was not let go (%s); it is free within %g s", why, self._valve.lasts_s)
            return
        LOGGER.info("the battery is let go")
        self._said = BatteryOrder()


def _bounds(order: BatteryOrder) -> tuple[float | None, float | None]:
    return order.charge_at_most_w, order.discharge_at_most_w


def _watts(bound_w: float | None) -> str:
    return "free" if bound_w is None else f"at most {bound_w:.0f} W"
