"""The push socket: hello, a snapshot, then what changes, once a second at most.

What changed is worked out and written once for all clients. Each has a short queue; one that does not read is dropped,
not waited for, and may come back for a new snapshot.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from ems.api.access.book import Access
from ems.api.access.persons import Person
from ems.api.delta import Written, as_json, changes, is_whole
from ems.api.errors import NotYet
from ems.api.ports import House
from ems.api.routes.needs import Desk, desk_of
from ems.api.wire import API_VERSION, MIN_API, ClientHello, Hello
from ems.clock import Clock

LOGGER: Final = logging.getLogger(__name__)

PUSH_EVERY_S: Final = 1.0
LONGEST_QUEUE: Final = 8
"""Messages that a client may be behind."""

MOST_CLIENTS: Final = 256
HELLO_WITHIN_S: Final = 10.0
LONGEST_HELLO: Final = 2000

ABORT: Final = "fusewise.abort"
"""Where our server leaves a way to end a connection that does not read (`ems.api.server`)."""

NOT_IN: Final = 4401
NO_COMMON_VERSION: Final = 4406
BUSY: Final = 4429
NOT_YET: Final = 1013
"""Close codes: no good token · no version that both speak · too many clients · come back in a second."""


class Client:
    """One socket and what waits for it."""

    def __init__(self, abort: Callable[[], object] | None) -> None:
        self.queue: Final[asyncio.Queue[str]] = asyncio.Queue(LONGEST_QUEUE)
        self.dropped: Final = asyncio.Event()
        self._abort = abort

    def offer(self, message: str) -> bool:
        """Whether it went into the queue; False for a client that is too slow."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            return False
        return True

    def drop(self) -> None:
        """End it without waiting for it."""
        self.dropped.set()
        if self._abort is not None:
            self._abort()


class Push:
    """All clients of the push socket. `run` it beside the server."""

    def __init__(self, house: House, clock: Clock) -> None:
        self._house = house
        self._clock = clock
        self._clients: set[Client] = set()
        self._somebody = asyncio.Event()
        self._base: Written | None = None
        """What every client has."""

        self._sequence = 0
        self.dropped = 0
        """Clients that were too slow, since the start."""

    @property
    def clients(self) -> int:
        return len(self._clients)

    async def run(self) -> None:
        """Push for ever."""
        seen = -1
        while True:
            await self._somebody.wait()
            state = await self._house.next_state(seen)
            seen = state.sequence
            self._tell(as_json(state))
            await self._clock.sleep(PUSH_EVERY_S)

    def join(self, client: Client) -> None:
        """Give it a snapshot, and what changes from now on. Raises NotYet before the first decision."""
        if self._base is None or not self._clients:
            self._renew(as_json(self._house.state()))
        client.offer(self._snapshot())
        self._clients.add(client)
        self._somebody.set()

    def leave(self, client: Client) -> None:
        self._clients.discard(client)
        if not self._clients:
            self._somebody.clear()

    def _tell(self, now: Written) -> None:
        before = self._base
        if before is None or not is_whole(before, now):
            self._renew(now)
            message = self._snapshot()
        else:
            changed = changes(before, now)
            if not changed:
                return
            self._renew(now)
            message = _text({"kind": "delta", "sequence": self._sequence, "at": now["at"], "changes": changed})
        for client in [each for each in self._clients if not each.offer(message)]:
            self.dropped += 1
            LOGGER.info("a client of the push socket does not read; it is dropped")
            self.leave(client)
            client.drop()

    def _renew(self, now: Written) -> None:
        self._sequence += 1
        self._base = {**now, "sequence": self._sequence}

    def _snapshot(self) -> str:
        return _text({"kind": "snapshot", "state": self._base})


def push_router(push: Push) -> APIRouter:
    """The route `/ws`."""
    router = APIRouter()

    @router.websocket("/ws")
    async def serve(socket: WebSocket) -> None:
        """Hello with the version, a token where none was shown yet, then the house as it changes."""
        desk = desk_of(socket)
        if push.clients >= MOST_CLIENTS:
            await socket.close(BUSY)
            return
        await socket.accept()
        try:
            person = await _greet(socket, desk)
            if person is not None:
                await _converse(socket, push, desk.access, person)
        except WebSocketDisconnect:
            return

    return router


async def _greet(socket: WebSocket, desk: Desk) -> Person | None:
    """Say and hear hello; None when the two have nothing to say to each other.

    A client whose request showed who it is need not say anything; it may name its version as `?api=1`.
    """
    person = desk.access.person(socket)
    spoken = await _heard(socket, desk.clock) if person is None else _in_query(socket)
    if person is None and spoken is not None and spoken.token is not None:
        person = desk.access.holder(spoken.token)
    if person is None or spoken is None:
        await socket.close(NOT_IN, "no good token")
        return None
    try:
        state = desk.house.state()
    except NotYet:
        await socket.close(NOT_YET, "nothing was decided yet")
        return None
    await socket.send_text(Hello(site_id=state.site_id, version=state.version).model_dump_json())
    if spoken.api_version < MIN_API or spoken.min_api > API_VERSION:
        await socket.close(NO_COMMON_VERSION, f"this service speaks version {MIN_API} to {API_VERSION}")
        return None
    return person


def _in_query(socket: WebSocket) -> ClientHello:
    said = socket.query_params.get("api", "")
    return ClientHello(api_version=int(said), min_api=int(said)) if re.fullmatch(r"\d{1,9}", said) else ClientHello()


async def _heard(socket: WebSocket, clock: Clock) -> ClientHello | None:
    """The client's first message; None when it does not come or makes no sense."""
    try:
        async with clock.timeout(HELLO_WITHIN_S):
            text = await socket.receive_text()
        return ClientHello.model_validate_json(text) if len(text) <= LONGEST_HELLO else None
    except (TimeoutError, ValidationError, KeyError):
        return None


async def _converse(socket: WebSocket, push: Push, access: Access, person: Person) -> None:
    """Send what waits until the client goes, is dropped, or may no longer be here."""
    abort = (socket.scope.get("extensions") or {}).get(ABORT)
    client = Client(abort)
    push.join(client)
    try:
        async with asyncio.TaskGroup() as both:
            sending = both.create_task(_send(socket, client, access, person))
            hearing = both.create_task(_hear(socket))
            watching = both.create_task(client.dropped.wait())
            await asyncio.wait([sending, hearing, watching], return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, hearing, watching):
                task.cancel()
    finally:
        push.leave(client)


async def _send(socket: WebSocket, client: Client, access: Access, person: Person) -> None:
    while True:
        message = await client.queue.get()
        if not access.is_still_in(person):
            await socket.close(NOT_IN, "logged out")
            return
        try:
            await socket.send_text(message)
        except WebSocketDisconnect:
            return


async def _hear(socket: WebSocket) -> None:
    """Clients have nothing more to say; what they send is read and dropped, so that their end is heard."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
