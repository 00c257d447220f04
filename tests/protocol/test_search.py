"""Finding out what is at a host, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from ems.clock import WallClock
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.search.candidate import Sure
from ems.devices.inspection.search.host import NOT_MODBUS, HostFound, Search, search_host, units_at
from ems.devices.inspection.search.pages import search_pages
from ems.devices.library import profile, profiles
from ems.devices.modbus.profile import ModbusProfile
from ems.errors import UnknownHost
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from tests.protocol.modbus_bench import LOOPBACK, SILENCE, odd_server, refusal, serving
from tests.protocol.mqtt_brokers import free_port
from tests.protocol.sunspec_bench import at, chain, common, model

NOBODY_BEHIND = 11
"""The exception of a gateway without such a device."""

HTTP = [each for each in profiles() if isinstance(each, HttpProfile) and not each.tls]


async def search(port: int, *, within_s: float = 10.0, unit: int | None = None) -> HostFound:
    looked = Search(host=LOOPBACK, ports=(port,), unit=unit, gap_s=0.0, answer_within_s=within_s)
    return await search_host(looked, WallClock())


@asynccontextmanager
async def gateway(**units: int) -> AsyncIterator[ModbusPort[ProfileUnit]]:
    """Devices of those profiles at those units."""
    found = []
    for name, unit in units.items():
        chosen = profile(name.rstrip("_"))
        assert isinstance(chosen, ModbusProfile)
        found.append(ProfileUnit(unit, chosen))
    port = ModbusPort(found, LOOPBACK)
    await port.open()
    try:
        yield port
    finally:
        await port.close()
        await WallClock().sleep(0.0)
        await WallClock().sleep(0.0)


async def test_meters_behind_one_gateway_are_found_with_their_units() -> None:
    async with gateway(lovato_dmg610=1, lovato_dmg610_=2, abb_b23=3) as port:
        found = await search(port.port)

    seen = [(each.profile_id, each.sure, each.where["unit"]) for each in found.candidates]
    assert seen == [
        ("abb_b23", Sure.CERTAIN, 3),
        ("lovato_dmg610", Sure.LIKELY, 1),
        ("lovato_dmg610", Sure.LIKELY, 2),
    ]
    assert found.looked == [f"port {port.port}: answers Modbus as unit 1, 2, 3"]


async def test_the_meters_of_an_inverter_are_asked_for_next() -> None:
    inverter = at(40000, chain(common("Fronius"), model(103, {"W": 900, "W_SF": 0, "St": 4})))
    meter = at(40000, chain(common("Fronius"), model(203, {"W": -700, "W_SF": 0})))

    def reply(request: bytes) -> Sequence[bytes] | None:
        words = {1: inverter, 240: meter}.get(request[6])
        return [refusal(request, NOBODY_BEHIND)] if words is None else serving(words)(request)

    async with odd_server(reply) as server:
        found = await search(server.port)
        asked = list(dict.fromkeys(request[6] for request in server.requests))

    seen = {(each.profile_id, each.where["unit"]): each.kinds for each in found.candidates if each.sure is Sure.CERTAIN}
    assert seen == {("fronius", 1): ("inverter",), ("fronius", 240): ("meter",)}
    assert asked[:5] == [1, 200, 240, 201, 202]
    assert sorted(asked) == sorted({*units_at(server.port), 201, 202})


@pytest.mark.parametrize("chosen", HTTP, ids=lambda each: each.id)
async def test_every_web_interface_is_found_and_taken_for_no_other(chosen: HttpProfile) -> None:
    port = HttpPort(chosen)
    port.show({kind: dict.fromkeys(use.points, 900.0) for kind, use in chosen.uses.items()})
    await port.open()
    try:
        found, said = await search_pages(LOOPBACK, port.port, WallClock(), gap_s=0.0, within_s=10.0)
    finally:
        await port.close()
        await WallClock().sleep(0.0)
        await WallClock().sleep(0.0)

    (only,) = found
    assert only.profile_id == chosen.id
    assert only.sure is (Sure.LIKELY if chosen.identity is None else Sure.CERTAIN)
    assert len(port.asked) == len(set(port.asked))
    assert said == "answers HTTP"


async def test_a_device_that_takes_connections_and_says_nothing_is_left_after_few() -> None:
    async with odd_server(lambda _: SILENCE) as server:
        found = await search(server.port, within_s=0.1, unit=1)
        async with WallClock().timeout(10.0):
            # A connection that was given up early may be accepted only now.
            while len(server.transports) < 2:
                await WallClock().sleep(0.01)

    assert found.candidates == []
    assert found.looked[0] == f"port {server.port}: {NOT_MODBUS}"
    assert len(server.transports) == 2


async def test_nothing_there_is_said_and_so_is_an_unknown_name() -> None:
    port = free_port()

    found = await search(port)

    assert found.candidates == []
    assert set(found.looked) == {f"port {port}: nothing accepts a connection"}
    with pytest.raises(UnknownHost):
        await search_host(Search(host="nobody.invalid", ports=(port,)), WallClock())
