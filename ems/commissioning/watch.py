"""How proofs see the house: a watcher of the loop that keeps the newest look and the trace, and wakes who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ems.clock import Clock
from ems.commissioning.trace import NO_SUN, Trace, sun_of
from ems.model.decision import Decision
from ems.model.snapshot import Snapshot
from ems.model.station import SentLimit, StationState
from ems.runtime.board import SOLAR_LASTS_S, Board

LOOKS_AGAIN_S: Final = 3.0
"""A condition is looked at this often even when no look at the house comes."""


class Watch:
    """Give `see` to the loop as a watcher."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._news = asyncio.Event()
        self.trace: Final = Trace()
        self.look: Snapshot | None = None
        self.decision: Decision | None = None

    def see(self, look: Snapshot, decision: Decision) -> None:
        """One cycle of the loop. Never waits."""
        self.look, self.decision = look, decision
        main_id = look.site.circuits.main.circuit_id
        fresh = [each for each in self._board.solar.values() if look.now_s - each.taken_at_s <= SOLAR_LASTS_S]
        sun = sun_of(fresh, look.site.inverters)
        for circuit_id, sample in look.meters.items():
            # The sun feeds in at the main circuit, as far as anybody knows.
            at_circuit = sun if circuit_id == main_id else NO_SUN
            self.trace.meter(circuit_id, sample, look.virtual_a.get(circuit_id), at_circuit)
        for station_id, state in look.stations.items():
            self.trace.car(station_id, state.car)
        self._news.set()

    def now_s(self) -> float:
        return self._clock.monotonic_s()

    def state_of(self, station_id: str) -> StationState:
        """As the board knows it at this instant."""
        return self._board.state_of(station_id)

    def sent(self, station_id: str) -> tuple[SentLimit, ...]:
        """What was sent to it lately, newest last."""
        return self._board.sent(station_id)

    async def next_look(self) -> None:
        """Until the loop has looked again, or a moment has passed."""
        self._news.clear()
        try:
            async with self._clock.timeout(LOOKS_AGAIN_S):
                await self._news.wait()
        except TimeoutError:
            return

    async def until(self, happened: Callable[[], bool], within_s: float) -> bool:
        """Wait for it, look by look; False when it did not happen within that time."""
        ends_s = self.now_s() + within_s
        while not happened():
            if self.now_s() >= ends_s:
                return False
            await self.next_look()
        return True
