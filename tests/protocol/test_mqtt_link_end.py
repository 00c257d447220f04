"""The MQTT link ends when it is told to, whatever its broker does at that moment."""

from __future__ import annotations

import asyncio

import pytest

from ems.clock import WallClock
from ems.devices.mqtt import link as mqtt_link
from ems.devices.mqtt.link import Broker, MqttLink
from tests.protocol.odd_broker import CONNACK, CONNECT, LOOPBACK, SUBSCRIBE, after, odd_broker

GUARD_S = 30.0
NOT_AUTHORISED = b"\x20\x02\x00\x05"
MORE_THAN_A_SOCKET_HOLDS = 60_000


class Listener:
    """Wants topics and does nothing with them."""

    def __init__(self, *topics: str) -> None:
        self.topics = frozenset(topics)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Nothing to do."""

    def link_changed(self, *, up: bool) -> None:
        """Nothing to do."""


def run_link(port: int, *topics: str) -> asyncio.Task[None]:
    link = MqttLink(Broker(host=LOOPBACK, port=port), WallClock())
    link.follow(Listener(*topics))
    return asyncio.create_task(link.run())


async def ended(task: asyncio.Task[None]) -> bool:
    """Whether the task ended, as cancelled, of that one cancellation."""
    await asyncio.wait([task], timeout=GUARD_S)
    was_cancelled = task.cancelled()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return was_cancelled


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize(
    ("awaited", "answer"),
    [
        pytest.param(CONNECT, CONNACK, id="welcome"),
        pytest.param(CONNECT, NOT_AUTHORISED, id="refusal"),
        pytest.param(SUBSCRIBE, b"\x90\x03\x00\x01\x00", id="subscription"),
    ],
)
async def test_ends_although_the_broker_answers_at_the_same_moment(awaited: int, answer: bytes, turns: int) -> None:
    tasks: list[asyncio.Task[None]] = []

    def heard(packet: int, transport: asyncio.Transport) -> None:
        transport.write(CONNACK if packet != awaited else answer)
        if packet == awaited:
            after(turns, tasks[0].cancel)

    async with odd_broker(heard) as port:
        tasks.append(run_link(port, "meter"))

        assert await ended(tasks[0])


async def test_ends_although_the_broker_is_cut_at_the_same_moment() -> None:
    tasks: list[asyncio.Task[None]] = []

    def heard(packet: int, transport: asyncio.Transport) -> None:
        if packet == CONNECT:
            transport.write(CONNACK)
            return
        transport.abort()
        tasks[0].cancel()

    async with odd_broker(heard) as port:
        tasks.append(run_link(port, "meter"))

        assert await ended(tasks[0])


async def test_ends_although_the_broker_hangs_and_cannot_even_take_our_farewell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_link, "BROKER_ANSWERS_WITHIN_S", 0.3)
    tasks: list[asyncio.Task[None]] = []

    def heard(packet: int, transport: asyncio.Transport) -> None:
        if packet == CONNECT:
            transport.pause_reading()
            transport.write(CONNACK)
            # By then the client has filled the connection with its wishes and waits.
            after(10, tasks[0].cancel)

    async with odd_broker(heard) as port:
        tasks.append(run_link(port, *(f"{'meter/' * 30}{number}" for number in range(MORE_THAN_A_SOCKET_HOLDS))))

        assert await ended(tasks[0])


async def test_ends_while_the_broker_says_nothing_at_all() -> None:
    tasks: list[asyncio.Task[None]] = []

    def heard(_packet: int, _transport: asyncio.Transport) -> None:
        tasks[0].cancel()

    async with odd_broker(heard) as port:
        tasks.append(run_link(port, "meter"))

        assert await ended(tasks[0])
