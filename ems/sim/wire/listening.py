"""Where a simulated device listens."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

Meeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

STREAM_LIMIT: Final = 65536
"""Bytes that a connection's reader holds back where the device states no limit of its own."""


def cannot_listen(host: str, port: int, error: OSError | None = None) -> OSError:
    """The same error in words that say what to do; None where the cause is not known."""
    if error is None:
        return OSError(f"port {port} on {host} is taken, or {host} is no address of this machine; choose another")
    if error.errno == errno.EADDRINUSE:
        return OSError(f"port {port} on {host} is taken; choose another")
    return OSError(f"nothing can listen at port {port} of {host}: {error.strerror or error}")


async def listen(
    meet: Meeting, host: str, port: int, *, limit: int = STREAM_LIMIT, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """A server for streams. Raises OSError, in words, when the port is taken or the address is not ours."""
    try:
        return await asyncio.start_server(meet, host, port, limit=limit, ssl=tls)
    except OSError as error:
        raise cannot_listen(host, port, error) from error
