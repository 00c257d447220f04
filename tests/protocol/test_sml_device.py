"""Meters that speak SML, over bridges and reading heads: what is read, and every way to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from ems.clock import Clock, WallClock
from ems.devices.catalog import connect_devices
from ems.devices.library import profile
from ems.devices.obis_profile import SmlProfile
from ems.devices.p1.line import P1Line
from ems.devices.p1.speaking import SpeakingMeter
from ems.devices.plausibility import Bounds
from ems.devices.sml.stream import BEGIN
from ems.devices.sml.tongue import SmlTongue
from ems.devices.views import GridView, Mounting
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense
from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading
from ems.sim.wire.sml_telegrams import entry, frame_of, number, sml_of
from tests.protocol.device_site import site
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK, HandClock
from tests.protocol.p1_bench import bridge, cable

FOUND = profile("sml_head")
assert isinstance(FOUND, SmlProfile)
HEAD: SmlProfile = FOUND
HOUSE = {"power": 1840.0, "power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0, "energy_import": 1234.5}
TOTAL = {"power": 1840.0}


def at_second(second: int, **swapped: float) -> bytes:
    return sml_of(HEAD, {**HOUSE, **swapped}, second)


def meter_at(line: P1Line, clock: Clock, *, silence_s: float = GUARD_S) -> SpeakingMeter[GridReading]:
    """The grid meter of a house with 25 A on three phases."""
    view: Callable[..., GridReading] = GridView(Mounting(bounds=Bounds(phases=tuple(Phase), fuse_a=25.0))).reading
    return SpeakingMeter(
        name="grid", period_s=1.0, silence_s=silence_s, line=line, tongue=SmlTongue(HEAD), view=view, clock=clock
    )


class _Closing:
    """A meter on a bridge, closed at the end of its block."""

    def __init__(self, port: int, *, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.meter = meter_at(P1Line(host=LOOPBACK, port=port), self.clock)

    async def aclose(self) -> None:
        await self.meter.close()


async def next_good(meter: SpeakingMeter[GridReading]) -> GridReading:
    while True:
        try:
            return await meter.read()
        except (Nonsense, NoAnswer):
            continue


async def test_a_bridge_that_begins_in_the_middle_is_followed_from_the_next_telegram_on() -> None:
    async with bridge(greeting=at_second(1)[100:] + at_second(2)) as there, aclosing(_Closing(there.port)) as bench:
        reading = await bench.meter.read()

    assert tuple(reading.current_a) == pytest.approx(tuple(PerPhase(10.0, -5.0, 3.0)))
    assert (reading.power_w, reading.energy_import_kwh) == (1840.0, 1234.5)


async def test_a_reading_head_on_a_cable_is_read_like_a_bridge() -> None:
    async with cable() as there:
        meter = meter_at(P1Line(serial=there.path, baud=9600), WallClock())
        waiting = asyncio.create_task(meter.read())
        while meter._inflow is None:
            await WallClock().sleep(0)
        there.say(at_second(1)[70:] + at_second(2, power=-500.0))
        reading = await asyncio.wait_for(waiting, GUARD_S)
        await meter.close()

    assert reading.power_w == -500.0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (at_second(1)[:-30] + at_second(1)[:20], "cut in the middle"),
        (at_second(1)[:-1] + b"\0", "wrong checksum"),
        (BEGIN + b"\1" * 9000, "without an end in 8192 bytes"),
        (b"\2" * 9000, "8192 bytes without a telegram"),
        (frame_of([], 1), "neither current nor power for L1"),
        (sml_of(HEAD, TOTAL, 1), "neither current nor power for L1"),
        (at_second(1, power_l1=30_000.0), "more than 75 A is impossible"),
        (frame_of([entry("1-0:16.7.0", 30, 0, number(1, 2, signed=True))], 1), "kWh for 1-0:16.7.0"),
    ],
)
async def test_nothing_wrong_ever_becomes_a_reading_and_the_next_good_one_does(said: bytes, words: str) -> None:
    async with bridge(greeting=said) as there, aclosing(_Closing(there.port)) as bench:
        with pytest.raises(Nonsense, match=words):
            await bench.meter.read()
        await there.say(at_second(2))

        assert (await next_good(bench.meter)).power_w == 1840.0


async def test_a_telegram_cut_by_the_end_of_its_connection_is_lost_and_the_next_connection_is_read() -> None:
    async with bridge() as there, aclosing(_Closing(there.port)) as bench:
        waiting = asyncio.create_task(bench.meter.read())
        await there.say(at_second(1)[:100])
        await there.hang_up()
        with pytest.raises(LinkDown):
            await asyncio.wait_for(waiting, GUARD_S)
        waiting = asyncio.create_task(bench.meter.read())
        await there.say(at_second(1)[100:] + at_second(2))

        assert (await asyncio.wait_for(waiting, GUARD_S)).power_w == 1840.0


async def test_doubles_and_older_telegrams_are_no_samples() -> None:
    async with bridge(greeting=at_second(5)) as there, aclosing(_Closing(there.port)) as bench:
        await bench.meter.read()
        await there.say(at_second(5) + at_second(4) + at_second(5) + at_second(6, power=1200.0))

        assert (await bench.meter.read()).power_w == 1200.0


async def test_a_meter_at_rest_whose_clock_is_silent_is_read_again() -> None:
    resting = frame_of([entry(f"1-0:{code}.7.0", 27, 0, number(0, 2, signed=True)) for code in (16, 36, 56, 76)], None)
    async with bridge(greeting=resting) as there, aclosing(_Closing(there.port)) as bench:
        first = await bench.meter.read()
        bench.clock.now_s += 4.0
        await there.say(resting)
        second = await bench.meter.read()

    assert (first.power_w, second.power_w) == (0.0, 0.0)
    assert second.taken_at_s - first.taken_at_s == 4.0


async def test_a_site_file_names_the_bridge() -> None:
    async with bridge(greeting=at_second(1)) as there:
        sml = {"host": LOOPBACK, "port": there.port}
        devices = connect_devices(site(meters=[{"id": "grid", "profile": "sml_head", "sml": sml}]), WallClock())
        meter = devices.meters["main"]
        reading = await asyncio.wait_for(meter.read(), GUARD_S)
        await meter.close()

    assert reading.power_w == 1840.0


async def test_silence_is_said_and_nobody_there_is_a_lost_link() -> None:
    async with bridge() as there:
        meter = meter_at(P1Line(host=LOOPBACK, port=there.port), WallClock(), silence_s=0.2)
        with pytest.raises(NoAnswer, match="no new telegram"):
            await meter.read()
        await meter.close()
    with pytest.raises(DeviceError, match="cannot be opened"):
        await meter_at(P1Line(serial="/dev/no-such-head"), WallClock()).read()
