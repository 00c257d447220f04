"""The door: WebSocket handshakes of charging stations, lenient in form and strict in who may come in."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ems.clock import Clock
from ems.csms.security.admission import Profile, Refusal, Shown, certificate_fault
from ems.csms.security.gate import Gate
from ems.csms.security.guesses import Guesses
from ems.csms.security.occurrences import Kind
from ems.csms.security.tls import client_certificate
from ems.csms.strangers import Strangers
from ems.csms.throttle import Throttle
from ems.csms.versions import PROTOCOLS, negotiated
from ems.csms.visit import StationSocket
from ems.csms.wire_json import MAX_FRAME_BYTES

LOGGER = logging.getLogger(__name__)


SUBPROTOCOLS: Final[tuple[Subprotocol, ...]] = tuple(map(Subprotocol, PROTOCOLS))

HANDSHAKES_AT_ONCE: Final = 60
MOST_CONNECTIONS: Final = 64
"""Connections and handshakes at once beyond one for each configured station."""

HANDSHAKE_WITHIN_S: Final = 10.0
CLOSE_WITHIN_S: Final = 2.0


_SAYS: Final[Mapping[Refusal, str]] = {
    Refusal.PASSWORD: "had no right password",
    Refusal.DOWNGRADE: "is less safe than what is asked of this station, or than it came by before",
    Refusal.CERTIFICATE_NAME: "showed the certificate of another station",
    Refusal.CERTIFICATE_REVOKED: "showed a certificate that was revoked",
    Refusal.CERTIFICATE_EXPIRED: "showed a certificate that is not valid now",
}


def identity_of(path: str) -> str:
    """The last non-empty part of a request path, decoded once; empty when there is none (Q2, Q3)."""
    parts = [part for part in path.partition("?")[0].split("/") if part]
    return unquote(parts[-1]) if parts else ""


class Listener:
    """Lets configured stations in and hands each connection over with its identity."""

    def __init__(
        self,
        identities: frozenset[str],
        gate: Gate,
        strangers: Strangers,
        clock: Clock,
        converse: Callable[[str, StationSocket], Awaitable[None]],
        pin_of: Callable[[str], str | None] = lambda _identity: None,
        hint_of: Callable[[str], str | None] = lambda _identity: None,
        stormed: Callable[[str], None] = lambda _identity: None,
    ) -> None:
        """`gate` knows what each of the identities has to show, `pin_of` which version it must speak, `hint_of` the
        one that is taken if it offers it.
        """
        self._clock = clock
        self._identities = set(identities)
        self._gate = gate
        self._converse = converse
        self._inside: dict[StationSocket, str] = {}
        self._pin_of = pin_of
        self._hint_of = hint_of
        self._told_of_storm = stormed
        self.strangers: Final = strangers
        self._handshakes = Throttle(clock, burst=HANDSHAKES_AT_ONCE, every_s=1.0)
        self._guesses = Guesses(clock)

    def rename(self, before: str, identity: str) -> None:
        """A configured station comes by another identity from now on, with the password it had."""
        self._identities.discard(before)
        self._identities.add(identity)
        self._gate.rename(before, identity)
        self._guesses.rename(before, identity)
        self.strangers.adopted(identity)

    async def start(self, host: str, port: int, door: ssl.SSLContext | None = None) -> Server:
        """Begin to listen, encrypted where there is a `door`; port 0 takes any free one. Raises OSError."""
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
            ssl=door,
            ssl_handshake_timeout=None if door is None else HANDSHAKE_WITHIN_S,
        )

    async def check_again(self) -> None:
        """Hang up on those whose certificate counts no more."""
        now = self._clock.utc_now()
        for socket, identity in tuple(self._inside.items()):
            certificate = client_certificate(socket.transport.get_extra_info("ssl_object"))
            if certificate is None:
                continue
            fault = certificate_fault(certificate, self._gate.lock(identity).names, self._gate.revoked, now)
            if fault is Refusal.CERTIFICATE_REVOKED:
                self._gate.refused(identity, fault, _address(socket))
                await socket.close(1008, "the certificate was revoked")

    async def _serve_socket(self, socket: ServerConnection) -> None:
        if not isinstance(socket, StationSocket) or socket.request is None:
            return
        identity = identity_of(socket.request.path)
        if identity not in self._identities:
            await self.strangers.host(identity, socket)
            return
        self._inside[socket] = identity
        try:
            await self._converse(identity, socket)
        finally:
            del self._inside[socket]

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
        if identity not in self._identities:
            if self.strangers.knocks(identity, _address(socket)):
                return None
            self._gate.occurrences.note(Kind.UNKNOWN_STATION, None, f"{identity} {_address(socket)}")
            return socket.respond(HTTPStatus.NOT_FOUND, "This station is not configured here.\n")
        shown = _shown(socket, request)
        # Once somebody guesses, no password of his is tried, or guessing would go on at full speed.
        by_password = shown is None or shown.certificate is None
        if by_password and not self._guesses.may_try(identity, _address(socket)):
            return self._stormed(socket, identity)
        verdict = Refusal.CERTIFICATE_NAME if shown is None else self._gate.judge(identity, shown)
        if isinstance(verdict, Refusal):
            return self._turn_away(socket, identity, verdict)
        if not self._handshakes.allows(identity):
            return self._stormed(socket, identity)
        if verdict.profile > Profile.OPEN:
            self._guesses.proved(identity, _address(socket))
        self._gate.let_in(identity, verdict)
        if isinstance(socket, StationSocket):
            socket.came_by = verdict.profile
            if shown is not None and shown.certificate is not None:
                socket.certificate_until = shown.certificate.not_valid_after_utc
        return None

    def _stormed(self, socket: ServerConnection, identity: str) -> Response:
        self._gate.occurrences.note(Kind.LOGIN_STORM, self._gate.station_id(identity), _address(socket))
        self._told_of_storm(identity)
        return _wait(socket)

    def _turn_away(self, socket: ServerConnection, identity: str, refusal: Refusal) -> Response:
        address = _address(socket)
        self._guesses.failed(identity, address)
        self._gate.refused(identity, refusal, address)
        LOGGER.warning("%s: a connection from %s %s; refused", identity, address, _SAYS[refusal])
        if refusal is not Refusal.PASSWORD:
            return socket.respond(HTTPStatus.FORBIDDEN, f"This connection {_SAYS[refusal]}.\n")
        response = socket.respond(HTTPStatus.UNAUTHORIZED, "The password is missing or wrong.\n")
        response.headers["WWW-Authenticate"] = 'Basic realm="charging stations"'
        return response


def _socket_type(most: int) -> type[StationSocket]:
    """A socket that hangs up at once when its server has `most` of them already."""

    class DoorSocket(StationSocket):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            full = len(self.server.handlers) >= most
            super().connection_made(transport)
            if full:
                self.transport.abort()

    return DoorSocket


def _shown(socket: ServerConnection, request: Request) -> Shown | None:
    """What a connection shows; None for a certificate that cannot be read."""
    encryption = socket.transport.get_extra_info("ssl_object")
    headers = request.headers.get_all("Authorization")
    try:
        return Shown(
            encrypted=encryption is not None,
            certificate=client_certificate(encryption),
            authorization=headers[0] if len(headers) == 1 else None,
        )
    except ValueError:
        return None


def _address(socket: ServerConnection) -> str:
    return str((socket.remote_address or ("?",))[0])


def _wait(socket: ServerConnection) -> Response:
    response = socket.respond(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections; wait a little.\n")
    response.headers["Retry-After"] = "10"
    return response
