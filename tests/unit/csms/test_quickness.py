"""How long a form of a limit is waited for that a station may not know."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.csms.lane import CallLane, Urgency
from ems.csms.quickness import LEAST_S, TIMES, Quickness
from ems.errors import StationSilent


def test_nothing_is_known_before_it_has_answered_something() -> None:
    assert Quickness().within_s is None


@pytest.mark.parametrize(("took_s", "within_s"), [((0.1, 0.3), LEAST_S), ((0.1, 4.0, 0.2), TIMES * 4.0)])
def test_its_slowest_answer_counts(took_s: tuple[float, ...], within_s: float) -> None:
    quickness = Quickness()
    for each_s in took_s:
        quickness.answered(each_s)

    assert quickness.within_s == within_s


def test_one_that_left_something_unanswered_is_not_known_to_be_quick() -> None:
    quickness = Quickness()
    quickness.answered(0.1)
    quickness.unanswered()
    assert quickness.within_s is None

    quickness.answered(0.1)
    assert quickness.within_s == LEAST_S


class Line:
    """A lane whose answers the test gives."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sent: list[str] = []
        self.lane = CallLane(self._send, self.clock, station="garage")

    @property
    def within_s(self) -> float | None:
        return self.lane.quickness.within_s

    async def _send(self, frame: str) -> None:
        self.sent.append(frame)

    def run(self, story: Any) -> None:
        run_virtual(story, self.clock)


def test_a_lane_learns_from_answers_and_from_those_that_come_too_late() -> None:
    line = Line()
    learnt: list[float | None] = []

    async def story() -> None:
        work = asyncio.create_task(line.lane.run())
        asked = asyncio.create_task(line.lane.call("GetConfiguration", {}, within_s=30.0, message_id="one"))
        await line.clock.sleep(0.5)
        line.lane.answered("one", {})
        await asked
        learnt.append(line.within_s)
        with pytest.raises(StationSilent):
            await line.lane.call("SetChargingProfile", {}, urgency=Urgency.LIMIT, within_s=30.0, message_id="two")
        learnt.append(line.within_s)

        assert not line.lane.answered("two", {})
        learnt.append(line.within_s)
        work.cancel()

    line.run(story())
    assert learnt == [LEAST_S, LEAST_S, None], "a limit is what it may not know"
