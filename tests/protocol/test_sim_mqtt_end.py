"""A simulated MQTT device ends when it is told to, whatever its broker does at that moment."""

from __future__ import annotations

import asyncio

import pytest

from ems.clock import ScaledClock
from ems.sim.wire.mqtt_devices import EmbeddedBroker, Message, MqttPublisher, Presence
from tests.protocol.odd_broker import CONNACK, CONNECT, LOOPBACK, after, odd_broker

GUARD_S = 10.0
ROUND = [Message(topic="meter/power", payload="1"), Message(topic="meter/current", payload="2")]


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("presence", [None, Presence(topic="meter/online")], ids=["plain", "with presence"])
async def test_ends_although_a_message_leaves_at_the_same_moment(presence: Presence | None, turns: int) -> None:
    tasks: list[asyncio.Task[None]] = []

    def heard(packet: int, transport: asyncio.Transport) -> None:
        if packet == CONNECT:
            transport.write(CONNACK)
            after(turns, tasks[0].cancel)

    async with odd_broker(heard) as port:
        device = MqttPublisher(
            "meter", EmbeddedBroker(LOOPBACK, port), ScaledClock(50), lambda _: ROUND, presence=presence
        )
        tasks.append(asyncio.create_task(device.run()))
        await asyncio.wait(tasks, timeout=GUARD_S)
        was_cancelled = tasks[0].cancelled()
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)

    assert was_cancelled
