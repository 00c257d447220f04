"""How a second central system is reached: its address, our password, its certificate."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import ssl
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from ems.clock import Clock
from ems.csms.fields import printable
from ems.csms.relay.trickle import MAX_MESSAGE_BYTES, trickling
from ems.errors import StationOffline

LOGGER = logging.getLogger(__name__)

OPEN_WITHIN_S: Final = 15.0
CLOSE_WITHIN_S: Final = 2.0
MOST_ADDRESSES: Final = 4
LONGEST_WHY: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where it is, and who we are there."""

    url: str
    identity: str
    password: str | None = None
    ca_file: str | None = None

    @property
    def full_url(self) -> str:
        return f"{self.url.rstrip('/')}/{quote(self.identity, safe='')}"

    @property
    def is_tls(self) -> bool:
        return urlsplit(self.url).scheme == "wss"


class _Connect(connect):
    """Goes where it was sent to and nowhere else: a redirection could lead into the house."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Door:
    """Opens connections to one address, a different one of its machines at each attempt."""

    def __init__(self, address: Address, protocol: str, clock: Clock, lookups: Executor, *, name: str) -> None:
        """`lookups` is for names alone: one that takes long must not hold up others."""
        self._address = address
        self._protocol = protocol
        self._clock = clock
        self._lookups = lookups
        self._name = name
        self._attempts = 0
        self._tls: ssl.SSLContext | None = None

    async def open(self) -> ClientConnection:
        """A connection. Raises StationOffline with the reason."""
        try:
            async with self._clock.timeout(OPEN_WITHIN_S):
                return await self._open()
        except TimeoutError:
            why = f"nobody answered within {OPEN_WITHIN_S:g} s"
        except (OSError, WebSocketException, ValueError, EOFError) as err:
            why = printable(str(err) or type(err).__name__, LONGEST_WHY)
        raise StationOffline(f"{self._name} cannot be reached ({why})")

    async def _open(self) -> ClientConnection:
        place = urlsplit(self._address.url)
        port = place.port or (443 if self._address.is_tls else 80)
        host = await self._look_up(place.hostname or "", port)
        headers = {} if self._address.password is None else {"Authorization": self._credentials(self._address.password)}
        if self._address.is_tls and self._tls is None:
            self._tls = await asyncio.get_running_loop().run_in_executor(self._lookups, self._trust)
        # Its own lines would repeat what ours say, tracebacks included.
        quiet = logging.getLogger(f"{__name__}.websockets")
        quiet.setLevel(logging.CRITICAL)
        return await _Connect(
            self._address.full_url,
            host=host,
            port=port,
            subprotocols=[Subprotocol(self._protocol)],
            additional_headers=headers,
            compression=None,
            proxy=None,
            open_timeout=None,
            close_timeout=CLOSE_WITHIN_S,
            ping_interval=None,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=None,
            logger=quiet,
            create_connection=trickling(self._clock),
            ssl=self._tls,
        )

    async def _look_up(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await loop.run_in_executor(self._lookups, look_up)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))[:MOST_ADDRESSES]
        self._attempts += 1
        return addresses[self._attempts % len(addresses)]

    def _credentials(self, password: str) -> str:
        pair = f"{self._address.identity}:{password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._address.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context
