"""The call lane when sending fails, and when callers leave."""

import asyncio
import json

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.csms.lane import CallLane, GaveWay, Urgency
from ems.errors import StationOffline


def test_fault_in_sending_fails_its_caller_and_those_who_wait() -> None:
    clock = VirtualClock()

    async def send(_frame: str) -> None:
        raise OSError("boom")

    async def story() -> None:
        lane = CallLane(send, clock, station="garage")
        calls = [asyncio.create_task(lane.call("X", {}, urgency=Urgency.LIMIT, within_s=5)) for _ in range(2)]
        calls.append(asyncio.create_task(lane.call("Y", {}, within_s=5)))
        run = asyncio.create_task(lane.run())
        await asyncio.wait([run])
        lane.close()
        outcomes = await asyncio.gather(*calls[1:], return_exceptions=True)

        assert isinstance(run.exception(), OSError)
        assert [type(each) for each in outcomes] == [StationOffline, StationOffline]
        assert calls[0].exception() is not None

    run_virtual(story(), clock)


@pytest.mark.parametrize("cancelled", [True, False])
def test_new_limit_does_not_wait_out_an_unanswered_one(cancelled: bool) -> None:
    clock = VirtualClock()
    sent: list[str] = []

    async def send(frame: str) -> None:
        sent.append(json.loads(frame)[1])

    async def story() -> None:
        lane = CallLane(send, clock, station="garage", give_way_s=1.0)
        run = asyncio.create_task(lane.run())
        older = asyncio.create_task(lane.call("X", {}, urgency=Urgency.LIMIT, within_s=30))
        await clock.sleep(0.1)
        if cancelled:
            older.cancel()
        newer = asyncio.create_task(lane.call("X", {}, urgency=Urgency.LIMIT, within_s=30))
        begun_s = clock.monotonic_s()
        await clock.sleep(0.1)
        assert len(sent) == 1
        while len(sent) < 2:
            await clock.sleep(0.1)
        waited_s = clock.monotonic_s() - begun_s
        lane.answered(sent[1], {"status": "Accepted"})

        assert (await newer).message_id == sent[1]
        assert waited_s <= 1.2
        outcome = (await asyncio.gather(older, return_exceptions=True))[0]
        assert isinstance(outcome, asyncio.CancelledError if cancelled else GaveWay)
        run.cancel()

    run_virtual(story(), clock)
