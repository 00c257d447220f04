"""Where a meter's bytes come from: a bridge on the network, or a serial line of this machine. Only listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import serial

PIECE_BYTES: Final = 4096

SEVEN_BITS_UP_TO_BAUD: Final = 9600
"""Before DSMR 4 a port spoke 9600 baud, seven bits and even parity; since then 115200, eight bits and no parity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class P1Line:
    """Where a meter speaks."""

    host: str = ""
    port: int = 0
    serial: str | None = None
    """The device file of a cable, in place of host and port."""

    baud: int = 115_200
    seven_bits: bool = False
    """Seven bits and even parity."""

    @property
    def where(self) -> str:
        """For messages."""
        return self.serial or f"{self.host}:{self.port}"


class Ear(Protocol):
    """Who listens to a line."""

    def came(self, piece: bytes) -> None: ...

    def ended(self) -> None:
        """The other side closed the line, or it broke. Not called after `close`."""
        ...


class Listening(Protocol):
    """An open line."""

    def close(self) -> None: ...


async def listen(line: P1Line, ear: Ear) -> Listening:
    """Open the line; what comes goes to `ear`. Raises OSError, or ValueError for what no line is called."""
    if line.serial is not None:
        return _SerialLine(line, ear)
    _, protocol = await asyncio.get_running_loop().create_connection(lambda: _Bridge(ear), line.host, line.port)
    return protocol


class _Bridge(asyncio.Protocol):
    """A connection to a bridge."""

    def __init__(self, ear: Ear) -> None:
        self._ear: Ear | None = ear
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._ear is not None:
            self._ear.came(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.ended()

    def close(self) -> None:
        self._ear = None
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()


class _SerialLine:
    """A serial line, read from the event loop."""

    def __init__(self, line: P1Line, ear: Ear) -> None:
        self._ear = ear
        self._stop: Callable[[], object] | None = None
        self._port = serial.Serial(
            line.serial,
            baudrate=line.baud,
            bytesize=serial.SEVENBITS if line.seven_bits else serial.EIGHTBITS,
            parity=serial.PARITY_EVEN if line.seven_bits else serial.PARITY_NONE,
            timeout=0,
            exclusive=True,
        )
        # What an adapter kept from before the line was opened is nobody's sample.
        self._port.reset_input_buffer()
        loop, descriptor = asyncio.get_running_loop(), self._port.fileno()
        loop.add_reader(descriptor, self._readable)
        self._stop = lambda: loop.remove_reader(descriptor)

    def _readable(self) -> None:
        try:
            piece = self._port.read(PIECE_BYTES)
        except (OSError, serial.SerialException):
            self.close()
            self._ear.ended()
            return
        if piece:
            self._ear.came(piece)

    def close(self) -> None:
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
            self._port.close()
