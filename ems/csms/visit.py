"""One connection of a station: its lane, its background work, its pulse."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ems.clock import Clock
from ems.csms.dialect import StationDialect
from ems.csms.pace import Pace
from ems.csms.rpc import Rpc
from ems.csms.versions import Speech
from ems.errors import StationError

LOGGER = logging.getLogger(__name__)

_HOST: Final = re.compile(r"^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$")


class StationSocket(ServerConnection):
    """A WebSocket that knows whether anything at all was heard, pings and pongs included."""

    bytes_heard = 0
    came_by = 0
    """The OCPP security profile by which it was let in."""

    certificate_until: datetime | None = None
    """When the certificate ends that it showed."""

    def hang_up(self, code: int, why: str) -> None:
        """Close it in the background."""
        self._closing = asyncio.ensure_future(self.close(code, why))

    def data_received(self, data: bytes) -> None:
        self.bytes_heard += len(data)
        super().data_received(data)


class Visit:
    """From connect to disconnect."""

    def __init__(
        self,
        socket: StationSocket,
        rpc: Rpc,
        speech: Speech,
        clock: Clock,
        pace: Pace,
        *,
        station: str,
        ended: Callable[[Visit], None],
    ) -> None:
        """`ended` is told once nothing can be sent any more, before anybody who waits for an answer learns of it."""
        self._socket = socket
        self._clock = clock
        self.pace: Pace = pace
        """May change once it is known who it is."""

        self._station = station
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()
        self._set_up: asyncio.Task[None] | None = None
        self._pong: asyncio.Future[float] | None = None
        self._pongs = False
        self.rpc: Final = rpc
        self.speech: Final = speech
        self.began_at_s: Final = clock.monotonic_s()
        self._heard_at_s = self.began_at_s
        self.limits_settled: Final = asyncio.Event()
        """Every configured connector has had its limit, or refused it."""

        self._settled: set[int] = set()
        self.boot_heard = False
        self.statuses_heard: Final[set[int]] = set()
        """Connectors that told their state."""

        self.boot_asked_until_s: float | None = None
        """A boot notification that comes before this is our own doing, not a restart."""

        self.remote_start_at_s: Final[dict[int, float]] = {}
        """When a waiting car was last started from here, by connector."""

        self.meter_values_asked_at_s: Final[dict[int, float]] = {}

    @property
    def host_dialled(self) -> str | None:
        """By which name or address of ours the station came, also through a router; None where it cannot be told."""
        asked = self._socket.request
        said = "" if asked is None else (asked.headers.get("Host") or "")
        found = _HOST.match(said)
        if found is not None:
            return found.group(1)
        address = self._socket.local_address
        return str(address[0]) if address else None

    @property
    def dialect(self) -> StationDialect:
        """Asks in the version that is spoken."""
        return self.speech.dialect

    @property
    def heard_at_s(self) -> float:
        """When something was last known to have been heard."""
        return self._heard_at_s

    @property
    def came_by(self) -> int:
        """The OCPP security profile of this connection."""
        return self._socket.came_by

    @property
    def certificate_until(self) -> datetime | None:
        """When the certificate ends that it shows; None without one."""
        return self._socket.certificate_until

    def settled(self, connector: int, of_all: set[int]) -> None:
        """That connector has had its limit, or refused it."""
        self._settled.add(connector)
        if of_all <= self._settled:
            self.limits_settled.set()

    def begin_anew(self) -> None:
        """The station booted on this connection."""
        self.statuses_heard.clear()
        self._settled.clear()
        self.limits_settled.clear()

    def dismiss(self, code: int, reason: str) -> None:
        """Listen no more, and close the connection in the background."""
        self.spawn(self.close(code, reason))
        self._leave()

    async def close(self, code: int, reason: str) -> None:
        """Listen no more, and close the connection."""
        self._leave()
        await self.rpc.close(code, reason)

    async def run(self) -> None:
        """Serve the connection until it closes; its background work ends with it."""
        self.spawn(self._carry_requests())
        self.spawn(self._keep_alive())
        try:
            await self.rpc.receive()
        finally:
            self._leave()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do something beside receiving; a station that does not play along is only worth a line."""
        task = asyncio.create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Work that is cancelled before its first step would otherwise count as forgotten.
        task.add_done_callback(lambda _: work.close())
        return task

    def start_set_up(self, work: Coroutine[object, object, None]) -> None:
        """Begin set-up, in place of one that is still under way."""
        if self._set_up is not None:
            self._set_up.cancel()
        self._set_up = self.spawn(work)

    def _leave(self) -> None:
        self.rpc.dismiss()
        self._ended(self)

    async def _do(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except StationError as err:
            LOGGER.info("%s", err)
        except ConnectionClosed:
            LOGGER.debug("%s is gone", self._station)
        except Exception:
            LOGGER.exception("%s: work beside receiving failed; going on without it", self._station)

    async def _carry_requests(self) -> None:
        try:
            await self.rpc.lane.run()
        except Exception:
            LOGGER.exception("%s: requests cannot be sent any more; closing its connection", self._station)
            await self.close(1011, "internal error")

    async def _keep_alive(self) -> None:
        heard = self._socket.bytes_heard
        while True:
            await self._clock.sleep(self.pace.ping_s or self.pace.heartbeat_s)
            now_s = self._clock.monotonic_s()
            if self._socket.bytes_heard != heard:
                heard, self._heard_at_s = self._socket.bytes_heard, now_s
            elif now_s - self._heard_at_s > self._longest_silence_s():
                silent_s = now_s - self._heard_at_s
                LOGGER.warning("%s was silent for %.0f s; closing its connection", self._station, silent_s)
                await self.close(1001, "silent")
                return
            if self.pace.ping_s is not None:
                await self._ping()

    async def _ping(self) -> None:
        """A ping; a bare pong while an earlier ping is unanswered, so that they do not pile up."""
        if self._pong is not None and not self._pong.done():
            await self._socket.pong()
            return
        self._pongs = self._pongs or self._pong is not None
        self._pong = asyncio.ensure_future(await self._socket.ping())

    def _longest_silence_s(self) -> float:
        if self._pongs and self.pace.ping_s is not None:
            return self.pace.silent_pings * self.pace.ping_s
        return float(self.pace.silent_heartbeats * self.pace.heartbeat_s)
