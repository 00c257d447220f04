"""A door for other programs to a Modbus device that lets only one in: they read through our connection, never write.

What was read a moment ago is told again without asking, and so is the silence of a unit. One foreign request is on its
way at a time, so our own samples wait for one at most.
"""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from collections import OrderedDict
from typing import Final

from ems.clock import Clock
from ems.devices.modbus.frames import EXCEPTION_BIT, HEADER_BYTES, LONGEST_FRAME_BYTES
from ems.devices.modbus.link import Answer, ModbusLink, NoSuchRegisters, ReadRequest
from ems.devices.modbus.register_point import RegisterKind
from ems.errors import DeviceError, LinkDown, NoAnswer, Refused

LOGGER = logging.getLogger(__name__)

MOST_CLIENTS: Final = 8
MOST_REMEMBERED: Final = 64
LONGEST_READ: Final = 125
"""Registers in one request: Modbus application protocol §6.3."""

FRESH_S: Final = 1.0
SILENT_S: Final = 10.0
"""How long nobody asks a unit again that did not answer: each such question costs the connection that we read over."""

AGAIN_S: Final = 30.0
IDLE_S: Final = 600.0
"""A client that asks for nothing so long has gone."""

TAKES_S: Final = 10.0
"""A client that takes no answer so long has gone."""

MOST_WAITING_BYTES: Final = 16_384
"""Answers that wait for one client to take them."""

ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3
DEVICE_FAILURE: Final = 4
NO_ANSWER: Final = 11
_KINDS: Final[dict[int, RegisterKind]] = {3: "holding", 4: "input"}


class ModbusProxy:
    """Listens for other programs and reads for them."""

    def __init__(self, link: ModbusLink, host: str, port: int, clock: Clock, *, timeout_s: float) -> None:
        self._link = link
        self._host = host
        self._port = port
        self._clock = clock
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[ReadRequest, Answer] = OrderedDict()
        self._silent_until_s: dict[int, float] = {}
        self._clients: set[asyncio.StreamWriter] = set()
        self.listening: Final = asyncio.Event()
        """Set while others can connect."""

    @property
    def port(self) -> int:
        """Where it listens; 0 until it does, if no number was wished."""
        return self._port

    async def serve(self) -> None:
        """Serve others until cancelled. A port that is taken is tried again: control does not depend on it."""
        server = await self._listen()
        self._port = int(server.sockets[0].getsockname()[1])
        LOGGER.info("other programs read %s at port %d", self._link.where, self._port)
        self.listening.set()
        try:
            await server.serve_forever()
        finally:
            self.listening.clear()
            server.close()
            for client in tuple(self._clients):
                client.transport.abort()

    async def _listen(self) -> asyncio.Server:
        told = False
        while True:
            try:
                return await asyncio.start_server(self._welcome, self._host, self._port, limit=LONGEST_FRAME_BYTES)
            except OSError as err:
                if not told:
                    LOGGER.warning(
                        "cannot listen at port %d for readers of %s (%s); trying again, or choose another proxy_port",
                        self._port,
                        self._link.where,
                        err,
                    )
                told = True
                await self._clock.sleep(AGAIN_S)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MOST_CLIENTS:
            writer.transport.abort()
            return
        self._clients.add(writer)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_WAITING_BYTES)
        writer.transport.set_write_buffer_limits(0)
        try:
            await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            LOGGER.debug("a reader of %s is gone", self._link.where)
            writer.transport.abort()
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other; what is no Modbus ends the connection."""
        while True:
            async with self._clock.timeout(IDLE_S):
                header = await reader.readexactly(HEADER_BYTES)
                length = int.from_bytes(header[4:6], "big")
                if header[2:4] != b"\0\0" or not 2 <= length <= LONGEST_FRAME_BYTES - 6:
                    return
                body = await reader.readexactly(length - 1)
            answer = await self._answer(header[6], body)
            writer.write(header[:4] + (len(answer) + 1).to_bytes(2, "big") + header[6:7] + answer)
            async with self._clock.timeout(TAKES_S):
                await writer.drain()

    async def _answer(self, unit: int, body: bytes) -> bytes:
        """Function and data, or function and exception."""
        function = body[0]
        kind = _KINDS.get(function)
        if kind is None:
            return _refusal(function, ILLEGAL_FUNCTION)
        if len(body) != 5:
            return _refusal(function, ILLEGAL_VALUE)
        address, count = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        if not 1 <= count <= LONGEST_READ or address + count > 0x10000:
            return _refusal(function, ILLEGAL_VALUE)
        request = ReadRequest(unit=unit, function=kind, address=address, count=count, timeout_s=self._timeout_s)
        try:
            registers = (await self._read(request)).registers
        except NoSuchRegisters:
            return _refusal(function, ILLEGAL_ADDRESS)
        except Refused:
            return _refusal(function, DEVICE_FAILURE)
        except DeviceError:
            return _refusal(function, NO_ANSWER)
        return bytes([function, 2 * count]) + b"".join(word.to_bytes(2, "big") for word in registers)

    async def _read(self, request: ReadRequest) -> Answer:
        async with self._turn:
            kept = self._kept.get(request)
            if kept is not None and self._clock.monotonic_s() - kept.taken_at_s <= FRESH_S:
                return kept
            answer = await self._ask(request)
            self._kept[request] = answer
            self._kept.move_to_end(request)
            if len(self._kept) > MOST_REMEMBERED:
                self._kept.popitem(last=False)
            return answer

    async def _ask(self, request: ReadRequest) -> Answer:
        if self._clock.monotonic_s() < self._silent_until_s.get(request.unit, -math.inf):
            raise NoAnswer(f"unit {request.unit} at {self._link.where} did not answer a moment ago")
        try:
            return await self._link.read(request)
        except (LinkDown, NoAnswer):
            self._silent_until_s[request.unit] = self._clock.monotonic_s() + SILENT_S
            raise


def _refusal(function: int, code: int) -> bytes:
    return bytes([function | EXCEPTION_BIT, code])
