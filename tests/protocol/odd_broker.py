"""An MQTT broker for tests that does what broken ones do, and a way to act at an exact turn of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ems.clock import WallClock

LOOPBACK = "127.0.0.1"
CONNACK = b"\x20\x02\x00\x00"
CONNECT, SUBSCRIBE = 0x10, 0x82
"""First bytes of packets."""


def after(turns: int, act: Callable[[], object]) -> None:
    """Call `act` so many turns of the event loop later."""
    if turns:
        asyncio.get_running_loop().call_soon(after, turns - 1, act)
    else:
        act()


class _Session(asyncio.Protocol):
    """Hands the first byte of whatever it hears, and its own end of the connection, to `heard`."""

    def __init__(self, heard: Callable[[int, asyncio.Transport], None]) -> None:
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard(data[0], self.transport)


@asynccontextmanager
async def odd_broker(heard: Callable[[int, asyncio.Transport], None]) -> AsyncIterator[int]:
    """A broker that lives as long as the block, and what `heard` makes of it; yields its port."""
    made: list[_Session] = []

    def session() -> _Session:
        made.append(_Session(heard))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(session, LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in made:
            each.transport.abort()
        await server.wait_closed()
        await WallClock().sleep(0)
