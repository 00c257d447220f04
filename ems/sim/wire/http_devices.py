"""A simulated device of any HTTP profile: JSON on a real socket, with its login."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from ems.devices.http.profile import HttpPoint, HttpProfile
from ems.devices.messages import parse_path
from ems.devices.profile_parts import Kind
from ems.sim.wire.filling import CannotShow, Values
from ems.sim.wire.json_image import put

LOGGER = logging.getLogger(__name__)

LONGEST_HEAD: Final = 8192


def answers(profile: HttpProfile, values: Mapping[Kind, Values]) -> dict[str, Any]:
    """The JSON of every request of that device while it measures `values`. Raises CannotShow.

    Sums come first, so that what a term of theirs is told by itself stands.
    """
    told: dict[str, Any] = {profile.request: {}, **_identity(profile)}
    for kind, numbers in values.items():
        use = profile.uses.get(kind)
        points = {} if use is None else use.points
        for name in sorted(numbers, key=lambda each: -len(points[each].terms) if each in points else 0):
            if name not in points:
                raise CannotShow(f"{profile.id} does not tell {kind}.{name}; it tells {', '.join(points) or 'none'}")
            point, value = points[name], numbers[name]
            _tell(told.setdefault(point.request or profile.request, {}), point, value)
    return told


def _identity(profile: HttpProfile) -> dict[str, Any]:
    """What such a device says of itself, by the request for it."""
    if profile.identity is None:
        return {}
    answer: dict[str, Any] = {}
    for path, says in profile.identity.says.items():
        put(answer, parse_path(path), says[0].replace("*", ""))
    return {profile.identity.request: answer}


def _tell(answer: dict[str, Any], point: HttpPoint, value: float | None) -> None:
    """The first term carries it all."""
    for place, term in enumerate(point.terms):
        put(answer, parse_path(term.path), None if value is None else 0.0 if place else value / term.scale)


class HttpPort:
    """Serves one device until it is closed."""

    def __init__(
        self,
        profile: HttpProfile,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        login: str = "",
        source: Callable[[], Mapping[Kind, Values]] | None = None,
    ) -> None:
        """`login` is `user:password`, or the token, of a device that lets nobody else in.

        With a `source`, it measures what that gives whenever it is asked.
        """
        self.profile: Final = profile
        self.host: Final = host
        self.port = port
        self.asked: Final[list[str]] = []
        """Paths of the requests, oldest first."""

        self.samples = 0
        """Answers that told what the profile asks for first."""

        self._login = login
        self._source = source
        self._answers: dict[str, Any] = answers(profile, source() if source else {})
        self._server: asyncio.Server | None = None
        self._readers: set[asyncio.Task[None]] = set()

    def show(self, values: Mapping[Kind, Values]) -> None:
        """Measure `values` from now on. Raises CannotShow."""
        self._answers = answers(self.profile, values)

    def replay(self, recorded: Mapping[str, Mapping[str, float | str | None]]) -> None:
        """Answer as a device once did: numbers by request and path."""
        self._source, self._answers = None, _identity(self.profile)
        for request, numbers in recorded.items():
            answer: dict[str, Any] = {}
            for path, number in numbers.items():
                put(answer, parse_path(path), number)
            self._answers[request] = answer

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        try:
            self._server = await asyncio.start_server(self._converse, self.host, self.port, limit=LONGEST_HEAD)
        except OSError as error:
            raise OSError(
                f"port {self.port} on {self.host} is taken; choose another for the simulated device"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and end every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._readers):
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head.decode("latin-1")))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            LOGGER.debug("a reader of %s is gone", self.profile.id)
        finally:
            writer.transport.abort()

    def _answer(self, head: str) -> bytes:
        lines = head.split("\r\n")
        path = [*lines[0].split(" "), ""][1]
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
        self.asked.append(path)
        if self._login and not self._lets_in(headers):
            return _response("401 Unauthorized", {}, "WWW-Authenticate: Basic realm=device\r\n")
        if self._source is not None:
            self.show(self._source())
        if path not in self._answers:
            return _response("404 Not Found", {})
        self.samples += path == self.profile.request
        return _response("200 OK", self._answers[path])

    def _lets_in(self, headers: Mapping[str, str]) -> bool:
        if self.profile.login == "bearer":
            header = (self.profile.token_header or "Authorization").lower()
            return headers.get(header) in {self._login, f"Bearer {self._login}"}
        pair = base64.b64encode(self._login.encode()).decode()
        return headers.get("authorization") == f"Basic {pair}"


def _response(status: str, content: object, more: str = "") -> bytes:
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body
