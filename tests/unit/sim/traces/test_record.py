"""Recording from a meter behind a real Modbus server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ems.cli.trace import trace_record
from ems.clock import ScaledClock
from ems.config.examples import example
from ems.config.loader import load_site
from ems.sim.traces.errors import TraceError
from ems.sim.traces.record import COLUMNS, record
from ems.sim.traces.trace import LOAD_PHASES, read_trace
from ems.sim.wire.house import SimulatedHouse
from tests.protocol.device_site import sdm, site
from tests.protocol.modbus_bench import modbus_server, sdm630
from tests.protocol.mqtt_brokers import free_port

SPEED = 20.0
HOUSE = {
    "voltage_l1": 230.0,
    "voltage_l2": 230.0,
    "voltage_l3": 230.0,
    "frequency": 50.0,
    "current_l1": 10.0,
    "current_l2": 4.0,
    "current_l3": 1.0,
    "power_l1": 2300.0,
    "power_l2": 920.0,
    "power_l3": 230.0,
    "power": 3450.0,
}


async def test_what_the_meter_says_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "house.csv.gz"
    async with modbus_server({1: sdm630(**HOUSE)}) as port:
        written = await record(site(meters=[sdm(port)]), ScaledClock(SPEED), path, 12, step_s=3)

    read = read_trace(path)

    assert (written, len(read.load_w), read.step_s) == (4, 4, 3)
    assert read.load_phases is not None
    np.testing.assert_allclose(read.load_w[-1], 3450, atol=0.1)
    np.testing.assert_allclose([phase[-1] for phase in read.load_phases], [2300, 920, 230], atol=0.1)


async def test_a_recording_that_is_cancelled_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "house.csv.gz"
    clock = ScaledClock(SPEED)
    async with modbus_server({1: sdm630(**HOUSE)}) as port:
        recording = asyncio.create_task(record(site(meters=[sdm(port)]), clock, path))
        await clock.sleep(6)
        recording.cancel()
        await asyncio.wait([recording])

    assert recording.cancelled()
    assert 2 <= len(read_trace(path).load_w) <= 6


async def test_a_silent_meter_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "house.csv"

    written = await record(site(meters=[sdm(free_port())]), ScaledClock(SPEED), path, 3)

    assert written == 3
    assert np.isnan(read_trace(path).load_w).all()


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be written"):
        await record(site(meters=[sdm(free_port())]), ScaledClock(SPEED), tmp_path / "nowhere" / "house.csv", 3)


async def test_the_sun_of_a_sunspec_inverter_counts_into_the_load(tmp_path: Path) -> None:
    path = tmp_path / "house.csv"
    clock = ScaledClock(5)
    async with SimulatedHouse(load_site(example("two_cars")), clock) as house:
        await record(house.relocated(), clock, path, 8, step_s=4)

    last = dict(zip(COLUMNS, map(float, path.read_text().splitlines()[-1].split(",")[1:-1]), strict=False))

    assert last["pv_w"] > 500
    assert last["load_w"] == pytest.approx(last["grid_w"] + last["pv_w"], abs=0.2)
    assert sum(last[name] for name in LOAD_PHASES) == pytest.approx(last["load_w"], abs=0.3)


async def test_a_site_without_a_main_meter_cannot_be_recorded(tmp_path: Path) -> None:
    behind = site(meters=[sdm(free_port(), circuit="barn")], circuits=[{"id": "barn", "fuse_a": 16}])

    with pytest.raises(TraceError, match="no meter at the main fuse"):
        await record(behind, ScaledClock(SPEED), tmp_path / "house.csv", 3)


def test_the_command_says_when_nobody_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "house.csv"

    code = trace_record(example("one_car"), path, seconds=3, step_s=1, clock=ScaledClock(SPEED))

    said = capsys.readouterr()
    assert code == 1
    assert "3 steps of 1 s" in said.out
    assert f"{path} has no load in any row: the main meter and every inverter and battery must answer" in said.err
    assert len(read_trace(path).load_w) == 3
