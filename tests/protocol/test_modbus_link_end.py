"""A read ends when its task is told to end, even when the device speaks at that very moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ems.clock import WallClock
from ems.devices.modbus.link import Answer, Line, ModbusLink, ReadRequest
from tests.protocol.modbus_bench import CLOSE, LOOPBACK, Reply, counting, odd_server, refusal
from tests.protocol.mqtt_brokers import free_port
from tests.protocol.odd_broker import after

GUARD_S = 30.0
REQUEST = ReadRequest(unit=1, function="input", address=0, count=2, timeout_s=GUARD_S)


@pytest.mark.parametrize("turns", range(16))
async def test_ends_although_the_connection_is_refused_at_the_same_moment(turns: int) -> None:
    link = ModbusLink(Line(host=LOOPBACK, port=free_port()), WallClock())
    task = asyncio.create_task(link.read(REQUEST))
    after(turns, task.cancel)
    await asyncio.wait([task], timeout=GUARD_S)

    assert task.done()
    assert task.cancelled() or not task.cancelling()


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(counting, id="answer"),
        pytest.param(lambda request: [refusal(request, 2)], id="refusal"),
        pytest.param(lambda _: [b"nonsense, and a lot of it"], id="garbage"),
        pytest.param(lambda _: CLOSE, id="cut"),
    ],
)
async def test_ends_although_the_device_answers_at_the_same_moment(reply: Reply, turns: int) -> None:
    tasks: list[asyncio.Task[Answer]] = []

    def answer_and_cancel(request: bytes) -> Sequence[bytes] | None:
        after(turns, tasks[0].cancel)
        return reply(request)

    async with odd_server(answer_and_cancel) as server:
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), WallClock())
        tasks.append(asyncio.create_task(link.read(REQUEST)))
        await asyncio.wait(tasks, timeout=GUARD_S)
        await link.close()

    assert tasks[0].done()
    assert tasks[0].cancelled() or not tasks[0].cancelling()
