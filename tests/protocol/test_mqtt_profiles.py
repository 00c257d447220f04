"""Every MQTT profile through Mosquitto and back, and what a device is asked so that it goes on publishing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from ems.clock import WallClock
from ems.devices.catalog import connect_devices
from ems.devices.library import profile, profiles
from ems.devices.mqtt.device import MqttDevice, Topics
from ems.devices.mqtt.link import Broker, MqttLink
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.ports import Device
from ems.devices.sample import Sample, is_live
from ems.errors import Nonsense
from ems.model.readings import GridReading, SolarReading
from ems.sim.wire.mqtt_devices import topic_messages
from tests.protocol.device_site import site
from tests.protocol.mqtt_brokers import GUARD_S, LOOPBACK, free_port, mosquitto

MQTT = [each.filled(each.id, each.as_named) for each in profiles() if isinstance(each, MqttProfile)]
PORTAL = "c0619ab12345"
GRID = f"N/{PORTAL}/system/0/Ac/Grid"


class Up:
    """Knows when the link is up."""

    topics: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.up = asyncio.Event()

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None: ...

    def link_changed(self, *, up: bool) -> None:
        if up:
            self.up.set()


KEPT: dict[str, Sample] = {}


def device_of(found: MqttProfile) -> MqttDevice[SolarReading]:
    """Keeps samples as they are; its reading only says that one came."""

    def kept(sample: Sample) -> SolarReading:
        KEPT[found.id] = sample
        return SolarReading(power_w=0.0, taken_at_s=sample.taken_at_s)

    points = {name: point.under(found.id) for name, point in found.points.items()}
    topics = Topics(
        points=points,
        required=frozenset(name for name in points if is_live(name)),
        availability=found.availability and found.availability.under(found.id),
    )
    return MqttDevice(name=found.id, period_s=1.0, silence_s=GUARD_S, topics=topics, view=kept, clock=WallClock())


@asynccontextmanager
async def linked(port: int, *devices: MqttDevice[SolarReading]) -> AsyncIterator[aiomqtt.Client]:
    link, up = MqttLink(Broker(host=LOOPBACK, port=port), WallClock()), Up()
    for device in devices:
        link.follow(device)
    link.follow(up)
    task = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(up.up.wait(), GUARD_S)
        async with aiomqtt.Client(LOOPBACK, port) as client:
            yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_every_number_of_every_profile_comes_back_with_either_sign(tmp_path: Path) -> None:
    port = free_port()
    readers = {found.id: device_of(found) for found in MQTT}
    async with mosquitto(tmp_path)(port), linked(port, *readers.values()) as client:
        for found in MQTT:
            points = {name: point.under(found.id) for name, point in found.points.items()}
            for way in (1.0, -1.0):
                expected = {
                    name: (way if name.startswith(("power", "current")) else 1.0) * (100.0 + 7.0 * place)
                    for place, name in enumerate(points)
                }
                # Counters alone make no sample, so everything is said again after them.
                for message in topic_messages(points, expected) * 2:
                    await client.publish(message.topic, message.payload)
                while True:
                    await asyncio.wait_for(readers[found.id].read(), GUARD_S)
                    if dict(KEPT[found.id].values) == pytest.approx(expected, rel=1e-3):
                        break


async def test_a_gx_device_is_asked_to_go_on_and_nothing_else_is_published(tmp_path: Path) -> None:
    port = free_port()
    file = site(
        meters=[{"id": "grid", "profile": "victron_mqtt", "mqtt": {"prefix": PORTAL}}],
        battery={"id": "cellar", "profile": "victron_mqtt_battery", "mqtt": {"prefix": PORTAL}},
        mqtt={"host": LOOPBACK, "port": port},
    )
    devices = connect_devices(file, WallClock())
    (job,) = devices.background
    async with mosquitto(tmp_path)(port), aiomqtt.Client(LOOPBACK, port) as gx:
        await gx.subscribe("#")
        task = asyncio.create_task(job())
        asked = await asyncio.wait_for(anext(aiter(gx.messages)), GUARD_S)
        for phase, watts in (("L1", 2300), ("L2", -460), ("L3", 0)):
            await gx.publish(f"{GRID}/{phase}/Power", json.dumps({"value": watts}))
        reading = await asyncio.wait_for(devices.meters["main"].read(), GUARD_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert (asked.topic.value, asked.payload) == (f"R/{PORTAL}/keepalive", b"")
    assert tuple(reading.current_a) == (10.0, -2.0, 0.0)
    assert reading.power_w == 1840.0


def test_a_meter_behind_a_gx_device_keeps_its_portal_awake() -> None:
    found = profile("victron_mqtt_meter")
    assert isinstance(found, MqttProfile)
    assert found.keepalive is not None

    assert found.keepalive.under(f"{PORTAL}/grid/30").topic == f"R/{PORTAL}/keepalive"
    assert found.points["current_l1"].under(f"{PORTAL}/grid/30").topic == f"N/{PORTAL}/grid/30/Ac/L1/Current"


async def read_on(meter: Device[GridReading]) -> None:
    """For ever, or until something is wrong."""
    while True:
        await asyncio.wait_for(meter.read(), GUARD_S)


async def gx_says(gx: aiomqtt.Client, portal: str, watts: float) -> None:
    """What a GX device says unasked, and what it says once it was asked."""
    await gx.publish(f"N/{portal}/system/0/Serial", json.dumps({"value": portal}))
    for phase in ("L1", "L2", "L3"):
        await gx.publish(f"N/{portal}/system/0/Ac/Grid/{phase}/Power", json.dumps({"value": watts}))


async def test_the_number_of_a_gx_device_need_not_be_stated_and_two_of_them_are_an_error(tmp_path: Path) -> None:
    port = free_port()
    file = site(
        meters=[{"id": "grid", "profile": "victron_mqtt", "mqtt": {}}],
        battery={"id": "cellar", "profile": "victron_mqtt_battery", "mqtt": {"prefix": "+"}},
        mqtt={"host": LOOPBACK, "port": port},
    )
    devices = connect_devices(file, WallClock())
    (job,) = devices.background
    meter = devices.meters["main"]
    async with mosquitto(tmp_path)(port), aiomqtt.Client(LOOPBACK, port) as gx:
        await gx.subscribe("R/#")
        task = asyncio.create_task(job())
        while meter.connections == 0:  # type: ignore[attr-defined]
            await WallClock().sleep(0.01)
        await gx_says(gx, PORTAL, 460)
        asked = await asyncio.wait_for(anext(aiter(gx.messages)), GUARD_S)
        reading = await asyncio.wait_for(meter.read(), GUARD_S)
        await gx_says(gx, "d0619ab12345", 460)
        with pytest.raises(Nonsense) as trouble:
            await read_on(meter)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert (asked.topic.value, asked.payload) == (f"R/{PORTAL}/keepalive", b"")
    assert reading.power_w == 3 * 460
    assert str(trouble.value) == (
        f"grid: several devices publish at this broker ({PORTAL}, d0619ab12345): say which by mqtt.prefix"
    )
