"""A register map on a real socket: word order that the device tells, nights, and what a new connection needs."""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping, Sequence

import pytest

from ems.config.schema import ModbusAddress
from ems.devices.library import profile
from ems.devices.modbus.device import RegisterReader
from ems.devices.modbus.link import Line, ModbusLink, ReadRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_types import WordOrder
from ems.devices.profile_parts import Kind
from ems.errors import NoAnswer, Nonsense, Refused
from ems.model.electrical import PerPhase
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.register_image import image
from tests.protocol.device_site import devices_of, site
from tests.protocol.modbus_bench import (
    ANSWERS_WITHIN_S,
    LOOPBACK,
    HandClock,
    answer,
    asked_for,
    counting,
    odd_server,
    refusal,
)


def known(profile_id: str) -> ModbusProfile | HybridProfile:
    found = profile(profile_id)
    assert isinstance(found, ModbusProfile | HybridProfile)
    return found


def reader(profile_id: str, kind: Kind, port: int, clock: HandClock, *, connect_delay_s: float = 0.0) -> RegisterReader:
    link = ModbusLink(Line(host=LOOPBACK, port=port), clock, connect_delay_s=connect_delay_s)
    address = ModbusAddress(host=LOOPBACK, port=port, timeout_s=10)
    return RegisterReader(name="device", link=link, address=address, profile=known(profile_id), kind=kind)


async def test_a_word_order_that_was_changed_is_seen_after_the_next_connection() -> None:
    unit = ProfileUnit(1, known("kostal_plenticore"))
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    device = reader("kostal_plenticore", "meter", port.port, HandClock())
    try:
        for order in (WordOrder.BIG, WordOrder.LITTLE):
            unit.show({"meter": {"power": 2300.0}}, order)
            assert (await device.sample()).values["power"] == 2300.0
            await device.close()
    finally:
        await device.close()
        await port.close()


async def test_a_device_that_does_not_tell_its_word_order_is_read_in_the_usual_one() -> None:
    registers = image(known("kostal_plenticore"), {"meter": {"power": 2300.0}})
    del registers["holding", 5]

    def reply(request: bytes) -> list[bytes]:
        _, address, count = asked_for(request)
        wanted = [("holding", each) for each in range(address, address + count)]
        if not all(each in registers for each in wanted):
            return [refusal(request, 2)]
        return [answer(request, [registers["holding", each] for each in range(address, address + count)])]

    async with odd_server(reply) as server:
        device = reader("kostal_plenticore", "meter", server.port, HandClock())
        first = await device.sample()
        second = await device.sample()
        await device.close()

    assert first.values["power"] == second.values["power"] == 2300.0
    assert sum(asked_for(request)[1] == 5 for request in server.requests) == 1


async def test_a_word_order_that_a_starting_device_refused_is_asked_again_on_the_next_connection() -> None:
    refused = {"holding": [5]}
    registers = image(known("kostal_plenticore"), {"meter": {"power": 2300.0}}, WordOrder.BIG)

    def reply(request: bytes) -> list[bytes]:
        _, address, count = asked_for(request)
        if address in refused["holding"]:
            return [refusal(request, 2)]
        return [answer(request, [registers.get(("holding", each), 0) for each in range(address, address + count)])]

    async with odd_server(reply) as server:
        device = reader("kostal_plenticore", "meter", server.port, HandClock())
        guessed = (await device.sample()).values["power"]
        refused["holding"].clear()
        await device.close()
        told = (await device.sample()).values["power"]
        await device.close()

    assert guessed != 2300.0
    assert told == 2300.0


async def test_a_device_that_told_its_word_order_once_is_never_read_in_a_guessed_one() -> None:
    registers = image(known("kostal_plenticore"), {"meter": {"power": 2300.0}}, WordOrder.BIG)
    order: list[int | None] = [registers["holding", 5]]

    def reply(request: bytes) -> list[bytes]:
        _, address, count = asked_for(request)
        if address == 5:
            return [refusal(request, 2) if order[0] is None else answer(request, [order[0]])]
        return [answer(request, [registers.get(("holding", each), 0) for each in range(address, address + count)])]

    async with odd_server(reply) as server:
        device = reader("kostal_plenticore", "meter", server.port, HandClock())
        told = (await device.sample()).values["power"]
        await device.close()
        for unknown, error in ((None, Refused), (7, Nonsense)):
            order[0] = unknown
            with pytest.raises(error):
                await device.sample()
        await device.close()

    assert told == 2300.0


async def test_a_guessed_word_order_is_asked_for_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ems.devices.modbus.device.CAREFUL_SAMPLES", 3)
    registers = image(known("kostal_plenticore"), {"meter": {"power": 2300.0}}, WordOrder.BIG)
    refused = [5]

    def reply(request: bytes) -> list[bytes]:
        _, address, count = asked_for(request)
        if address in refused:
            return [refusal(request, 2)]
        return [answer(request, [registers.get(("holding", each), 0) for each in range(address, address + count)])]

    async with odd_server(reply) as server:
        device = reader("kostal_plenticore", "meter", server.port, HandClock())
        await device.sample()
        refused.clear()
        told = [(await device.sample()).values["power"] for _ in range(3)]
        await device.close()

    assert told[-1] == 2300.0


async def test_long_reads_that_were_refused_are_tried_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ems.devices.modbus.device.CAREFUL_SAMPLES", 3)
    caplog.set_level(logging.INFO, "ems.devices.modbus.device")
    longest = [10]
    asked: list[int] = []

    def reply(request: bytes) -> Sequence[bytes] | None:
        asked.append(asked_for(request)[2])
        return counting(request) if asked[-1] <= longest[-1] else [refusal(request, 2)]

    async with odd_server(reply) as server:
        device = reader("eastron_sdm630", "meter", server.port, HandClock())
        tried: list[bool] = []
        for at in range(8):
            if at == 5:
                longest.append(125)
            asked.clear()
            await device.sample()
            tried.append(max(asked) > 10)
        await device.close()

    assert tried == [True, False, False, True, False, False, True, True]
    assert asked == [max(asked)]
    assert caplog.text.count("refuses long reads") == 1


@pytest.mark.parametrize("values", [{"power": 4000.0, "energy": 77.0, "current_l1": 17.0}])
async def test_at_night_power_is_0_and_the_counter_stands_still(values: Mapping[str, float]) -> None:
    unit = ProfileUnit(1, known("sma"))
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    device = reader("sma", "inverter", port.port, HandClock())
    try:
        unit.show({"inverter": values})
        by_day = await device.sample()
        unit.show({"inverter": dict.fromkeys(("power", "energy", "current_l1", "current_l2", "current_l3"))})
        by_night = await device.sample()
    finally:
        await device.close()
        await port.close()

    assert (by_day.values["power"], by_day.values["energy"]) == (4000.0, 77.0)
    assert by_night.values == {"power": 0.0, "energy": 77.0}


async def test_a_device_that_swallows_early_questions_is_left_alone_after_a_connection() -> None:
    clock = HandClock()
    unit = ProfileUnit(1, known("huawei_sun2000"))
    port = ModbusPort([unit], LOOPBACK)
    await port.open()
    device = reader("huawei_sun2000", "battery", port.port, clock, connect_delay_s=1.0)
    try:
        await device.sample()
        await device.sample()
    finally:
        await device.close()
        await port.close()

    assert clock.slept.count(1.0) == 1


async def test_a_meter_that_speaks_over_udp_is_read_like_any_other() -> None:
    unit = ProfileUnit(1, known("victron_vm3p75ct"))
    unit.show({"meter": {"power_l1": 2300.0, "power_l2": -460.0}})
    port = ModbusPort([unit], LOOPBACK, over="udp")
    await port.open()
    file = site(meters=[{"id": "grid", "profile": "victron_vm3p75ct", "modbus": {"host": LOOPBACK, "port": port.port}}])
    try:
        async with devices_of(file) as devices:
            first = await devices.meters["main"].read()
            second = await devices.meters["main"].read()
    finally:
        await port.close()

    assert first.current_a == second.current_a == PerPhase(10.0, -2.0, 0.0)
    assert first.power_w == 1840.0


async def test_over_udp_nobody_there_is_silence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind((LOOPBACK, 0))
        clock = HandClock()
        link = ModbusLink(Line(host=LOOPBACK, port=deaf.getsockname()[1], over="udp"), clock)
        with pytest.raises(NoAnswer):
            await link.read(ReadRequest(unit=1, function="holding", address=0, count=1, timeout_s=ANSWERS_WITHIN_S))
        await link.close()
