"""The call lane when sending fails, and when callers leave."""

import asyncio
import json

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.csms.lane import OTHERS_WAIT_S, Answer, CallLane, GaveWay, Superseded, Urgency
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


def test_limits_of_two_connectors_do_not_take_each_other_s_place() -> None:
    clock = VirtualClock()
    sent: list[str] = []

    async def send(frame: str) -> None:
        sent.append(json.loads(frame)[1])

    async def story() -> None:
        lane = CallLane(send, clock, station="post")
        run = asyncio.create_task(lane.run())

        async def limit(connector: int) -> asyncio.Task[Answer]:
            task = asyncio.create_task(lane.call("X", {}, urgency=Urgency.LIMIT, within_s=30, connector=connector))
            await clock.sleep(0.01)
            return task

        first, second = await limit(1), await limit(2)
        older_third = await limit(3)
        third = await limit(3)
        await clock.sleep(1.5)
        # Later than a limit would wait behind an older one of its own connector, sooner than behind another's.
        for task in (first, second, third):
            lane.answered(sent[-1], {"status": "Accepted"})
            assert (await task).payload == {"status": "Accepted"}
            await clock.sleep(0.01)

        assert isinstance(older_third.exception(), Superseded)
        assert len(sent) == 3
        run.cancel()

    run_virtual(story(), clock)


@pytest.mark.parametrize(("newer", "given_up_within_s"), [(1, 1.0), (0, 1.0), (2, OTHERS_WAIT_S)])
def test_a_mute_station_keeps_the_limit_of_another_connector_waiting_for_a_bounded_time(
    newer: int, given_up_within_s: float
) -> None:
    clock = VirtualClock()

    async def send(_frame: str) -> None:
        pass

    async def story() -> None:
        lane = CallLane(send, clock, station="post")
        run = asyncio.create_task(lane.run())
        mute = asyncio.create_task(lane.call("X", {}, urgency=Urgency.LIMIT, within_s=30, connector=1))
        await clock.sleep(0.01)
        others = [
            asyncio.create_task(lane.call("X", {}, urgency=Urgency.LIMIT, within_s=30, connector=each))
            for each in (2, newer)
        ]
        began_s = clock.monotonic_s()
        await asyncio.wait([mute])

        assert isinstance(mute.exception(), GaveWay)
        assert clock.monotonic_s() - began_s <= given_up_within_s + 0.1
        lane.close()
        run.cancel()
        await asyncio.gather(run, *others, return_exceptions=True)

    run_virtual(story(), clock)
