"""The embedded broker and the simulated MQTT meters, heard by a plain client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from ems.clock import ScaledClock
from ems.config.schema import MqttRule
from ems.model.electrical import PerPhase
from ems.sim.wire.mqtt_devices import (
    EmbeddedBroker,
    MqttPublisher,
    rule_messages,
    shelly_messages,
    shelly_presence,
)
from ems.sim.world import CircuitSample

GUARD_S = 20
PREFIX = "shellypro3em-house"
SAMPLE = CircuitSample(
    at_s=0,
    current_a=PerPhase(10, -4, 0),
    voltage_v=PerPhase(230, 231, 229),
    frequency_hz=50,
    import_kwh=1.5,
    export_kwh=0.25,
)


class Shelly:
    def __init__(self) -> None:
        self.broker = EmbeddedBroker()
        self.meter = MqttPublisher(
            PREFIX,
            self.broker,
            ScaledClock(20),
            lambda number: shelly_messages(PREFIX, SAMPLE, number),
            presence=shelly_presence(PREFIX),
        )

    def client(self) -> aiomqtt.Client:
        return aiomqtt.Client("127.0.0.1", self.broker.port, identifier="listener")


@asynccontextmanager
async def shelly() -> AsyncIterator[Shelly]:
    stand = Shelly()
    await stand.broker.start()
    running = asyncio.create_task(stand.meter.run())
    try:
        yield stand
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await stand.broker.stop()


async def hears(client: aiomqtt.Client, topic: str, fits: Callable[[bytes], bool] = bool) -> aiomqtt.Message:
    async with asyncio.timeout(GUARD_S):
        async for message in client.messages:
            if str(message.topic) == topic and fits(message.payload):
                return message
    raise AssertionError


async def test_shelly_publishes_its_phases_with_unsigned_currents() -> None:
    async with shelly() as stand, stand.client() as client:
        await client.subscribe(f"{PREFIX}/#")
        message = await hears(client, f"{PREFIX}/status/em:0")

    body = json.loads(message.payload)
    assert (body["a_current"], body["b_current"], body["c_current"]) == (10, 4, 0)
    assert (body["a_act_power"], body["b_act_power"]) == (2300, -924)
    assert body["total_act_power"] == 1376
    assert body["c_voltage"] == 229


async def test_presence_is_retained_and_turns_by_the_last_will() -> None:
    async with shelly() as stand, stand.client() as client:
        await client.subscribe(f"{PREFIX}/#")
        await hears(client, f"{PREFIX}/online", lambda payload: payload == b"true")
        stand.meter.vanish()
        await hears(client, f"{PREFIX}/online", lambda payload: payload == b"false")
        async with aiomqtt.Client("127.0.0.1", stand.broker.port, identifier="late") as late:
            await late.subscribe(f"{PREFIX}/online")
            retained = await hears(late, f"{PREFIX}/online")
        stand.meter.come_back()
        await hears(client, f"{PREFIX}/online", lambda payload: payload == b"true")

    assert retained.payload == b"false"
    assert retained.retain


async def test_broker_comes_back_at_the_same_port_and_the_meter_finds_it() -> None:
    async with shelly() as stand:
        port = stand.broker.port
        async with stand.client() as client:
            await client.subscribe(f"{PREFIX}/#")
            await hears(client, f"{PREFIX}/status/em:0")
            await stand.broker.restart()
            with pytest.raises(aiomqtt.MqttError):
                await hears(client, "nothing")
        async with stand.client() as client:
            await client.subscribe(f"{PREFIX}/#")
            await hears(client, f"{PREFIX}/status/em:0")

        assert stand.broker.port == port


async def test_silent_meter_stays_online_and_says_nothing() -> None:
    async with shelly() as stand, stand.client() as client:
        stand.meter.faults.silent = True
        await client.subscribe(f"{PREFIX}/#")
        await hears(client, f"{PREFIX}/online", lambda payload: payload == b"true")
        stand.meter.faults.silent = False
        await hears(client, f"{PREFIX}/status/em:0")


async def test_broker_that_was_not_started_stops_without_complaint() -> None:
    broker = EmbeddedBroker()

    await broker.stop()
    broker.cut("nobody")


def test_counters_come_once_a_minute_in_watt_hours() -> None:
    first, second = shelly_messages("p", SAMPLE, 0), shelly_messages("p", SAMPLE, 1)

    assert [message.topic for message in first] == ["p/status/em:0", "p/status/emdata:0"]
    assert [message.topic for message in second] == ["p/status/em:0"]
    assert json.loads(first[1].payload) == {"id": 0, "total_act": 1500, "total_act_ret": 250}


def test_topics_of_your_own_carry_what_the_rules_look_for() -> None:
    rules = {
        "power": MqttRule(topic="house/power", scale=1000),
        "current_l1": MqttRule(topic="house/meter", path="phases.l1.current"),
        "current_l2": MqttRule(topic="house/meter", path="phases.l2.current", scale=-1),
        "unheard_of": MqttRule(topic="house/else"),
    }

    plain, tree = rule_messages(rules, {"power": 500.0, "current_l1": 3.0, "current_l2": 4.0})

    assert (plain.topic, float(plain.payload)) == ("house/power", 0.5)
    assert json.loads(tree.payload) == {"phases": {"l1": {"current": 3.0}, "l2": {"current": -4.0}}}
