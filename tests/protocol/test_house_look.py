"""All devices of a site file in one look, over real sockets: what only several of them show together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from ems.clock import ScaledClock, WallClock
from ems.devices.inspection.balance import LEAST_LOOKS, house_doubts
from ems.devices.inspection.house_look import HouseSeen, look_at_house
from ems.devices.library import profile
from ems.devices.profile_parts import Kind
from ems.sim.wire.played import Place, Simulation
from tests.protocol.device_site import site
from tests.protocol.test_recording import there

SPEED = 20.0


async def seen_in(values: Mapping[Kind, Mapping[str, float]], *, invert: bool) -> HouseSeen:
    """A house with a meter and an inverter, each with a power of its own."""
    async with AsyncExitStack() as stack:
        at = {}
        for profile_id, kind in (("eastron_sdm630", "meter"), ("kostal_plenticore", "inverter")):
            real = Simulation(profile(profile_id), Place(), WallClock())
            real.state({each: told for each, told in values.items() if each == kind})
            where = await stack.enter_async_context(there(real.played))
            at[kind] = {"profile": profile_id, "modbus": {**where, "timeout_s": 10}}
        file = site(
            meters=[{"id": "grid", "invert": invert, "period_s": 10, **at["meter"]}],
            solar=[{"id": "roof", "period_s": 10, **at["inverter"]}],
        )
        return await look_at_house(file, 5000.0, ScaledClock(SPEED), most=LEAST_LOOKS)


@pytest.mark.parametrize("invert", [False, True])
async def test_a_turned_meter_is_found_beside_a_quiet_inverter(invert: bool) -> None:
    seen = await seen_in({"meter": {"power": 1500.0}, "inverter": {"power": 100.0}}, invert=invert)

    said = house_doubts(seen.looks, sources_known=True)
    assert [each.name for each in seen.devices] == ["grid at main", "roof"]
    assert all(each.good and not each.doubts for each in seen.devices)
    assert len(said) == invert
    assert all("the house would give 1400 W by itself" in each for each in said)
