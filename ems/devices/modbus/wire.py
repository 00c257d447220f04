"""One Modbus connection, from its opening to its end: TCP, UDP, TLS, or RTU frames over TCP or a serial line."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypedDict, Unpack, cast

import serial
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient, AsyncModbusUdpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType
from pymodbus.pdu import ModbusPDU
from pymodbus.transport import CommParams, CommType

from ems.clock import Clock
from ems.devices.modbus.frames import EXCEPTION_BIT, frame_fault, is_cut_short, ours, rtu_answer, rtu_frame_fault
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.profile_parts import Carrier
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense

LOGGER = logging.getLogger(__name__)

FUNCTION_OF: Final = {"holding": 3, "input": 4}
WRITES: Final = 16
WRITES_ONE: Final = 6
LIBRARY_TIMEOUT_S: Final = 3600.0
"""The library's own limit, out of the way: ours runs on the injected clock."""

BITS_PER_CHARACTER: Final = 11
"""Start, eight data, parity or a second stop, stop: Modbus over serial line §2.5.1."""

SHORTEST_SILENCE_S: Final = 0.00175
"""Between two frames on a serial line above 19,200 baud; below it is 3.5 characters (§2.5.1.1)."""

Parity = Literal["none", "even", "odd"]
_Client: TypeAlias = AsyncModbusTcpClient | AsyncModbusUdpClient | AsyncModbusSerialClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """A read of `count` registers from `address` on."""

    unit: int
    function: RegisterKind
    address: int
    count: int
    timeout_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """A write of holding registers from `address` on."""

    unit: int
    address: int
    registers: tuple[int, ...]
    alone: bool = False
    """Of one register, by function 6, for devices that do not know function 16."""

    connection: int | None = None
    """Only on this one (`Answer.connection`): behind a newer one a register may have become another."""

    timeout_s: float = 1.0

    @property
    def count(self) -> int:
        return len(self.registers)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSetting:
    """How a serial line is spoken on."""

    baud: int = 9600
    parity: Parity = "none"
    stop_bits: int = 1

    @property
    def silence_s(self) -> float:
        """What has to lie between two frames."""
        return max(SHORTEST_SILENCE_S, 3.5 * BITS_PER_CHARACTER / self.baud)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where and over what a connection goes."""

    over: Carrier = "tcp"
    host: str
    """Name or address; the device file, such as /dev/ttyUSB0, of a serial line."""

    port: int = 0
    """0 for a serial line."""

    tls: ssl.SSLContext | None = None
    serial: SerialSetting = SerialSetting()

    @property
    def where(self) -> str:
        """For messages."""
        return self.host if self.over == "serial" else f"{self.host}:{self.port}"

    @property
    def frames_have_numbers(self) -> bool:
        """False for RTU frames, whose late answer looks like an answer to the next request."""
        return self.over not in {"serial", "rtu_over_tcp"}


class Wire:
    """One connection. Over UDP it opens whoever listens; then only answers tell.

    Questions are numbered on from `number`, the last one of the connection before: a gateway may bring an answer from
    there.
    """

    def __init__(self, line: Line, clock: Clock, *, number: int = 0) -> None:
        self._line = line
        self._clock = clock
        self._first_after = number
        self._client = _client(line, self._inspect, self._changed)
        self._request: ReadRequest | None = None
        self._asked = b""
        self._limit: asyncio.Timeout | None = None
        self._trouble: DeviceError | None = None

    @property
    def is_open(self) -> bool:
        return self._client.connected

    @property
    def number(self) -> int:
        """Of the last question."""
        return self._client.ctx.next_tid

    async def open(self, timeout_s: float) -> bool:
        """Whether somebody took the connection in time."""
        try:
            async with self._clock.timeout(timeout_s):
                opened = await self._client.connect()
        except (TimeoutError, UnicodeError):
            # A name that no resolver could even spell counts as nobody there.
            self._client.close()
            return False
        except Exception as err:
            # A line that cannot be set as asked says so in the error type of its operating system's driver.
            if self._line.over != "serial":
                raise
            LOGGER.debug("%s: %s", self._line.where, err)
            return False
        if opened and self._line.over == "serial":
            _forget_what_came(self._client)
        self._client.ctx.next_tid = self._first_after
        return opened

    def close(self) -> None:
        self._client.close()

    async def exchange(self, request: ReadRequest) -> ModbusPDU:
        """Send and wait; the reply may be the device's refusal. Raises NoAnswer, Nonsense or LinkDown."""
        self._request = request
        client = self._client
        read = client.read_holding_registers if request.function == "holding" else client.read_input_registers
        try:
            async with self._clock.timeout(request.timeout_s) as self._limit:
                reply = await read(request.address, count=request.count, device_id=request.unit)
        except TimeoutError:
            silence = f"unit {request.unit} at {self._line.where} did not answer within {request.timeout_s:g} s"
            raise self._trouble or NoAnswer(silence) from None
        except ModbusException as err:
            raise LinkDown(f"{self._line.where} dropped the Modbus connection") from err
        finally:
            self._request = self._limit = None
        if isinstance(self._trouble, Nonsense):
            # Garbage came right behind the answer; who speaks on such a line cannot be told.
            raise self._trouble
        # Of several frames in one packet `_inspect` has seen the first of ours alone.
        if reply.function_code & ~EXCEPTION_BIT != FUNCTION_OF[request.function]:
            raise Nonsense(f"unit {request.unit} at {self._line.where} answers function {reply.function_code}")
        return reply

    async def write(self, request: WriteRequest) -> ModbusPDU:
        """The same for a write; the reply confirms it, or is the device's refusal."""
        where = f"unit {request.unit} at {self._line.where}"
        try:
            async with self._clock.timeout(request.timeout_s) as self._limit:
                reply = await self._written(request)
        except TimeoutError:
            silence = f"{where} did not confirm within {request.timeout_s:g} s"
            raise self._trouble or NoAnswer(silence) from None
        except ModbusException as err:
            raise LinkDown(f"{self._line.where} dropped the Modbus connection") from err
        finally:
            self._limit = None
        # The library takes number 0 for any.
        if (self._line.frames_have_numbers and not reply.transaction_id) or not _answers(reply, request):
            raise Nonsense(f"{where} answers something else than our write")
        return reply

    async def _written(self, request: WriteRequest) -> ModbusPDU:
        if request.alone:
            return await self._client.write_register(request.address, request.registers[0], device_id=request.unit)
        return await self._client.write_registers(request.address, list(request.registers), device_id=request.unit)

    def _inspect(self, sending: bool, packet: bytes) -> bytes:
        if sending:
            self._asked = packet
            return packet
        request, numbered = self._request, self._line.frames_have_numbers
        if request is None:
            # Function 6 is confirmed by an echo, so one of an adapter cannot be told from that.
            echoed = not numbered and self._asked[1:2] == bytes([WRITES])
            return rtu_answer(packet, self._asked) if echoed else packet
        if self._trouble is not None:
            # The exchange is over, though whoever waits for it has not been woken yet.
            return b""
        answer = ours(packet, self._asked) if numbered else rtu_answer(packet, self._asked)
        fault = self._fault(answer, request)
        if fault is None:
            return answer
        self._fail(Nonsense(f"unit {request.unit} at {self._line.where} sent garbage: {fault}"))
        return b""

    def _fault(self, answer: bytes, request: ReadRequest) -> str | None:
        function = FUNCTION_OF[request.function]
        if not self._line.frames_have_numbers:
            return rtu_frame_fault(answer, request.unit, function, request.count)
        fault = frame_fault(answer, function, request.count)
        if fault is None and self._line.over == "udp" and is_cut_short(answer):
            return "its datagram is cut short"
        return fault

    def _changed(self, connected: bool) -> None:
        if not connected:
            self._fail(LinkDown(f"{self._line.where} dropped the Modbus connection"))

    def _fail(self, trouble: DeviceError) -> None:
        """End the exchange under way at once, and say why."""
        self._trouble = self._trouble or trouble
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(0)


def _answers(reply: ModbusPDU, request: WriteRequest) -> bool:
    """Whether that refuses or confirms this write."""
    if reply.isError():
        return reply.function_code & ~EXCEPTION_BIT == (WRITES_ONE if request.alone else WRITES)
    if request.alone:
        said = (reply.function_code, reply.address, tuple(reply.registers))
        return said == (WRITES_ONE, request.address, request.registers)
    return (reply.function_code, reply.address, reply.count) == (WRITES, request.address, request.count)


class _Traces(TypedDict):
    """What every client of the library is given."""

    timeout: float
    retries: int
    reconnect_delay: float
    trace_packet: Callable[[bool, bytes], bytes]
    trace_connect: Callable[[bool], None]


class _TlsClient(AsyncModbusTcpClient):
    """TCP frames inside TLS; the library's own client for TLS takes every piece that comes for a whole frame."""

    def __init__(self, line: Line, **settings: Unpack[_Traces]) -> None:
        self.comm_params = CommParams(
            comm_type=CommType.TLS,
            host=line.host,
            port=line.port,
            sslctx=line.tls,
            comm_name="comm",
            reconnect_delay=0,
            timeout_connect=LIBRARY_TIMEOUT_S,
        )
        super().__init__(line.host, **settings)


def _client(line: Line, inspect: Callable[[bool, bytes], bytes], changed: Callable[[bool], None]) -> _Client:
    settings: _Traces = {
        "timeout": LIBRARY_TIMEOUT_S,
        "retries": 0,
        "reconnect_delay": 0,
        "trace_packet": inspect,
        "trace_connect": changed,
    }
    if line.over == "serial":
        return AsyncModbusSerialClient(
            line.host,
            baudrate=line.serial.baud,
            parity=line.serial.parity[0].upper(),
            stopbits=line.serial.stop_bits,
            **settings,
        )
    if line.over == "tls":
        return _TlsClient(line, **settings)
    if line.over == "udp":
        return AsyncModbusUdpClient(line.host, port=line.port, **settings)
    framer = FramerType.RTU if line.over == "rtu_over_tcp" else FramerType.SOCKET
    return AsyncModbusTcpClient(line.host, port=line.port, framer=framer, **settings)


def _forget_what_came(client: _Client) -> None:
    """Throw away what an adapter kept from before the line was opened."""
    port = getattr(client.ctx.transport, "sync_serial", None)
    if isinstance(port, serial.SerialBase):
        cast("serial.Serial", port).reset_input_buffer()
