"""An RCT Power device on a real socket: what is read, and every way to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from ems.clock import WallClock
from ems.devices.catalog import connect_devices
from ems.devices.library import profile
from ems.devices.plausibility import Bounds
from ems.devices.rct.device import RctDevice
from ems.devices.rct.frames import Frame, FrameStream, answer_with, request_for, written
from ems.devices.rct.link import FLOOD_BYTES, RctAddress, RctLink
from ems.devices.rct.profile import RctProfile
from ems.devices.views import GridView, Mounting
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense
from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading
from ems.sim.wire.object_devices import PlayedObjects
from tests.protocol.device_site import site
from tests.protocol.modbus_bench import ANSWERS_WITHIN_S, GUARD_S, LOOPBACK
from tests.protocol.mqtt_brokers import free_port

GRID_W, L1_W, L2_W, L3_W = 0x91617C58, 0x27BE51D9, 0xF5584F90, 0xB221BCFA
HOUSE = {GRID_W: 1840.0, L1_W: 2300.0, L2_W: -1150.0, L3_W: 690.0}
STRANGER = answer_with(0x12345678, 9999.0)


def right(object_id: int) -> bytes:
    return answer_with(object_id, HOUSE[object_id])


@dataclass
class Inverter:
    """Answers with whatever `reply` says of an object; None ends the connection."""

    reply: Callable[[int], bytes | None] = right
    greeting: bytes = b""
    port: int = 0
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        writer.write(self.greeting)
        stream = FrameStream()
        while piece := await reader.read(1024):
            for found in stream.feed(piece):
                assert isinstance(found, Frame)
                said = self.reply(found.object_id)
                if said is None:
                    writer.transport.abort()
                else:
                    writer.write(said)


@asynccontextmanager
async def inverter(reply: Callable[[int], bytes | None] = right) -> AsyncIterator[Inverter]:
    there = Inverter(reply=reply)
    server = await asyncio.start_server(there.converse, LOOPBACK, 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for writer in there.writers:
            writer.transport.abort()
        for _ in range(3):
            await WallClock().sleep(0)


def found() -> RctProfile:
    chosen = profile("rct_power")
    assert isinstance(chosen, RctProfile)
    return chosen


@asynccontextmanager
async def grid_at(port: int, *, timeout_s: float = GUARD_S) -> AsyncIterator[RctDevice[GridReading]]:
    """The grid meter of a house with 25 A on three phases."""
    link = RctLink(RctAddress(host=LOOPBACK, port=port, timeout_s=timeout_s), WallClock())
    view = GridView(Mounting(bounds=Bounds(phases=tuple(Phase), fuse_a=25.0))).reading
    device = RctDevice(name="grid", period_s=2.0, link=link, profile=found(), kind="meter", view=view)
    try:
        yield device
    finally:
        await device.close()


async def test_all_uses_of_a_site_file_share_one_connection() -> None:
    played = PlayedObjects(found(), LOOPBACK, 0)
    played.show(
        {
            "meter": {"power": -600.0, "power_l1": -600.0},
            "inverter": {"power": 3400.0},
            "battery": {"power": 800.0, "soc": 0.25},
        }
    )
    await played.open()
    use = {"profile": "rct_power", "period_s": 2, "rct": {"host": LOOPBACK, "port": played.where["port"]}}
    file = site(meters=[{"id": "grid", **use}], solar=[{"id": "roof", **use}], battery={"id": "cellar", **use})
    devices = connect_devices(file, WallClock())
    assert devices.battery is not None
    grid, sun, stored = await asyncio.gather(
        devices.meters["main"].read(), devices.solar[0].read(), devices.battery.read()
    )
    connections = [getattr(each, "connections", None) for each in (devices.meters["main"], devices.solar[0])]
    await devices.close()
    await played.close()

    assert grid.power_w == -600.0
    assert grid.current_a.l1 == pytest.approx(-600 / 230)
    assert (sun.power_w, stored.power_w, stored.soc) == (3400.0, 800.0, 0.25)
    assert connections == [1, 1]


@pytest.mark.parametrize(
    "reply",
    [
        right,
        lambda asked: STRANGER + right(asked),
        lambda asked: right(asked) + right(asked),
        lambda asked: answer_with(asked, 77.0)[:-3] + right(asked),
        lambda asked: answer_with(asked, 77.0)[:-1] + b"\x00" + right(asked),
        lambda asked: request_for(asked) + right(asked),
        lambda asked: written(Frame(0x45, asked, b"\0\0\0\0\0\0\0\0")) + right(asked),
        lambda asked: b"\xff\x00\x2d" + bytes(500) + right(asked),
    ],
    ids=["right", "stranger", "twice", "cut", "wrong checksum", "echo", "other unit", "noise"],
)
async def test_only_the_answer_to_the_question_counts(reply: Callable[[int], bytes]) -> None:
    async with inverter(reply) as there, grid_at(there.port) as grid:
        readings = [await grid.read() for _ in range(2)]

    assert there.connections == 1
    for reading in readings:
        assert reading.power_w == 1840.0
        assert tuple(reading.current_a) == pytest.approx(tuple(PerPhase(10.0, -5.0, 3.0)))


async def test_what_came_before_the_question_is_no_answer_though_it_ends_after_it() -> None:
    async with inverter() as there, grid_at(there.port) as grid:
        # Whole answers, and the beginning of one, that nobody asked for: an older client's, or one that comes late.
        there.greeting = answer_with(GRID_W, 77.0) + answer_with(GRID_W, 78.0)[:-3]
        late = iter([answer_with(GRID_W, 78.0)[-3:]])
        there.reply = lambda asked: next(late, b"") + right(asked)
        await grid._link._connected()
        while not (grid._link._talk and grid._link._talk._stream.under_way):
            await WallClock().sleep(0)

        assert (await grid.read()).power_w == 1840.0


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (lambda _: b"", NoAnswer, "did not answer within"),
        (lambda _: STRANGER, NoAnswer, "did not answer within"),
        (lambda asked: right(asked)[:-1], NoAnswer, "did not answer within"),
        (lambda asked: right(asked)[:-1] + b"\x00", Nonsense, "but sent a frame with a wrong checksum"),
        (lambda _: None, LinkDown, "closed the connection"),
        (lambda _: bytes(FLOOD_BYTES + 1), Nonsense, "bytes without end"),
        (lambda asked: answer_with(asked, float("nan")), Nonsense, "neither current nor power for L1"),
        (lambda asked: written(Frame(0x05, asked, b"\0\0")), Nonsense, "neither current nor power for L1"),
        (lambda asked: answer_with(asked, 3e9), Nonsense, "more than 75 A is impossible"),
    ],
    ids=["silence", "stranger", "cut", "wrong checksum", "hangs up", "flood", "nan", "short", "huge"],
)
async def test_nothing_wrong_ever_becomes_a_reading_and_the_next_good_one_does(
    reply: Callable[[int], bytes | None], error: type[DeviceError], words: str
) -> None:
    async with inverter(reply) as there, grid_at(there.port, timeout_s=ANSWERS_WITHIN_S / 2) as grid:
        with pytest.raises(error, match=words):
            await grid.read()
        there.reply = right
        reading = await next_good(grid)

    assert reading.power_w == 1840.0


async def next_good(grid: RctDevice[GridReading]) -> GridReading:
    while True:
        try:
            return await grid.read()
        except DeviceError:
            await WallClock().sleep(0)


async def test_a_second_client_takes_the_device_away_and_the_next_question_takes_it_back() -> None:
    played = PlayedObjects(found(), LOOPBACK, 0)
    await played.open()
    async with grid_at(int(played.where["port"])) as grid, grid_at(int(played.where["port"])) as thief:
        await grid.read()
        stolen = await thief.read()
        taken_back = await next_good(grid)
    await played.close()

    assert stolen.power_w == taken_back.power_w == 0.0
    assert grid.connections == 2


async def test_nobody_there_is_a_lost_link() -> None:
    async with grid_at(free_port()) as grid:
        with pytest.raises(LinkDown, match="does not accept a connection"):
            await grid.read()


async def test_a_question_that_is_cancelled_leaves_no_answer_for_the_next_one() -> None:
    async with inverter(lambda _: b"") as there, grid_at(there.port) as grid:
        asking = asyncio.create_task(grid.read())
        while not there.writers:
            await WallClock().sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        there.reply = right

        assert (await grid.read()).power_w == 1840.0
        assert there.connections == 2


async def test_a_played_inverter_counts_one_sample_for_each_reading_of_its_meter() -> None:
    played = PlayedObjects(found(), LOOPBACK, 0)
    await played.open()
    try:
        async with grid_at(int(played.where["port"])) as grid:
            await grid.read()
            await grid.read()
    finally:
        await played.close()

    assert played.samples == 2
