"""The client before something else than a service: nonsense is a connection that failed, never a surprise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, WSMsgType, web

from custom_components.fusewise import client as integration
from custom_components.fusewise import models
from tests.ha.paper_service import GUARD_S, golden

pytestmark = pytest.mark.usefixtures("socket_enabled")

Client = integration.FusewiseClient


async def following(houses: AsyncIterator[models.House]) -> models.House:
    async with asyncio.timeout(GUARD_S):
        return await anext(houses)


HELLO = {"kind": "hello", "api_version": 1, "min_api": 1, "site_id": "x", "version": "1"}


@asynccontextmanager
async def at_stranger(*messages: object, status: int = 200, body: str = "") -> AsyncIterator[Client]:
    """Something else at that address: it says those messages on the socket, and that body to all requests."""

    async def socket(request: web.Request) -> web.WebSocketResponse:
        speaks = web.WebSocketResponse()
        await speaks.prepare(request)
        await speaks.receive()
        for message in messages:
            await speaks.send_str(message if isinstance(message, str) else json.dumps(message))
        while (await speaks.receive()).type is not WSMsgType.CLOSE:
            pass
        return speaks

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_get("/api/v1/ws", socket)
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with ClientSession() as session:
            yield Client(session, f"http://127.0.0.1:{port}", "fw_example")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("spoken", "is_older"), [({"api_version": 9, "min_api": 8}, False), ({"api_version": 0, "min_api": 0}, True)]
)
async def test_a_service_of_another_version_is_told_from_one_that_is_away(
    spoken: dict[str, int], is_older: bool
) -> None:
    async with at_stranger(HELLO | spoken) as client:
        with pytest.raises(integration.VersionMismatch) as mismatch:
            await following(client.houses())

    assert mismatch.value.service_is_older is is_older


@pytest.mark.parametrize(
    "messages",
    [
        ("hello",),
        ([],),
        ({"kind": "hello"},),
        ({"kind": "snapshot"},),
        (HELLO, "{"),
        (HELLO, "[" * 100_000),
        (HELLO, {"kind": "snapshot", "state": []}),
        (HELLO, {"kind": "snapshot", "state": {}}),
        (HELLO, {"kind": "delta", "sequence": 1, "changes": {}}),
    ],
)
async def test_nonsense_on_the_socket_is_a_connection_that_failed(messages: tuple[object, ...]) -> None:
    async with at_stranger(*messages) as client:
        with pytest.raises(integration.ConnectionFailed):
            await following(client.houses())


@pytest.mark.parametrize(
    "delta",
    [
        {"kind": "delta", "sequence": 9, "changes": {}},
        {"kind": "delta", "sequence": 8, "changes": {"stations": [{}]}},
        {"kind": "delta", "sequence": 8, "changes": {"stations": 3}},
        {"kind": "delta", "sequence": 8, "changes": []},
        {"kind": "delta", "sequence": 8, "changes": {"powers": 3}},
        {"kind": "delta", "sequence": 8, "changes": {}},
    ],
)
async def test_a_gap_or_a_change_that_fits_nothing_ends_the_connection(delta: dict[str, object]) -> None:
    async with at_stranger(HELLO, {"kind": "snapshot", "state": golden("snapshot")["state"]}, delta) as client:
        houses = client.houses()
        assert (await following(houses)).sequence == 7
        with pytest.raises(integration.ConnectionFailed):
            await following(houses)


@pytest.mark.parametrize(
    ("status", "body"), [(200, "<html>"), (200, "[1]"), (200, "[" * 100_000), (500, "{}"), (503, "oops")]
)
async def test_nonsense_to_a_request_is_a_connection_that_failed(status: int, body: str) -> None:
    async with at_stranger(status=status, body=body) as client:
        with pytest.raises(integration.ConnectionFailed):
            await client.vehicles()


async def test_a_list_of_sessions_that_is_none_is_a_connection_that_failed() -> None:
    async with at_stranger(body="{}") as client:
        with pytest.raises(integration.ConnectionFailed):
            await client.sessions("garage")


async def test_an_endless_answer_is_cut_off() -> None:
    async with at_stranger(body=" " * (integration.LARGEST_B + 1)) as client:
        with pytest.raises(integration.ConnectionFailed, match="too large"):
            await client.vehicles()


async def test_a_redirect_does_not_take_the_token_elsewhere() -> None:
    async with at_stranger(status=307, body="{}") as client:
        with pytest.raises(integration.Refused):
            await client.vehicles()
