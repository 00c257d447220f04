"""One Modbus connection per address, over TCP or UDP, shared by all devices behind it.

A gateway with an RS-485 bus behind it can do one thing at a time, so requests queue here, one on the wire at once, with
the silence between them that the slowest device needs. Nothing is repeated behind the caller's back: a request that
meets a dropped connection fails, the next one connects again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pymodbus.client import AsyncModbusTcpClient, AsyncModbusUdpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.modbus_frames import EXCEPTION_NAMES, frame_fault
from ems.devices.profile_parts import Carrier
from ems.devices.register_point import RegisterKind
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused, UnknownHost

# The library logs every lost frame as an error; here that is a typed error, reported once by whoever reads the device.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

FUNCTION_OF: Final = {"holding": 3, "input": 4}
LIBRARY_TIMEOUT_S: Final = 3600.0
"""The library's own limit, out of the way: ours runs on the injected clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """A read of `count` registers from `address` on."""

    unit: int
    function: RegisterKind
    address: int
    count: int
    timeout_s: float = 1.0


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


class ModbusLink:
    """The connection to one host and port. Safe to share; every `read` waits its turn."""

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        *,
        gap_s: float = 0.0,
        connect_delay_s: float = 0.0,
        over: Carrier = "tcp",
    ) -> None:
        self._over = over
        self._host = host
        self._port = port
        self._clock = clock
        self._gap_s = gap_s
        self._connect_delay_s = connect_delay_s
        self._turn = asyncio.Lock()
        self._wire: _Wire | None = None
        self._connections = 0
        self._quiet_since_s = float("-inf")

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{self._host}:{self._port}"

    async def read(self, request: ReadRequest) -> Answer:
        """The registers asked for.

        Raises LinkDown (nobody there, or the connection dropped), NoAnswer (nothing within `timeout_s`; the connection
        is then closed, lest a late answer be taken for the next one's), Refused or Nonsense.
        """
        async with self._turn:
            await self._clock.sleep(max(0.0, self._quiet_since_s + self._gap_s - self._clock.monotonic_s()))
            try:
                return await self._ask(await self._connected(request.timeout_s), request)
            except (LinkDown, NoAnswer, Nonsense, asyncio.CancelledError):
                self._drop()
                raise
            finally:
                self._quiet_since_s = self._clock.monotonic_s()
                end_if_cancelled()

    async def close(self) -> None:
        """Close the connection; the next `read` opens it again."""
        async with self._turn:
            self._drop()
            await self._clock.sleep(0)

    async def _ask(self, wire: _Wire, request: ReadRequest) -> Answer:
        reply = await wire.exchange(request)
        if reply.isError():
            code = reply.exception_code
            refusal = NoSuchRegisters if code in (2, 3) else Refused
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

    async def _connected(self, timeout_s: float) -> _Wire:
        if self._wire is not None and self._wire.is_open:
            return self._wire
        self._drop()
        wire = _Wire(self._host, self._port, self._clock, self._over)
        if not await wire.open(timeout_s):
            raise await self._nobody_there(timeout_s)
        self._connections += 1
        self._wire = wire
        if self._connect_delay_s > 0:
            await self._clock.sleep(self._connect_delay_s)
        return wire

    async def _nobody_there(self, timeout_s: float) -> LinkDown:
        """Why no connection came about."""
        try:
            async with self._clock.timeout(timeout_s):
                await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
        except TimeoutError:
            pass  # the name server is as silent as the device
        except (OSError, UnicodeError):
            return UnknownHost(f"nobody here knows the name {self._host}; check its spelling, or write the address")
        return LinkDown(f"{self.where} does not accept a Modbus connection")

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


CLIENTS: Final[Mapping[Carrier, type[AsyncModbusTcpClient | AsyncModbusUdpClient]]] = {
    "tcp": AsyncModbusTcpClient,
    "udp": AsyncModbusUdpClient,
}


class _Wire:
    """One connection, from its opening to its end. Over UDP it opens whoever listens; then only answers tell."""

    def __init__(self, host: str, port: int, clock: Clock, over: Carrier) -> None:
        self._where = f"{host}:{port}"
        self._clock = clock
        self._client = CLIENTS[over](
            host,
            port=port,
            timeout=LIBRARY_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._inspect,
            trace_connect=self._changed,
        )
        self._request: ReadRequest | None = None
        self._limit: asyncio.Timeout | None = None
        self._trouble: DeviceError | None = None

    @property
    def is_open(self) -> bool:
        return self._client.connected

    async def open(self, timeout_s: float) -> bool:
        """Whether somebody took the connection in time."""
        try:
            async with self._clock.timeout(timeout_s):
                return await self._client.connect()
        except (TimeoutError, UnicodeError):
            # A name that no resolver could even spell counts as nobody there.
            self._client.close()
            return False

    def close(self) -> None:
        self._client.close()

    async def exchange(self, request: ReadRequest) -> ModbusPDU:
        """Send and wait; the reply may be the device's refusal."""
        self._request = request
        client = self._client
        read = client.read_holding_registers if request.function == "holding" else client.read_input_registers
        try:
            async with self._clock.timeout(request.timeout_s) as self._limit:
                return await read(request.address, count=request.count, device_id=request.unit)
        except TimeoutError:
            silence = f"unit {request.unit} at {self._where} did not answer within {request.timeout_s:g} s"
            raise self._trouble or NoAnswer(silence) from None
        except ModbusException as err:
            raise LinkDown(f"{self._where} dropped the Modbus connection") from err
        finally:
            self._request = self._limit = None

    def _inspect(self, sending: bool, packet: bytes) -> bytes:
        request = self._request
        if sending or request is None:
            return packet
        fault = frame_fault(packet, FUNCTION_OF[request.function], request.count)
        if fault is None:
            return packet
        self._fail(Nonsense(f"unit {request.unit} at {self._where} sent garbage: {fault}"))
        return b""

    def _changed(self, connected: bool) -> None:
        if not connected:
            self._fail(LinkDown(f"{self._where} dropped the Modbus connection"))

    def _fail(self, trouble: DeviceError) -> None:
        """End the exchange under way at once, and say why."""
        self._trouble = self._trouble or trouble
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(0)
