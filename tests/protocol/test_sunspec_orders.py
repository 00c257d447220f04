"""Bounds of a simulated SunSpec battery, written and read back over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ems.devices.library import profile
from ems.devices.modbus.link import Line, ModbusLink, ReadRequest, WriteRequest
from ems.devices.profile import SunSpecProfile
from ems.devices.sunspec.models import STORAGE
from ems.errors import Refused
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.sunspec_image import SunSpecDevice, place_of
from tests.protocol.modbus_bench import LOOPBACK, HandClock

PROFILES = [each for each in (profile("fronius"), profile("sunspec")) if isinstance(each, SunSpecProfile)]


@asynccontextmanager
async def battery(found: SunSpecProfile) -> AsyncIterator[tuple[ProfileUnit, ModbusLink, HandClock]]:
    clock = HandClock()
    unit = ProfileUnit(1, found, clock=clock)
    unit.show({"battery": {"power": -1500.0, "soc": 0.5}})
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    link = ModbusLink(Line(host=LOOPBACK, port=port.port), clock)
    try:
        yield unit, link, clock
    finally:
        await link.close()
        await port.close()


def address_of(found: SunSpecProfile, point: str) -> int:
    device = SunSpecDevice(kinds=found.kinds, maker=found.sunspec_maker or "Simulated", modules=found.modules)
    place = place_of(device, STORAGE.ids[0], point)
    assert place is not None
    return place[1]


async def wrote(link: ModbusLink, address: int, *words: int) -> None:
    await link.write(WriteRequest(unit=1, address=address, registers=words, timeout_s=10))


async def held(link: ModbusLink, address: int) -> int:
    answer = await link.read(ReadRequest(unit=1, function="holding", address=address, count=1, timeout_s=10))
    return answer.registers[0]


@pytest.mark.parametrize("found", PROFILES, ids=lambda each: each.id)
async def test_a_bound_is_told_until_its_time_is_over(found: SunSpecProfile) -> None:
    mode, rate, revert = (address_of(found, name) for name in ("StorCtl_Mod", "OutWRte", "InOutWRte_RvrtTms"))
    async with battery(found) as (unit, link, clock):
        await wrote(link, revert, 60)
        await wrote(link, rate, 2000)
        await wrote(link, mode, 2)
        told = [await held(link, address) for address in (mode, rate, revert)]
        share = unit.orders.discharge_share
        clock.now_s += 61
        after = [await held(link, address) for address in (mode, rate, revert)]

    assert (told, share) == ([2, 2000, 60], 0.2)
    assert after == [0, 10_000, 60]


@pytest.mark.parametrize("found", PROFILES, ids=lambda each: each.id)
async def test_nothing_else_of_the_device_can_be_written(found: SunSpecProfile) -> None:
    async with battery(found) as (unit, link, _):
        for address in (40_002, address_of(found, "WChaMax"), address_of(found, "InOutWRte_SF")):
            with pytest.raises(Refused):
                await wrote(link, address, 1)

    assert unit.orders.discharge_share is None
