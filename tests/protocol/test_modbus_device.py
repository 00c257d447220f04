"""Meters with a register map, over real sockets: an SDM630 behind a gateway, and its moods."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import pytest

from ems.errors import LinkDown, NoAnswer, Nonsense, Refused
from ems.model.electrical import PerPhase
from tests.protocol.device_site import devices_of, modbus, sdm, site
from tests.protocol.modbus_bench import (
    ANSWERS_WITHIN_S,
    SILENCE,
    HandClock,
    Registers,
    Reply,
    answer,
    asked_for,
    modbus_server,
    odd_server,
    refusal,
    sdm630,
)

HOUSE = {
    "voltage_l1": 230.0,
    "voltage_l2": 231.0,
    "voltage_l3": 229.0,
    "current_l1": 10.0,
    "current_l2": 4.0,
    "current_l3": 1.0,
    "power_l1": 2300.0,
    "power_l2": -900.0,
    "power_l3": 100.0,
    "power": 1500.0,
    "frequency": 50.0,
    "energy_import": 1234.5,
    "energy_export": 987.0,
}


def short_reads_only(registers: Registers, longest: int) -> Reply:
    def reply(request: bytes) -> Sequence[bytes]:
        _, address, count = asked_for(request)
        wanted = range(address, address + count)
        if count > longest or not all(each in registers for each in wanted):
            return [refusal(request, 2)]
        return [answer(request, [registers[each] for each in wanted])]

    return reply


def babble(_: bytes) -> Sequence[bytes]:
    return [b"garbage, garbage"]


async def test_an_sdm630_is_read_in_our_units_and_signs() -> None:
    async with modbus_server({1: sdm630(**HOUSE)}) as port, devices_of(site(meters=[sdm(port)])) as devices:
        reading = await devices.meters["main"].read()

    assert reading.current_a == PerPhase(10.0, -4.0, 1.0)
    assert reading.power_w == 1500.0
    assert reading.voltage_v == PerPhase(230.0, 231.0, 229.0)
    assert reading.frequency_hz == 50.0
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == (1234.5, 987.0)


async def test_one_request_brings_the_whole_sample() -> None:
    registers = sdm630(**HOUSE)
    async with (
        odd_server(short_reads_only(registers, 80)) as server,
        devices_of(site(meters=[sdm(server.port)])) as all_,
    ):
        await all_.meters["main"].read()

        assert [asked_for(request) for request in server.requests] == [(4, 0, 76)]


async def test_a_unit_that_refuses_long_reads_is_read_in_short_ones() -> None:
    clock = HandClock()
    async with (
        odd_server(short_reads_only(sdm630(**HOUSE), 10)) as server,
        devices_of(site(meters=[sdm(server.port)]), clock) as devices,
    ):
        first = await devices.meters["main"].read()
        asked = len(server.requests)
        second = await devices.meters["main"].read()

        assert first.current_a == second.current_a == PerPhase(10.0, -4.0, 1.0)
        assert first.energy_import_kwh == 1234.5
        assert len(server.requests) == 2 * asked - 1


async def test_a_unit_without_counters_still_guards_the_fuse() -> None:
    registers = {address: word for address, word in sdm630(**HOUSE).items() if address < 54}
    async with modbus_server({1: registers}) as port, devices_of(site(meters=[sdm(port)]), HandClock()) as devices:
        reading = await devices.meters["main"].read()

    assert reading.current_a == PerPhase(10.0, -4.0, 1.0)
    assert reading.energy_import_kwh is None
    assert reading.frequency_hz is None


async def test_a_unit_without_currents_is_refused() -> None:
    async with modbus_server({1: {400: 1}}) as port, devices_of(site(meters=[sdm(port)]), HandClock()) as devices:
        with pytest.raises(Refused, match="illegal address"):
            await devices.meters["main"].read()


async def test_tenfold_frequency_is_put_right() -> None:
    registers = sdm630(**{**HOUSE, "frequency": 500.2})
    async with modbus_server({1: registers}) as port, devices_of(site(meters=[sdm(port)])) as devices:
        assert (await devices.meters["main"].read()).frequency_hz == pytest.approx(50.02)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"current_l2": math.inf}, "not finite"),
        ({"current_l2": math.nan, "power_l2": math.nan}, "neither current nor power for L2"),
        ({"current_l1": 150.0, "power_l1": 34500.0, "power": 33700.0}, "150 A on L1"),
        ({"voltage_l3": 0.0}, "0 V on L3"),
        ({"frequency": 12.0}, "12.0 Hz"),
        ({"power": 90_000.0}, "90000 W"),
    ],
)
async def test_an_impossible_sample_is_nonsense_and_names_the_meter(fault: dict[str, float], words: str) -> None:
    registers = sdm630(**{**HOUSE, **fault})
    async with modbus_server({1: registers}) as port, devices_of(site(meters=[sdm(port)])) as devices:
        with pytest.raises(Nonsense, match=f"grid: .*{words}"):
            await devices.meters["main"].read()


async def test_a_meter_wired_the_other_way_round_is_turned() -> None:
    file_entry = {"invert": True}
    async with (
        modbus_server({1: sdm630(**HOUSE)}) as port,
        devices_of(site(meters=[sdm(port, **file_entry)])) as devices,
    ):
        reading = await devices.meters["main"].read()

    assert reading.current_a == PerPhase(-10.0, 4.0, -1.0)
    assert (reading.power_w, reading.energy_import_kwh, reading.energy_export_kwh) == (-1500.0, 987.0, 1234.5)


async def test_a_one_phase_house_reads_l1_alone() -> None:
    registers = sdm630(voltage_l1=230.0, current_l1=10.0, power_l1=2300.0, power=2300.0, frequency=50.0)
    async with modbus_server({1: registers}) as port, devices_of(site(meters=[sdm(port)], phases=1)) as devices:
        reading = await devices.meters["main"].read()

    assert reading.current_a == PerPhase(10.0, 0.0, 0.0)
    assert reading.energy_import_kwh == 0.0


async def test_a_meter_that_stops_answering_comes_back() -> None:
    registers = sdm630(**HOUSE)
    silent = False

    def reply(request: bytes) -> Sequence[bytes] | None:
        return SILENCE if silent else short_reads_only(registers, 80)(request)

    async with (
        odd_server(reply) as server,
        devices_of(site(meters=[sdm(server.port, modbus=modbus(server.port, timeout_s=ANSWERS_WITHIN_S))])) as devices,
    ):
        await devices.meters["main"].read()
        silent = True
        with pytest.raises(NoAnswer):
            await devices.meters["main"].read()
        silent = False

        assert (await devices.meters["main"].read()).power_w == 1500.0


async def test_a_gateway_that_restarts_is_found_again() -> None:
    async with modbus_server({1: sdm630(**HOUSE)}) as port:
        pass
    async with devices_of(site(meters=[sdm(port)])) as devices:
        with pytest.raises(LinkDown):
            await devices.meters["main"].read()
        async with modbus_server({1: sdm630(**HOUSE)}, port=port):
            await devices.meters["main"].read()
        with pytest.raises(LinkDown):
            await devices.meters["main"].read()
        async with modbus_server({1: sdm630(**HOUSE)}, port=port):
            assert (await devices.meters["main"].read()).power_w == 1500.0


async def test_two_meters_at_one_gateway_share_its_connection_and_its_pace() -> None:
    clock = HandClock()
    registers = sdm630(**HOUSE)
    async with odd_server(short_reads_only(registers, 80)) as server:
        shed = {"id": "shed", "circuit": "shed", "profile": "eastron_sdm630", "modbus": modbus(server.port, unit=2)}
        file = site(meters=[sdm(server.port), shed], circuits=[{"id": "shed", "fuse_a": 20}])
        async with devices_of(file, clock) as devices:
            await devices.meters["main"].read()
            await devices.meters["shed"].read()

        assert [request[6] for request in server.requests] == [1, 2]
        assert server.connections == 1
        assert [each for each in clock.slept if each > 0] == [pytest.approx(0.1)]


async def test_the_library_keeps_its_own_troubles_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with (
        odd_server(lambda _: [b"garbage, garbage"]) as server,
        devices_of(site(meters=[sdm(server.port)])) as all_,
    ):
        with pytest.raises(Nonsense):
            await all_.meters["main"].read()

    assert not caplog.records
