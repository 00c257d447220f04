"""A whole simulated house from a site file, over real sockets."""

import asyncio
from typing import Any

import aiomqtt
import pytest
from pymodbus.client import AsyncModbusTcpClient
from websockets.asyncio.server import serve

from ems.clock import ScaledClock, WallClock
from ems.config.examples import example, examples
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.devices.catalog import connect_devices
from ems.sim.wire.house import CannotSimulate, SimulatedHouse
from ems.sim.wire.house_plan import build
from ems.sim.wire.mqtt_devices import EmbeddedBroker
from tests.protocol.test_sim_station import Csms

GUARD_S = 20
CURRENT_L1, POWER = 6, 52
CLOCK = ScaledClock(40)
METER = {"id": "grid", "profile": "eastron_sdm630", "modbus": {"host": "10.0.0.5", "port": 502, "unit": 1}}
ROOF = {
    "id": "roof",
    "profile": "sunspec",
    "peak_w": 9000,
    "modbus": {"host": "10.0.0.5", "port": 502, "unit": 126},
}
SHELLY = {"id": "sub", "profile": "shelly_pro3em", "circuit": "shed", "mqtt": {"prefix": "shelly-shed"}}


def house_file(**sections: Any) -> SiteFile:
    usual: dict[str, Any] = {
        "connection": {"main_fuse_a": 25, "largest_other_load_a": 13},
        "meters": [METER],
        "solar": [ROOF],
        "stations": [{"id": "garage", "max_a": 16}],
    }
    return SiteFile.model_validate({**usual, **sections})


async def meter_number(file: SiteFile, register: int) -> float:
    address = file.meters[0].modbus
    assert address is not None
    client = AsyncModbusTcpClient(address.host, port=address.port, timeout=5)
    await client.connect()
    answer = await client.read_input_registers(register, count=2, device_id=address.unit)
    client.close()
    value = client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32)
    assert isinstance(value, float)
    return value


async def test_two_cars_that_nobody_limits_overload_the_fuse_and_the_house_keeps_the_books() -> None:
    fresh = [{"id": "garage", "max_a": 16}, {"id": "carport", "wired": ["L2"], "max_a": 32}]
    cars = [{"station": "garage"}, {"station": "carport", "phases": 1, "max_a": 32}]
    file = house_file(stations=fresh, simulation={"cars": cars})
    csms = Csms()
    async with SimulatedHouse(file, CLOCK) as house, serve(csms.serve_one, "127.0.0.1", 0) as server:
        csms.server = server
        house.connect_stations(csms.port)
        await csms.hears_current(25, 32)
        current_a = await meter_number(house.relocated(), CURRENT_L1)
        report = house.report()

    assert current_a > 0
    assert report.meter_samples == 1
    assert report.main_fuse_a == 25
    assert report.grid_max_a.l2 > 25
    assert report.seconds_over_rating > 0
    assert [station.station_id for station in report.stations] == ["garage", "carport"]
    assert all(station.connections == 1 for station in report.stations)


async def test_commissioned_stations_begin_at_their_fallback_current() -> None:
    file = load_site(example("two_cars"))
    csms = Csms()
    async with SimulatedHouse(file, CLOCK) as house, serve(csms.serve_one, "127.0.0.1", 0) as server:
        csms.server = server
        house.connect_stations(csms.port)
        await csms.hears_current(5, 6)

        assert [station.limit.limit_a for station in house.stations.values()] == [6, 6]
        assert house.report().seconds_over_rating == 0


@pytest.mark.parametrize("name", examples())
async def test_our_own_drivers_read_every_device_of_every_example(name: str) -> None:
    clock = WallClock()
    async with SimulatedHouse(load_site(example(name)), clock) as house, asyncio.timeout(GUARD_S):
        devices = connect_devices(house.relocated(), clock)
        background = [asyncio.create_task(run()) for run in devices.background]
        grid = {circuit: await meter.read() for circuit, meter in devices.meters.items()}
        sun = [await inverter.read() for inverter in devices.solar]
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await asyncio.gather(*(meter.close() for meter in devices.meters.values()))
        await asyncio.gather(*(inverter.close() for inverter in devices.solar))
        house_a = house.world.circuit("main").current_a

    assert list(grid["main"].current_a) == pytest.approx(list(house_a), abs=6)
    assert not sun or min(grid["main"].current_a) < 0
    assert all(reading.power_w > 0 for reading in sun)


async def test_relocated_file_points_at_the_loopback_and_keeps_the_rest() -> None:
    file = house_file(
        circuits=[{"id": "shed", "fuse_a": 16}],
        meters=[METER, SHELLY],
        mqtt={"host": "broker.lan", "username": "me", "password": {"env": "NOT_SET"}},
    )
    async with SimulatedHouse(file, CLOCK) as house:
        moved = house.relocated(file)
        port = house.ports["10.0.0.5", 502].port

    assert [entry.modbus and (entry.modbus.host, entry.modbus.port) for entry in (*moved.meters, *moved.solar)] == [
        ("127.0.0.1", port),
        None,
        ("127.0.0.1", port),
    ]
    assert moved.mqtt is not None
    assert (moved.mqtt.host, moved.mqtt.port, moved.mqtt.password) == ("127.0.0.1", house.broker.port, None)
    assert moved.csms.host == "127.0.0.1"
    assert moved.stations == file.stations


async def test_mqtt_meter_of_a_sub_circuit_is_heard_on_the_embedded_broker() -> None:
    file = house_file(circuits=[{"id": "shed", "fuse_a": 16}], meters=[METER, SHELLY])
    async with (
        SimulatedHouse(file, CLOCK) as house,
        aiomqtt.Client("127.0.0.1", house.broker.port) as client,
        asyncio.timeout(GUARD_S),
    ):
        await client.subscribe("shelly-shed/status/em:0")
        message = await anext(client.messages)

    assert b"a_act_power" in message.payload


@pytest.mark.parametrize("calls", [False, True])
@pytest.mark.parametrize("path", ["", "box.dimming"])
async def test_grid_operators_contact_is_heard_by_our_own_follower(calls: bool, path: str) -> None:
    signal = {"topic": "cabinet/dimming", "path": path}
    file = house_file(
        grid_operator={"rule": "de14a", "devices": 1, "signal": signal}, mqtt={"host": "broker.lan", "port": 1}
    )
    heard = asyncio.Queue[bool | None]()
    async with SimulatedHouse(file, CLOCK) as house, asyncio.timeout(GUARD_S):
        house.grid_operator_calls = calls
        devices = connect_devices(house.relocated(), CLOCK)
        assert devices.operator_signal is not None
        following = [asyncio.create_task(run()) for run in devices.background]
        following.append(asyncio.create_task(devices.operator_signal.follow(heard.put_nowait)))
        assert await heard.get() is None
        assert await heard.get() is calls
        house.grid_operator_calls = not calls
        assert await heard.get() is not calls
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await devices.close()


async def test_grid_operators_contact_is_retained() -> None:
    file = load_site(example("german_14a"))
    async with SimulatedHouse(file, CLOCK) as house, asyncio.timeout(GUARD_S):
        first = await operators_word(house.broker.port, kept=False)
        later = await operators_word(house.broker.port, kept=True)

    assert (first, later) == (b"false", b"false")


async def operators_word(port: int, *, kept: bool) -> object:
    """The first message on the contact's topic, or the first that the broker kept."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("cabinet/dimming")
        async for message in client.messages:
            if message.retain or not kept:
                return message.payload
    raise AssertionError("the broker went away")


async def test_house_leaves_no_task_and_no_socket_behind() -> None:
    before = asyncio.all_tasks()
    async with SimulatedHouse(house_file(circuits=[{"id": "shed", "fuse_a": 16}], meters=[METER, SHELLY]), CLOCK) as h:
        h.connect_stations(9)
        port = h.ports["10.0.0.5", 502].port

    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_error_of_the_user_leaves_the_house_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with SimulatedHouse(house_file(), CLOCK):
            raise ZeroDivisionError


async def test_taken_port_is_replaced_by_a_free_one() -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    number = taken.sockets[0].getsockname()[1]
    meter = {**METER, "modbus": {"host": "127.0.0.1", "port": number}}
    async with SimulatedHouse(house_file(meters=[meter], solar=[]), CLOCK, keep_ports=True) as house:
        assert house.ports["127.0.0.1", number].port != number
    taken.close()
    await taken.wait_closed()


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"meters": [{"id": "grid", "pushed": True, "period_s": 2}]}, id="pushed meter"),
        pytest.param({"solar": [{**ROOF, "profile": "eastron_sdm630"}]}, id="meter as an inverter"),
        pytest.param({"solar": [{**ROOF, "modbus": METER["modbus"]}]}, id="same unit twice"),
        pytest.param({"simulation": {"stations": [{"station": "garage", "difficult": ["coffee"]}]}}, id="difficulty"),
        pytest.param({"battery": {"id": "cellar", "profile": "sdm", "modbus": {"host": "10.0.0.6"}}}, id="battery"),
    ],
)
def test_what_cannot_be_simulated_is_said_before_anything_listens(sections: dict[str, Any]) -> None:
    with pytest.raises(CannotSimulate):
        SimulatedHouse(house_file(**sections), CLOCK)


def test_stations_are_played_as_the_simulation_section_says() -> None:
    names = ["as_named", "as_pinned", "as_the_vendor", "plain"]
    stations = [{"id": name, "max_a": 16, **({"ocpp": "2.1"} if name == "as_pinned" else {})} for name in names]
    played = [
        {"station": "as_named", "protocol": "2.0.1", "difficult": ["go_e", "watts_only"]},
        {"station": "as_the_vendor", "difficult": ["evbox_livo"]},
    ]
    house = SimulatedHouse(house_file(stations=stations, simulation={"stations": played}), CLOCK)
    built = {name: station.build for name, station in house.stations.items()}

    assert [build.version for build in built.values()] == ["2.0.1", "2.1", "2.0.1", "1.6"]
    assert built["as_named"].difficulty.forgets_offline
    assert built["as_named"].firmware.units == {"W"}
    assert built["as_the_vendor"].difficulty.no_subprotocol
    assert not built["plain"].difficulty.forgets_offline


def test_without_named_cars_every_station_has_its_own() -> None:
    file = house_file(
        stations=[
            {"id": "garage", "max_a": 20, "vehicle": "city"},
            {"id": "carport", "wired": ["L2"], "max_a": 32},
        ],
        vehicles=[{"id": "city", "phases": 1, "max_a": 10}],
    )
    world = build(file, CLOCK, EmbeddedBroker()).world

    assert all(world.car(station).plugged for station in ("garage", "carport"))


def test_named_cars_come_when_they_are_said_to_and_other_places_stay_empty() -> None:
    file = house_file(
        stations=[{"id": "garage"}, {"id": "carport"}],
        simulation={"cars": [{"station": "garage", "arrives_after_s": 1000}]},
    )
    world = build(file, CLOCK, EmbeddedBroker()).world
    first = (world.car("garage").plugged, world.car("carport").plugged)
    world.advance_to(world.now_s + 1001)

    assert first == (False, False)
    assert (world.car("garage").plugged, world.car("carport").plugged) == (True, False)


@pytest.mark.parametrize(("inverted", "sign"), [(False, -1), (True, 1)])
async def test_meter_that_the_file_inverts_is_wired_backwards(inverted: bool, sign: int) -> None:
    file = house_file(meters=[{**METER, "invert": inverted}], stations=[{"id": "far"}], simulation={"sky": "clear"})
    async with SimulatedHouse(file, CLOCK) as house:
        export_w = await meter_number(house.relocated(), POWER)

    assert sign * export_w > 0


def test_uncommissioned_house_still_has_a_real_fuse() -> None:
    world = build(house_file(connection={}), CLOCK, EmbeddedBroker()).world

    assert world.figures()[0].rating_a == 25
