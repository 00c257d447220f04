"""`ems devices probe` as a process of its own, against the simulated devices on real sockets."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ems.clock import ScaledClock
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import ModbusAddress
from ems.sim.wire.house import SimulatedHouse
from tests.protocol.modbus_bench import modbus_server
from tests.protocol.mqtt_brokers import free_port

GUARD_S = 60.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Said:
    """What the command printed."""

    code: int
    out: str
    err: str

    @property
    def points(self) -> Mapping[tuple[str, str], Any]:
        """Values by where they were and their name."""
        return {(point["where"], point["name"]): point["value"] for point in json.loads(self.out)["points"]}


async def probe(profile: str, port: int, *more: str) -> Said:
    arguments = ["-m", "ems", "devices", "probe", profile, "--host", LOOPBACK, "--port", str(port), *more]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), GUARD_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def simulated() -> AsyncIterator[tuple[SimulatedHouse, ModbusAddress, ModbusAddress]]:
    """A house with its meter's and its inverter's address."""
    async with SimulatedHouse(load_site(example("two_cars")), ScaledClock(1)) as house:
        file = house.relocated()
        meter, inverter = file.meters[0].modbus, file.solar[0].modbus
        assert meter is not None
        assert inverter is not None
        yield house, meter, inverter


async def test_a_meter_is_read_and_decoded() -> None:
    async with simulated() as (house, meter, _):
        said = await probe("eastron_sdm630", meter.port, "--unit", str(meter.unit), "--json")
        house_a = house.world.circuit("main").current_a

    facts = json.loads(said.out)
    assert (said.code, facts["ok"], facts["profile"], facts["unit"]) == (0, True, "eastron_sdm630", 1)
    assert said.points["input 6", "current_l1"] == pytest.approx(abs(house_a.l1), abs=6)
    assert 200 < said.points["input 0", "voltage_l1"] < 260
    assert said.points["input 70", "frequency"] == pytest.approx(50, abs=1)
    assert {"where": "input 52", "name": "power", "value": said.points["input 52", "power"], "unit": "W"} in facts[
        "points"
    ]
    assert len(said.points) == 13


async def test_an_inverter_tells_its_models_in_a_table() -> None:
    async with simulated() as (_, _, inverter):
        said = await probe("sunspec", inverter.port, "--unit", str(inverter.unit))

    lines = [line.split() for line in said.out.splitlines()]
    assert said.code == 0
    assert ["model", "1", "Mn", "Fusewise"] in lines
    assert ["model", "103", "St", "producing"] in lines
    assert any(line[:3] == ["model", "103", "W"] and line[-1] == "W" and float(line[3]) > 0 for line in lines)


async def test_nobody_there_is_a_problem_with_a_cure() -> None:
    said = await probe("sunspec", free_port())

    assert said.code == 1
    assert said.out == ""
    assert "does not accept a Modbus connection: check host and port" in said.err
    assert said.err.count("\n") == 1


async def test_a_wrong_unit_is_a_problem_that_json_tells_too() -> None:
    async with simulated() as (house, meter, _):
        for unit in house.units.values():
            unit.faults.silent = True
        said = await probe("eastron_sdm630", meter.port, "--json")

    facts = json.loads(said.out)
    assert (said.code, facts["ok"], facts["code"], facts["points"]) == (1, False, "no_answer", [])
    assert "try another --unit" in facts["problem"]


async def test_a_device_that_refuses_every_point_is_a_problem() -> None:
    async with modbus_server({1: {5000: 1}}) as port:
        said = await probe("eastron_sdm630", port)

    assert said.code == 1
    assert "answers, but has none of these points: is it another model?" in said.err
