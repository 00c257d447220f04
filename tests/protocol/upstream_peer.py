"""A second central system whose every word a test chooses, on a real socket."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ems.clock import WallClock
from ems.config.schema import StationEntry, UpstreamSection
from ems.csms.observer import RelayState
from ems.csms.relay.relays import Relays
from tests.protocol.ocpp_peer import GUARD_S, Asked, Error, House, Payload, Reply, Script

ACCEPTED: Final = {"status": "Accepted"}


def boot_accepted(_payload: Payload) -> Payload:
    return {"status": "Accepted", "currentTime": "2026-06-21T12:00:00Z", "interval": 3000}


def authorised(word: str) -> Script:
    return lambda _payload: {"idTagInfo": {"status": word}}


def started(word: str = "Accepted", first: int = 5001) -> Script:
    """Gives out ids, the same one for what is the same transaction."""
    known: dict[str, int] = {}

    def answer(payload: Payload) -> Payload:
        key = f"{payload['timestamp']} {payload['meterStart']} {payload['connectorId']}"
        return {"transactionId": known.setdefault(key, first + len(known)), "idTagInfo": {"status": word}}

    return answer


@dataclass
class Upstream:
    """The far end. `script` may change at any time; an action without a row gets an empty answer."""

    script: dict[str, Script] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    greeting: Callable[[ServerConnection], Any] | None = None
    """Takes over the whole connection in place of the script."""

    open: bool = True
    server: Server | None = None
    sockets: list[ServerConnection] = field(default_factory=list)
    _answers: dict[str, asyncio.Future[list[Any]]] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(next(iter(self.server.sockets)).getsockname()[1])

    def all(self, action: str) -> list[Payload]:
        return [asked.payload for asked in self.asked if asked.action == action]

    async def hears(self, action: str, count: int = 1) -> Payload:
        """Wait for the `count`th request of its kind."""
        async with WallClock().timeout(GUARD_S), self._news:
            await self._news.wait_for(lambda: len(self.all(action)) >= count)
        return self.all(action)[count - 1]

    async def call(self, action: str, payload: object) -> list[Any]:
        """Ask over the newest connection, and give the whole answer."""
        message_id = f"u{next(self._numbers)}"
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = answer
        await self.sockets[-1].send(json.dumps([2, message_id, action, payload]))
        async with WallClock().timeout(GUARD_S):
            return await answer

    async def tell(self, action: str, payload: object) -> Payload:
        """Ask, and give the payload of the answer."""
        answer = await self.call(action, payload)
        assert answer[0] == 3, answer
        result: Payload = answer[2]
        return result

    async def drop(self) -> None:
        """Hang up without a word, every connection."""
        for socket in self.sockets:
            socket.transport.abort()

    async def serve_socket(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        self.headers.append(dict(socket.request.headers))
        self.sockets.append(socket)
        try:
            if not self.open:
                socket.transport.abort()
            elif self.greeting is not None:
                await self.greeting(socket)
            else:
                await self._live(socket)
        except ConnectionClosed:
            pass

    async def _live(self, socket: ServerConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if message[0] != 2:
                answer = self._answers.pop(str(message[1]), None)
                if answer is not None and not answer.done():
                    answer.set_result(message)
                continue
            asked = Asked(*message[1:4])
            # Answered before it is seen by those who wait, so that nothing of theirs comes in between.
            script = self.script.get(asked.action)
            reply = {} if script is None else script(asked.payload)
            if isinstance(reply, Error):
                await socket.send(json.dumps([4, asked.message_id, *reply.parts]))
            elif not isinstance(reply, Reply):
                await socket.send(json.dumps([3, asked.message_id, reply]))
            self.asked.append(asked)
            async with self._news:
                self._news.notify_all()


def _first(_socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol:
    return offered[0]


@asynccontextmanager
async def upstream(
    script: Mapping[str, Script] | None = None,
    *,
    ssl: SSLContext | None = None,
    greeting: Callable[[ServerConnection], Any] | None = None,
    protocol: str = "ocpp1.6",
) -> AsyncIterator[Upstream]:
    """A second central system on a free port of this machine, which accepts everything unless told otherwise."""
    far = Upstream(
        {
            "BootNotification": boot_accepted,
            "Authorize": authorised("Accepted"),
            "StartTransaction": started(),
            **(script or {}),
        },
        greeting=greeting,
    )
    async with serve(
        far.serve_socket,
        "127.0.0.1",
        0,
        ssl=ssl,
        subprotocols=[Subprotocol(protocol)],
        select_subprotocol=_first,
        compression=None,
        ping_interval=None,
        close_timeout=0.1,
    ) as server:
        far.server = server
        yield far


class Relayed:
    """A house whose relays run."""

    def __init__(self, relays: Relays) -> None:
        self._relays = relays

    @property
    def state(self) -> RelayState:
        return next(iter(self._relays.states().values()))

    async def until(self, holds: Callable[[RelayState], bool]) -> RelayState:
        """Wait for a state that stays."""
        async with WallClock().timeout(GUARD_S):
            while not holds(self.state):
                await WallClock().sleep(0.01)
        return self.state


@asynccontextmanager
async def relayed(
    place: House, far: Upstream, *, folder: Path | None = None, password: str | None = None, **section: Any
) -> AsyncIterator[Relayed]:
    """The relay of that house's station to that second central system, while this lasts."""
    scheme = section.pop("scheme", "ws")
    upstream_section = UpstreamSection(url=f"{scheme}://localhost:{far.port}/ocpp/", **section)
    entry = StationEntry(id="garage", upstream=upstream_section)
    passwords = {} if password is None else {"garage": password}
    relays = Relays([entry], place.central.links, place.clock, passwords, folder)
    work = asyncio.create_task(relays.run())
    try:
        yield Relayed(relays)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
