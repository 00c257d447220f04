"""`ems run` as a process of its own: how it starts, tells, and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ems.clock import ScaledClock, WallClock
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.sim.wire.house import SimulatedHouse
from tests.protocol.command import GUARD_S, Command, ems
from tests.protocol.mqtt_brokers import free_port
from tests.protocol.odd_broker import CONNACK, CONNECT, LOOPBACK, odd_broker

SPEED = 4.0
LOOK_AGAIN_S = 0.05
ENDED = "ended by a signal; stations fall back when their leases end"

SITE = """\
connection: {{main_fuse_a: 25, largest_other_load_a: 13}}
meters:
  - {{id: grid, profile: eastron_sdm630, modbus: {{host: 127.0.0.1, port: {meter_port}}}}}
stations:
  - {{id: garage, fallback_a: 6, lease_verified: true}}
csms: {{host: 127.0.0.1}}
"""
MQTT_SITE = """\
connection: {{main_fuse_a: 25, largest_other_load_a: 13}}
mqtt: {{host: 127.0.0.1, port: {broker_port}}}
meters:
  - {{id: grid, profile: shelly_pro3em, mqtt: {{prefix: shelly}}}}
stations:
  - {{id: garage, fallback_a: 6, lease_verified: true}}
csms: {{host: 127.0.0.1}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A house whose meter is not there."""
    path = tmp_path / "site.yaml"
    path.write_text(SITE.format(meter_port=free_port()), encoding="utf-8")
    return path


@asynccontextmanager
async def told_house(folder: Path, *, stdout: int = asyncio.subprocess.PIPE) -> AsyncIterator[tuple[Command, Any]]:
    """`ems run --json` in a simulated house whose stations do not connect yet, and that house."""
    clock = ScaledClock(SPEED)
    async with SimulatedHouse(load_site(example("two_cars")), clock) as house:
        path = folder / "site.yaml"
        path.write_text(as_text(house.relocated()), encoding="utf-8")
        arguments = ["run", str(path), "--json", "--clock", clock.spec(), "--ocpp-port", "0"]
        async with ems(*arguments, stdout=stdout) as service:
            yield service, house


def change(site: Path, before: str, after: str) -> None:
    site.write_text(site.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def as_text(file: SiteFile) -> str:
    """The site file as JSON, which is YAML."""
    return file.model_dump_json(exclude_defaults=True)


async def test_port_for_stations_already_taken_is_one_clear_line_and_exit_code_1(site: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        async with ems("run", str(site), "--ocpp-port", str(port)) as service:
            code = await service.ends()

    errors = [line for line in service.logged if "ERROR" in line or "CRITICAL" in line]
    assert code == 1
    assert len(errors) == 1
    assert "cannot listen for stations" in errors[0]
    assert f"('127.0.0.1', {port})" in errors[0]
    assert "is another service running?" in errors[0]
    assert "Traceback" not in service.log


async def test_broken_site_file_is_told_with_place_problem_and_cure_and_exit_code_1(site: Path) -> None:
    change(site, "fallback_a: 6", "fallback_a: 4")

    async with ems("run", str(site)) as service:
        code = await service.ends()

    assert code == 1
    assert service.log == (
        "site.yaml line 5: stations[garage].fallback_a is 4, between 0 and min_a 6: "
        "give 0 for a pause, or at least 6: a car charges with nothing less"
    )


async def test_password_that_is_not_there_is_one_line_and_exit_code_1(site: Path) -> None:
    change(site, "{id: garage,", "{id: garage, password: {env: NOT_SET_ANYWHERE},")

    async with ems("run", str(site), "--ocpp-port", "0") as service:
        code = await service.ends()

    assert code == 1
    assert "environment variable NOT_SET_ANYWHERE is not set: set NOT_SET_ANYWHERE for the service" in service.log
    assert "Traceback" not in service.log


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_the_service_with_its_line_and_exit_code_0(site: Path, name: signal.Signals) -> None:
    async with ems("run", str(site), "--ocpp-port", "0") as service:
        await service.logs("charging stations connect to ws://127.0.0.1:")
        service.process.send_signal(name)
        code = await service.ends()

    assert code == 0
    assert service.logged[-1].endswith(ENDED)
    assert "Traceback" not in service.log


async def test_signal_ends_the_service_while_its_broker_hangs(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    asked = asyncio.Event()

    def heard(packet: int, transport: asyncio.Transport) -> None:
        if packet == CONNECT:
            transport.write(CONNACK)
        else:
            asked.set()

    async with odd_broker(heard) as port:
        path.write_text(MQTT_SITE.format(broker_port=port), encoding="utf-8")
        async with ems("run", str(path), "--ocpp-port", "0") as service:
            await asyncio.wait_for(asked.wait(), GUARD_S)
            service.process.terminate()
            code = await service.ends()

    assert code == 0
    assert service.logged[-1].endswith(ENDED)


async def test_json_tells_start_decisions_limits_and_usage(tmp_path: Path) -> None:
    async with told_house(tmp_path) as (service, house):
        started = await service.tells("started")
        house.connect_stations(started["ocpp_port"])
        sent = await service.tells("sent")
        decision = await service.tells("decision")
        usage = await service.tells("usage")
        service.process.terminate()
        last = await service.tells("usage")
        code = await service.ends()

    assert code == 0
    assert started.keys() == {"event", "ocpp_port"}
    assert sent.keys() == {
        *("event", "station", "limit_a", "phases", "message_id", "sent_at_s", "answered_at_s", "decided_on_s"),
    }
    assert sent["station"] in house.stations
    assert sent["message_id"] in {frame.message_id for frame in house.stations[sent["station"]].frames}
    assert decision.keys() == {
        *(
            "event",
            "at_s",
            "surplus_w",
            "solar_w",
            "battery",
            "dimmed",
            "circuits",
            "stations",
            "escalations",
            "notices",
        ),
    }
    assert decision["circuits"]["main"].keys() == {"fuse_a", "usable_a", "measured_a", "house_a", "meter_age_s"}
    assert decision["stations"].keys() == {"garage", "carport"}
    assert decision["stations"]["garage"].keys() == {
        *("connected", "protocol", "status", "limit_a", "phases", "measured_a", "reason", "because"),
    }
    assert usage.keys() == last.keys() == {"event", "rss_mb", "cpu_s"}
    assert last["cpu_s"] >= usage["cpu_s"] > 0


async def test_reader_that_goes_away_does_not_end_the_service(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    async with told_house(tmp_path, stdout=writing) as (service, house):
        os.close(writing)
        address = (await service.logs("charging stations connect to")).rsplit(":", 1)[1]
        os.close(reading)
        house.connect_stations(int(address.partition("/")[0]))
        async with asyncio.timeout(GUARD_S):
            while not all(station.report().profiles_accepted >= 2 for station in house.stations.values()):
                await WallClock().sleep(LOOK_AGAIN_S)
        service.process.terminate()
        code = await service.ends()

    assert code == 0
    assert any(ENDED in line for line in service.logged)
    assert "Traceback" not in service.log
