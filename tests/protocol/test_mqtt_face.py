"""The house on a real broker: discovery, values, last will; and commands, where they are allowed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from ems.api.mqtt.face import MqttFace
from ems.clock import ScaledClock, WallClock
from ems.config.schema_api import MqttPublishSection
from ems.devices.mqtt.link import Broker
from ems.model.goals import ChargeMode
from tests.live import NAME, LiveBench
from tests.protocol.mqtt_brokers import LOOPBACK, free_port, mosquitto

GUARD_S = 30.0
QUICK = 40.0
"""How many times faster the face lives than we."""

ROOT = f"fusewise/{NAME.site_id}"


class Stage:
    """A house on a broker, and somebody who listens there."""

    def __init__(self, bench: LiveBench, client: aiomqtt.Client, publishing: asyncio.Task[None]) -> None:
        self.bench = bench
        self.client = client
        self.publishing = publishing
        self.retained: dict[str, Any] = {}

    async def hears(self, topic: str) -> Any:
        """The next message there."""
        async with asyncio.timeout(GUARD_S):
            async for message in self.client.messages:
                text = bytes(message.payload).decode()
                self.retained[message.topic.value] = json.loads(text) if text.startswith("{") else text
                if message.topic.value == topic:
                    return self.retained[topic]
        raise AssertionError("the broker went away")

    async def until(self, topic: str, key: str, value: object) -> Any:
        """The first message there that says so."""
        while (found := await self.hears(topic))[key] != value:
            pass
        return found


@asynccontextmanager
async def stage(folder: Path, *, commands: bool = False) -> AsyncIterator[Stage]:
    port = free_port()
    async with mosquitto(folder)(port), aiomqtt.Client(LOOPBACK, port) as client:
        await client.subscribe("#")
        bench = LiveBench()
        bench.run(60)
        broker = Broker(host=LOOPBACK, port=port)
        face = MqttFace(bench.live, NAME.site_id, broker, MqttPublishSection(commands=commands), ScaledClock(QUICK))
        publishing: asyncio.Task[None] = asyncio.create_task(face.run())
        try:
            yield Stage(bench, client, publishing)
        finally:
            publishing.cancel()
            await asyncio.wait([publishing])


async def test_home_assistant_finds_house_and_stations_with_all_their_values(tmp_path: Path) -> None:
    async with stage(tmp_path) as seen:
        await seen.hears(f"{ROOT}/status")
        found = dict(seen.retained)

    house = found[f"homeassistant/device/fusewise_{NAME.site_id}/config"]
    garage = found[f"homeassistant/device/fusewise_{NAME.site_id}_garage/config"]
    assert house["dev"]["name"] == NAME.name
    assert garage["dev"]["via_device"] == house["dev"]["ids"][0]
    assert garage["cmps"]["limit_reason"]["ops"][0] == "car"
    assert garage["cmps"]["energy"] | {"stat_cla": "total_increasing", "dev_cla": "energy"} == garage["cmps"]["energy"]
    assert found[f"{ROOT}/status"] == "online"
    for device in (house, garage):
        assert device["cmps"].keys() == found[device["stat_t"]].keys()
        assert device["avty_t"] == f"{ROOT}/status"


async def test_without_leave_nothing_can_be_set(tmp_path: Path) -> None:
    async with stage(tmp_path) as seen:
        await seen.hears(f"{ROOT}/status")
        garage = seen.retained[f"homeassistant/device/fusewise_{NAME.site_id}_garage/config"]
        await seen.client.publish(f"{ROOT}/set/stations/garage/mode", "off", qos=1)
        await seen.hears(f"{ROOT}/set/stations/garage/mode")
        seen.bench.run(5)
        await seen.hears(f"{ROOT}/house")

    assert "cmd_t" not in json.dumps(garage)
    assert garage["cmps"]["mode"]["p"] == "sensor"
    assert seen.bench.station("garage").mode is ChargeMode.SOLAR


async def test_commands_are_obeyed_inside_the_installers_limits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    garage = f"{ROOT}/stations/garage"
    async with stage(tmp_path, commands=True) as seen:
        await seen.hears(f"{ROOT}/status")
        described = seen.retained[f"homeassistant/device/fusewise_{NAME.site_id}_garage/config"]["cmps"]
        for command, said in (("mode", "fast"), ("max_a", "10"), ("max_a", "20"), ("max_a", "many"), ("boost", "ON")):
            await seen.client.publish(f"{ROOT}/set/stations/garage/{command}", said, qos=1)
        await seen.client.publish(f"{ROOT}/set/stations/attic/mode", "fast", qos=1)
        await seen.client.publish(f"{ROOT}/set/house/optimising", "OFF", qos=1)
        shown = await seen.until(garage, "boost", "ON")
        await seen.until(f"{ROOT}/house", "optimisation", "OFF")

    assert described["mode"]["cmd_t"] == f"{ROOT}/set/stations/garage/mode"
    assert (described["max_current"]["min"], described["max_current"]["max"]) == (6.0, 16.0)
    assert (shown["mode"], shown["max_current"]) == ("fast", 10.0)
    assert "20.0 A is more" in caplog.text
    assert "'many' is nothing that" in caplog.text
    assert "nobody listens to stations/attic/mode" in caplog.text
    assert ("wish", "MQTT", "garage: mode fast") in seen.bench.diary.notes


async def test_the_broker_says_so_when_we_are_gone(tmp_path: Path) -> None:
    async with stage(tmp_path) as seen:
        await seen.hears(f"{ROOT}/status")
        seen.publishing.cancel()
        await asyncio.wait([seen.publishing])
        said = await seen.hears(f"{ROOT}/status")

    assert said == "offline"


async def test_a_broker_that_is_away_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = LiveBench()
    broker = Broker(host=LOOPBACK, port=free_port())
    face = MqttFace(bench.live, NAME.site_id, broker, MqttPublishSection(), bench.clock)
    publishing: asyncio.Task[None] = asyncio.create_task(face.run())
    async with asyncio.timeout(GUARD_S):
        for _ in range(3):
            while not bench.clock.sleeps:
                await WallClock().sleep(0)
            bench.clock.advance(60.0)
            await WallClock().sleep(0)
    publishing.cancel()
    await asyncio.wait([publishing])

    assert caplog.text.count("nothing is published") == 1
