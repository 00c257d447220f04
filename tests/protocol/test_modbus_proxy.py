"""Other programs read a device through our connection, over real sockets, and nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from pymodbus.client import AsyncModbusTcpClient

from ems.clock import WallClock
from ems.devices.modbus.link import Line, ModbusLink, ReadRequest
from ems.devices.modbus.proxy import FRESH_S, MOST_CLIENTS, SILENT_S, ModbusProxy
from tests.protocol.modbus_bench import (
    GUARD_S,
    LOOPBACK,
    HandClock,
    asked_for,
    counting,
    modbus_server,
    odd_server,
    refusal,
)


@asynccontextmanager
async def proxy_to(port: int, clock: HandClock) -> AsyncIterator[tuple[ModbusProxy, ModbusLink]]:
    link = ModbusLink(Line(host=LOOPBACK, port=port), clock)
    proxy = ModbusProxy(link, LOOPBACK, 0, clock, timeout_s=GUARD_S)
    serving = asyncio.create_task(proxy.serve())
    await proxy.listening.wait()
    try:
        yield proxy, link
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await link.close()


@asynccontextmanager
async def reader_of(proxy: ModbusProxy) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient(LOOPBACK, port=proxy.port, timeout=GUARD_S, retries=0, reconnect_delay=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


async def test_others_read_what_the_device_has_and_are_refused_what_it_has_not() -> None:
    async with (
        modbus_server({3: {10: 5, 11: 6}}) as port,
        proxy_to(port, HandClock()) as (proxy, _),
        reader_of(proxy) as client,
    ):
        good = await client.read_holding_registers(10, count=2, device_id=3)
        missing = await client.read_holding_registers(90, count=2, device_id=3)

    assert good.registers == [5, 6]
    assert missing.exception_code == 2


async def test_nothing_is_ever_written_for_others() -> None:
    async with odd_server(counting) as server, proxy_to(server.port, HandClock()) as (proxy, _):
        async with reader_of(proxy) as client:
            refused = [
                await client.write_register(10, 1, device_id=3),
                await client.write_registers(10, [1, 2], device_id=3),
                await client.write_coil(10, value=True, device_id=3),
                await client.read_coils(10, count=1, device_id=3),
            ]

        assert [each.exception_code for each in refused] == [1, 1, 1, 1]
        assert server.requests == []


async def test_what_was_read_a_moment_ago_is_not_asked_again() -> None:
    clock = HandClock()
    async with (
        odd_server(counting) as server,
        proxy_to(server.port, clock) as (proxy, _),
        reader_of(proxy) as one,
        reader_of(proxy) as other,
    ):
        first = await one.read_input_registers(10, count=2, device_id=1)
        again = await other.read_input_registers(10, count=2, device_id=1)
        asked = len(server.requests)
        clock.now_s += FRESH_S + 0.1
        await one.read_input_registers(10, count=2, device_id=1)

        assert first.registers == again.registers == [10, 11]
        assert (asked, len(server.requests)) == (1, 2)


async def test_own_and_foreign_requests_never_overlap_and_ours_waits_for_one_at_most() -> None:
    """A gateway can do one thing at a time, and a greedy reader must not delay the meter that guards the fuse."""
    async with odd_server(counting) as server, proxy_to(server.port, HandClock()) as (proxy, link):
        async with reader_of(proxy) as one, reader_of(proxy) as other:
            foreign = [
                asyncio.ensure_future(client.read_holding_registers(100 + at, count=1, device_id=1))
                for at in range(4)
                for client in (one, other)
            ]
            await server.heard.get()
            before = len(server.requests)
            await link.read(ReadRequest(unit=1, function="input", address=7, count=1, timeout_s=GUARD_S))
            ours = [asked_for(request) for request in server.requests].index((4, 7, 1))
            await asyncio.gather(*foreign)

        assert server.overlaps == 0
        assert ours <= before + 1


async def test_a_device_that_is_away_is_a_gateway_without_an_answer() -> None:
    async with (
        odd_server(lambda _: None) as server,
        proxy_to(server.port, HandClock()) as (proxy, _),
        reader_of(proxy) as client,
    ):
        answer = await client.read_holding_registers(10, count=2, device_id=1)

    assert answer.exception_code == 11


async def test_a_silent_unit_is_not_asked_again_at_once_and_costs_the_others_nothing() -> None:
    """Each such question would close the connection that our own meter is read over."""
    clock = HandClock()
    async with (
        odd_server(lambda request: None if request[6] == 9 else counting(request)) as server,
        proxy_to(server.port, clock) as (proxy, _),
        reader_of(proxy) as client,
    ):
        codes = [(await client.read_holding_registers(at, count=2, device_id=9)).exception_code for at in range(5)]
        good = await client.read_holding_registers(10, count=2, device_id=1)
        asked = len(server.requests)
        clock.now_s += SILENT_S
        await client.read_holding_registers(10, count=2, device_id=9)

        assert codes == [11] * 5
        assert good.registers == [10, 11]
        assert (asked, len(server.requests)) == (2, 3)


async def test_a_reader_that_takes_no_answer_is_shown_out_and_delays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ems.devices.modbus.proxy.TAKES_S", 0.05)
    async with (
        odd_server(counting) as server,
        proxy_to(server.port, HandClock()) as (proxy, _),
        reader_of(proxy) as client,
    ):
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            deaf.setblocking(False)
            await asyncio.get_running_loop().sock_connect(deaf, (LOOPBACK, proxy.port))
            asking = asyncio.ensure_future(_ask_until_shown_out(deaf))

            assert (await client.read_holding_registers(10, count=2, device_id=1)).registers == [10, 11]
            await asyncio.wait_for(asking, GUARD_S)


async def _ask_until_shown_out(deaf: socket.socket) -> None:
    """More questions than anybody's buffers hold, and no answer taken."""
    with suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(deaf, b"\0\1\0\0\0\6\1\3\0\x0a\0\x7d" * 100_000)
        while not deaf.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            await WallClock().sleep(0.01)


async def test_the_devices_own_failure_is_told_as_one() -> None:
    async with (
        odd_server(lambda request: [refusal(request, 4)]) as server,
        proxy_to(server.port, HandClock()) as (proxy, _),
        reader_of(proxy) as client,
    ):
        assert (await client.read_holding_registers(10, count=2, device_id=1)).exception_code == 4


async def test_garbage_ends_its_own_connection_only() -> None:
    frames = [b"GET / HTTP/1.1\r\n", b"\0\1\0\0\0\0\1\3", b"\0\1\0\0\xff\xff\1\3", b"\0\1\0\0\0\6\1\3\0\x0a\0\0"]
    async with (
        odd_server(counting) as server,
        proxy_to(server.port, HandClock()) as (proxy, _),
        reader_of(proxy) as client,
    ):
        for frame in frames[:3]:
            reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
            writer.write(frame)
            assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
        writer.write(frames[3])
        assert (await reader.readexactly(9))[7:] == b"\x83\3", "no registers at all is an illegal value"
        writer.close()

        assert (await client.read_holding_registers(10, count=2, device_id=1)).registers == [10, 11]


async def test_no_more_than_a_few_readers_at_a_time() -> None:
    async with odd_server(counting) as server, proxy_to(server.port, HandClock()) as (proxy, _):
        there = [await asyncio.open_connection(LOOPBACK, proxy.port) for _ in range(MOST_CLIENTS)]
        for _, writer in there:
            writer.write(b"\0\1\0\0\0\6\1\3\0\x0a\0\1")
        for reader, _ in there:
            await reader.readexactly(11)
        reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
        try:
            assert await reader.read() == b""
        except ConnectionError:
            pass
        finally:
            for each in (writer, *(writer for _, writer in there)):
                each.close()


async def test_a_port_that_is_taken_is_tried_again() -> None:
    clock = HandClock()
    async with odd_server(counting) as server:
        link = ModbusLink(Line(host=LOOPBACK, port=server.port), clock)
        taken = await asyncio.start_server(lambda *_: None, LOOPBACK, 0)
        proxy = ModbusProxy(link, LOOPBACK, taken.sockets[0].getsockname()[1], clock, timeout_s=GUARD_S)
        serving = asyncio.create_task(proxy.serve())
        while not clock.slept:
            await WallClock().sleep(0)
        taken.close()
        await taken.wait_closed()
        await proxy.listening.wait()
        async with reader_of(proxy) as client:
            assert (await client.read_holding_registers(10, count=1, device_id=1)).registers == [10]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await link.close()
