"""One Modbus connection per address, shared by all devices behind it.

A gateway with an RS-485 bus behind it can do one thing at a time, so requests queue here, one on the wire at once, with
the silence between them that the slowest device needs. A device that says it is busy is asked again after a moment.
Nothing else is repeated behind the caller's back: what meets a dropped connection fails, the next one connects again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pymodbus.pdu import ModbusPDU

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.modbus.frames import EXCEPTION_NAMES
from ems.devices.modbus.wire import Line, ReadRequest, Wire, WriteRequest
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused, UnknownHost

# The library logs every lost frame as an error; here that is a typed error, reported once by whoever reads the device.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

__all__ = [
    "Answer",
    "Line",
    "ModbusLink",
    "NoSuchRegisters",
    "NobodyBehind",
    "ReadRequest",
    "UnknownFunction",
    "WriteRequest",
]

BUSY: Final = (5, 6)
"""The exceptions of a device that asks to be asked again: it works on it, or has no time (Modbus application protocol
§7)."""

BUSY_TIMES: Final = 2
BUSY_PAUSE_S: Final = 0.2
LONGEST_HUSH_S: Final = 1.0
"""How long a line without numbered frames is left in peace after a request that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the device said."""

    registers: tuple[int, ...]
    taken_at_s: float
    """Monotonic seconds when the answer came."""

    connection: int
    """Counts the connections of this link: another number means that the device may have restarted in between."""


class NoSuchRegisters(Refused):
    """The device has no such registers, or does not give that many at once (exceptions 2 and 3)."""


class NobodyBehind(Refused):
    """A gateway answers for a device that is not there (exceptions 10 and 11)."""


class UnknownFunction(Refused):
    """The device does not know this kind of request (exception 1)."""


class Busy(Refused):
    """The device has no time for this request, or still works on it (exceptions 6 and 5)."""


REFUSALS: Final[Mapping[int, type[Refused]]] = {
    1: UnknownFunction,
    2: NoSuchRegisters,
    3: NoSuchRegisters,
    **dict.fromkeys(BUSY, Busy),
    10: NobodyBehind,
    11: NobodyBehind,
}


class ModbusLink:
    """The connection to one host and port, or on one serial line. Safe to share; every `read` waits its turn."""

    def __init__(
        self,
        line: Line,
        clock: Clock,
        *,
        gap_s: float = 0.0,
        connect_delay_s: float = 0.0,
    ) -> None:
        self._line = line
        self._clock = clock
        self._gap_s = max(gap_s, line.serial.silence_s) if line.over == "serial" else gap_s
        self._connect_delay_s = connect_delay_s
        self._turn = asyncio.Lock()
        self._wire: Wire | None = None
        self._connections = 0
        self._number = 0
        self._free_at_s = float("-inf")

    @property
    def where(self) -> str:
        """Host and port, or the serial line, for messages."""
        return self._line.where

    @property
    def connections(self) -> int:
        """How often it was opened since the start."""
        return self._connections

    async def read(self, request: ReadRequest) -> Answer:
        """The registers asked for.

        Raises LinkDown (nobody there, or the connection dropped), NoAnswer (nothing within `timeout_s`; the connection
        is then closed, lest a late answer be taken for the next one's), Refused or Nonsense.
        """
        async with self._on_the_wire(request.timeout_s):
            return await self._ask_patiently(request)

    async def write(self, request: WriteRequest) -> None:
        """Write the registers, once. Raises as `read` does; after NoAnswer nobody knows whether they were written."""
        async with self._on_the_wire(request.timeout_s):
            wire = await self._connected(request.timeout_s)
            is_meant = request.connection in {None, self._connections}
            if is_meant:
                self._check_taken(request, await wire.write(request))
        if not is_meant:
            # Out of the exchange, whose failure would end this connection, which others read over.
            raise LinkDown(f"{self.where} was connected anew meanwhile, so nothing was written")

    def _check_taken(self, request: WriteRequest, reply: ModbusPDU) -> None:
        if reply.isError():
            code = reply.exception_code
            raise REFUSALS.get(code, Refused)(
                f"unit {request.unit} at {self.where} refused to take registers {request.address} to "
                f"{request.address + request.count - 1}: {EXCEPTION_NAMES.get(code, f'exception {code}')}"
            )

    async def close(self) -> None:
        """Close the connection; the next `read` opens it again."""
        async with self._turn:
            self._drop()
            await self._clock.sleep(0)

    @asynccontextmanager
    async def _on_the_wire(self, timeout_s: float) -> AsyncIterator[None]:
        """One exchange: its turn, and the silence before and after it."""
        async with self._turn:
            wait_s = self._free_at_s - self._clock.monotonic_s()
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            silence_s = self._gap_s
            try:
                yield
            except (LinkDown, NoAnswer, Nonsense, asyncio.CancelledError):
                self._drop()
                silence_s = max(silence_s, self._hush_s(timeout_s))
                raise
            finally:
                self._free_at_s = self._clock.monotonic_s() + silence_s
                end_if_cancelled()

    async def _ask_patiently(self, request: ReadRequest) -> Answer:
        for _ in range(BUSY_TIMES):
            try:
                return await self._ask(await self._connected(request.timeout_s), request)
            except Busy:
                await self._clock.sleep(max(BUSY_PAUSE_S, self._gap_s))
        return await self._ask(await self._connected(request.timeout_s), request)

    def _hush_s(self, timeout_s: float) -> float:
        """RTU frames carry no number, so an answer that is late must not meet the next request."""
        return 0.0 if self._line.frames_have_numbers else min(timeout_s, LONGEST_HUSH_S)

    async def _ask(self, wire: Wire, request: ReadRequest) -> Answer:
        reply = await wire.exchange(request)
        if reply.isError():
            code = reply.exception_code
            refusal = REFUSALS.get(code, Refused)
            raise refusal(
                f"unit {request.unit} at {self.where} refused registers {request.address} to "
                f"{request.address + request.count - 1}: {EXCEPTION_NAMES.get(code, f'exception {code}')}"
            )
        if len(reply.registers) != request.count:
            raise Nonsense(
                f"unit {request.unit} at {self.where} sent {len(reply.registers)} of {request.count} registers"
            )
        return Answer(
            registers=tuple(reply.registers),
            taken_at_s=self._clock.monotonic_s(),
            connection=self._connections,
        )

    async def _connected(self, timeout_s: float) -> Wire:
        if self._wire is not None and self._wire.is_open:
            return self._wire
        self._drop()
        wire = Wire(self._line, self._clock, number=self._number)
        if not await wire.open(timeout_s):
            raise await self._nobody_there(timeout_s)
        self._connections += 1
        self._wire = wire
        if self._connect_delay_s > 0:
            await self._clock.sleep(self._connect_delay_s)
        return wire

    async def _nobody_there(self, timeout_s: float) -> LinkDown:
        """Why no connection came about."""
        if self._line.over == "serial":
            reasons = "no such line, no right to it, another program has it, or no such baud and parity"
            return LinkDown(f"{self.where} cannot be opened: {reasons}")
        try:
            async with self._clock.timeout(timeout_s):
                await asyncio.get_running_loop().getaddrinfo(self._line.host, self._line.port)
        except TimeoutError:
            pass  # the name server is as silent as the device
        except (OSError, UnicodeError):
            return UnknownHost(
                f"nobody here knows the name {self._line.host}; check its spelling, or write the address"
            )
        return LinkDown(f"{self.where} does not accept a Modbus connection")

    def _drop(self) -> None:
        if self._wire is not None:
            self._number = self._wire.number
            self._wire.close()
            self._wire = None
