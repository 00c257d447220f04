"""No more of an answer than anybody would read, at whatever point of the conversation it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx

from ems.devices.messages import MAX_PAYLOAD_BYTES

SET_COOKIE: Final = "fusewise.set_cookie"
"""Extension of a response: what its `Set-Cookie` headers said."""

_TAKEN_OUT: Final = frozenset({b"set-cookie", b"content-encoding"})
"""Nothing is unpacked, since a small answer may hold a large one; and cookies are ours to keep."""


class BoundedTransport(httpx.AsyncBaseTransport):
    """A transport whose answers end after the longest payload."""

    def __init__(self, inner: httpx.AsyncHTTPTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        raw = response.headers.raw
        cookies = [value.decode("latin-1") for name, value in raw if name.lower() == b"set-cookie"]
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise httpx.ProtocolError("an answer without a body")
        return httpx.Response(
            response.status_code,
            headers=[(name, value) for name, value in raw if name.lower() not in _TAKEN_OUT],
            stream=_Bounded(stream),
            extensions={**response.extensions, SET_COOKIE: cookies},
        )

    async def aclose(self) -> None:
        await self._inner.aclose()

    @property
    def more_came(self) -> bool:
        """Whether something that nobody asked for stands behind the answer on its connection."""
        pool = getattr(self._inner, "_pool", None)
        states = [
            getattr(getattr(each, "_connection", None), "_h11_state", None) for each in getattr(pool, "connections", ())
        ]
        return any(state.trailing_data[0] for state in states if state is not None)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest = MAX_PAYLOAD_BYTES + 1
        async for piece in self._inner:
            yield piece[:rest]
            rest -= len(piece)
            if rest <= 0:
                raise httpx.ReadError("an answer that does not end")

    async def aclose(self) -> None:
        await self._inner.aclose()
