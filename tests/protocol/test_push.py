"""The push socket on a real connection: who is let in, what is sent, and who is dropped."""

from __future__ import annotations

import asyncio
import json
import logging
import socket as sockets
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ems.api.push import LONGEST_QUEUE
from ems.api.wire import API_VERSION, Role
from ems.clock import WallClock
from ems.model.goals import ChargeMode
from tests.api_bench import GUARD_S, ApiBench


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(GUARD_S):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def closed_with(socket: ClientConnection) -> int:
    """The close code, whatever was sent before."""
    try:
        async with asyncio.timeout(GUARD_S):
            while True:
                await socket.recv()
    except ConnectionClosed as end:
        return 0 if end.rcvd is None else end.rcvd.code


async def test_hello_then_snapshot_then_what_changes() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server, Role.VIEWER) as socket:
        hello, snapshot = await heard(socket), await heard(socket)
        api.bench.live.set_mode("garage", ChargeMode.OFF, who="homer")
        api.bench.run(3)
        delta = await heard(socket)

    assert (hello["kind"], hello["api_version"]) == ("hello", API_VERSION)
    assert (snapshot["kind"], snapshot["state"]["site_id"]) == ("snapshot", hello["site_id"])
    assert (delta["kind"], delta["sequence"]) == ("delta", snapshot["state"]["sequence"] + 1)
    assert delta["changes"]["stations"][0]["mode"] == "off"


async def test_deltas_count_without_a_gap_for_every_client() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server, Role.VIEWER) as one:
        await heard(one)
        numbers = [(await heard(one))["state"]["sequence"]]
        api.bench.run(2)
        numbers.append((await heard(one))["sequence"])
        async with api.socket(server, Role.VIEWER) as two:
            await heard(two)
            late = (await heard(two))["state"]["sequence"]
            api.bench.run(2)
            numbers.append((await heard(one))["sequence"])
            second = (await heard(two))["sequence"]

    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert second == late + 1


async def test_a_token_may_come_in_the_first_message() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server) as socket:
        await socket.send(json.dumps({"kind": "hello", "token": api.tokens[Role.VIEWER]}))

        assert (await heard(socket))["kind"] == "hello"


@pytest.mark.parametrize("said", ['{"kind":"hello","token":"fw_wrong"}', "hello", "[]", '{"kind":"hello"}'])
async def test_without_a_good_token_nothing_is_told(said: str) -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server) as socket:
        await socket.send(said)

        assert await closed_with(socket) == 4401


async def test_a_token_in_the_address_counts_for_nothing() -> None:
    api = await ApiBench().peopled()
    query = f"?token={api.tokens[Role.VIEWER]}"
    async with api.served() as server, api.socket(server, query=query) as socket:
        await socket.send("{}")

        assert await closed_with(socket) == 4401


async def test_no_log_however_wordy_holds_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api = await ApiBench().peopled()
    async with api.served() as server:
        async with api.socket(server, Role.VIEWER) as socket:
            await heard(socket)
        async with api.socket(server) as socket:
            await socket.send(json.dumps({"kind": "hello", "token": api.tokens[Role.HOMEOWNER]}))
            await heard(socket)

    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "websockets.client")
    assert "API and pages are at" in ours
    assert [token for token in api.tokens.values() if token in ours] == []


async def test_a_client_of_another_version_is_told_ours_and_sent_away() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server, Role.VIEWER, query="?api=99") as socket:
        assert (await heard(socket))["api_version"] == API_VERSION
        assert await closed_with(socket) == 4406


async def test_a_revoked_token_ends_the_socket() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server, Role.VIEWER) as socket:
        await heard(socket)
        await heard(socket)
        async with api.client(Role.VIEWER) as client:
            assert (await client.post("/api/v1/logout")).status_code == 204
        api.bench.run(2)

        assert await closed_with(socket) == 4401


async def test_other_sockets_need_a_person() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server:
        with pytest.raises(InvalidStatus) as refused:
            async with asyncio.timeout(GUARD_S), api.socket(server, query="/../elsewhere"):
                pass

    assert refused.value.response.status_code == 403


async def test_a_client_that_does_not_read_is_dropped_and_delays_nobody() -> None:
    api = await ApiBench().peopled()
    async with api.served() as server, api.socket(server, Role.VIEWER) as reader:
        await heard(reader)
        await heard(reader)
        stalled = await stalled_client(server.port or 0, api.tokens[Role.VIEWER])
        while api.push.clients < 2:
            await WallClock().sleep(0)
        read = 0
        while api.push.dropped == 0:
            api.bench.house.sun_w += 10.0
            api.bench.run(1)
            assert (await heard(reader))["kind"] == "delta"
            read += 1

        assert read > LONGEST_QUEUE
        assert api.push.clients == 1
        stalled.close()


async def stalled_client(port: int, token: str) -> sockets.socket:
    """A client that says hello and then never reads, with the smallest of windows."""
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    lines = [
        "GET /api/v1/ws HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {token}",
    ]
    await loop.sock_sendall(raw, ("\r\n".join(lines) + "\r\n\r\n").encode())
    return raw
