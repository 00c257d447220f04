"""One paced connection per address, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from ems.clock import Clock, WallClock
from ems.devices.modbus.link import Line, ModbusLink, NoSuchRegisters, ReadRequest
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused
from tests.protocol.modbus_bench import (
    CLOSE,
    GUARD_S,
    LOOPBACK,
    SILENCE,
    HandClock,
    Reply,
    answer,
    asked_for,
    counting,
    modbus_server,
    odd_server,
    refusal,
)

SOON_S = 0.05
READ = ReadRequest(unit=1, function="input", address=10, count=3, timeout_s=GUARD_S)
IMPATIENT = ReadRequest(unit=1, function="input", address=10, count=3, timeout_s=SOON_S)


@asynccontextmanager
async def link_to(port: int, clock: Clock | None = None, *, gap_s: float = 0.0) -> AsyncIterator[ModbusLink]:
    link = ModbusLink(Line(host=LOOPBACK, port=port), clock or WallClock(), gap_s=gap_s)
    try:
        yield link
    finally:
        await link.close()


def first_then_well(first: Reply) -> Reply:
    """`first` for the first request, proper answers from then on."""
    seen: list[bytes] = []

    def reply(request: bytes) -> Sequence[bytes] | None:
        seen.append(request)
        return first(request) if len(seen) == 1 else counting(request)

    return reply


async def test_reads_input_and_holding_registers_of_a_real_server() -> None:
    async with modbus_server({1: {10: 5, 11: 6}, 7: {10: 50, 11: 60}}) as port, link_to(port) as link:
        one = await link.read(ReadRequest(unit=1, function="input", address=10, count=2))
        seven = await link.read(ReadRequest(unit=7, function="holding", address=10, count=2))

    assert one.registers == (5, 6)
    assert seven.registers == (50, 60)


async def test_the_answer_carries_the_time_it_came() -> None:
    clock = HandClock()
    async with odd_server(counting) as server, link_to(server.port, clock) as link:
        before = await link.read(READ)
        clock.now_s += 5
        after = await link.read(READ)

    assert after.taken_at_s - before.taken_at_s == 5


async def test_input_is_function_4_and_holding_is_function_3() -> None:
    async with odd_server(counting) as server, link_to(server.port) as link:
        await link.read(READ)
        await link.read(ReadRequest(unit=1, function="holding", address=40000, count=2, timeout_s=GUARD_S))

        assert [asked_for(request) for request in server.requests] == [(4, 10, 3), (3, 40000, 2)]


async def test_requests_of_several_units_never_overlap_on_the_wire() -> None:
    async with odd_server(counting) as server, link_to(server.port) as link:
        reads = [ReadRequest(unit=n % 3, function="input", address=n, count=2, timeout_s=GUARD_S) for n in range(1, 30)]
        answers = await asyncio.gather(*(link.read(read) for read in reads))

        assert [each.registers[0] for each in answers] == [read.address for read in reads]
        assert server.overlaps == 0
        assert server.connections == 1


async def test_silence_is_kept_between_an_answer_and_the_next_request() -> None:
    clock = HandClock()
    async with odd_server(counting) as server, link_to(server.port, clock, gap_s=0.1) as link:
        await link.read(READ)
        await link.read(READ)
        clock.now_s += 1
        await link.read(READ)

    assert [delay_s for delay_s in clock.slept if delay_s > 0] == [pytest.approx(0.1)]


async def test_silence_is_kept_after_a_failure_too() -> None:
    clock = HandClock()
    async with odd_server(first_then_well(lambda _: CLOSE)) as server, link_to(server.port, clock, gap_s=0.1) as link:
        with pytest.raises(LinkDown):
            await link.read(READ)
        await link.read(READ)

    assert [delay_s for delay_s in clock.slept if delay_s > 0] == [pytest.approx(0.1)]


async def test_no_answer_in_time_closes_the_connection_so_that_a_late_answer_is_lost() -> None:
    async with odd_server(first_then_well(lambda _: SILENCE)) as server, link_to(server.port) as link:
        with pytest.raises(NoAnswer, match=r"unit 1 at 127\.0\.0\.1:\d+ did not answer within 0\.05 s"):
            await link.read(IMPATIENT)
        await asyncio.wait_for(server.lost.get(), GUARD_S)

        assert (await link.read(READ)).connection == 2
        assert server.connections == 2


async def test_an_answer_to_an_older_request_is_not_taken_for_this_one() -> None:
    def stale(request: bytes) -> Sequence[bytes]:
        return [answer(b"\xbe\xef" + request[2:], (7, 7, 7))]

    async with odd_server(first_then_well(stale)) as server, link_to(server.port) as link:
        with pytest.raises(NoAnswer):
            await link.read(IMPATIENT)

        assert (await link.read(READ)).registers == (10, 11, 12)


async def test_a_refusal_names_the_registers_and_keeps_the_connection() -> None:
    async with (
        odd_server(first_then_well(lambda request: [refusal(request, 2)])) as server,
        link_to(server.port) as link,
    ):
        with pytest.raises(NoSuchRegisters, match="registers 10 to 12: illegal address"):
            await link.read(READ)
        await link.read(READ)

        assert server.connections == 1


@pytest.mark.parametrize(("code", "words"), [(6, "busy"), (11, "gateway got no answer"), (99, "exception 99")])
async def test_other_refusals_say_what_the_device_said(code: int, words: str) -> None:
    async with odd_server(lambda request: [refusal(request, code)]) as server, link_to(server.port) as link:
        with pytest.raises(Refused, match=words) as caught:
            await link.read(READ)

    assert not isinstance(caught.value, NoSuchRegisters)


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0\1\0\0\xff\xff\1\4" + b"\0" * 40,
        b"\0\1\0\0\0\1\1\4\4\0\0",
        bytes(range(256)),
        b"\0\1\0\0\0\5\1\4\2\0\1",
        b"\0\1\0\0\0\x09\1\3\6\0\1\0\2\0\3",
    ],
)
async def test_garbage_is_nonsense_at_once_and_the_next_request_starts_afresh(garbage: bytes) -> None:
    async with odd_server(first_then_well(lambda _: [garbage])) as server, link_to(server.port) as link:
        with pytest.raises(Nonsense, match="sent garbage"):
            await link.read(READ)

        assert (await link.read(READ)).registers == (10, 11, 12)
        assert server.connections == 2


async def test_an_answer_in_pieces_is_one_answer() -> None:
    def pieces(request: bytes) -> Sequence[bytes]:
        whole = answer(request, (1, 2, 3))
        return [whole[at : at + 2] for at in range(0, len(whole), 2)]

    async with odd_server(pieces) as server, link_to(server.port) as link:
        assert (await link.read(READ)).registers == (1, 2, 3)


async def test_a_connection_that_closes_under_a_request_fails_it_and_nothing_is_sent_twice() -> None:
    async with odd_server(first_then_well(lambda _: CLOSE)) as server, link_to(server.port) as link:
        with pytest.raises(LinkDown, match="dropped the Modbus connection"):
            await link.read(READ)
        assert len(server.requests) == 1

        assert (await link.read(READ)).registers == (10, 11, 12)
        assert server.connections == 2


async def test_a_connection_closed_while_idle_costs_no_sample() -> None:
    async with odd_server(counting) as server, link_to(server.port) as link:
        await link.read(READ)
        server.transports[0].close()
        await asyncio.wait_for(server.lost.get(), GUARD_S)
        for _ in range(10):
            await WallClock().sleep(0)

        assert (await link.read(READ)).connection == 2


async def test_nobody_there_is_link_down_until_somebody_comes() -> None:
    async with odd_server(counting) as server:
        port = server.port
    async with link_to(port) as link:
        with pytest.raises(LinkDown, match="does not accept a Modbus connection"):
            await link.read(READ)
        async with odd_server(counting, port=port):
            assert (await link.read(READ)).registers == (10, 11, 12)


async def test_a_name_that_nobody_can_resolve_is_link_down_and_named() -> None:
    link = ModbusLink(Line(host="a..b", port=502), WallClock())

    with pytest.raises(LinkDown, match=r"^nobody here knows the name a\.\.b; check its spelling"):
        await link.read(READ)


async def test_a_silent_unit_does_not_take_the_turn_of_the_others_for_ever() -> None:
    def only_unit_2(request: bytes) -> Sequence[bytes]:
        return counting(request) if request[6] == 2 else SILENCE

    async with odd_server(only_unit_2) as server, link_to(server.port) as link:
        dead = asyncio.create_task(link.read(IMPATIENT))
        alive = asyncio.create_task(
            link.read(ReadRequest(unit=2, function="input", address=1, count=1, timeout_s=GUARD_S))
        )

        assert (await alive).registers == (1,)
        with pytest.raises(NoAnswer):
            await dead


async def test_a_cancelled_request_leaves_no_answer_behind() -> None:
    async with odd_server(first_then_well(lambda _: SILENCE)) as server, link_to(server.port) as link:
        reading = asyncio.create_task(link.read(READ))
        await asyncio.wait_for(server.heard.get(), GUARD_S)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        assert (await link.read(READ)).connection == 2


async def test_after_close_the_next_read_opens_again() -> None:
    async with odd_server(counting) as server, link_to(server.port) as link:
        await link.read(READ)
        await link.close()
        await asyncio.wait_for(server.lost.get(), GUARD_S)

        assert (await link.read(READ)).connection == 2
