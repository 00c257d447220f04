"""What control feels of a hundred clients of the push socket, one of which never reads."""

from __future__ import annotations

import asyncio
import gc
import socket
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from ems.bench.figures import PushFigures, spread
from ems.bench.push_house import LOOPBACK, PushHouse
from ems.bench.resident import resident_mb
from ems.clock import Clock, WallClock

CLIENTS: Final = 100
CYCLE_S: Final = 1.0
WARM_UP: Final = 12
"""Cycles until meters are trusted and cars charge."""

JOINS_WITHIN_S: Final = 60.0
STALLED_HOLDS_B: Final = 4096
"""What the kernel keeps for the one that never reads; with megabytes of it, as is usual, nobody would notice it in a
minute."""


@dataclass(slots=True)
class _Beats:
    """What a stretch of cycles took, and how late each began."""

    cycle_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    drops_after_s: float | None = None
    """From the first cycle until the one that never reads was dropped."""


def measure_push(cycles: int, clients: int = CLIENTS) -> PushFigures:
    """So many cycles of a second without clients, and as many with them."""
    if cycles <= 0:
        return PushFigures(skipped="left out")
    try:
        return asyncio.run(_measured(cycles, clients, WallClock()))
    except (OSError, TimeoutError) as error:
        return PushFigures(skipped=str(error) or "the clients did not come in time")


async def _measured(cycles: int, clients: int, clock: Clock) -> PushFigures:
    house = PushHouse(clock)
    async with house.serving() as (port, token):
        for _ in range(WARM_UP):
            house.turn()
        alone = await _beats(house, cycles, clock)
        gc.collect()
        before_mb = resident_mb() or 0.0
        with _stalled(port, token):
            async with _readers(port, token, clients) as reading:
                async with clock.timeout(JOINS_WITHIN_S):
                    while house.joined < clients + 1:
                        await clock.sleep(0.1)
                together = await _beats(house, cycles, clock)
                left = house.clients
            messages = int((await reading.communicate(b""))[0] or 0)
    alone_s = statistics.median(alone.cycle_s)
    return PushFigures(
        clients=clients,
        cycles=cycles,
        cycle_alone_ms=round(alone_s * 1000.0, 3),
        cycle_ratio=round(statistics.median(together.cycle_s) / alone_s, 2),
        late_p99_ms=spread(together.late_s).p99_ms,
        messages=messages,
        dropped=house.dropped,
        dropped_after_s=together.drops_after_s,
        stayed=left,
        grown_mb=round(together.resident_mb[-1] - before_mb, 1),
        grown_most_mb=round(max(together.resident_mb) - before_mb, 1),
    )


async def _beats(house: PushHouse, cycles: int, clock: Clock) -> _Beats:
    """A cycle every second, on its own beat."""
    found = _Beats()
    due_s = clock.monotonic_s()
    for _ in range(cycles):
        due_s += CYCLE_S
        await clock.sleep(max(0.0, due_s - clock.monotonic_s()))
        began_s = clock.monotonic_s()
        house.turn()
        found.cycle_s.append(clock.monotonic_s() - began_s)
        found.late_s.append(max(0.0, began_s - due_s))
        found.resident_mb.append(resident_mb() or 0.0)
        if house.dropped and found.drops_after_s is None:
            found.drops_after_s = len(found.cycle_s) * CYCLE_S
    return found


@asynccontextmanager
async def _readers(port: int, token: str, clients: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Clients in a process of their own, which prints how many messages they got."""
    reading = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ems.bench.push_clients", str(port), str(clients)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if reading.stdin is not None:
            reading.stdin.write(f"{token}\n".encode())
            await reading.stdin.drain()
        yield reading
    except BaseException:
        reading.kill()
        await reading.wait()
        raise


@contextmanager
def _stalled(port: int, token: str) -> Iterator[None]:
    """A client that says hello and never reads."""
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_HOLDS_B)
        stalled.connect((LOOPBACK, port))
        lines = (
            "GET /api/v1/ws HTTP/1.1",
            f"Host: {LOOPBACK}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            f"Authorization: Bearer {token}",
        )
        stalled.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        yield
