"""How a simulated station dials its central system, and how it may do that badly."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from ems.sim.wire.difficulty import Difficulty
from ems.sim.wire.papers import MUTUAL, Papers, WayIn
from ems.sim.wire.station_build import StationBuild

OPENS_WITHIN_S: Final = 30.0
LARGEST_FRAME: Final = 256 * 1024
STORM_RETRY_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a central system listens."""

    host: str
    port: int
    tls_port: int

    def door(self, way: WayIn) -> tuple[str, int]:
        """Host and port for that way in, which may name its own."""
        return way.host or self.host, way.port or (self.tls_port if way.encrypted else self.port)


NOWHERE: Final = Address(host="127.0.0.1", port=9, tls_port=9)
"""Nobody listens there."""


class Speechless(ClientConnection):
    """A connection that never answers a ping."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        send = self.protocol.send_frame

        def without_pongs(frame: Frame) -> None:
            if frame.opcode is not Opcode.PONG:
                send(frame)

        self.protocol.send_frame = without_pongs  # type: ignore[method-assign]


def redial_s(odd: Difficulty, usual_s: float) -> float:
    """How long a station waits before it dials again."""
    return STORM_RETRY_S if odd.storms_every_s else max(usual_s, odd.waits_to_redial_s)


def dial(build: StationBuild, address: Address, papers: Papers) -> connect:
    """A connection to be entered. Raises OSError where it has nothing to dial encrypted with."""
    odd = build.difficulty
    host, port = address.door(papers.way)
    path = odd.path.format(identity=quote(build.identity, safe=""))
    offered: Sequence[Subprotocol] | None = None if odd.no_subprotocol else [Subprotocol(build.version.subprotocol)]
    return connect(
        f"{'wss' if papers.way.encrypted else 'ws'}://{host}:{port}{path}",
        ssl=papers.context() if papers.way.encrypted else None,
        subprotocols=offered,
        additional_headers=_headers(build.identity, papers.way),
        create_connection=Speechless if odd.no_pong else ClientConnection,
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=OPENS_WITHIN_S,
        close_timeout=1,
        max_size=LARGEST_FRAME,
    )


def _headers(identity: str, way: WayIn) -> dict[str, str]:
    if way.password is None or way.profile >= MUTUAL:
        return {}
    pair = f"{identity}:{way.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
