"""Finding out what is at a host, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from ems.clock import WallClock
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.search.bridge import listen_to_head, search_cable
from ems.devices.inspection.search.broker import search_broker
from ems.devices.inspection.search.candidate import Sure
from ems.devices.inspection.search.found import OCCUPIED, HostFound
from ems.devices.inspection.search.host import NOT_MODBUS, Search, Spoke, search_host, search_units, units_at
from ems.devices.inspection.search.network import search_network
from ems.devices.inspection.search.objects import ask_for_object
from ems.devices.inspection.search.pages import search_pages, shows_itself
from ems.devices.library import profile, profiles
from ems.devices.modbus.link import Line
from ems.devices.modbus.profile import ModbusProfile
from ems.devices.mqtt.link import Broker
from ems.devices.obis_profile import SmlProfile
from ems.devices.rct.profile import RctProfile
from ems.errors import UnknownHost
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.object_devices import PlayedObjects
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.sml_telegrams import sml_of
from tests.protocol.modbus_bench import LOOPBACK, SILENCE, odd_server, refusal, serving
from tests.protocol.mqtt_brokers import GUARD_S, free_port, mosquitto
from tests.protocol.p1_bench import cable
from tests.protocol.speedwire_bench import SERIAL, datagram, network
from tests.protocol.sunspec_bench import at, chain, common, model
from tests.protocol.test_modbus_lines import rtu
from tests.protocol.test_recording import settled
from tests.telegrams import telegram

NOBODY_BEHIND = 11
"""The exception of a gateway without such a device."""

PORTAL = "c0619ab12345"

HTTP = [
    each
    for each in profiles()
    if isinstance(each, HttpProfile) and not each.tls and (each.identity is not None or shows_itself(each))
]


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
            while len(server.transports) < 3:
                await WallClock().sleep(0.01)

    assert found.candidates == []
    assert found.looked[0] == f"port {server.port}: {NOT_MODBUS}"
    assert list(found.hints) == [OCCUPIED]
    assert len(server.transports) == 3


async def test_nothing_there_is_said_and_so_is_an_unknown_name() -> None:
    port = free_port()

    found = await search(port)

    assert found.candidates == []
    assert set(found.looked) == {f"port {port}: nothing accepts a connection"}
    assert not found.hints
    with pytest.raises(UnknownHost):
        await search_host(Search(host="nobody.invalid", ports=(port,)), WallClock())


async def test_a_meter_is_found_by_udp() -> None:
    chosen = profile("lovato_dmg610")
    assert isinstance(chosen, ModbusProfile)
    port, found = ModbusPort([ProfileUnit(1, chosen)], LOOPBACK, over="udp"), HostFound()
    await port.open()
    try:
        looked = Search(host=LOOPBACK, unit=1, gap_s=0.0, answer_within_s=10.0)
        spoke = await search_units(looked, Line(over="udp", host=LOOPBACK, port=port.port), WallClock(), found)
    finally:
        await port.close()
        await settled()

    assert spoke is Spoke.YES
    (only,) = found.candidates
    assert (only.profile_id, only.sure) == ("lovato_dmg610", Sure.LIKELY)
    assert only.where == {"host": LOOPBACK, "port": port.port, "over": "udp", "unit": 1}


async def test_a_gateway_that_passes_frames_of_a_serial_line_through_is_found() -> None:
    def refused(request: bytes) -> Sequence[bytes]:
        """As a meter without those registers; a question in the frames of TCP is nothing to it."""
        return [rtu(bytes([1, request[1] | 0x80, 2]))] if request == rtu(request[:-2]) else [b"\0" * 9]

    async with odd_server(refused) as server:
        found = await search(server.port, unit=1)

    assert found.looked[0] == f"port {server.port}: {NOT_MODBUS}"
    assert found.looked[1:] == [
        f"port {server.port} in RTU frames, unit 1: answers, and nothing that we know fits",
        f"port {server.port} in RTU frames: answers Modbus as unit 1",
    ]


async def test_a_smart_meter_on_a_cable_is_found_by_its_telegram() -> None:
    found = HostFound()
    async with cable() as there:
        looking = asyncio.create_task(search_cable(there.path, WallClock(), found))
        while not looking.done():
            there.say(telegram())
            await WallClock().sleep(0.05)
        assert await looking

    (only,) = found.candidates
    assert (only.profile_id, only.sure, only.where) == (
        "dsmr_p1",
        Sure.CERTAIN,
        {"serial": there.path, "baud": 115_200},
    )
    assert only.evidence == ("speaks telegrams of a smart meter: FWS5\\TEST-METER",)


async def test_a_reading_head_on_a_cable_is_found_by_its_telegram() -> None:
    head, found = profile("sml_head"), HostFound()
    assert isinstance(head, SmlProfile)
    async with cable() as there:
        looking = asyncio.create_task(listen_to_head(head, there.path, WallClock(), found))
        while not looking.done():
            there.say(sml_of(head, {"power": 1.0}, 5))
            await WallClock().sleep(0.05)
        assert await looking

    (only,) = found.candidates
    assert (only.profile_id, only.where) == ("sml_head", {"serial": there.path, "baud": 9600})
    assert found.looked == [f"{there.path} at 9600 baud: a meter speaks SML"]


async def test_an_inverter_with_numbered_objects_is_found_by_its_answer() -> None:
    chosen, found = profile("rct_power"), HostFound()
    assert isinstance(chosen, RctProfile)
    there = PlayedObjects(chosen, LOOPBACK, 0)
    await there.open()
    here = chosen.model_copy(update={"port": there.where["port"]})
    await ask_for_object(here, LOOPBACK, WallClock(), found)
    await there.close()
    await settled()
    await ask_for_object(chosen.model_copy(update={"port": free_port()}), LOOPBACK, WallClock(), found)

    (only,) = found.candidates
    assert (only.profile_id, only.sure, only.where) == ("rct_power", Sure.CERTAIN, dict(there.where))
    assert found.looked[1].endswith("nothing accepts a connection")


async def test_a_line_that_is_not_there_is_said_at_once() -> None:
    found = HostFound()

    line = Line(over="serial", host="/dev/no-such-line")
    assert await search_units(Search(host=line.host), line, WallClock(), found) is Spoke.NOBODY
    assert found.looked == ["/dev/no-such-line at 9600 baud, parity none: nothing accepts a connection"]


async def test_what_is_published_at_a_broker_is_found_with_its_prefix_and_a_gx_device_is_asked(tmp_path: Path) -> None:
    port, found = free_port(), HostFound()
    async with mosquitto(tmp_path)(port), aiomqtt.Client(LOOPBACK, port) as house:
        await house.subscribe("R/#")
        broker = Broker(host=LOOPBACK, port=port)
        looking = asyncio.create_task(search_broker(broker, WallClock(), found, for_s=600.0, most=12))
        while not looking.done():
            await house.publish(f"N/{PORTAL}/system/0/Serial", f'{{"value": "{PORTAL}"}}')
            for phase in (1, 2, 3):
                await house.publish(f"N/{PORTAL}/system/0/Ac/Grid/L{phase}/Power", '{"value": 460}')
            await WallClock().sleep(0.01)
        await looking
        asked = await asyncio.wait_for(anext(aiter(house.messages)), GUARD_S)

    (only,) = found.candidates
    assert (only.profile_id, only.sure, only.where["prefix"]) == ("victron_mqtt", Sure.CERTAIN, PORTAL)
    assert asked.topic.value == f"R/{PORTAL}/keepalive"


async def test_every_energy_meter_that_speaks_is_found_by_its_serial_number() -> None:
    found, clock = HostFound(), WallClock()
    async with network(clock, []) as net:
        looking = asyncio.create_task(search_network(LOOPBACK, net.port, clock, found, for_s=1.0))
        while not looking.done():
            net.say(datagram(), datagram(serial=7), b"nonsense")
            await clock.sleep(0.02)

    assert [(each.profile_id, each.sure, each.where["serial_number"]) for each in found.candidates] == [
        ("sma_energy_meter", Sure.CERTAIN, 7),
        ("sma_energy_meter", Sure.CERTAIN, SERIAL),
    ]
    assert "1150 W now" in found.candidates[0].evidence[0]
