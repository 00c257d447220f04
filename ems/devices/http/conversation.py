"""Questions and answers with one device over HTTP: one connection, its login, and bounds for everything that comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.http.address import HttpAddress
from ems.devices.http.bounds import SET_COOKIE, BoundedTransport
from ems.devices.http.certificates import why_not_believed
from ems.devices.http.profile import SessionLogin
from ems.devices.http.session import Cookies, LoginPace
from ems.devices.messages import MAX_PAYLOAD_BYTES, Json, NotInMessage, Unreadable, parse_path, parse_payload, pick
from ems.devices.parameters import put_in
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused

FORBIDDEN: Final = frozenset({401, 403})
OK: Final = 200
FIRST_ERROR: Final = 400
LONGEST_USER: Final = 100


class HttpConversation:
    """Asks one device, and stays logged in where it wants that."""

    def __init__(self, address: HttpAddress, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._transport: BoundedTransport | None = None
        self._cookies = Cookies()
        self._pace = LoginPace()
        self._inside = False
        self.connections = 0
        """How often it was begun anew, after a failure each time."""

    async def get(self, request: str) -> Json:
        """The answer to that request. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        session = self._address.session if self._address.login == "session" else None
        if session is None:
            return self._content(request, *await self._ask(request))
        return await self._get_inside(request, session)

    async def get_bytes(self, request: str) -> bytes:
        """The answer as it is, of a device that answers no JSON. Raises LinkDown, NoAnswer or Refused."""
        return self._good(request, *await self._ask(request))

    async def close(self) -> None:
        """Let go of the connection; the next question opens another."""
        client, self._client, self._transport = self._client, None, None
        if client is not None:
            await client.aclose()

    async def _get_inside(self, request: str, session: SessionLogin) -> Json:
        """One login at most, when none was there or it is over."""
        for _ in range(2):
            came_in = not self._inside
            if came_in:
                await self._log_in(session)
            status, body = await self._ask(request)
            content = None if status in FORBIDDEN else self._content(request, status, body)
            if content is not None and _has(content, session.inside):
                self._pace.was_good(self._clock.monotonic_s())
                return content
            self._inside = False
            if came_in:
                break
        raise self._nobody()

    async def _log_in(self, session: SessionLogin) -> None:
        """Raises Refused also where it is too early to try again."""
        where = self._address.where
        wait_s = self._pace.wait_s(self._clock.monotonic_s())
        if wait_s > 0:
            raise Refused(f"{where} let nobody in, or not for long; the next login is tried in {wait_s:.0f} s")
        self._cookies.clear()
        status, body = await self._ask(session.request)
        user = self._address.user or self._told_user(session, self._content(session.request, status, body))
        words = {"user": user, "password": self._address.password}
        form = {name: put_in(text, words, str) for name, text in session.form.items()}
        status, _ = await self._ask(session.request, form)
        self._pace.tried(self._clock.monotonic_s())
        if status >= FIRST_ERROR:
            raise self._nobody()
        self._inside = True

    def _told_user(self, session: SessionLogin, content: Json) -> str:
        try:
            told = pick(content, parse_path(session.user_at)) if session.user_at else ""
        except NotInMessage:
            told = None
        user = str(told)
        if not isinstance(told, str | int) or len(user) > LONGEST_USER or not user.isprintable():
            raise Nonsense(f"{self._address.where} does not say who logs in: state http.user")
        return user

    def _nobody(self) -> Refused:
        return Refused(f"{self._address.where} lets nobody in with this user, password or token")

    def _good(self, request: str, status: int, body: bytes) -> bytes:
        if status in FORBIDDEN:
            raise self._nobody()
        if status != OK:
            raise Refused(f"{self._address.where} refused {request} with status {status}")
        return body

    def _content(self, request: str, status: int, body: bytes) -> Json:
        where = self._address.where
        try:
            content = parse_payload(self._good(request, status, body))
        except Unreadable as err:
            raise Nonsense(f"{where} answered {err}") from err
        if not isinstance(content, dict | list):
            raise Nonsense(f"{where} answered a word where a JSON object belongs")
        return content

    async def _ask(self, request: str, form: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body. What went wrong is told by its kind alone: its text could hold what we sent."""
        where = self._address.where
        try:
            async with self._clock.timeout(self._address.timeout_s):
                return await self._exchange(request, form)
        except TimeoutError:
            await self.close()
            raise NoAnswer(f"{where} did not answer within {self._address.timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as err:
            await self.close()
            why = why_not_believed(err) or f"does not answer HTTP ({type(err).__name__})"
            raise LinkDown(f"{where} {why}") from None
        finally:
            end_if_cancelled()

    async def _exchange(self, request: str, form: Mapping[str, str] | None) -> tuple[int, bytes]:
        client, transport = self._opened()
        kept = {"Cookie": self._cookies.header} if self._cookies.header else {}
        body = b""
        async with client.stream("GET" if form is None else "POST", request, data=form, headers=kept) as response:
            if self._address.login == "session":
                self._cookies.take(response.extensions[SET_COOKIE])
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MAX_PAYLOAD_BYTES:
                    break
        if transport.more_came:
            # The library would take it for the answer to the next question.
            await self.close()
        return response.status_code, body

    def _opened(self) -> tuple[httpx.AsyncClient, BoundedTransport]:
        if self._client is None or self._transport is None:
            self.connections += 1
            address = self._address
            scheme = "http" if address.tls is None else "https"
            host = f"[{address.host}]" if ":" in address.host else address.host
            self._transport = BoundedTransport(
                httpx.AsyncHTTPTransport(
                    verify=True if address.tls is None else address.tls,
                    trust_env=False,
                    limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                )
            )
            self._client = httpx.AsyncClient(
                base_url=f"{scheme}://{host}:{address.port}",
                auth=_auth(address),
                headers={"Accept-Encoding": "identity", **_token(address)},
                transport=self._transport,
                timeout=None,  # noqa: S113 (ours runs on the injected clock)
                follow_redirects=False,
                trust_env=False,
            )
        return self._client, self._transport


def _has(content: Json, path: str) -> bool:
    try:
        return pick(content, parse_path(path)) is not None
    except NotInMessage:
        return False


def _auth(address: HttpAddress) -> httpx.Auth | None:
    if address.login == "basic":
        return httpx.BasicAuth(address.user, address.password)
    if address.login == "digest":
        return httpx.DigestAuth(address.user, address.password)
    return None


def _token(address: HttpAddress) -> dict[str, str]:
    if not address.token:
        return {}
    if address.token_header is not None:
        return {address.token_header: address.token}
    return {"Authorization": f"Bearer {address.token}"}
