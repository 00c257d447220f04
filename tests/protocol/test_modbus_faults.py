"""What goes wrong between a Modbus device and us: whatever the carrier, nothing wrong is ever read as good.

One table for all carriers. Each row answers the first question wrongly; then the device answers well, and must be read
well again.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from ems.clock import WallClock
from ems.config.schema import ModbusAddress
from ems.devices.library import profile
from ems.devices.modbus.address import line_of
from ems.devices.modbus.frames import EXCEPTION_NAMES
from ems.devices.modbus.link import Line, ModbusLink, ReadRequest
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused
from tests.own_certificate import own_certificate
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK, HandClock, OddServer, Reply, answer, odd_server, refusal
from tests.protocol.test_modbus_lines import Bus, rtu

READ = ReadRequest(unit=3, function="holding", address=10, count=2, timeout_s=GUARD_S)
NEXT = ReadRequest(unit=3, function="holding", address=40, count=2, timeout_s=GUARD_S)
LONGER = ReadRequest(unit=3, function="input", address=60, count=3, timeout_s=GUARD_S)
SOON_S = 0.05
TRUTH, NEXT_TRUTH, WRONG = (10, 11), (40, 41), (666, 667)

EXCEPTIONS = (*EXCEPTION_NAMES, 7, 8, 99)

Over = Callable[[Reply, Path], AbstractAsyncContextManager[ModbusLink]]
"""A carrier: a device that answers so, and the link to it."""

Make = Callable[[bytes], Sequence[bytes] | None]
"""From a request to what is sent: the pieces, nothing, or None for a connection that ends."""


def well(request: bytes) -> bytes:
    """Every register holds its own address."""
    address, count = int.from_bytes(request[8:10], "big"), int.from_bytes(request[10:12], "big")
    return answer(request, range(address, address + count))


def with_header(request: bytes, *, transaction: bytes | None = None, unit: int | None = None) -> bytes:
    """An answer of wrong registers to another question, or of another unit."""
    frame = answer(request, WRONG)
    return (transaction or frame[:2]) + frame[2:6] + bytes([frame[6] if unit is None else unit]) + frame[7:]


def with_function(request: bytes, function: int) -> bytes:
    frame = answer(request, WRONG)
    return frame[:7] + bytes([function]) + frame[8:]


def rtu_answer(request: bytes, words: Sequence[int], *, unit: int | None = None, function: int | None = None) -> bytes:
    """An RTU answer with a right checksum."""
    data = b"".join(word.to_bytes(2, "big") for word in words)
    head = [request[0] if unit is None else unit, request[1] if function is None else function, len(data)]
    return rtu(bytes(head) + data)


def rtu_well(request: bytes) -> bytes:
    address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    return rtu_answer(request, range(address, address + count))


def spoilt(frame: bytes) -> bytes:
    return frame[:-3] + bytes([frame[-3] ^ 1]) + frame[-2:]


@dataclass(frozen=True)
class Fault:
    """One way to answer wrongly in TCP frames, and what it must come to."""

    name: str
    reply: Make
    error: type[DeviceError] | tuple[type[DeviceError], ...]
    silent: bool = False
    """The answer never comes, so the reader should not be patient."""


NUMBERED = (
    Fault("cut before the answer", lambda _: None, LinkDown),
    Fault("silence", lambda _: (), NoAnswer, silent=True),
    Fault("half an answer", lambda request: [well(request)[:10]], NoAnswer, silent=True),
    Fault("wrong unit", lambda request: [with_header(request, unit=4)], NoAnswer, silent=True),
    Fault(
        "another transaction", lambda request: [with_header(request, transaction=b"\x7f\x01")], NoAnswer, silent=True
    ),
    Fault("no transaction", lambda request: [with_header(request, transaction=b"\0\0")], Nonsense),
    Fault("another function", lambda request: [with_function(request, 4)], Nonsense),
    Fault("a coil's function", lambda request: [with_function(request, 1)], Nonsense),
    Fault(
        "another function behind a stale answer",
        lambda request: [with_header(request, transaction=b"\x7f\x01") + with_function(request, 4)],
        Nonsense,
    ),
    Fault(
        "another unit and function behind a stale answer",
        lambda request: [with_header(request, transaction=b"\x7f\x01") + with_header(request, unit=9)],
        NoAnswer,
        silent=True,
    ),
    Fault("one register too few", lambda request: [answer(request, WRONG[:1])], Nonsense),
    Fault("one register too many", lambda request: [answer(request, (*WRONG, 668))], Nonsense),
    Fault("garbage with a good answer behind it", lambda request: [with_function(request, 4), well(request)], Nonsense),
    Fault("a web page", lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], Nonsense),
)

DATAGRAMS = (
    *(each for each in NUMBERED if each.name not in {"cut before the answer", "half an answer"}),
    Fault("half an answer", lambda request: [well(request)[:10]], Nonsense),
    Fault("an answer in two datagrams", lambda request: [well(request)[:10], well(request)[10:]], Nonsense),
    Fault(
        "half an answer and the other half of a doubled one",
        lambda request: [well(request)[:9], with_header(request, transaction=b"\x7f\x01")[9:]],
        Nonsense,
    ),
)
"""Over UDP nothing is cut: a datagram comes whole or not at all."""

UNNUMBERED = (
    Fault("silence", lambda _: (), NoAnswer, silent=True),
    Fault("half an answer", lambda request: [rtu_well(request)[:4]], NoAnswer, silent=True),
    Fault("wrong unit", lambda request: [rtu_answer(request, WRONG, unit=4)], Nonsense),
    Fault("another function", lambda request: [rtu_answer(request, WRONG, function=4)], Nonsense),
    Fault("one register too few", lambda request: [rtu_answer(request, WRONG[:1])], Nonsense),
    Fault("one register too many", lambda request: [rtu_answer(request, (*WRONG, 668))], Nonsense),
    Fault("a changed bit", lambda request: [spoilt(rtu_answer(request, WRONG))], Nonsense),
    Fault("an answer twice at once", lambda request: [rtu_answer(request, WRONG) * 2], Nonsense),
    Fault("a spoilt refusal", lambda request: [spoilt(rtu(bytes([request[0], request[1] | 0x80, 2])))], Nonsense),
)
"""An answer that comes once more while the next question, of the same length, waits for its own cannot be told from it:
RTU frames have no number. The silence before each question is what stands against that."""


@asynccontextmanager
async def over_tcp(reply: Reply, _folder: Path) -> AsyncIterator[ModbusLink]:
    async with odd_server(reply) as server:
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), HandClock())
        yield link
        await link.close()


class Spot(asyncio.DatagramProtocol):
    """A device that answers datagrams."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for piece in self._reply(data) or ():
            self.transport.sendto(piece, addr)


@asynccontextmanager
async def over_udp(reply: Reply, _folder: Path) -> AsyncIterator[ModbusLink]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Spot(reply), local_addr=(LOOPBACK, 0))
    link = ModbusLink(Line(over="udp", host=LOOPBACK, port=transport.get_extra_info("sockname")[1]), HandClock())
    try:
        yield link
    finally:
        await link.close()
        transport.close()
        await WallClock().sleep(0)


@asynccontextmanager
async def over_tls(reply: Reply, folder: Path) -> AsyncIterator[ModbusLink]:
    certificate, key = own_certificate(folder, "device")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    talks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (pieces := reply(await reader.readexactly(12))) is not None:
                for piece in pieces:
                    writer.write(piece)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.transport.abort()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.ensure_future(converse(reader, writer)))

    server = await asyncio.start_server(begin, LOOPBACK, 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    address = ModbusAddress(host=LOOPBACK, port=port, over="tls", ca=str(certificate))
    link = ModbusLink(line_of(address, profile("eastron_sdm630")), HandClock())
    try:
        yield link
    finally:
        await link.close()
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        for _ in range(5):
            await WallClock().sleep(0)


@asynccontextmanager
async def over_gateway(reply: Reply, _folder: Path) -> AsyncIterator[ModbusLink]:
    async with odd_server(reply) as server:
        link = ModbusLink(Line(over="rtu_over_tcp", host=LOOPBACK, port=server.port), HandClock())
        yield link
        await link.close()


@asynccontextmanager
async def over_line(reply: Reply, _folder: Path) -> AsyncIterator[ModbusLink]:
    bus = Bus(lambda request: b"".join(reply(request) or ()))
    address = ModbusAddress(serial=bus.path, baud=19200, unit=3)
    link = ModbusLink(line_of(address, profile("eastron_sdm630")), HandClock())
    with bus.attended():
        yield link
        await link.close()


NUMBERED_CARRIERS: Sequence[Over] = (over_tcp, over_tls)
ALL_NUMBERED: Sequence[Over] = (*NUMBERED_CARRIERS, over_udp)
UNNUMBERED_CARRIERS: Sequence[Over] = (over_gateway, over_line)


def second(fault: Make, right: Callable[[bytes], bytes] = well) -> Reply:
    """A good answer, so that the connection stands; that fault; then good answers."""
    asked: list[bytes] = []

    def reply(request: bytes) -> Sequence[bytes] | None:
        asked.append(request)
        return fault(request) if len(asked) == 2 else [right(request)]

    return reply


async def judged(link: ModbusLink, fault: Fault) -> None:
    """Read well, then wrongly, then well again."""
    assert (await link.read(READ)).registers == TRUTH
    # Silence is silence on every machine; where an answer comes, it may take its time.
    with pytest.raises(fault.error):
        await link.read(replace(NEXT, timeout_s=SOON_S) if fault.silent else NEXT)
    assert (await link.read(NEXT)).registers == NEXT_TRUTH
    assert (await link.read(READ)).registers == TRUTH


@pytest.mark.parametrize("over", NUMBERED_CARRIERS)
@pytest.mark.parametrize("fault", NUMBERED, ids=lambda each: each.name)
async def test_a_faulty_answer_is_none_and_the_next_is_good(fault: Fault, over: Over, tmp_path: Path) -> None:
    async with over(second(fault.reply), tmp_path) as link:
        await judged(link, fault)


@pytest.mark.parametrize("fault", DATAGRAMS, ids=lambda each: each.name)
async def test_a_faulty_datagram_is_no_answer_and_the_next_is_good(fault: Fault, tmp_path: Path) -> None:
    async with over_udp(second(fault.reply), tmp_path) as link:
        await judged(link, fault)


@pytest.mark.parametrize("over", UNNUMBERED_CARRIERS)
@pytest.mark.parametrize("fault", UNNUMBERED, ids=lambda each: each.name)
async def test_a_faulty_rtu_answer_is_none_and_the_next_is_good(fault: Fault, over: Over, tmp_path: Path) -> None:
    async with over(second(fault.reply, rtu_well), tmp_path) as link:
        await judged(link, fault)


@pytest.mark.parametrize("over", ALL_NUMBERED)
async def test_every_exception_is_a_refusal(over: Over, tmp_path: Path) -> None:
    codes: list[int] = []
    async with over(lambda request: [refusal(request, codes[-1])], tmp_path) as link:
        for code in EXCEPTIONS:
            codes.append(code)
            with pytest.raises(Refused):
                await link.read(READ)


@pytest.mark.parametrize("over", UNNUMBERED_CARRIERS)
async def test_every_rtu_exception_is_a_refusal(over: Over, tmp_path: Path) -> None:
    codes: list[int] = []
    async with over(lambda request: [rtu(bytes([request[0], request[1] | 0x80, codes[-1]]))], tmp_path) as link:
        for code in EXCEPTIONS:
            codes.append(code)
            with pytest.raises(Refused):
                await link.read(READ)


@pytest.mark.parametrize("over", ALL_NUMBERED)
async def test_an_answer_that_comes_twice_is_not_the_next_one_too(over: Over, tmp_path: Path) -> None:
    async with over(lambda request: [well(request), well(request)], tmp_path) as link:
        for _ in range(3):
            assert (await link.read(READ)).registers == TRUTH
            assert (await link.read(LONGER)).registers == (60, 61, 62)
            assert (await link.read(NEXT)).registers == NEXT_TRUTH


@pytest.mark.parametrize("over", ALL_NUMBERED)
async def test_answers_out_of_their_order_are_told_apart(over: Over, tmp_path: Path) -> None:
    """The answer to the question before comes once more, and before the right one."""
    before: list[bytes] = []

    def reply(request: bytes) -> Sequence[bytes]:
        before.append(well(request))
        return [*before[-2:-1], before[-1]]

    async with over(reply, tmp_path) as link:
        for _ in range(3):
            assert (await link.read(READ)).registers == TRUTH
            assert (await link.read(LONGER)).registers == (60, 61, 62)
            assert (await link.read(NEXT)).registers == NEXT_TRUTH


@pytest.mark.parametrize("over", ALL_NUMBERED)
async def test_a_slow_gateways_answer_is_not_the_next_ones(over: Over, tmp_path: Path) -> None:
    """What comes after the time-out finds nobody, since the connection has gone."""
    late: list[bytes] = []

    def reply(request: bytes) -> Sequence[bytes]:
        if len(late) == 1:
            late.append(well(request))
            return ()
        late.append(well(request))
        return [late[-2], well(request)] if len(late) == 3 else [well(request)]

    async with over(reply, tmp_path) as link:
        await link.read(READ)
        with pytest.raises(NoAnswer):
            await link.read(replace(READ, timeout_s=SOON_S))
        answers = [await link.read(NEXT), await link.read(NEXT)]

    assert [each.registers for each in answers] == [NEXT_TRUTH, NEXT_TRUTH]
    assert answers[0].connection == 2


async def test_a_second_client_that_takes_the_connection_costs_readings_and_makes_none_wrong() -> None:
    """Inverters with one place for a client drop the older connection when another comes."""
    taken: list[OddServer] = []

    def reply(request: bytes) -> Sequence[bytes]:
        for older in taken[0].transports[:-1]:
            older.abort()
        return [well(request)]

    async with odd_server(reply) as server:
        taken.append(server)
        ours, theirs = (ModbusLink(Line(host=LOOPBACK, port=server.port), HandClock()) for _ in range(2))
        good = lost = 0
        for _ in range(10):
            for link, request, truth in ((ours, READ, TRUTH), (theirs, NEXT, NEXT_TRUTH)):
                try:
                    assert (await link.read(request)).registers == truth
                    good += 1
                except LinkDown:
                    lost += 1
        await ours.close()
        await theirs.close()

    assert good >= 10
    assert good + lost == 20


async def test_a_connection_cut_in_the_middle_of_an_answer_is_a_lost_link() -> None:
    servers: list[OddServer] = []

    def reply(request: bytes) -> Sequence[bytes] | None:
        if len(servers[0].requests) != 2:
            return [well(request)]
        transport = servers[0].transports[-1]
        transport.write(well(request)[:11])
        return None

    async with odd_server(reply) as server:
        servers.append(server)
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), HandClock())
        await judged(link, Fault("cut", lambda _: None, LinkDown))
        await link.close()


class Intruded(Spot):
    """A device beside which somebody else answers each question first."""

    stranger: socket.socket

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.stranger.sendto(answer(data, WRONG), addr)
        super().datagram_received(data, addr)


async def test_a_datagram_from_somebody_else_answers_nothing() -> None:
    loop = asyncio.get_running_loop()
    transport, device = await loop.create_datagram_endpoint(
        lambda: Intruded(lambda request: [well(request)]), local_addr=(LOOPBACK, 0)
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device.stranger:
        link = ModbusLink(Line(over="udp", host=LOOPBACK, port=transport.get_extra_info("sockname")[1]), HandClock())
        for _ in range(3):
            assert (await link.read(READ)).registers == TRUTH
        await link.close()
        transport.close()
        await WallClock().sleep(0)


@pytest.mark.parametrize("over", UNNUMBERED_CARRIERS)
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(lambda asked: [asked + rtu_well(asked)], id="the question comes back before its answer"),
        pytest.param(lambda asked: [b"\0" + rtu_well(asked)], id="a zero byte while the line changes hands"),
        pytest.param(lambda asked: [b"\xff\xff" + rtu_well(asked)], id="an idle line taken for bytes"),
        pytest.param(lambda asked: [b"\0" + asked + b"\xff" + rtu_well(asked)], id="all of that"),
        pytest.param(lambda asked: [asked[:5], asked[5:] + rtu_well(asked)[:2], rtu_well(asked)[2:]], id="in pieces"),
    ],
)
async def test_what_adapters_put_before_an_rtu_answer_costs_nothing(
    pieces: Callable[[bytes], Sequence[bytes]], over: Over, tmp_path: Path
) -> None:
    async with over(pieces, tmp_path) as link:
        for _ in range(2):
            assert (await link.read(READ)).registers == TRUTH
            assert (await link.read(NEXT)).registers == NEXT_TRUTH
