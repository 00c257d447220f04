"""The demo house with any meter, inverter and battery: planned from every profile, read over sockets of each kind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ems.clock import VirtualClock, WallClock
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.devices.catalog import connect_devices
from ems.devices.library import profiles
from ems.devices.profile import Profile
from ems.devices.profile_kinds import kinds_by_profile
from ems.devices.profile_parts import Kind
from ems.sim.wire.house import CannotSimulate, SimulatedHouse
from ems.sim.wire.house_choice import with_devices
from ems.sim.wire.house_plan import build
from ems.sim.wire.mqtt_devices import EmbeddedBroker

GUARD_S = 20.0
USES = [pytest.param(each, kind, id=f"{each.id}-{kind}") for each in profiles() for kind in each.kinds]


class StandingClock(WallClock):
    """Waits as ever, but the house under it never moves on."""

    def monotonic_s(self) -> float:
        return 1000.0


def demo_house() -> SiteFile:
    return load_site(example("demo"), profiles=kinds_by_profile())


@pytest.mark.parametrize(("chosen", "kind"), USES)
def test_the_house_can_be_planned_with_every_profile_in_every_use(chosen: Profile, kind: Kind, tmp_path: Path) -> None:
    file = with_devices(demo_house(), **{kind: chosen.id})
    written = tmp_path / "site.yaml"
    written.write_text(file.model_dump_json(exclude_defaults=True), encoding="utf-8")
    entry = {"meter": file.meters[0], "inverter": file.solar[0], "battery": file.battery}[kind]

    parts = build(file, VirtualClock(), EmbeddedBroker())
    connect_devices(load_site(written, profiles=kinds_by_profile()), VirtualClock())

    assert entry is not None
    assert entry.profile == chosen.id
    assert entry.id in {**parts.units, **parts.pages, **parts.heard, **parts.publishers}


@pytest.mark.parametrize(
    ("meter", "inverter", "battery"),
    [
        ("huawei_sun2000", "huawei_sun2000", "huawei_sun2000"),
        ("victron_vm3p75ct", "fronius_solar_api", "fronius_solar_api"),
        ("shelly_pro3em", "fronius", "sonnen_batterie"),
        ("eastron_sdm120", "solaredge", "kostal_plenticore"),
        ("dsmr_p1", "fronius", "sonnen_batterie"),
        ("sma_energy_meter", "solaredge", "sonnen_batterie"),
        ("rct_power", "rct_power", "rct_power"),
        ("sml_head", "fronius", "sonnen_batterie"),
        ("tibber_pulse", "fronius", "sonnen_batterie"),
    ],
)
async def test_the_service_reads_what_the_house_does(meter: str, inverter: str, battery: str) -> None:
    file = with_devices(demo_house(), meter=meter, inverter=inverter, battery=battery)
    async with SimulatedHouse(file, StandingClock()) as house:
        devices = connect_devices(house.relocated(), WallClock())
        jobs = [asyncio.create_task(job()) for job in devices.background]
        grid = await asyncio.wait_for(devices.meters["main"].read(), GUARD_S)
        sun = await asyncio.wait_for(devices.solar[0].read(), GUARD_S)
        assert devices.battery is not None
        stored = await asyncio.wait_for(devices.battery.read(), GUARD_S)
        seen = house.world
        report = house.report()
        for device in (devices.meters["main"], devices.solar[0], devices.battery):
            await device.close()
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, devices.close(), return_exceptions=True)

    assert grid.power_w == pytest.approx(seen.circuit("main").power_w.total, abs=6)
    assert sun.power_w == pytest.approx(seen.sun("roof").power_w, abs=6)
    assert stored.soc == pytest.approx(0.5, abs=0.02)
    assert report.meter_samples > 0


def test_a_profile_that_is_no_battery_is_refused_with_what_it_is() -> None:
    with pytest.raises(CannotSimulate, match="describes no battery, but a meter"):
        with_devices(demo_house(), battery="eastron_sdm630")


def test_a_battery_that_charges_from_the_sun_takes_it_from_the_grid() -> None:
    clock = VirtualClock()
    without = build(demo_house(), clock, EmbeddedBroker()).world
    beside = build(with_devices(demo_house(), battery="sonnen_batterie"), clock, EmbeddedBroker()).world
    for world in (without, beside):
        world.advance_to(1120.0)
    stored = beside.battery()

    assert stored is not None
    assert without.battery() is None
    assert -5000.0 <= stored.power_w < -1000.0
    assert beside.circuit("main").export_kwh < without.circuit("main").export_kwh
