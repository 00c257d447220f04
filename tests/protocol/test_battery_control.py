"""Bounds of a battery on a real socket: only its own registers are written, as its owner chose the words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ems.config.schema import BatteryEntry
from ems.devices.battery.entry import valve_of
from ems.devices.battery.profile import BatteryControl, SetpointControl
from ems.devices.battery.valve import Valve
from ems.devices.library import profile, profiles
from ems.devices.modbus.link import Answer, Line, ModbusLink, ReadRequest, UnknownFunction, WriteRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_types import RegisterType, WordOrder, encode
from ems.devices.profile import SunSpecProfile
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from tests.protocol.modbus_bench import CLOSE, LOOPBACK, SILENCE, HandClock, Reply, answer, odd_server, refusal

KOSTAL = profile("kostal_plenticore")
CONTROLLED = [
    each for each in profiles() if isinstance(each, ModbusProfile | HybridProfile) and each.control is not None
]
LITTLE = 0
"""What register 5 of that inverter holds for it."""


def valve(
    port: int, found: ModbusProfile | HybridProfile | SunSpecProfile, *, timeout_s: float = 20.0
) -> tuple[Valve, ModbusLink]:
    link = ModbusLink(Line(host=LOOPBACK, port=port), HandClock())
    address = {"host": LOOPBACK, "port": port, "unit": 1, "timeout_s": timeout_s}
    entry = BatteryEntry.model_validate({"id": "cellar", "profile": found.id, "modbus": address})
    return valve_of(entry, found, lambda *_: link), link


@asynccontextmanager
async def simulated(found: ModbusProfile | HybridProfile) -> AsyncIterator[tuple[Valve, ProfileUnit]]:
    unit = ProfileUnit(1, found)
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    made, link = valve(port.port, found)
    try:
        yield made, unit
    finally:
        await link.close()
        await port.close()


async def test_a_bound_that_no_register_can_hold_is_the_batterys_trouble_and_nobody_elses() -> None:
    """Anything but a typed error would end the whole service."""
    assert isinstance(KOSTAL, HybridProfile | ModbusProfile)
    assert isinstance(KOSTAL.control, BatteryControl)
    assert KOSTAL.control.charge_limit is not None
    small = KOSTAL.control.charge_limit.model_copy(update={"type": RegisterType.UINT16})
    found = KOSTAL.model_copy(update={"control": KOSTAL.control.model_copy(update={"charge_limit": small})})
    async with simulated(found) as (made, _):
        with pytest.raises(Nonsense, match="no room for 70000 in"):
            await made.bound(charge_at_most_w=70_000.0, discharge_at_most_w=None)


@pytest.mark.parametrize("found", CONTROLLED, ids=lambda each: each.id)
async def test_every_controlled_profile_takes_its_bounds(found: ModbusProfile | HybridProfile) -> None:
    async with simulated(found) as (made, unit):
        await made.clear()
        await made.bound(charge_at_most_w=2500.0, discharge_at_most_w=0.0)

    control = found.control
    if isinstance(control, SetpointControl):
        assert unit.taken == {
            "setpoint": encode(0.0, control.setpoint.type, found.word_order),
            "enable": encode(control.on, control.enable.type, found.word_order),
        }
        return
    assert control is not None
    for name, point, watts in (("charge", control.charge_limit, 2500.0), ("discharge", control.discharge_limit, 0.0)):
        if point is not None:
            order = point.word_order or found.word_order
            assert unit.taken[name] == encode(watts / point.scale, point.type, order)


async def test_the_words_stand_as_its_owner_chose() -> None:
    assert isinstance(KOSTAL, HybridProfile)
    async with simulated(KOSTAL) as (made, unit):
        unit.show({}, WordOrder.BIG)
        await made.bound(charge_at_most_w=None, discharge_at_most_w=1500.0)

    assert unit.taken == {"discharge": encode(1500.0, RegisterType.FLOAT32, WordOrder.BIG)}


async def test_letting_go_writes_nothing_where_the_battery_forgets_by_itself() -> None:
    assert isinstance(KOSTAL, HybridProfile)
    async with simulated(KOSTAL) as (made, unit):
        await made.bound(charge_at_most_w=None, discharge_at_most_w=None)

    assert unit.taken == {}


def told(reply: Reply) -> Reply:
    """Little words first, then that answer to the write."""
    return lambda request: [answer(request, [LITTLE])] if request[7] == 3 else reply(request)


def confirmed(request: bytes, *, address: int, count: int = 2) -> bytes:
    return request[:4] + b"\0\x06" + request[6:8] + address.to_bytes(2, "big") + count.to_bytes(2, "big")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (told(lambda _: CLOSE), LinkDown),
        (told(lambda request: [refusal(request, 2)]), Refused),
        (told(lambda request: [refusal(request, 1)]), Refused),
        (told(lambda request: [confirmed(request, address=1038)]), Nonsense),
        (told(lambda request: [confirmed(request, address=1040, count=1)]), Nonsense),
        (told(lambda request: [b"\0\0" + confirmed(request, address=1040)[2:]]), Nonsense),
        (told(lambda request: [request[:4] + b"\0\x03" + request[6:7] + b"\x83\x02"]), Nonsense),
        (lambda request: [answer(request, [7])], Nonsense),
        (lambda _: CLOSE, LinkDown),
    ],
)
async def test_a_write_that_is_not_confirmed_is_an_error(reply: Reply, error: type[DeviceError]) -> None:
    assert isinstance(KOSTAL, HybridProfile)
    async with odd_server(reply) as server:
        made, link = valve(server.port, KOSTAL)
        with pytest.raises(error):
            await made.bound(charge_at_most_w=None, discharge_at_most_w=0.0)
        await link.close()


async def test_nothing_is_written_in_the_order_of_words_of_the_connection_before() -> None:
    """Its owner may have changed that; in the other order a number is another bound."""
    assert isinstance(KOSTAL, HybridProfile)
    writes: list[bytes] = []

    def leaves_after_the_first(request: bytes) -> Sequence[bytes] | None:
        if request[7] == 3:
            return [answer(request, [LITTLE])]
        writes.append(request)
        return [confirmed(request, address=1038)]

    async with odd_server(leaves_after_the_first) as server:
        made, link = valve(server.port, KOSTAL)
        read = link.read

        async def read_and_lose(request: ReadRequest) -> Answer:
            told_order = await read(request)
            await link.close()
            return told_order

        link.read = read_and_lose  # type: ignore[method-assign]
        with pytest.raises(LinkDown):
            await made.bound(charge_at_most_w=2500.0, discharge_at_most_w=None)
        await link.close()

    assert writes == []


async def test_silence_is_no_confirmation_and_nothing_is_written_twice() -> None:
    assert isinstance(KOSTAL, HybridProfile)
    writes: list[bytes] = []

    def silent(request: bytes) -> Sequence[bytes]:
        writes.append(request)
        return SILENCE

    async with odd_server(told(silent)) as server:
        made, link = valve(server.port, KOSTAL, timeout_s=0.3)
        with pytest.raises((NoAnswer, LinkDown)):
            await made.bound(charge_at_most_w=None, discharge_at_most_w=0.0)
        await link.close()

    assert len(writes) <= 1


SMA = profile("sma")
OFF = encode(803, RegisterType.UINT32)


async def test_a_battery_that_is_held_by_a_set_point_is_let_go_by_what_enables_it() -> None:
    assert isinstance(SMA, HybridProfile)
    async with simulated(SMA) as (made, unit):
        await made.clear()
        assert unit.taken == {"enable": OFF}
        await made.bound(charge_at_most_w=None, discharge_at_most_w=0.0)
        await made.bound(charge_at_most_w=None, discharge_at_most_w=None)

    assert unit.taken == {"setpoint": (0, 0), "enable": OFF}


async def test_a_battery_that_can_only_be_held_is_let_go_instead_of_bounded() -> None:
    assert isinstance(SMA, HybridProfile)
    async with simulated(SMA) as (made, unit):
        with pytest.raises(Refused, match="cellar can be held or left alone"):
            await made.bound(charge_at_most_w=None, discharge_at_most_w=1500.0)

    assert unit.taken == {"enable": OFF}


async def test_a_battery_behind_model_124_is_bounded_until_its_own_timer_ends_that() -> None:
    found = profile("fronius")
    assert isinstance(found, SunSpecProfile)
    clock = HandClock()
    unit = ProfileUnit(1, found, clock=clock)
    unit.show({})
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    made, link = valve(port.port, found)
    try:
        await made.clear()
        await made.bound(charge_at_most_w=1500.0, discharge_at_most_w=0.0)
        bounded = unit.orders.charge_share, unit.orders.discharge_share
        await made.bound(charge_at_most_w=None, discharge_at_most_w=0.0)
        held = unit.orders.charge_share, unit.orders.discharge_share
        await clock.sleep(made.lasts_s)
        ended = unit.orders.charge_share, unit.orders.discharge_share
        await made.bound(charge_at_most_w=None, discharge_at_most_w=0.0)
        await made.bound(charge_at_most_w=None, discharge_at_most_w=None)
        freed = unit.orders.told["StorCtl_Mod"]
    finally:
        await link.close()
        await port.close()

    assert (bounded, held, ended, freed) == ((0.3, 0.0), (None, 0.0), (None, None), 0)


async def test_a_device_that_knows_function_6_alone_is_written_by_that() -> None:
    written: list[bytes] = []

    def one_alone(request: bytes) -> Sequence[bytes]:
        if request[7] == 16:
            return [refusal(request, 1)]
        written.append(request[8:12])
        return [request]

    async with odd_server(one_alone) as server:
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), HandClock())
        request = WriteRequest(unit=1, address=40348, registers=(2,), timeout_s=20.0)
        with pytest.raises(UnknownFunction):
            await link.write(request)
        await link.write(replace(request, alone=True))
        with pytest.raises(LinkDown, match="connected anew meanwhile"):
            await link.write(replace(request, alone=True, connection=link.connections + 1))
        # The connection is good, and others read over it.
        await link.write(replace(request, alone=True, connection=1))
        await link.close()

    assert written == [b"\x9d\x9c\x00\x02"] * 2


async def test_other_registers_are_refused_by_the_simulated_battery() -> None:
    """What the tests above rest on: nothing but bounds is ever taken."""
    assert isinstance(KOSTAL, HybridProfile)
    unit = ProfileUnit(1, KOSTAL)

    assert await unit._asked(16, 0, 1034, 2, [], [0, 0]) is not None
    assert await unit._asked(16, 0, 1040, 2, [], [0, 0]) is None
    assert unit.taken == {"discharge": (0, 0)}
