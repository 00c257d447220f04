"""How a simulated station dials its central system, and how it may do that badly."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from ems.sim.wire.station_build import StationBuild

OPENS_WITHIN_S: Final = 30.0
LARGEST_FRAME: Final = 256 * 1024


class Speechless(ClientConnection):
    """A connection that never answers a ping."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        send = self.protocol.send_frame

        def without_pongs(frame: Frame) -> None:
            if frame.opcode is not Opcode.PONG:
                send(frame)

        self.protocol.send_frame = without_pongs  # type: ignore[method-assign]


def dial(build: StationBuild, host: str, port: int, password: str | None) -> connect:
    """A connection to be entered."""
    odd = build.difficulty
    path = odd.path.format(identity=quote(build.identity, safe=""))
    offered: Sequence[Subprotocol] | None = None if odd.no_subprotocol else [Subprotocol(build.version.subprotocol)]
    return connect(
        f"ws://{host}:{port}{path}",
        subprotocols=offered,
        additional_headers=_headers(build.identity, password),
        create_connection=Speechless if odd.no_pong else ClientConnection,
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=OPENS_WITHIN_S,
        close_timeout=1,
        max_size=LARGEST_FRAME,
    )


def _headers(identity: str, password: str | None) -> dict[str, str]:
    if password is None:
        return {}
    pair = f"{identity}:{password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
