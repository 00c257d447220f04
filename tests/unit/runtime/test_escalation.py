"""Steps against a disobedient station: once each, retried a few times, dropped when it obeys."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.csms.station import Station as OcppStation
from ems.errors import DeviceError, StationOffline, StationRefused
from ems.model.decision import Decision, Escalation
from ems.runtime.escalation import TRIES, TRY_AGAIN_AFTER_S, Escalations, StubbornStation
from tests.unit.control.scene import STATION, look, state

LOOK = look([STATION], [state()])
SUSPEND, STOP, CUT = Escalation.SUSPEND, Escalation.REMOTE_STOP, Escalation.OPEN_CONTACTOR


class FakeStation:
    """Notes what is asked of it, with the time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.stops_s: list[float] = []
        self.ways_given_up = 0
        self.failures: deque[Exception] = deque()
        self.hangs = False
        self.resent_after: list[int] = []
        """How many ways were given up each time its limit was sent again."""

    @property
    def limits(self) -> Self:
        return self

    def give_up_way(self) -> None:
        self.ways_given_up += 1

    async def remote_stop(self) -> None:
        self.stops_s.append(self._clock.monotonic_s())
        if self.hangs:
            await self._clock.sleep(1e6)
        if self.failures:
            raise self.failures.popleft()


class Bench:
    """Two stations, and time that passes when told."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.a, self.b = FakeStation(self.clock), FakeStation(self.clock)
        self.cut: list[str] = []
        self.cut_failures: deque[Exception] = deque()
        self.stations = {"a": self.a, "b": self.b}
        self.escalations = Escalations(self.stations, self.clock, resend=self._resend, contactors={"b": self._cut_b})

    def _resend(self, station_id: str) -> None:
        station = self.stations[station_id]
        station.resent_after.append(station.ways_given_up)

    async def _cut_b(self) -> None:
        self.cut.append("b")
        if self.cut_failures:
            raise self.cut_failures.popleft()

    def decide(self, steps: Mapping[str, Escalation]) -> None:
        self.escalations.watch(LOOK, Decision(at_s=0.0, setpoints={}, escalations=steps))

    async def passes(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        """Run the story beside the escalations, in virtual time."""

        async def both() -> None:
            task = asyncio.create_task(self.escalations.run())
            await story()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        run_virtual(both(), self.clock)


def conforms(station: OcppStation) -> StubbornStation:
    """For mypy: the real station is one of those."""
    return station


def test_suspension_gives_up_the_way_and_sends_again_at_once_and_only_once() -> None:
    bench = Bench()

    async def story() -> None:
        for _ in range(3):
            bench.decide({"a": SUSPEND})
        await bench.passes(1.0)

    bench.play(story)

    assert bench.a.ways_given_up == 1
    assert bench.a.resent_after == [1]
    assert bench.b.resent_after == []
    assert bench.a.stops_s == []


def test_each_step_is_taken_once_while_it_is_due() -> None:
    bench = Bench()

    async def story() -> None:
        for _ in range(5):
            bench.decide({"a": STOP})
            await bench.passes(60.0)

    bench.play(story)

    assert len(bench.a.stops_s) == 1
    assert bench.b.stops_s == []


def test_failed_step_is_tried_again_a_few_times(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()

    async def story() -> None:
        bench.a.failures.extend([StationOffline("gone"), StationRefused("no"), StationRefused("no")])
        bench.decide({"a": STOP})
        await bench.passes(600.0)

    bench.play(story)

    assert len(bench.a.stops_s) == TRIES
    assert bench.a.stops_s[1] - bench.a.stops_s[0] == TRY_AGAIN_AFTER_S
    assert "no further try" in caplog.text


def test_step_that_is_no_longer_due_is_not_tried_again() -> None:
    bench = Bench()

    async def story() -> None:
        bench.a.failures.append(StationOffline("gone"))
        bench.decide({"a": STOP})
        await bench.passes(1.0)
        bench.decide({})
        await bench.passes(600.0)

    bench.play(story)

    assert len(bench.a.stops_s) == 1


def test_next_offence_begins_anew() -> None:
    bench = Bench()

    async def story() -> None:
        for steps in ({"a": STOP}, {}, {"a": STOP}):
            bench.decide(steps)
            await bench.passes(60.0)

    bench.play(story)

    assert len(bench.a.stops_s) == 2


def test_station_that_hangs_delays_no_other() -> None:
    bench = Bench()

    async def story() -> None:
        bench.a.hangs = True
        bench.decide({"a": STOP, "b": STOP})
        await bench.passes(1.0)

    bench.play(story)

    assert (len(bench.a.stops_s), len(bench.b.stops_s)) == (1, 1)


def test_contactor_opens_where_there_is_one_and_a_person_is_asked_where_there_is_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()

    async def story() -> None:
        bench.cut_failures.append(DeviceError("relay does not answer"))
        bench.decide({"a": CUT, "b": CUT})
        await bench.passes(60.0)

    bench.play(story)

    assert bench.cut == ["b", "b"]
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        "a ignores its limit and has no contactor of ours: switch it off by hand"
    ]


def test_error_that_nobody_named_ends_the_task() -> None:
    bench = Bench()
    bench.a.failures.append(ValueError("a bug"))
    bench.decide({"a": STOP})

    with pytest.raises(ExceptionGroup):
        run_virtual(bench.escalations.run(), bench.clock)
