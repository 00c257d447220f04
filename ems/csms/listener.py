"""The door: WebSocket handshakes of charging stations, lenient in form and strict in who may come in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ems.clock import Clock
from ems.csms.credentials import authentic
from ems.csms.throttle import Throttle
from ems.csms.versions import PROTOCOLS, negotiated
from ems.csms.visit import StationSocket
from ems.csms.wire_json import MAX_FRAME_BYTES

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A station that calls itself by a name that nobody configured."""

    identity: str
    address: str
    first_utc: datetime
    last_utc: datetime
    times: int = 1


SUBPROTOCOLS: Final[tuple[Subprotocol, ...]] = tuple(map(Subprotocol, PROTOCOLS))

MOST_STRANGERS: Final = 64
LONGEST_NAME: Final = 200
HANDSHAKES_AT_ONCE: Final = 60
FAILURES_AT_ONCE: Final = 20
FAILURE_EVERY_S: Final = 3.0
MOST_CONNECTIONS: Final = 64
"""Connections and handshakes at once beyond one for each configured station."""

HANDSHAKE_WITHIN_S: Final = 10.0
CLOSE_WITHIN_S: Final = 2.0


def identity_of(path: str) -> str:
    """The last non-empty part of a request path, decoded once; empty when there is none (Q2, Q3)."""
    parts = [part for part in path.partition("?")[0].split("/") if part]
    return unquote(parts[-1]) if parts else ""


class Listener:
    """Lets configured stations in and hands each connection over with its identity."""

    def __init__(
        self,
        identities: frozenset[str],
        passwords: Mapping[str, str],
        clock: Clock,
        converse: Callable[[str, StationSocket], Awaitable[None]],
        pin_of: Callable[[str], str | None] = lambda _identity: None,
        hint_of: Callable[[str], str | None] = lambda _identity: None,
    ) -> None:
        """`passwords` by identity; a station without one needs none. `pin_of` gives the OCPP version it must speak,
        `hint_of` the one that is taken if it offers it.
        """
        self._clock = clock
        self._identities = set(identities)
        self._passwords = dict(passwords)
        self._converse = converse
        self._pin_of = pin_of
        self._hint_of = hint_of
        self._strangers: dict[str, Stranger] = {}
        self._told_of: set[str] = set()
        self._handshakes = Throttle(clock, burst=HANDSHAKES_AT_ONCE, every_s=1.0)
        self._failures = Throttle(clock, burst=FAILURES_AT_ONCE, every_s=FAILURE_EVERY_S)

    @property
    def strangers(self) -> tuple[Stranger, ...]:
        """Those who tried to come in by an unknown name, the newest last; `MOST_STRANGERS` at most."""
        return tuple(self._strangers.values())

    def rename(self, before: str, identity: str) -> None:
        """A configured station comes by another identity from now on, with the password it had."""
        self._identities.discard(before)
        self._identities.add(identity)
        self._strangers.pop(identity[:LONGEST_NAME], None)
        password = self._passwords.pop(before, None)
        if password is not None:
            self._passwords[identity] = password

    async def start(self, host: str, port: int) -> Server:
        """Begin to listen; 0 takes any free port. Raises OSError."""
        # The library logs every refused handshake with a traceback; our own lines say it once.
        quiet = logging.getLogger(f"{__name__}.websockets")
        quiet.setLevel(logging.CRITICAL)
        return await serve(
            self._serve_socket,
            host,
            port,
            process_request=self._process_request,
            select_subprotocol=self._select_subprotocol,
            subprotocols=SUBPROTOCOLS,
            compression=None,
            max_size=MAX_FRAME_BYTES,
            ping_interval=None,
            open_timeout=HANDSHAKE_WITHIN_S,
            close_timeout=CLOSE_WITHIN_S,
            server_header=None,
            logger=quiet,
            create_connection=_socket_type(MOST_CONNECTIONS + len(self._identities)),
        )

    async def _serve_socket(self, socket: ServerConnection) -> None:
        if isinstance(socket, StationSocket) and socket.request is not None:
            await self._converse(identity_of(socket.request.path), socket)

    def _select_subprotocol(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """What to speak; None, to be heard from the station, when it offers nothing (Q1). Raises NegotiationError."""
        if not offered:
            return None
        identity = identity_of(socket.request.path) if socket.request is not None else None
        pin = None if identity is None else self._pin_of(identity)
        hint = None if identity is None else self._hint_of(identity)
        chosen = negotiated(offered, pin or hint) or negotiated(offered, pin)
        if chosen is None:
            raise NegotiationError(f"we speak {', '.join(SUBPROTOCOLS)}" if pin is None else f"OCPP {pin} is pinned")
        return Subprotocol(chosen)

    def _process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        """None lets the station in."""
        identity = identity_of(request.path)
        address = str((socket.remote_address or ("?",))[0])
        if identity not in self._identities:
            self._note_stranger(identity, address)
            return socket.respond(HTTPStatus.NOT_FOUND, "This station is not configured here.\n")
        password = self._passwords.get(identity)
        if password is not None:
            refusal = self._authenticate(socket, request, identity, address, password)
            if refusal is not None:
                return refusal
        if not self._handshakes.allows(identity):
            return _wait(socket)
        return None

    def _authenticate(
        self, socket: ServerConnection, request: Request, identity: str, address: str, password: str
    ) -> Response | None:
        # Once somebody guesses, no password of this station is tried, or guessing would go on at full speed.
        if self._failures.is_empty(identity):
            return _wait(socket)
        headers = request.headers.get_all("Authorization")
        if authentic(headers[0] if len(headers) == 1 else None, identity, password):
            return None
        self._failures.allows(identity)
        LOGGER.warning("%s: a connection from %s had no right password; refused", identity, address)
        response = socket.respond(HTTPStatus.UNAUTHORIZED, "The password is missing or wrong.\n")
        response.headers["WWW-Authenticate"] = 'Basic realm="charging stations"'
        return response

    def _note_stranger(self, identity: str, address: str) -> None:
        """Remember it, and say once for each identity what to do about it."""
        name, now = identity[:LONGEST_NAME], self._clock.utc_now()
        known = self._strangers.pop(name, None)
        if known is None:
            known = Stranger(identity=name, address=address, first_utc=now, last_utc=now, times=0)
        self._strangers[name] = replace(known, address=address, last_utc=now, times=known.times + 1)
        if len(self._strangers) > MOST_STRANGERS:
            del self._strangers[next(iter(self._strangers))]
        if name in self._told_of or len(self._told_of) >= MOST_STRANGERS:
            return
        self._told_of.add(name)
        LOGGER.warning(
            "A charging station at %s calls itself %.60r, which is not in the site file; refused. "
            "If it is yours, write this name as `id` or `identity` of a station.",
            address,
            name,
        )


def _socket_type(most: int) -> type[StationSocket]:
    """A socket that hangs up at once when its server has `most` of them already."""

    class DoorSocket(StationSocket):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            full = len(self.server.handlers) >= most
            super().connection_made(transport)
            if full:
                self.transport.abort()

    return DoorSocket


def _wait(socket: ServerConnection) -> Response:
    response = socket.respond(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections; wait a little.\n")
    response.headers["Retry-After"] = "10"
    return response
