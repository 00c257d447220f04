"""MQTT devices over real brokers: the embedded one and Mosquitto."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from ems.clock import ScaledClock
from ems.config.schema import SiteFile
from ems.devices.catalog import Devices, connect_devices
from ems.devices.mqtt.link import MqttLink
from ems.devices.ports import Device
from ems.errors import LinkDown, Nonsense
from ems.model.electrical import PerPhase
from ems.model.readings import GridReading
from tests.protocol.device_site import Section, site
from tests.protocol.mqtt_brokers import GUARD_S, LOOPBACK, StartBroker, embedded, free_port, mosquitto

SPEED = 20.0
SHELLY = "shellies/garage"
STATUS = f"{SHELLY}/status/em:0"
ONLINE = f"{SHELLY}/online"
CONTACT = "cabinet/dimming"
HOUSE = {
    "id": 0,
    "a_current": 10.1,
    "a_voltage": 230.0,
    "a_act_power": 2300.0,
    "b_current": 4.0,
    "b_voltage": 231.0,
    "b_act_power": -900.0,
    "c_current": 1.0,
    "c_voltage": 229.0,
    "c_act_power": 100.0,
    "total_act_power": 1500.0,
}


class Watch:
    """Knows when the link is up, when it was lost, and what the devices have heard just before."""

    topics = frozenset({STATUS, ONLINE})

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.lost = asyncio.Event()
        self.told: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue()

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self.told.put_nowait((topic, payload, retained))

    def link_changed(self, *, up: bool) -> None:
        (self.up if up else self.lost).set()
        (self.lost if up else self.up).clear()


class Bench:
    """A site that runs against a broker."""

    def __init__(self, devices: Devices, watch: Watch) -> None:
        self.devices = devices
        self._watch = watch

    @property
    def meter(self) -> Device[GridReading]:
        return self.devices.meters["main"]

    async def connected(self) -> None:
        await asyncio.wait_for(self._watch.up.wait(), GUARD_S)

    async def lost(self) -> None:
        await asyncio.wait_for(self._watch.lost.wait(), GUARD_S)

    async def told(self, *topics: str) -> None:
        """Wait until the devices have heard a message on each of those topics, in that order."""
        for topic in topics:
            while (await asyncio.wait_for(self._watch.told.get(), GUARD_S))[0] != topic:
                pass


@asynccontextmanager
async def running(file: SiteFile) -> AsyncIterator[Bench]:
    devices = connect_devices(file, ScaledClock(SPEED))
    (job,) = devices.background
    link = getattr(job, "__self__", None)
    assert isinstance(link, MqttLink)
    watch = Watch()
    link.follow(watch)
    task = asyncio.create_task(job())
    try:
        yield Bench(devices, watch)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await devices.close()


def shelly(port: int, **more: object) -> SiteFile:
    return site(
        meters=[{"id": "grid", "profile": "shelly_pro3em", "mqtt": {"prefix": SHELLY}, "period_s": 60}],
        mqtt={"host": LOOPBACK, "port": port, **more},
    )


async def publish(port: int, topic: str, content: object, *, retain: bool = False) -> None:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    async with aiomqtt.Client(LOOPBACK, port) as client:
        await client.publish(topic, payload, qos=1, retain=retain)


@pytest.fixture(params=["embedded", "mosquitto"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> StartBroker:
    return embedded if request.param == "embedded" else mosquitto(tmp_path)


async def test_a_shelly_message_is_a_reading(start: StartBroker) -> None:
    port = free_port()
    async with start(port), running(shelly(port)) as bench:
        await bench.connected()
        await publish(port, f"{SHELLY}/status/emdata:0", {"total_act": 1_234_500, "total_act_ret": 987_000})
        await publish(port, STATUS, HOUSE)

        reading = await bench.meter.read()

    assert reading.current_a == PerPhase(10.1, -4.0, 1.0)
    assert reading.power_w == 1500.0
    assert reading.voltage_v == PerPhase(230.0, 231.0, 229.0)
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == (1234.5, 987.0)


async def test_a_broker_that_restarts_is_asked_again_for_everything(start: StartBroker) -> None:
    port = free_port()
    async with running(shelly(port)) as bench:
        async with start(port):
            await bench.connected()
            await publish(port, STATUS, HOUSE)
            await bench.meter.read()
        await bench.lost()
        with pytest.raises(LinkDown, match="grid: the MQTT broker is away"):
            await bench.meter.read()
        async with start(port):
            await bench.connected()
            await publish(port, STATUS, {**HOUSE, "total_act_power": 1400.0})

            assert (await bench.meter.read()).power_w == 1400.0


async def test_a_reader_that_waits_hears_the_broker_go(start: StartBroker) -> None:
    port = free_port()
    async with running(shelly(port)) as bench:
        async with start(port):
            await bench.connected()
            reading = asyncio.create_task(bench.meter.read())
        with pytest.raises(LinkDown):
            await asyncio.wait_for(reading, GUARD_S)


async def test_a_broker_that_comes_late_is_found(start: StartBroker) -> None:
    port = free_port()
    async with running(shelly(port)) as bench:
        await bench.lost()
        with pytest.raises(LinkDown):
            await bench.meter.read()
        async with start(port):
            await bench.connected()
            await publish(port, STATUS, HOUSE)

            assert (await bench.meter.read()).power_w == 1500.0


async def test_a_last_will_ends_the_readings_until_the_device_is_back(start: StartBroker) -> None:
    port = free_port()
    async with start(port), running(shelly(port)) as bench:
        await bench.connected()
        waiting = asyncio.create_task(bench.meter.read())
        await die_with_will(port)
        with pytest.raises(LinkDown, match="grid: it is announced offline"):
            await asyncio.wait_for(waiting, GUARD_S)
        await publish(port, ONLINE, b"true")
        await publish(port, STATUS, HOUSE)
        await bench.told(ONLINE, ONLINE, STATUS)

        assert (await bench.meter.read()).power_w == 1500.0


async def test_what_was_retained_before_we_came_is_no_sample_but_its_last_will_counts(start: StartBroker) -> None:
    port = free_port()
    async with start(port):
        await publish(port, STATUS, HOUSE, retain=True)
        await publish(port, ONLINE, b"false", retain=True)
        async with running(shelly(port)) as bench:
            await bench.connected()
            with pytest.raises(LinkDown, match="announced offline"):
                await bench.meter.read()
            await bench.told(STATUS)
            await publish(port, STATUS, {**HOUSE, "total_act_power": 1400.0}, retain=True)
            await bench.told(STATUS)

            assert (await bench.meter.read()).power_w == 1400.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * 70_000, "70000 bytes is larger than 65536"),
        (b"\xff\x00\xfe", "not text"),
        (b"{broken", "neither JSON nor a number"),
        (b"[" * 60_000, "neither JSON nor a number"),
        ({**HOUSE, "a_act_power": "lots"}, "text where a number belongs"),
        ({**HOUSE, "b_current": None}, "null where a number belongs"),
        ({**HOUSE, "c_current": {"value": 1}}, "object where a number belongs"),
        ({**HOUSE, "a_current": 4000}, "4000 A on L1"),
        ({**HOUSE, "a_voltage": 23.0}, "23 V on L1"),
    ],
)
async def test_nonsense_is_no_sample_and_the_next_message_is(content: object, words: str, tmp_path: Path) -> None:
    port = free_port()
    async with mosquitto(tmp_path)(port), running(shelly(port)) as bench:
        await bench.connected()
        await publish(port, STATUS, content)
        await bench.told(STATUS)
        with pytest.raises(Nonsense, match=f"grid: .*{words}"):
            await bench.meter.read()
        await publish(port, STATUS, HOUSE)

        assert (await bench.meter.read()).power_w == 1500.0


async def test_a_meter_of_plain_topics_needs_no_profile(start: StartBroker) -> None:
    port = free_port()
    points = {
        **{f"power_l{number}": {"topic": f"p1/l{number}/kw", "scale": 1000} for number in (1, 2, 3)},
        "energy_import": {"topic": "p1/counters", "path": "tariffs[1].in"},
    }
    file = site(
        meters=[{"id": "grid", "mqtt": {"points": points, "availability": {"topic": "p1/state"}}, "period_s": 60}],
        mqtt={"host": LOOPBACK, "port": port},
    )
    async with start(port), running(file) as bench:
        await bench.connected()
        await publish(port, "p1/counters", {"tariffs": [{"in": 1.0}, {"in": 17.5}]})
        for number, kilowatts in enumerate((b"2.3", b"-0.46", b" 0 "), start=1):
            await publish(port, f"p1/l{number}/kw", kilowatts)

        reading = await bench.meter.read()

    assert reading.current_a == PerPhase(10.0, -2.0, 0.0)
    assert reading.power_w == pytest.approx(1840.0)
    assert reading.energy_import_kwh == 17.5


async def test_all_devices_share_one_connection(start: StartBroker) -> None:
    port = free_port()
    file = site(
        meters=[{"id": "grid", "profile": "shelly_pro3em", "mqtt": {"prefix": SHELLY}, "period_s": 60}],
        solar=[{"id": "roof", "mqtt": {"points": {"power": sun_rule()}}, "period_s": 60}],
        battery={"id": "cellar", "mqtt": {"points": {"power": battery_rule(), "soc": soc_rule()}}, "period_s": 60},
        mqtt={"host": LOOPBACK, "port": port},
    )
    async with start(port), running(file) as bench:
        await bench.connected()
        assert bench.devices.battery is not None
        await publish(port, "inverter/0/power", b"4200.5")
        await publish(port, STATUS, HOUSE)
        await publish(port, "battery", {"w": 1500, "soc": 55})

        assert (await bench.devices.solar[0].read()).power_w == 4200.5
        assert (await bench.meter.read()).power_w == 1500.0
        battery = await bench.devices.battery.read()

    assert battery.power_w == -1500.0
    assert battery.soc == pytest.approx(0.55)
    assert len(bench.devices.background) == 1


async def test_the_grid_operator_is_heard_on_the_same_connection(start: StartBroker) -> None:
    port = free_port()
    async with start(port):
        await publish(port, CONTACT, {"on": True}, retain=True)
        async with running(dimmable(port)) as bench, dimming(bench) as told:
            assert await asyncio.wait_for(told.get(), GUARD_S) is None
            assert await asyncio.wait_for(told.get(), GUARD_S) is True
            await publish(port, STATUS, HOUSE)
            await publish(port, CONTACT, {"on": False})

            assert await asyncio.wait_for(told.get(), GUARD_S) is False
            assert (await bench.meter.read()).power_w == 1500.0


async def test_a_broker_that_stays_away_leaves_the_grid_operator_unknown(start: StartBroker) -> None:
    port = free_port()
    async with running(dimmable(port)) as bench, dimming(bench) as told:
        async with start(port):
            await bench.connected()
            await publish(port, CONTACT, {"on": False})
            assert await asyncio.wait_for(told.get(), GUARD_S) is None
            assert await asyncio.wait_for(told.get(), GUARD_S) is False

        assert await asyncio.wait_for(told.get(), GUARD_S) is None


async def test_a_password_is_taken_from_its_file_and_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    port = free_port()
    (tmp_path / "secret").write_text("correct-horse\n")
    start = guarded_mosquitto(tmp_path, "correct-horse")
    with_password = shelly(port, username="house", password={"file": str(tmp_path / "secret")})
    async with start(port), running(with_password) as bench:
        await bench.connected()

    assert "correct-horse" not in caplog.text


async def test_a_wrong_password_is_link_down_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    start = guarded_mosquitto(tmp_path, "correct-horse")
    async with start(port), running(shelly(port)) as bench:
        await bench.lost()
        with pytest.raises(LinkDown):
            await bench.meter.read()

    assert [record.message for record in caplog.records if "Not authorized" in record.message] == [
        f"MQTT broker 127.0.0.1:{port} is not there ([code:135] Not authorized); trying again until it is"
    ]


def dimmable(port: int) -> SiteFile:
    file = shelly(port)
    operator = {"rule": "de14a", "devices": 2, "signal": {"topic": CONTACT, "path": "on"}}
    return SiteFile.model_validate({**file.model_dump(exclude_unset=True), "grid_operator": operator})


@asynccontextmanager
async def dimming(bench: Bench) -> AsyncIterator[asyncio.Queue[bool | None]]:
    """All that the grid operator's signal tells, in order."""
    told: asyncio.Queue[bool | None] = asyncio.Queue()
    assert bench.devices.operator_signal is not None
    following = asyncio.create_task(bench.devices.operator_signal.follow(told.put_nowait))
    try:
        yield told
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def sun_rule() -> Section:
    return {"topic": "inverter/0/power"}


def battery_rule() -> Section:
    return {"topic": "battery", "path": "w", "scale": -1}


def soc_rule() -> Section:
    return {"topic": "battery", "path": "soc", "scale": 0.01}


def guarded_mosquitto(folder: Path, password: str) -> StartBroker:
    start = mosquitto(folder, "allow_anonymous false", f"password_file {folder / 'passwords'}")
    password_file(folder, password)
    return start


def password_file(folder: Path, password: str) -> None:
    path = folder / "passwords"
    program = shutil.which("mosquitto_passwd")
    assert program is not None
    subprocess.run([program, "-b", "-c", str(path), "house", password], check=True)


async def die_with_will(port: int) -> None:
    """A device that vanishes: its broker then publishes its last will."""
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    topic, word = ONLINE.encode(), b"false"
    variable = b"\x00\x04MQTT\x04\x06\x00\x3c"
    texts = b"".join(len(each).to_bytes(2, "big") + each for each in (b"shelly", topic, word))
    writer.write(b"\x10" + bytes([len(variable + texts)]) + variable + texts)
    await writer.drain()
    writer.transport.abort()
