"""A bridge's port at which a meter's telegrams are heard, and the task that speaks there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ems.sim.wire.listening import listen


class Voice:
    """Says what is to be said, in a task."""

    def __init__(self, speak: Callable[[], Awaitable[None]]) -> None:
        self._speak = speak
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self._speak()

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class TelegramPort:
    """Whoever connects hears one telegram at once, and then all that are said."""

    def __init__(self, host: str, port: int, first: Callable[[], bytes]) -> None:
        """Port 0 takes a free one. `first` gives what a newcomer hears; it may be empty."""
        self._host = host
        self._port = port
        self._first = first
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.StreamWriter] = set()

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self._host, "port": self._port}

    @property
    def is_heard(self) -> bool:
        """Whether anybody is there."""
        return bool(self._talks)

    def say(self, telegram: bytes) -> None:
        """To everybody who is there."""
        for writer in tuple(self._talks):
            writer.write(telegram)

    async def open(self) -> None:
        """Take connections. Raises OSError when the port is taken."""
        self._server = await listen(self._meet, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in self._talks:
            writer.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        writer.write(self._first())
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass
        finally:
            self._talks.discard(writer)
            writer.close()
