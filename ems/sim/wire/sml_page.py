"""A simulated bridge whose page holds the newest SML telegram of its meter."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from ems.clock import Clock
from ems.devices.obis_profile import SmlPageProfile
from ems.devices.profile_parts import Kind
from ems.sim.wire.filling import Values
from ems.sim.wire.listening import listen
from ems.sim.wire.profile_unit import Source
from ems.sim.wire.sml_telegrams import sml_of

LONGEST_HEAD: Final = 8192


class SmlPagePort:
    """Serves one page until it is closed; a new telegram stands there every second."""

    def __init__(
        self,
        profile: SmlPageProfile,
        host: str,
        port: int,
        clock: Clock,
        source: Source | None = None,
        *,
        password: str = "",
    ) -> None:
        """With a `source`, it measures what that gives; with a `password`, nobody else is let in."""
        self.host: Final = host
        self.port = port
        self.samples = 0
        """Pages that were handed out."""

        self._profile = profile
        self._clock = clock
        self._source = source
        self._password = password
        self._values: Values = {}
        self._put: bytes | None = None
        """What stands there in place of what it measures."""

        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.StreamWriter] = set()

    @property
    def where(self) -> Mapping[str, str | int]:
        return {"host": self.host, "port": self.port}

    def show(self, values: Mapping[Kind, Values]) -> None:
        """Measure exactly `values` from now on."""
        self._values = values.get("meter", {})

    def put(self, page: bytes) -> None:
        """Serve exactly that from now on."""
        self._put = page

    async def open(self) -> None:
        """Answer. Raises OSError when the port is taken."""
        self._server = await listen(self._converse, self.host, self.port, limit=LONGEST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in self._talks:
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(head))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self._talks.discard(writer)
            writer.close()

    def _answer(self, head: str) -> bytes:
        pair = b64encode(f"{self._profile.user}:{self._password}".encode()).decode()
        if self._password and f"authorization: basic {pair}".lower() not in head.lower():
            return _response("401 Unauthorized", b"")
        if head.split(" ")[1] != self._profile.request:
            return _response("404 Not Found", b"")
        if self._source is not None:
            self.show(self._source())
        self.samples += 1
        if self._put is not None:
            return _response("200 OK", self._put)
        return _response("200 OK", sml_of(self._profile, self._values, round(self._clock.monotonic_s())))


def _response(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
