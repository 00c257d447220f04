"""A simulated device of any HTTP profile: JSON on a real socket, with its login."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from ems.clock import Clock, WallClock
from ems.devices.http.profile import HttpPoint, HttpProfile
from ems.devices.messages import parse_path
from ems.devices.profile_parts import Kind
from ems.devices.sample import is_live
from ems.sim.wire.filling import CannotShow, Values
from ems.sim.wire.http_door import Door, Request, response
from ems.sim.wire.json_image import put, put_into
from ems.sim.wire.listening import listen

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
            _tell(told, profile.request, points[name], numbers[name])
    return told


def _identity(profile: HttpProfile) -> dict[str, Any]:
    """What such a device says of itself, by the request for it."""
    if profile.identity is None:
        return {}
    answer: dict[str, Any] = {}
    for path, says in profile.identity.says.items():
        put(answer, parse_path(path), says[0].replace("*", ""))
    return {profile.identity.request: answer}


def _tell(told: dict[str, Any], usual: str, point: HttpPoint, value: float | None) -> None:
    """Of a sum the first term carries it all; of two directions, one is 0."""
    shares = [None if value is None else 0.0 for _ in point.all_terms]
    if value is not None:
        shares[-1 if point.less is not None and value < 0 else 0] = abs(value) if point.less is not None else value
    for term, share in zip(point.all_terms, shares, strict=True):
        request = term.request or point.request or usual
        path, number = parse_path(term.path), None if share is None else share / term.scale
        told[request] = put_into(told.get(request, {}), path, number)


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
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`login` is `user:password`, or the token, of a device that lets nobody else in.

        With a `source`, it measures what that gives whenever it is asked. What a profile lets its owner name has the
        names of the parameters.
        """
        self.profile: Final = profile.filled(profile.id, profile.as_named)
        self.host: Final = host
        self.port = port
        self.asked: Final[list[str]] = []
        """Paths of the requests, oldest first."""

        self.samples = 0
        """Answers that told what the profile asks for first."""

        self.door: Final = Door(self.profile, login)
        self._source = source
        self._tls = tls
        self._clock = clock or WallClock()
        self._answers: dict[str, Any] = {}
        self.show(source() if source else {})
        self._server: asyncio.Server | None = None
        self._readers: set[asyncio.Task[None]] = set()

    def show(self, values: Mapping[Kind, Values]) -> None:
        """Measure `values` from now on. Raises CannotShow."""
        told = answers(self.profile, values)
        self.door.mark(told)
        self._answers = {unquote(request): answer for request, answer in told.items()}

    def replay(self, recorded: Mapping[str, Mapping[str, float | str | None]]) -> None:
        """Answer as a device once did: numbers by request and path."""
        self._source = None
        self.show({})
        for request, numbers in recorded.items():
            answer: Any = {}
            for path, number in numbers.items():
                answer = put_into(answer, parse_path(path), number)
            self.door.mark({request: answer})
            self._answers[unquote(request)] = answer

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await listen(self._converse, self.host, self.port, limit=LONGEST_HEAD, tls=self._tls)
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
                writer.write(self._answer(await _request(reader)))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, OSError):
            LOGGER.debug("a reader of %s is gone", self.profile.id)
        finally:
            writer.transport.abort()

    def _answer(self, request: Request) -> bytes:
        self.asked.append(request.path)
        stopped = self.door.stops(request)
        if stopped is not None:
            return stopped
        if self._source is not None:
            self.show(self._source())
        path = unquote(request.path)
        if path not in self._answers:
            return response("404 Not Found", {})
        self.samples += path == self._first
        answer = self._answers[path]
        if self.profile.stamp is not None:
            put(answer, parse_path(self.profile.stamp), self._clock.monotonic_s())
        return response("200 OK", answer)

    @property
    def _first(self) -> str:
        """The request that a sample begins with."""
        use = next(iter(self.profile.uses.values()))
        asked = [min(point.requests(self.profile.request)) for name, point in use.points.items() if is_live(name)]
        return unquote(asked[0]) if asked else self.profile.request


async def _request(reader: asyncio.StreamReader) -> Request:
    """The next one. Raises ValueError for a body that nobody sends."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    method, path, *_ = [*lines[0].split(" "), "", ""]
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
    length = int(headers.get("content-length", 0))
    if length > LONGEST_HEAD:
        raise ValueError("a body that is too long")
    body = (await reader.readexactly(length)).decode("latin-1")
    return Request(method=method, path=path, headers=headers, body=body)
