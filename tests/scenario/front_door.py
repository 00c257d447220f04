"""Home Assistant's front door to an app (ingress), as a request sees it: a path is taken off, headers come on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

PREFIX: Final = "/api/hassio_ingress/x1Yz"
LONGEST_HEAD_B: Final = 64 * 1024


@asynccontextmanager
async def front_door(port: int) -> AsyncIterator[str]:
    """Its address below the prefix; behind it is what listens at that port."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            upstream = await asyncio.open_connection("127.0.0.1", port)
            upstream[1].write(_dressed(head))
            await asyncio.gather(_pipe(reader, upstream[1]), _pipe(upstream[0], writer))
        writer.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, limit=LONGEST_HEAD_B)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PREFIX}"
    finally:
        server.close()


def _dressed(head: bytes) -> bytes:
    """As the app sees it: one request for each connection, unless it becomes a WebSocket."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, path, version = first.split(" ", 2)
    assert path.startswith(PREFIX), path
    headers = [line for line in lines if not line.lower().startswith(("host:", "connection: keep-alive"))]
    seen = next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:"))
    if not any(line.lower().startswith("upgrade:") for line in headers):
        headers.append("Connection: close")
    headers += [
        "Host: local-fusewise:8480",
        f"X-Ingress-Path: {PREFIX}",
        "X-Forwarded-For: 192.0.2.10",
        f"X-Forwarded-Host: {seen}",
        "X-Forwarded-Proto: http",
        "X-Hass-Source: core.ingress",
        "X-Remote-User-Name: anna",
    ]
    return "\r\n".join([f"{method} {path.removeprefix(PREFIX) or '/'} {version}", *headers, "", ""]).encode("latin-1")


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
