"""The simulated Modbus devices read by a plain client over a real socket."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from ems.clock import VirtualClock
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.sim.day import SummerDay
from ems.sim.wire.modbus_devices import ModbusPort, SimulatedUnit, sdm630, sunspec_inverter
from ems.sim.world import CircuitSample, SunSample, World
from tests.protocol.modbus_bench import ANSWERS_WITHIN_S

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, NOBODY = 1, 2, 3, 11


class Bench:
    """A meter and an inverter on one port, in time that the test moves."""

    def __init__(self, phases: int = 3, peak_w: float = 9000) -> None:
        self.clock = VirtualClock()
        wiring = tuple(Phase)[:phases]
        tree = CircuitTree((Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=wiring),))
        day = SummerDay(sky="clear", peak_w=peak_w, phases=wiring)
        start_s = self.clock.monotonic_s()
        self.world = World(circuits=tree, day=day, peaks_w={"roof": peak_w}, start_s=start_s)
        self.meter: SimulatedUnit = sdm630(1, self.grid, self.clock)
        self.roof = sunspec_inverter(126, self.sun, self.clock, phases=phases, peak_w=peak_w)
        self.port = ModbusPort([self.meter, self.roof])

    def grid(self) -> CircuitSample:
        self.world.advance_to(self.clock.monotonic_s())
        return self.world.circuit("main")

    def sun(self) -> SunSample:
        self.world.advance_to(self.clock.monotonic_s())
        return self.world.sun("roof")


@asynccontextmanager
async def bench(phases: int = 3, peak_w: float = 9000) -> AsyncIterator[tuple[Bench, AsyncModbusTcpClient]]:
    stand = Bench(phases, peak_w)
    await stand.port.open()
    try:
        client = client_of(stand)
        assert await client.connect()
        yield stand, client
        client.close()
    finally:
        await stand.port.close()


def client_of(stand: Bench) -> AsyncModbusTcpClient:
    return AsyncModbusTcpClient(
        "127.0.0.1", port=stand.port.port, timeout=ANSWERS_WITHIN_S, retries=0, reconnect_delay=0
    )


async def floats(client: AsyncModbusTcpClient, address: int, count: int) -> list[float]:
    answer = await client.read_input_registers(address, count=2 * count, device_id=1)
    assert not answer.isError()
    values = client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32)
    return [number for number in (values if isinstance(values, list) else [values]) if isinstance(number, float)]


async def test_sdm630_shows_volts_unsigned_currents_and_signed_powers() -> None:
    async with bench() as (stand, client):
        numbers = await floats(client, 0, 9)
        sample = stand.grid()

    assert numbers[0:3] == pytest.approx(list(sample.voltage_v), abs=0.01)
    assert numbers[3:6] == pytest.approx([abs(a) for a in sample.current_a], abs=0.01)
    assert numbers[6:9] == pytest.approx(list(sample.power_w), abs=0.1)
    assert min(numbers[6:9]) < 0


async def test_sdm630_shows_total_frequency_and_counters_in_one_read_of_76_registers() -> None:
    async with bench() as (stand, client):
        stand.clock.advance(600)
        numbers = await floats(client, 0, 38)
        sample = stand.grid()

    assert numbers[26] == pytest.approx(sample.power_w.total, abs=0.1)
    assert numbers[35] == pytest.approx(50, abs=0.1)
    assert numbers[36] == pytest.approx(sample.import_kwh, abs=1e-4)
    assert numbers[37] == pytest.approx(sample.export_kwh, abs=1e-4)
    assert stand.meter.samples == 1
    assert stand.meter.answers[0].at_s == stand.clock.monotonic_s()


async def test_reads_that_the_meter_does_not_know_are_refused() -> None:
    async with bench() as (_, client):
        too_long = await client.read_input_registers(0, count=81, device_id=1)
        outside = await client.read_input_registers(5000, count=2, device_id=1)
        holding = await client.read_holding_registers(0, count=2, device_id=1)
        stranger = await client.read_input_registers(0, count=1, device_id=9)

    assert too_long.exception_code == ILLEGAL_VALUE
    assert outside.exception_code == ILLEGAL_ADDRESS
    assert holding.exception_code == ILLEGAL_FUNCTION
    assert stranger.exception_code == NOBODY


async def chain(client: AsyncModbusTcpClient) -> dict[int, list[int]]:
    """The SunSpec models by walking the chain as every client does: by ids and lengths."""
    marker = await client.read_holding_registers(40_000, count=2, device_id=126)
    assert marker.registers == [0x5375, 0x6E53]
    models: dict[int, list[int]] = {}
    at = 40_002
    while True:
        head = await client.read_holding_registers(at, count=2, device_id=126)
        model, length = head.registers
        if model == 0xFFFF:
            return models
        body = await client.read_holding_registers(at, count=2 + length, device_id=126)
        models[model] = list(body.registers)
        at += 2 + length


def signed(register: int) -> int:
    return register - 0x10000 if register & 0x8000 else register


async def test_sunspec_chain_can_be_walked_and_gives_the_suns_power() -> None:
    async with bench() as (stand, client):
        models = await chain(client)
        sample = stand.sun()

    inverter = models[103]
    assert list(models) == [1, 103, 160]
    assert signed(inverter[14]) * 10 ** signed(inverter[15]) == pytest.approx(sample.power_w, abs=1)
    assert inverter[3] * 10 ** signed(inverter[6]) == pytest.approx(sample.current_a.l1, abs=0.01)
    assert inverter[10] * 10 ** signed(inverter[13]) == pytest.approx(sample.voltage_v.l1, abs=0.1)
    assert inverter[16] * 10 ** signed(inverter[17]) == pytest.approx(50, abs=0.1)
    assert inverter[7] == 0xFFFF
    assert inverter[38] == 4
    strings = models[160]
    assert strings[8] == 2
    assert strings[21] + strings[41] == pytest.approx(sample.power_w * 1.03, abs=2)
    assert bytes.fromhex("".join(f"{r:04x}" for r in models[1][2:18])).rstrip(b"\0") == b"Fusewise"


async def test_one_phase_house_has_a_one_phase_inverter() -> None:
    async with bench(phases=1, peak_w=4000) as (_, client):
        models = await chain(client)

    assert list(models) == [1, 101, 160]
    assert models[101][4] == models[101][5] == 0xFFFF


async def test_large_roof_uses_a_scale_factor() -> None:
    async with bench(peak_w=90_000) as (stand, client):
        inverter = (await chain(client))[103]

        assert signed(inverter[14]) * 10 ** signed(inverter[15]) == pytest.approx(stand.sun().power_w, abs=10)


async def test_silent_meter_takes_the_request_and_says_nothing_while_its_neighbour_answers() -> None:
    async with bench() as (stand, client):
        stand.meter.faults.silent = True
        with pytest.raises(ModbusException):
            await client.read_input_registers(0, count=2, device_id=1)
        neighbour = await client.read_holding_registers(40_000, count=2, device_id=126)
        stand.meter.faults.silent = False

        assert not neighbour.isError()
        assert len(await floats(client, 0, 1)) == 1
        assert stand.meter.samples == 0


async def test_frozen_meter_repeats_itself() -> None:
    async with bench() as (stand, client):
        before = await floats(client, 0, 9)
        stand.clock.advance(5)
        moved = await floats(client, 0, 9)
        stand.meter.faults.frozen = True
        stand.clock.advance(5)

        assert before != moved
        assert await floats(client, 0, 9) == moved


async def test_meter_gone_mad_shows_what_no_house_has() -> None:
    async with bench() as (stand, client):
        stand.meter.faults.impossible = True
        numbers = await floats(client, 0, 36)

    assert math.isnan(numbers[0])
    assert numbers[3] == 32_767
    assert numbers[35] == 0


async def test_cut_connection_can_be_opened_again_at_once() -> None:
    async with bench() as (stand, client):
        stand.port.cut_connections()
        with pytest.raises(ModbusException):
            await client.read_input_registers(0, count=2, device_id=1)
        again = client_of(stand)
        await again.connect()

        assert len(await floats(again, 0, 1)) == 1
        again.close()


async def test_closed_port_refuses_and_opens_again_at_the_same_number() -> None:
    async with bench() as (stand, _):
        number = stand.port.port
        await stand.port.close()
        refused = client_of(stand)
        assert not await refused.connect()
        refused.close()
        await stand.port.open()
        again = client_of(stand)

        assert await again.connect()
        assert stand.port.port == number
        assert len(await floats(again, 0, 1)) == 1
        again.close()


async def test_port_that_is_taken_is_an_error_of_its_own() -> None:
    async with bench() as (stand, _):
        with pytest.raises(OSError, match="taken"):
            await ModbusPort([], port=stand.port.port).open()
