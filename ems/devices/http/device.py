"""A meter, inverter or battery that is asked over HTTP and answers in JSON."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import httpx

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.http.profile import HttpPoint, LoginWay
from ems.devices.messages import (
    MAX_PAYLOAD_BYTES,
    Json,
    NotInMessage,
    Unreadable,
    as_number,
    parse_path,
    parse_payload,
    pick,
)
from ems.devices.newest_reading import in_its_name
from ems.devices.sample import Sample, is_live
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused
from ems.model.readings import Reading

R = TypeVar("R", bound=Reading)

FORBIDDEN: Final = frozenset({401, 403})
OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAddress:
    """Where a device answers, and who we are to it."""

    host: str
    port: int = 80
    tls: ssl.SSLContext | None = None
    request: str
    """Path and query of points that name none of their own."""

    login: LoginWay = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_header: str | None = None
    timeout_s: float = 2.0

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


class HttpDevice(Generic[R]):
    """Asks for all answers of one use of a device at each `read`, over one connection that it keeps."""

    pushes = False

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        address: HttpAddress,
        points: Mapping[str, HttpPoint],
        view: Callable[[Sample], R],
        clock: Clock,
    ) -> None:
        self._name = name
        self._period_s = period_s
        self._address = address
        self._view = in_its_name(name, view)
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._connections = 0
        self._by_request: dict[str, dict[str, HttpPoint]] = {}
        for point_name, point in points.items():
            self._by_request.setdefault(point.request or address.request, {})[point_name] = point

    @property
    def name(self) -> str:
        return self._name

    @property
    def period_s(self) -> float:
        return self._period_s

    @property
    def connections(self) -> int:
        """How often it was begun anew, after a failure each time."""
        return self._connections

    async def read(self) -> R:
        """The next sample. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        values: dict[str, float] = {}
        taken_at_s: list[float] = []
        for request, points in self._by_request.items():
            content = await self._get(request)
            if any(is_live(name) for name in points):
                taken_at_s.append(self._clock.monotonic_s())
            values |= self._numbers(content, points)
        return self._view(Sample(taken_at_s=min(taken_at_s), values=values, same_instant=len(taken_at_s) == 1))

    async def ask(self, request: str) -> Json:
        """One answer as it is. Raises as `read` does."""
        return await self._get(request)

    async def close(self) -> None:
        """Let go of the connection; the next `read` opens another."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _numbers(self, content: Json, points: Mapping[str, HttpPoint]) -> dict[str, float]:
        numbers: dict[str, float] = {}
        for name, point in points.items():
            try:
                number = number_at(content, point)
            except Unreadable as err:
                if is_live(name):
                    raise Nonsense(f"{self._name}: {err} as {name}") from err
                continue
            if number is not None:
                numbers[name] = number
        return numbers

    async def _get(self, request: str) -> Json:
        where = self._address.where
        try:
            async with self._clock.timeout(self._address.timeout_s):
                status, body = await self._exchange(request)
        except TimeoutError:
            await self.close()
            raise NoAnswer(f"{where} did not answer within {self._address.timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as err:
            await self.close()
            raise LinkDown(f"{where} does not answer HTTP ({type(err).__name__})") from err
        finally:
            end_if_cancelled()
        if status in FORBIDDEN:
            raise Refused(f"{where} lets nobody in with this user, password or token")
        if status != OK:
            raise Refused(f"{where} refused {request} with status {status}")
        try:
            content = parse_payload(body)
        except Unreadable as err:
            raise Nonsense(f"{where} answered {err}") from err
        if not isinstance(content, dict | list):
            raise Nonsense(f"{where} answered a word where a JSON object belongs")
        return content

    async def _exchange(self, request: str) -> tuple[int, bytes]:
        """Status and body; no more of it than anybody would read."""
        client = self._opened()
        async with client.stream("GET", request) as response:
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_PAYLOAD_BYTES:
                    break
        if _more_came(client):
            # The library would take it for the answer to the next question.
            await self.close()
        return response.status_code, body

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._connections += 1
            address = self._address
            scheme = "http" if address.tls is None else "https"
            host = f"[{address.host}]" if ":" in address.host else address.host
            self._client = httpx.AsyncClient(
                base_url=f"{scheme}://{host}:{address.port}",
                auth=_auth(address),
                headers=_headers(address),
                verify=True if address.tls is None else address.tls,
                timeout=None,  # noqa: S113 (ours runs on the injected clock)
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            )
        return self._client


def _more_came(client: httpx.AsyncClient) -> bool:
    """Whether something that nobody asked for stands behind the answer on its connection."""
    pool = getattr(client._transport, "_pool", None)  # noqa: SLF001 (nothing public tells)
    states = [
        getattr(getattr(each, "_connection", None), "_h11_state", None) for each in getattr(pool, "connections", ())
    ]
    return any(state.trailing_data[0] for state in states if state is not None)


def _auth(address: HttpAddress) -> httpx.Auth | None:
    if address.login == "basic":
        return httpx.BasicAuth(address.user, address.password)
    if address.login == "digest":
        return httpx.DigestAuth(address.user, address.password)
    return None


def _headers(address: HttpAddress) -> dict[str, str]:
    if not address.token:
        return {}
    if address.token_header is not None:
        return {address.token_header: address.token}
    return {"Authorization": f"Bearer {address.token}"}


def number_at(content: Json, point: HttpPoint) -> float | None:
    """The sum of the terms that are there; None when there is none. Raises Unreadable."""
    found: list[float] = []
    for term in point.terms:
        try:
            value = pick(content, parse_path(term.path))
        except NotInMessage:
            continue
        if value is None:
            if point.null_is_zero:
                found.append(0.0)
            continue
        found.append(as_number(value) * term.scale)
    return sum(found) if found else None
