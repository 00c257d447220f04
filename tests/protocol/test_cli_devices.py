"""`ems devices probe` as a process of its own, against the simulated devices on real sockets."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ems.clock import ScaledClock, WallClock
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import ModbusAddress
from ems.devices.library import profile
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.profile_parts import Kind
from ems.sim.wire.house import SimulatedHouse
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.register_image import Values
from tests.protocol.modbus_bench import SILENCE, modbus_server, odd_server
from tests.protocol.mqtt_brokers import free_port
from tests.protocol.p1_bench import bridge
from tests.protocol.speedwire_bench import datagram, network
from tests.protocol.sunspec_bench import at, chain, common, model
from tests.telegrams import telegram

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
    return await ems_devices("probe", profile, "--host", LOOPBACK, "--port", str(port), *more)


async def show(profile: str, port: int, *more: str) -> Said:
    return await ems_devices("show", LOOPBACK, "--profile", profile, "--port", str(port), *more)


async def ems_devices(*arguments: str) -> Said:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ems",
        "devices",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
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
    assert ["model", "1", "+", "2", "Mn", "Fusewise"] in lines
    assert ["model", "103", "+", "38", "St", "producing"] in lines
    assert any(line[:4] == ["model", "103", "+", "14"] and line[-1] == "W" and float(line[5]) > 0 for line in lines)


async def test_a_device_whose_direction_nobody_tells_says_how_to_find_out() -> None:
    meter = model(203, {"W": -700, "W_SF": 0, "WphA": -700})
    async with modbus_server({1: at(40000, chain(common(), meter))}) as port:
        said = await show("sunspec", port)

    assert "? As meter: SunSpec does not say what a meter counts as positive; import is assumed" in said.out
    assert "As battery" not in said.out


async def test_a_smart_meter_is_heard_once_and_decoded() -> None:
    async with bridge(greeting=telegram()) as there:
        said = await show("dsmr_p1", there.port, "--json")

    facts = json.loads(said.out)
    assert (said.code, facts["ok"], facts["profile"], facts["port"]) == (0, True, "dsmr_p1", there.port)
    assert "unit" not in facts
    assert said.points["1-0:21.7.0 − 1-0:22.7.0", "power_l1"] == 2300
    assert said.points["1-0:1.8.0, or 1-0:1.8.1 + 1-0:1.8.2", "energy_import"] == 3234.75


async def test_an_energy_meter_is_heard_once_and_decoded() -> None:
    clock = WallClock()
    async with network(clock, []) as net:
        looking = asyncio.create_task(show("sma_energy_meter", net.port, "--json"))
        while not looking.done():
            net.say(datagram(tick_ms=round(1000 * clock.monotonic_s())))
            await clock.sleep(0.05)
        said = await looking

    facts = json.loads(said.out)
    assert (said.code, facts["ok"], facts["port"]) == (0, True, net.port)
    assert said.points["21.4.0 − 22.4.0", "power_l1"] == 2300


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


@asynccontextmanager
async def measuring(profile_id: str, values: Mapping[Kind, Values]) -> AsyncIterator[int]:
    """The port of a device of that profile."""
    chosen = profile(profile_id)
    assert isinstance(chosen, ModbusProfile | HybridProfile)
    unit = ProfileUnit(chosen.defaults.unit, chosen)
    unit.show(values)
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    try:
        yield port.port
    finally:
        await port.close()


async def test_registers_stand_beside_our_numbers() -> None:
    values: Mapping[Kind, Values] = {"meter": {"power": -1000.0}, "battery": {"power": 500.0, "soc": 0.5}}
    async with measuring("victron_gx", {"meter": {"power_l1": 300.0, "power_l2": -100.0}}) as port:
        said = await show("victron_gx", port, "--json")
    async with measuring("sungrow_sh", values) as port:
        table = await show("sungrow_sh", port)
        probed = await probe("sungrow_sh", port)

    facts = json.loads(said.out)
    assert (said.code, facts["ok"], facts["unit"], facts["doubts"]) == (0, True, 100, [])
    assert {
        "kind": "meter",
        "where": "input 821",
        "name": "power_l2",
        "value": -100.0,
        "unit": "W",
        "registers": ["0xFF9C"],
    } in facts["points"]
    assert ("derived", "power") in said.points
    lines = [line.split() for line in table.out.splitlines()]
    assert ["meter", "input", "5600", "0xFC18", "0xFFFF", "power", "-1000", "W"] in lines
    assert ["battery", "input", "13022", "0x01F4", "soc", "0.5", "0", "to", "1"] in lines
    # Each use tells a `power`, so a look says which is which.
    assert ["meter", "input", "5600", "power", "-1000", "W"] in [line.split() for line in probed.out.splitlines()]


async def test_what_does_not_fit_together_is_said_and_a_problem() -> None:
    async with measuring("eastron_sdm630", {"meter": {"power_l1": 2300.0, "power": -2300.0, "frequency": 5.0}}) as port:
        said = await show("eastron_sdm630", port)

    assert said.code == 1
    assert "! As meter: a frequency of 5 Hz is not one of a grid" in said.out
    assert "! As meter: the phases add up to 2300 W, and the total is -2300 W: a sign is wrong." in said.out
    assert "· Some units answer short reads only" in said.out


async def test_an_address_without_a_profile_is_wrong_use() -> None:
    said = await ems_devices("show", LOOPBACK, "--port", "502")

    assert said.code == 2


async def test_a_search_that_is_ended_by_ctrl_c_says_what_it_found_so_far() -> None:
    async with odd_server(lambda _: SILENCE) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ems", "devices", "probe", LOOPBACK, "--port", str(server.port)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        said = await asyncio.wait_for(process.stderr.readline(), GUARD_S)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), GUARD_S)

    assert said.decode() == f"Asking port {server.port} for Modbus …\n"
    assert process.returncode == 130
    assert "The search is not complete: it was ended by Ctrl-C." in out.decode()
    assert "Traceback" not in err.decode()
