"""Bridges and cables that smart meters speak through, for tests on real sockets and real terminals."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ems.clock import Clock, WallClock
from ems.devices.library import profile
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.line import P1Line
from ems.devices.p1.speaking import SpeakingMeter
from ems.devices.p1.tongue import P1Tongue
from ems.devices.plausibility import Bounds
from ems.devices.views import GridView, Mounting
from ems.model.electrical import Phase
from ems.model.readings import GridReading
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK


@dataclass
class Bridge:
    """Says what it is told to whoever is connected."""

    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    greeting: bytes = b""
    met: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, content: bytes) -> None:
        await asyncio.wait_for(self.met.wait(), GUARD_S)
        self.writers[-1].write(content)
        await self.writers[-1].drain()

    async def hang_up(self) -> None:
        await asyncio.wait_for(self.met.wait(), GUARD_S)
        self.met.clear()
        self.writers[-1].transport.abort()


@asynccontextmanager
async def bridge(greeting: bytes = b"") -> AsyncIterator[Bridge]:
    """A bridge that greets whoever connects, as one does that passes a telegram through at that moment."""
    there = Bridge(greeting=greeting)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        there.writers.append(writer)
        writer.write(there.greeting)
        there.met.set()

    server = await asyncio.start_server(meet, LOOPBACK, 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for writer in there.writers:
            writer.transport.abort()
        for _ in range(3):
            await WallClock().sleep(0)


@dataclass
class Cable:
    """The meter's end of a serial line."""

    path: str
    descriptor: int

    def say(self, content: bytes) -> None:
        while content:
            content = content[os.write(self.descriptor, content) :]


@asynccontextmanager
async def cable() -> AsyncIterator[Cable]:
    meter, ours = os.openpty()
    try:
        yield Cable(os.ttyname(ours), meter)
    finally:
        os.close(ours)
        os.close(meter)


def meter_at(line: P1Line, clock: Clock, *, silence_s: float = GUARD_S) -> SpeakingMeter[GridReading]:
    """The grid meter of a house with 25 A on three phases."""
    found = profile("dsmr_p1")
    assert isinstance(found, P1Profile)
    view: Callable[..., GridReading] = GridView(Mounting(bounds=Bounds(phases=tuple(Phase), fuse_a=25.0))).reading
    return SpeakingMeter(
        name="grid", period_s=1.0, silence_s=silence_s, line=line, tongue=P1Tongue(found), view=view, clock=clock
    )


def at(there: Bridge) -> P1Line:
    return P1Line(host=LOOPBACK, port=there.port)
