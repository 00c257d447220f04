"""Two stations on one fuse, and everything dispatch touches, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ems.clock import VirtualClock, run_virtual
from ems.model.decision import Decision, LimitReason, Reason, Setpoint
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase
from ems.model.readings import GridReading
from ems.model.site import Site, Station
from ems.model.station import SendOutcome
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch, Sending, Sent
from tests.unit.runtime.links import FakeLink


class Bench:
    """Stations `a` and `b` with their links, a board, and dispatch between them."""

    def __init__(self, clock: VirtualClock, *, sent: Sent | None = None) -> None:
        self.clock = clock
        self.wire: list[tuple[str, float]] = []
        self.links: dict[str, FakeLink] = {name: FakeLink(name, clock, self.wire) for name in ("a", "b")}
        circuit = Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=PHASES_OF[3], metered=True)
        stations = tuple(
            Station(station_id=name, circuit_id="main", wiring=PHASES_OF[3], fallback_a=6.0) for name in self.links
        )
        self.site = Site(circuits=CircuitTree((circuit,)), stations=stations, inverters=3)
        self.board = Board(self.site, clock)
        self.sent: list[Sending] = []
        self.listener = sent or self.sent.append
        self.rewired()

    def rewired(self) -> None:
        """Dispatch anew, over the links as they are now."""
        self.dispatch = Dispatch(self.site, self.links, self.board, self.clock, sent=self.listener)
        for link in self.links.values():
            self.board.post_station(link.state)

    def decide(self, *, phases: int = 3, because: LimitReason = LimitReason.NONE, **limits_a: float) -> None:
        """Hand dispatch a decision with these limits."""
        reason = Reason(code=because)
        setpoints = {
            name: Setpoint(station_id=name, limit_a=limit_a, phases=phases, reason=reason)
            for name, limit_a in limits_a.items()
        }
        now_s = self.clock.monotonic_s()
        self.board.post_meter("main", GridReading(current_a=PerPhase(), power_w=0.0, taken_at_s=now_s))
        self.dispatch.apply(Decision(at_s=now_s, setpoints=setpoints), self.board.snapshot())

    def connection(self, name: str, *, connected: bool) -> None:
        """The station drops, or comes back."""
        before = self.links[name].state
        state = replace(before, connected=connected, connections=before.connections + connected)
        self.links[name].state = state
        self.dispatch.station_changed(state)
        self.board.post_station(state)

    async def after(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    def outcomes(self, name: str) -> list[tuple[float, SendOutcome]]:
        """What is on record for a station, oldest first."""
        return [(limit.limit_a, limit.outcome) for limit in self.board.sent(name)]


def play(story: Callable[[Bench], Awaitable[None]]) -> Bench:
    """Run a story while dispatch works; returns the bench to look at."""
    clock = VirtualClock()

    async def main() -> Bench:
        bench = Bench(clock)
        working = asyncio.create_task(bench.dispatch.run())
        await story(bench)
        working.cancel()
        await asyncio.wait([working])
        return bench

    return run_virtual(main(), clock)
