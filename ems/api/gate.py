"""The gate in front of everything: nobody unknown passes, except where that is said here.

For every request it finds out who asks (a bearer token, or the cookie of our own pages), bounds body and time, and adds
the headers that browsers need to be told. Routes and pages below it ask `Access.person`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response

from ems.api.access.book import PERSON, Access
from ems.api.access.persons import Person
from ems.api.cookies import SESSION_COOKIE
from ems.api.errors import ApiError, NeedsLogin, TooLarge, TooSlow
from ems.api.forwarded import Proxies
from ems.api.origin import is_same_origin
from ems.api.problems import refusal
from ems.api.wire import Role
from ems.clock import Clock

API: Final = "/api/v1"
OPEN: Final = frozenset(
    {
        f"{API}/health",
        f"{API}/login",
        f"{API}/setup",
        f"{API}/pairing/trade",
        "/login",
        "/setup",
        "/favicon.ico",
    }
)
"""What answers without a token: who asks here has none yet."""

OPEN_BELOW: Final = ("/_nicegui/",)
"""Scripts and styles, which the login page needs too. It needs no socket, so strangers get none."""

ASKS_ITSELF: Final = f"{API}/ws"
"""The push socket: a client may show its token in its first message."""

LONGEST_BODY_B: Final = 64 * 1024
FIRMWARE: Final = f"{API}/firmware"
LONGEST_FIRMWARE_B: Final = 256_000_000
"""Of a file that an installer brings; it goes to the disk piece by piece."""

LONGEST_PAGE_BODY_B: Final = 1024 * 1024
BODY_WITHIN_S: Final = 15.0

_PAGE_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gate:
    """An ASGI middleware around API and pages."""

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], *, access: Access, proxies: Proxies, clock: Clock
    ) -> None:
        self.app = app
        self._access = access
        self._proxies = proxies
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        scope = self._proxies.dressed(dict(scope))
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        person = self._person(scope)
        scope[PERSON] = person
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, path, person)
        else:
            await self._request(scope, receive, send, path, person)

    def _person(self, scope: Scope) -> Person | None:
        """By its token; a cookie counts only for what our own pages ask."""
        connection = HTTPConnection(scope)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._access.holder(token.strip())
        cookie = connection.cookies.get(SESSION_COOKIE)
        if cookie is None or not is_same_origin(connection):
            return None
        return self._access.holder(cookie)

    async def _socket(self, scope: Scope, receive: Receive, send: Send, path: str, person: Person | None) -> None:
        origin_is_ours = "origin" not in Headers(scope=scope) or is_same_origin(HTTPConnection(scope))
        if path == ASKS_ITSELF or (origin_is_ours and (person is not None or path.startswith(OPEN_BELOW))):
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": "log in first"})

    async def _request(self, scope: Scope, receive: Receive, send: Send, path: str, person: Person | None) -> None:
        is_api = path == "/api" or path.startswith("/api/")
        send = _dressing(send, is_api=is_api)
        if person is None and path not in OPEN and not path.startswith(OPEN_BELOW):
            await self._send_away(scope, is_api=is_api)(scope, receive, send)
            return
        bound_b = LONGEST_BODY_B if is_api else LONGEST_PAGE_BODY_B
        if path == FIRMWARE and person is not None and person.may(Role.INSTALLER):
            bound_b = LONGEST_FIRMWARE_B
        bounded = _Bounded(receive, self._clock, bound_b)
        answered = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            # What a route makes of a broken body is not what broke it.
            if answered or bounded.refused is None:
                answered = True
                await send(message)

        try:
            bounded.check(Headers(scope=scope))
            await self.app(scope, bounded.receive, watched)
        except ApiError:
            if bounded.refused is None:
                raise
        if bounded.refused is not None and not answered:
            await refusal(bounded.refused)(scope, receive, send)

    def _send_away(self, scope: Scope, *, is_api: bool) -> Response:
        """To the login page where a person looks at a page; a problem for everybody else."""
        headers = Headers(scope=scope)
        if not is_api and scope["method"] in {"GET", "HEAD"} and "text/html" in headers.get("accept", ""):
            page = "/login" if self._access.setup_code is None else "/setup"
            return RedirectResponse(scope.get("root_path", "") + page, status_code=303)
        return refusal(NeedsLogin("show a token, or log in on the page"))


class _Bounded:
    """A request's body, no longer and no slower than allowed."""

    def __init__(self, receive: Receive, clock: Clock, most_b: int) -> None:
        self._receive = receive
        self._clock = clock
        self._most_b = most_b
        self._read_b = 0
        self._whole = False
        self.refused: ApiError | None = None
        """Why the body was not read to its end."""

    def check(self, headers: Headers) -> None:
        """Raises TooLarge for a body that says so itself."""
        said = headers.get("content-length", "")
        if said.isdigit() and int(said) > self._most_b:
            raise self._refuse(self._too_large())

    async def receive(self) -> MutableMapping[str, Any]:
        """Raises TooLarge or TooSlow."""
        if self._whole:  # what comes now is the end of the connection, which may take its time
            return await self._receive()
        try:
            async with self._clock.timeout(BODY_WITHIN_S):
                message = await self._receive()
        except TimeoutError as error:
            raise self._refuse(TooSlow(f"the request did not arrive within {BODY_WITHIN_S:.0f} s")) from error
        self._read_b += len(message.get("body", b""))
        if self._read_b > self._most_b:
            raise self._refuse(self._too_large())
        self._whole = not message.get("more_body", False)
        return message

    def _too_large(self) -> TooLarge:
        return TooLarge(f"a request may be {self._most_b} bytes long")

    def _refuse(self, error: ApiError) -> ApiError:
        self.refused = error
        return error


def _dressing(send: Send, *, is_api: bool) -> Send:
    """Adds the security headers to every answer."""

    async def dressed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
            headers.setdefault("X-Frame-Options", "SAMEORIGIN")
            headers.setdefault("Content-Security-Policy", _API_POLICY if is_api else _PAGE_POLICY)
            headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
            if is_api:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return dressed
