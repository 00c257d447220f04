"""The web server in the service's own event loop: no signal handlers, no second process, and a brief end."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from ems.api.push import ABORT
from ems.clock import Clock
from ems.config.schema_api import ApiSection
from ems.errors import EmsError

LOGGER: Final = logging.getLogger(__name__)

# Below this it would write down every socket's headers, tokens and cookies too.
logging.getLogger("uvicorn.error").setLevel(logging.INFO)

HEADERS_WITHIN_S: Final = 10.0
"""A connection that has not said for so long what it asks for is closed, also after an earlier answer."""

MOST_CONNECTIONS: Final = 512
"""Sockets too, which uvicorn itself does not refuse."""

BACKLOG: Final = 128
LONGEST_MESSAGE_B: Final = 64 * 1024
SENDS_AHEAD_B: Final = 32 * 1024
"""What waits for a slow reader in our memory, and again in the kernel's."""

PING_EVERY_S: Final = 20.0
ENDS_WITHIN_S: Final = 3
RETRY_S: Final = 30.0
"""Between attempts to serve again after a failure."""

LOOPBACK: Final = "127.0.0.1"
SERVED: Final = "API and pages are"


class CannotServe(EmsError):
    """The pages cannot be served: the address is taken or not ours, or the certificate is none."""

    code = "cannot_serve"


class _Sockets(WebSocketsSansIOProtocol):
    """WebSockets that can be ended without waiting for a peer that does not read."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast("dict[str, Any]", self.scope)["extensions"][ABORT] = self.transport.abort
        self.transport.set_write_buffer_limits(high=SENDS_AHEAD_B)
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENDS_AHEAD_B)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()


class _Requests(H11Protocol):
    """HTTP that closes connections which do not say what they ask for, and those that are too many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._patience = self.loop.call_later(HEADERS_WITHIN_S, self._give_up)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._patience.cancel()
            self._patience = self.loop.call_later(HEADERS_WITHIN_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        asked = cast("RequestResponseCycle | None", self.cycle)
        if (asked is None or asked.response_complete) and self.transport.get_protocol() is self:
            self.transport.abort()


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs us."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class WebServer:
    """Serves one application until cancelled."""

    def __init__(
        self, app: ASGIApp, section: ApiSection, clock: Clock, *, bind_port: int | None = None, what: str = SERVED
    ) -> None:
        """`bind_port` overrides the section's port, 0 takes any free one; `what` is served, for the log."""
        self._what = what
        self._app = app
        self._section = section
        self._clock = clock
        self._bind_port = section.port if bind_port is None else bind_port
        self._port: int | None = None
        self.settled: Final = asyncio.Event()
        """Set once it listens, or once it is known that it cannot."""

    @property
    def port(self) -> int | None:
        """Where it listens; None while it does not."""
        return self._port

    @property
    def page(self) -> str | None:
        """Where a browser on this machine finds the pages; None while they are not served."""
        if self._port is None:
            return None
        scheme = "http" if self._section.tls is None else "https"
        host = self._section.host if self._section.host not in {"0.0.0.0", "::"} else LOOPBACK  # noqa: S104
        return f"{scheme}://{host}:{self._port}{self._section.base_path}/"

    async def run(self) -> None:
        """Serve for ever. Whatever fails here is said and tried again; nothing of it reaches control."""
        while True:
            try:
                await self._serve()
            except CannotServe as error:
                LOGGER.error("%s; control goes on without API and pages", error)  # noqa: TRY400 (for a person)
            except Exception:
                LOGGER.exception("API and pages failed; control goes on without them")
            finally:
                self._port = None
                self.settled.set()
            await self._clock.sleep(RETRY_S)

    async def _serve(self) -> None:
        server = _Server(self._config())
        listening = self._listening()
        self._port = int(listening.getsockname()[1])
        LOGGER.info("%s at %s", self._what, self.page)
        self.settled.set()
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="web server")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await asyncio.wait([serving], timeout=2 * ENDS_WITHIN_S)
            raise
        finally:
            listening.close()

    def _listening(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._section.host else socket.AF_INET
        listening = socket.socket(family)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._section.host, self._bind_port))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            raise CannotServe(
                f"cannot listen for browsers at {self._section.host} port {self._bind_port} ({error.strerror})"
            ) from error
        return listening

    def _config(self) -> uvicorn.Config:
        tls = self._section.tls
        config = uvicorn.Config(
            self._app,
            http=_Requests,
            ws=_Sockets,
            lifespan="on",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the gate does that, for trusted proxies alone
            server_header=False,
            ws_max_size=LONGEST_MESSAGE_B,
            ws_ping_interval=PING_EVERY_S,
            ws_ping_timeout=PING_EVERY_S,
            ws_per_message_deflate=False,  # a home network has more room than a small processor has time
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=ENDS_WITHIN_S,
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.key,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise CannotServe(f"certificate or key of api.tls cannot be used ({error})") from error
        return config
