"""Modbus devices for tests on real sockets: a proper server, and one that does what real devices sometimes do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.clock import WallClock
from ems.devices.library import profile
from ems.devices.modbus.profile import ModbusProfile
from ems.devices.modbus.register_types import encode

LOOPBACK = "127.0.0.1"
GUARD_S = 20.0
ANSWERS_WITHIN_S = 1.0
"""Where a test waits for an answer that does not come: short, yet longer than a busy machine takes to give one."""

LOOP_TURNS = 20

Registers = Mapping[int, int]
Reply = Callable[[bytes], Sequence[bytes] | None]
"""What to send after a request, piece by piece; None closes the connection, nothing at all is silence."""

CLOSE = None
SILENCE: Sequence[bytes] = ()


def answer(request: bytes, registers: Sequence[int]) -> bytes:
    """The right answer to a read request."""
    data = b"".join(word.to_bytes(2, "big") for word in registers)
    body = request[6:8] + bytes([len(data)]) + data
    return request[:4] + len(body).to_bytes(2, "big") + body


def refusal(request: bytes, code: int) -> bytes:
    """The device's own exception."""
    return request[:4] + b"\0\x03" + request[6:7] + bytes([request[7] | 0x80, code])


def asked_for(request: bytes) -> tuple[int, int, int]:
    """Function, address and count of a request."""
    return request[7], int.from_bytes(request[8:10], "big"), int.from_bytes(request[10:12], "big")


def counting(request: bytes) -> Sequence[bytes]:
    """Every register holds its own address."""
    _, address, count = asked_for(request)
    return [answer(request, range(address, address + count))]


def sdm630(**values: float) -> Registers:
    """The registers of an SDM630 that measures `values`; those it documents and we do not read hold 0."""
    known = profile("eastron_sdm630")
    assert isinstance(known, ModbusProfile)
    registers = dict.fromkeys(range(80), 0)
    for name, value in values.items():
        point = known.points[name]
        registers |= dict(enumerate(encode(value, point.type), start=point.address))
    return registers


@dataclass
class OddServer:
    """Answers with whatever `reply` says, and keeps a record."""

    reply: Reply
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    overlaps: int = 0
    port: int = 0
    transports: list[asyncio.Transport] = field(default_factory=list)
    over: bool = False
    """Whoever is accepted only now is let go of at once."""

    lost: asyncio.Queue[Exception | None] = field(default_factory=asyncio.Queue)
    heard: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)


class _Session(asyncio.Protocol):
    def __init__(self, server: OddServer) -> None:
        self._server = server
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections += 1
        self._server.transports.append(transport)
        if self._server.over:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.lost.put_nowait(exc)

    def data_received(self, data: bytes) -> None:
        self._server.overlaps += self._waiting or len(data) != 12
        self._waiting = True
        self._server.requests.append(data)
        self._server.heard.put_nowait(data)
        self._later(LOOP_TURNS, data)

    def _later(self, turns: int, data: bytes) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._later, turns - 1, data)
            return
        self._waiting = False
        pieces = self._server.reply(data)
        if pieces is CLOSE:
            self._transport.close()
        elif pieces:
            self._send(list(pieces))

    def _send(self, pieces: list[bytes]) -> None:
        self._transport.write(pieces.pop(0))
        if pieces:
            asyncio.get_running_loop().call_soon(self._send, pieces)


@asynccontextmanager
async def odd_server(reply: Reply, *, port: int = 0) -> AsyncIterator[OddServer]:
    """A server on loopback that lives as long as the block."""
    state = OddServer(reply)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(state), LOOPBACK, port)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        # A connection that waits or was just taken is ours only in the loop's next turns, and nobody's after `close`.
        for _ in range(LOOP_TURNS):
            await WallClock().sleep(0)
        state.over = True
        server.close()
        for transport in state.transports:
            transport.abort()
        await server.wait_closed()
        for _ in range(6):
            await WallClock().sleep(0)


@asynccontextmanager
async def modbus_server(units: Mapping[int, Registers], *, port: int = 0) -> AsyncIterator[int]:
    """A proper Modbus TCP server with the registers of each unit; yields its port. Other registers are refused."""
    devices = [
        SimDevice(unit, simdata=[SimData(at, values=words, datatype=DataType.REGISTERS) for at, words in _runs(regs)])
        for unit, regs in units.items()
    ]
    server = ModbusTcpServer(devices, address=(LOOPBACK, port))
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        shutdown: Callable[[], Awaitable[None]] = server.shutdown
        await shutdown()
        await WallClock().sleep(0)


def _runs(registers: Registers) -> list[tuple[int, list[int]]]:
    runs: list[tuple[int, list[int]]] = []
    for address in sorted(registers):
        if runs and runs[-1][0] + len(runs[-1][1]) == address:
            runs[-1][1].append(registers[address])
        else:
            runs.append((address, [registers[address]]))
    return runs


class HandClock(WallClock):
    """Stands still, and takes no time to wait; time-outs are real."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)
        self.now_s += delay_s
        await super().sleep(0)


def serving(words: Mapping[int, int]) -> Reply:
    """A device with those holding registers, which may change while it serves them."""

    def reply(request: bytes) -> Sequence[bytes]:
        _, address, count = asked_for(request)
        wanted = range(address, address + count)
        if not all(each in words for each in wanted):
            return [refusal(request, 2)]
        return [answer(request, [words[each] for each in wanted])]

    return reply
