"""Devices of every transport, played on real sockets and read by the site-file lines that they say of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from ems.clock import WallClock
from ems.config.schema import SiteFile
from ems.devices.catalog import Devices, connect_devices
from ems.devices.inspection.site_lines import site_lines
from ems.devices.library import profile, profiles
from ems.devices.profile import Profile
from ems.model.electrical import PerPhase
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.played import Place, Simulation

GUARD_S = 20.0
PHASES_W = {"power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0}


def site_of(lines: tuple[str, ...], *, phases: int = 3) -> SiteFile:
    """A site file with those lines; read with the patience of a busy machine."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(StringIO("\n".join(lines)))
    content |= {"connection": {"main_fuse_a": 35, "phases": phases}, "stations": [{"id": "garage"}]}
    for entry in (*content.get("meters", ()), *content.get("solar", ())):
        entry.get("modbus", {}).update(timeout_s=10)
        entry.get("http", {}).update(timeout_s=10)
    return SiteFile.model_validate(content)


@asynccontextmanager
async def played(chosen: Profile, **stated: dict[str, float]) -> AsyncIterator[Devices]:
    """The devices that read it."""
    simulation = Simulation(chosen, Place(), WallClock())
    simulation.state(stated)  # type: ignore[arg-type]  # kinds as names of arguments
    await simulation.played.open()
    devices = connect_devices(site_of(site_lines(chosen, simulation.played.where)), WallClock())
    jobs = [asyncio.create_task(job()) for job in devices.background]
    try:
        yield devices
    finally:
        for job in jobs:
            job.cancel()
        for device in [*devices.meters.values()]:
            await device.close()
        for inverter in devices.solar:
            await inverter.close()
        await asyncio.gather(*jobs, devices.close(), return_exceptions=True)
        await simulation.played.close()


@pytest.mark.parametrize(
    "profile_id",
    [
        "eastron_sdm630",
        "victron_vm3p75ct",
        "shelly_pro3em_http",
        "shelly_pro3em",
        "sunspec",
        "dsmr_p1",
        "rct_power",
        "sml_head",
        "tibber_pulse",
    ],
)
async def test_a_device_of_each_transport_is_read_by_its_own_lines(profile_id: str) -> None:
    async with played(profile(profile_id), meter=PHASES_W) as devices:
        reading = await asyncio.wait_for(devices.meters["main"].read(), GUARD_S)

    assert tuple(reading.current_a) == pytest.approx(tuple(PerPhase(10.0, -5.0, 3.0)), abs=0.01)
    assert reading.power_w == pytest.approx(1840.0)


async def test_an_inverter_that_describes_itself_gives_what_it_is_told() -> None:
    async with played(profile("fronius"), inverter={"power": 41_000.0, "energy": 7000.0}) as devices:
        reading = await asyncio.wait_for(devices.solar[0].read(), GUARD_S)

    assert reading.power_w == pytest.approx(41_000.0, abs=5)
    assert reading.energy_kwh == pytest.approx(7000.0)


@pytest.mark.parametrize("chosen", profiles(), ids=lambda each: each.id)
def test_every_profile_can_be_played_and_its_lines_are_a_site_file(chosen: Profile) -> None:
    simulation = Simulation(chosen, Place(), WallClock())
    for kind in chosen.kinds:
        simulation.state({kind: {"power": 1200.0} if "power" in simulation.tells[kind].told else {}})

    lines = site_lines(chosen, {**simulation.played.where, "port": 5020})

    assert {kind: set(values) for kind, values in simulation.values.items()} == {
        kind: set(each.told) for kind, each in simulation.tells.items()
    }
    file = site_of(lines if "meters:" in lines else ("meters: [{id: grid, pushed: true, period_s: 2}]", *lines))
    assert chosen.id in {entry.profile for entry in (*file.meters, *file.solar, file.battery) if entry}


async def test_a_meter_that_speaks_to_everybody_takes_a_free_port_too() -> None:
    """Or two that play at once on one machine would be heard as one."""
    meter = Simulation(profile("sma_energy_meter"), Place(), WallClock()).played

    await meter.open()
    try:
        assert meter.where["port"] not in {0, 9522}
    finally:
        await meter.close()


def test_a_newer_phase_ends_an_older_total_and_a_refused_value_changes_nothing() -> None:
    simulation = Simulation(profile("eastron_sdm630"), Place(), WallClock())
    simulation.state({"meter": {"power": 3000.0}})
    simulation.state({"meter": {"power_l2": 50.0}})
    before = simulation.values["meter"]
    with pytest.raises(CannotShow):
        simulation.state({"meter": {"soc": 0.5}})

    assert (before["power"], before["power_l1"], before["power_l2"]) == (50.0, 0.0, 50.0)
    assert simulation.values["meter"] == before
    simulation.state({"meter": {"power": 300.0}})
    assert simulation.values["meter"]["power_l2"] == 100.0
