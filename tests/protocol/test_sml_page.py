"""A bridge whose page holds the newest SML telegram: what is read, and every way to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from ems.clock import Clock, WallClock
from ems.devices.catalog import connect_devices
from ems.devices.http.address import HttpAddress
from ems.devices.library import profile
from ems.devices.obis_profile import SmlPageProfile
from ems.devices.plausibility import Bounds
from ems.devices.sml.page import SmlPage
from ems.devices.views import GridView, Mounting
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading
from ems.sim.wire.sml_page import SmlPagePort
from ems.sim.wire.sml_telegrams import frame_of, sml_of
from tests.protocol.device_site import site
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK, HandClock
from tests.protocol.mqtt_brokers import free_port

FOUND = profile("tibber_pulse")
assert isinstance(FOUND, SmlPageProfile)
PULSE: SmlPageProfile = FOUND
HOUSE = {"power": 1840.0, "power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0, "energy_import": 1234.5}


def at_second(second: int, **swapped: float) -> bytes:
    return sml_of(PULSE, {**HOUSE, **swapped}, second)


def page(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class Bridge:
    """Answers the first questions with `answers`, and each one after that with the last of them; nothing is silence."""

    answers: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    port: int = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def meter_at(port: int, clock: Clock, *, silence_s: float, timeout_s: float) -> SmlPage[GridReading]:
    """The grid meter of a house with 25 A on three phases."""
    view: Callable[..., GridReading] = GridView(Mounting(bounds=Bounds(phases=tuple(Phase), fuse_a=25.0))).reading
    return SmlPage(
        name="grid",
        period_s=2.0,
        silence_s=silence_s,
        address=HttpAddress(host=LOOPBACK, port=port, request=PULSE.request, timeout_s=timeout_s),
        profile=PULSE,
        view=view,
        clock=clock,
    )


@asynccontextmanager
async def pulse(
    *answers: bytes, clock: Clock | None = None, silence_s: float = GUARD_S, timeout_s: float = GUARD_S
) -> AsyncIterator[tuple[Bridge, SmlPage[GridReading]]]:
    there = Bridge([*answers])
    server = await asyncio.start_server(there.converse, LOOPBACK, 0)
    there.port = server.sockets[0].getsockname()[1]
    meter = meter_at(there.port, clock or HandClock(), silence_s=silence_s, timeout_s=timeout_s)
    try:
        yield there, meter
    finally:
        await meter.close()
        server.close()
        for _ in range(3):
            await WallClock().sleep(0)


async def test_a_site_file_names_the_bridge_and_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE", "AD56-54BA")
    played = SmlPagePort(PULSE, LOOPBACK, 0, WallClock(), password="AD56-54BA")
    played.show({"meter": HOUSE})
    await played.open()
    http = {"host": LOOPBACK, "port": played.port, "timeout_s": 10}
    entry = {"id": "grid", "profile": "tibber_pulse", "period_s": 2}
    inside = {**entry, "http": {**http, "password": {"env": "PULSE"}}}
    known = connect_devices(site(meters=[inside]), WallClock()).meters["main"]
    stranger = connect_devices(site(meters=[{**entry, "http": http}]), WallClock()).meters["main"]
    reading = await asyncio.wait_for(known.read(), GUARD_S)
    with pytest.raises(Refused, match="lets nobody in"):
        await asyncio.wait_for(stranger.read(), GUARD_S)
    for device in (known, stranger):
        await device.close()
    await played.close()

    assert reading.power_w == 1840.0
    assert tuple(reading.current_a) == pytest.approx(tuple(PerPhase(10.0, -5.0, 3.0)))


async def test_the_same_page_is_no_new_sample_and_the_bridge_is_asked_no_faster_than_it_stands() -> None:
    clock = HandClock()
    old, new = page(at_second(1)), page(at_second(9, power=500.0))
    async with pulse(old, old, old, old, new, clock=clock) as (there, meter):
        first = await meter.read()
        second = await meter.read()

    assert (first.power_w, second.power_w) == (1840.0, 500.0)
    assert len(there.heads) == 5
    assert [pause_s for pause_s in clock.slept if pause_s] == [2.0] * 4
    assert second.taken_at_s - first.taken_at_s == 8.0


async def test_an_older_telegram_is_no_sample() -> None:
    async with pulse(page(at_second(5)), page(at_second(3)), page(at_second(7, power=1.0))) as (_, meter):
        assert [(await meter.read()).power_w for _ in range(2)] == [1840.0, 1.0]


async def test_of_several_telegrams_on_a_page_the_last_whole_one_counts() -> None:
    several = at_second(1)[50:] + at_second(2) + at_second(3, power=7.0) + at_second(4)[:60]
    async with pulse(page(several)) as (_, meter):
        assert (await meter.read()).power_w == 7.0


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (page(b""), Nonsense, "no telegram on the page"),
        (page(b'{"error": 1}'), Nonsense, "no telegram on the page"),
        (page(at_second(1)[:-1] + b"\0"), Nonsense, "wrong checksum"),
        (page(frame_of([], 1)), Nonsense, "neither current nor power for L1"),
        (page(b"", "401 Unauthorized"), Refused, "lets nobody in"),
        (page(b"", "503 Busy"), Refused, "status 503"),
        (b"SML?\r\n\r\n", LinkDown, "does not answer HTTP"),
        (page(bytes(300_000)), Nonsense, "8192 bytes without a telegram"),
    ],
)
async def test_nothing_wrong_ever_becomes_a_reading_and_the_next_good_one_does(
    answer: bytes, error: type[DeviceError], words: str
) -> None:
    async with pulse(answer, page(at_second(5))) as (_, meter):
        with pytest.raises(error, match=words):
            await meter.read()

        assert (await meter.read()).power_w == 1840.0


async def test_a_page_that_never_changes_is_silence() -> None:
    async with pulse(page(at_second(1)), silence_s=0.5) as (_, meter):
        await meter.read()
        with pytest.raises(NoAnswer, match=r"no new telegram on the page of .* for 0\.5 s"):
            await meter.read()


async def test_a_bridge_that_says_nothing_is_named_as_that() -> None:
    async with pulse(b"", timeout_s=0.3) as (_, meter):
        with pytest.raises(NoAnswer, match="did not answer within"):
            await meter.read()


async def test_nobody_there_is_a_lost_link() -> None:
    meter = meter_at(free_port(), WallClock(), silence_s=GUARD_S, timeout_s=GUARD_S)
    with pytest.raises(LinkDown):
        await meter.read()
    await meter.close()
