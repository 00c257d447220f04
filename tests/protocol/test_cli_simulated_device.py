"""`ems devices simulate` as a process of its own, read by `ems devices probe`'s own code."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from ems.cli import app
from ems.clock import WallClock
from ems.config.schema import ModbusAddress
from ems.devices.inspection.probe import probe
from ems.devices.library import profile
from ems.devices.modbus.profile import ModbusProfile
from ems.sim.wire.played import Place, Simulation

GUARD_S = 60.0


@asynccontextmanager
async def simulated(*arguments: str) -> AsyncIterator[Any]:
    """What the command says of its device; ended by SIGTERM, which is no failure."""
    command = ["-m", "ems", "devices", "simulate", *arguments, "--port", "0", "--json"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    try:
        said = json.loads(await asyncio.wait_for(process.stdout.readline(), GUARD_S))
        yield said | {"process": process}
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), GUARD_S)
    assert code == 0


async def test_a_simulated_meter_measures_what_it_is_told_and_what_its_input_says_later() -> None:
    chosen = profile("eastron_sdm630")
    assert isinstance(chosen, ModbusProfile)
    async with simulated("eastron_sdm630", "--set", "power_l1=2300", "--set", "power_l2=-460", "--unit", "7") as said:
        address = ModbusAddress(host=said["host"], port=said["port"], unit=7, timeout_s=10)
        found = {each.name: each.value for each in await probe(chosen, address, WallClock())}
        process = said["process"]
        process.stdin.write(b"power_l1=100\npower_l4=7\n\npower_l3=unknown\n")
        lines = [json.loads(await asyncio.wait_for(process.stdout.readline(), GUARD_S)) for _ in range(2)]

    changed = [line["values"]["meter"] for line in lines]
    assert (changed[0]["power"], changed[0]["power_l1"], changed[0]["power_l2"]) == (-360.0, 100.0, -460.0)
    assert (changed[0]["power_l3"], changed[1]["power_l3"]) == (0.0, None)
    assert (said["profile"], said["unit"]) == ("eastron_sdm630", 7)
    assert said["values"]["meter"]["power"] == found["power"] == 1840.0
    assert (found["power_l1"], found["current_l1"]) == (2300.0, 10.0)
    assert (found["power_l2"], found["current_l2"]) == (-460.0, 2.0)
    assert (found["voltage_l3"], found["frequency"]) == (230.0, 50.0)


async def test_a_meter_that_speaks_to_everybody_says_in_words_where() -> None:
    command = ["-m", "ems", "devices", "simulate", "sma_energy_meter"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), GUARD_S)
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), GUARD_S)

    assert code == 0
    assert said.startswith(b"sma_energy_meter speaks to everybody on the network of 127.0.0.1, at UDP port 9522;")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shelly_pro3em", "--set", "soc=1"], "shelly_pro3em does not tell soc; it tells meter.power"),
        (["sdm630"], "did you mean eastron_sdm630?"),
        (["eastron_sdm630", "--set", "power_l1"], "write NAME=VALUE"),
        (["eastron_sdm630", "--set", "power_l4=1"], "does not tell power_l4; it tells meter.voltage_l1"),
        (["eastron_sdm630", "--set", "power_l1=much"], "write a number, or unknown"),
    ],
)
def test_what_cannot_be_simulated_is_wrong_use(arguments: list[str], words: str) -> None:
    ended = CliRunner().invoke(app, ["devices", "simulate", *arguments])

    assert ended.exit_code == 2
    assert words in ended.stderr


@pytest.mark.parametrize(
    "profile_id",
    [
        "eastron_sdm630",
        "fronius",
        "rct_power",
        "sml_head",
        "dsmr_p1",
        "tibber_pulse",
        "shelly_pro3em",
        "sonnen_batterie",
    ],
)
async def test_a_taken_port_is_told_in_words(profile_id: str) -> None:
    other = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    simulation = Simulation(profile(profile_id), Place(host="127.0.0.1", port=port), WallClock())
    try:
        with pytest.raises(OSError, match=f"^port {port} on 127.0.0.1 is taken"):
            await simulation.played.open()
    finally:
        other.close()
        await other.wait_closed()
