"""The carriers beside plain TCP: TLS, RTU frames through a gateway, RTU on a serial line."""

from __future__ import annotations

import asyncio
import os
import ssl
import tty
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from pymodbus.framer import FramerRTU, FramerType
from pymodbus.server import ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.clock import WallClock
from ems.config.schema import ModbusAddress
from ems.devices.library import profile
from ems.devices.modbus.address import line_of
from ems.devices.modbus.link import Line, ModbusLink, ReadRequest
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused
from tests.own_certificate import own_certificate
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK, HandClock, Reply, odd_server, refusal
from tests.protocol.modbus_bench import counting as counting_tcp

READ = ReadRequest(unit=3, function="holding", address=10, count=2, timeout_s=GUARD_S)
SOON_S = 0.05
IMPATIENT = ReadRequest(unit=3, function="holding", address=10, count=2, timeout_s=SOON_S)


def rtu(body: bytes) -> bytes:
    """A frame with its checksum."""
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


def counting(request: bytes) -> bytes:
    """Every register holds its own address."""
    address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    words = b"".join(word.to_bytes(2, "big") for word in range(address, address + count))
    return rtu(request[:2] + bytes([len(words)]) + words)


class Bus:
    """A device at the other end of a serial line."""

    def __init__(self, reply: Callable[[bytes], bytes]) -> None:
        self.reply = reply
        self.heard: list[bytes] = []
        self._master, self._line = os.openpty()
        tty.setraw(self._line)
        self.path = os.ttyname(self._line)

    def answer(self) -> None:
        """Take one request and send what `reply` says."""
        request = os.read(self._master, 256)
        self.heard.append(request)
        if said := self.reply(request):
            self.say(said)

    def say(self, frame: bytes) -> None:
        """Send something unasked."""
        os.write(self._master, frame)

    @contextmanager
    def attended(self) -> Iterator[Bus]:
        """Answer while the block lasts."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._master, self.answer)
        try:
            yield self
        finally:
            loop.remove_reader(self._master)
            os.close(self._master)
            os.close(self._line)


@asynccontextmanager
async def serial_link(bus: Bus) -> AsyncIterator[ModbusLink]:
    address = ModbusAddress(serial=bus.path, baud=19200, unit=3)
    link = ModbusLink(line_of(address, profile("eastron_sdm630")), WallClock())
    with bus.attended():
        try:
            yield link
        finally:
            await link.close()


async def test_a_serial_line_is_read_in_rtu_frames() -> None:
    bus = Bus(counting)
    async with serial_link(bus) as link:
        answer = await link.read(READ)
        again = await link.read(READ)

    assert answer.registers == again.registers == (10, 11)
    assert bus.heard == [rtu(bytes([3, 3, 0, 10, 0, 2]))] * 2
    assert answer.connection == again.connection


@pytest.mark.parametrize(
    ("garbage", "said"),
    [
        (rtu(bytes([4, 3, 4, 0, 1, 0, 2])), "unit 4 answers"),
        (bytes([3, 3, 4, 0, 1, 0, 2, 0, 0]), "checksum"),
        (rtu(bytes([3, 4, 4, 0, 1, 0, 2])), "function 4"),
        (rtu(bytes([3, 3, 2, 0, 1])), "1 registers"),
        (rtu(bytes([3, 3, 4, 0, 1, 0, 2])) + b"\0", "too long"),
    ],
)
async def test_a_serial_answer_that_is_not_for_the_question_is_nonsense(garbage: bytes, said: str) -> None:
    """Wrong unit, broken checksum, another function, another block, bytes left over."""
    bus = Bus(lambda _: garbage)
    async with serial_link(bus) as link:
        with pytest.raises(Nonsense, match=said):
            await link.read(READ)
        bus.reply = counting
        assert (await link.read(READ)).registers == (10, 11)


async def test_a_serial_device_refuses_in_its_own_words() -> None:
    async with serial_link(Bus(lambda _: rtu(bytes([3, 0x83, 4])))) as link:
        with pytest.raises(Refused, match="device failure"):
            await link.read(READ)


async def test_half_a_serial_answer_is_none_and_a_late_one_answers_nothing() -> None:
    """RTU frames have no number: only time keeps a late answer from being taken for the next one's."""
    bus = Bus(lambda request: counting(request)[:4])
    async with serial_link(bus) as link:
        with pytest.raises(NoAnswer):
            await link.read(IMPATIENT)
        bus.say(rtu(bytes([3, 3, 4, 9, 9, 9, 9])))
        bus.reply = counting

        assert (await link.read(READ)).registers == (10, 11)


async def test_a_line_that_is_not_there_says_so() -> None:
    line = line_of(ModbusAddress(serial="/dev/no-such-line"), profile("eastron_sdm630"))
    with pytest.raises(LinkDown, match="/dev/no-such-line cannot be opened"):
        await ModbusLink(line, WallClock()).read(READ)


async def test_a_file_that_is_no_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "line").touch()
    line = line_of(ModbusAddress(serial=str(tmp_path / "line")), profile("eastron_sdm630"))
    with pytest.raises(LinkDown, match="cannot be opened"):
        await ModbusLink(line, WallClock()).read(READ)


async def test_two_programs_do_not_share_a_serial_line() -> None:
    """The second one is told, rather than both hearing halves."""
    bus = Bus(counting)
    async with serial_link(bus) as link:
        await link.read(READ)
        other = ModbusLink(line_of(ModbusAddress(serial=bus.path), profile("eastron_sdm630")), WallClock())
        with pytest.raises(LinkDown, match="another program"):
            await other.read(READ)


async def ended(server: ModbusTcpServer) -> None:
    """Stop listening, and let every connection end."""
    shutdown: Callable[[], Awaitable[None]] = server.shutdown
    await shutdown()


def _devices() -> list[SimDevice]:
    return [SimDevice(3, simdata=[SimData(10, values=[10, 11], datatype=DataType.REGISTERS)])]


async def test_rtu_frames_travel_through_a_gateway() -> None:
    server = ModbusTcpServer(_devices(), framer=FramerType.RTU, address=(LOOPBACK, 0))
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)
    port = server.transport.sockets[0].getsockname()[1]
    address = ModbusAddress(host=LOOPBACK, port=port, over="rtu_over_tcp")
    link = ModbusLink(line_of(address, profile("eastron_sdm630")), WallClock())
    try:
        assert (await link.read(READ)).registers == (10, 11)
    finally:
        await link.close()
        await ended(server)


async def test_a_gateway_that_is_late_is_left_in_peace_before_it_is_asked_again() -> None:
    clock = HandClock()
    async with odd_server(lambda _: ()) as server:
        link = ModbusLink(Line(over="rtu_over_tcp", host=LOOPBACK, port=server.port), clock)
        with pytest.raises(NoAnswer):
            await link.read(IMPATIENT)
        before = len(clock.slept)
        with pytest.raises(NoAnswer):
            await link.read(IMPATIENT)
        assert clock.slept[before] == pytest.approx(SOON_S)
        await link.close()


@asynccontextmanager
async def tls_server(certificate: Path, key: Path, *, clients: Path | None = None) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    server = ModbusTlsServer(_devices(), sslctx=context, address=(LOOPBACK, 0))
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        await ended(server)


async def test_tls_reads_from_a_device_with_a_knownown_certificate(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path, "device")
    ours, our_key = own_certificate(tmp_path, "ours")
    async with tls_server(certificate, key, clients=ours) as port:
        address = ModbusAddress(
            host=LOOPBACK, port=port, over="tls", ca=str(certificate), certificate=str(ours), key=str(our_key)
        )
        link = ModbusLink(line_of(address, profile("eastron_sdm630")), WallClock())
        try:
            assert (await link.read(READ)).registers == (10, 11)
        finally:
            await link.close()


async def test_tls_does_not_talk_to_a_device_that_somebody_else_vouches_for(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path, "device")
    other, _ = own_certificate(tmp_path, "other")
    async with tls_server(certificate, key) as port:
        address = ModbusAddress(host=LOOPBACK, port=port, over="tls", ca=str(other))
        with pytest.raises(LinkDown):
            await ModbusLink(line_of(address, profile("eastron_sdm630")), WallClock()).read(READ)


def busy_first(times: int, code: int) -> Reply:
    """That exception so many times, then the registers."""
    asked: list[bytes] = []

    def reply(request: bytes) -> list[bytes]:
        asked.append(request)
        return [refusal(request, code)] if len(asked) <= times else list(counting_tcp(request) or ())

    return reply


@pytest.mark.parametrize(("code", "words"), [(5, "still working"), (6, "busy")])
async def test_a_busy_device_is_asked_again_twice_on_its_connection_and_then_believed(code: int, words: str) -> None:
    async with odd_server(busy_first(2, code)) as server:
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), HandClock())
        assert (await link.read(READ)).registers == (10, 11)
        assert server.connections == 1
        await link.close()
    async with odd_server(busy_first(3, code)) as server:
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), HandClock())
        with pytest.raises(Refused, match=words):
            await link.read(READ)
        assert len(server.requests) == 3
        await link.close()
