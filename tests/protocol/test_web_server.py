"""The web server on real sockets: TLS, a taken port, silent and stalled connections, and its end."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ems.api import server as web_server
from ems.api.server import WebServer
from ems.config.schema_api import ApiSection, TlsSection
from tests.api_bench import GUARD_S, ApiBench
from tests.own_certificate import own_certificate

LOOPBACK = "127.0.0.1"


async def test_a_certificate_of_ones_own_makes_it_https(tmp_path: Path) -> None:
    cert, key = own_certificate(tmp_path)
    section = ApiSection(host=LOOPBACK, tls=TlsSection(certificate=str(cert), key=str(key)))
    api = await ApiBench(section=section, seconds=5).peopled()
    trust = ssl.create_default_context(cafile=str(cert))
    async with api.served() as server, httpx.AsyncClient(verify=trust) as client:
        assert server.page is not None
        answer = await client.get(f"{server.page}api/v1/health")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://{LOOPBACK}:{server.port}/api/v1/health")

    assert answer.status_code == 200


async def test_a_key_that_is_none_is_said_and_control_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "key.pem").write_text("nothing")
    tls = TlsSection(certificate=str(tmp_path / "key.pem"), key=str(tmp_path / "key.pem"))
    api = ApiBench(section=ApiSection(host=LOOPBACK, tls=tls), seconds=5)
    async with api.served() as server:
        assert server.port is None

    assert "certificate or key of api.tls cannot be used" in caplog.text
    assert "control goes on without API and pages" in caplog.text


async def test_a_taken_port_is_said_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    api = ApiBench(seconds=5)
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        server = WebServer(api.app, api.section, api.clock, bind_port=port)
        serving = asyncio.create_task(server.run())
        async with asyncio.timeout(GUARD_S):
            await server.settled.wait()
        refused = server.page is None
        server.settled.clear()
    while not api.clock.sleeps:
        await asyncio.to_thread(lambda: None)
    api.clock.advance(web_server.RETRY_S)
    async with asyncio.timeout(GUARD_S):
        await server.settled.wait()
    page = server.page
    serving.cancel()
    await asyncio.wait([serving])

    assert refused
    assert page == f"http://{LOOPBACK}:{port}/"
    assert f"cannot listen for browsers at {LOOPBACK} port {port}" in caplog.text


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "HEADERS_WITHIN_S", 0.05)
    api = ApiBench(seconds=5)
    async with api.served() as server:
        reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: ")
        with suppress(ConnectionResetError):
            async with asyncio.timeout(GUARD_S):
                assert await reader.read() == b""
        writer.close()


async def test_a_connection_that_stops_in_its_second_request_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    api = ApiBench(seconds=5)
    async with asyncio.timeout(GUARD_S), api.served() as server:
        reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
        await answered(reader, writer)
        monkeypatch.setattr(web_server, "HEADERS_WITHIN_S", 0.05)
        await answered(reader, writer)
        with suppress(ConnectionError):
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
            assert await reader.read() == b""
        writer.close()


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request, and its whole answer."""
    writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: here\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = re.search(rb"content-length: (\d+)", head)
    assert length is not None
    await reader.readexactly(int(length[1]))


async def test_a_connection_too_many_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "MOST_CONNECTIONS", 2)
    api = await ApiBench(seconds=5).peopled()
    async with asyncio.timeout(GUARD_S), api.served() as server:
        port = server.port
        quiet = [await asyncio.open_connection(LOOPBACK, port) for _ in range(3)]
        with suppress(ConnectionError):
            assert await quiet[-1][0].read() == b""
        kept = [reader.at_eof() for reader, _ in quiet[:-1]]
        for _, writer in quiet:
            writer.close()

    assert kept == [False, False]


async def test_a_stranger_gets_no_socket_of_the_pages() -> None:
    api = await ApiBench(seconds=5).peopled()
    async with asyncio.timeout(GUARD_S), api.served() as server:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{LOOPBACK}:{server.port}/_nicegui_ws/socket.io/")

    assert refused.value.response.status_code == 403


async def test_it_leaves_signals_and_the_log_alone() -> None:
    before = signal.getsignal(signal.SIGINT), logging.getLogger().handlers[:]
    api = ApiBench(seconds=5)
    async with api.served():
        during = signal.getsignal(signal.SIGINT), logging.getLogger().handlers[:]

    assert during == before
