"""The socket on which every meter is heard: one for each interface, shared by all devices that listen there."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.speedwire.datagram import BadDatagram, Datagram, read_datagram

LOGGER = logging.getLogger(__name__)

MOST_PER_S: Final = 200
"""Messages that are read in a second; Home Managers send five, and whatever comes above this is no meter."""

JOIN_AGAIN_AFTER_S: Final = 30.0
"""Of silence: a switch or an interface that restarted has forgotten that we listen."""

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 (meters can be told to send to this machine alone)
MULTICAST_ALL: Final = 49
"""Linux: whether a socket also gets what others on this machine have joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where meters are heard."""

    group: str
    port: int
    interface: str | None = None
    """Our own address on the network that they are on; the system chooses when None."""

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.group}:{self.port}" + (f" on {self.interface}" if self.interface else "")


class Listener(Protocol):
    """Who wants to know what meters say."""

    def heard(self, datagram: Datagram, at_s: float) -> None: ...

    def heard_broken(self, error: BadDatagram) -> None: ...

    def link_changed(self, trouble: str | None) -> None:
        """Nobody can be heard now, and why; None when the socket is open again."""
        ...


class SpeedwireEar:
    """Listens at one spot. `run` is a background job."""

    def __init__(self, spot: Spot, clock: Clock) -> None:
        self.spot: Final = spot
        self._clock = clock
        self._listeners: list[Listener] = []
        self._second_from_s = clock.monotonic_s()
        self._in_second = 0
        self._woken = asyncio.Event()
        self._flood_said = False

    def follow(self, listener: Listener) -> None:
        """Tell `listener` too; call it before `run`."""
        self._listeners.append(listener)

    async def run(self) -> NoReturn:
        """Listen until cancelled."""
        wait_s, said = FIRST_WAIT_S, False
        while True:
            try:
                transport = await self._opened()
            except OSError as err:
                end_if_cancelled()
                trouble = f"{self.spot.where} cannot be listened to ({err.strerror or type(err).__name__})"
                if not said:
                    LOGGER.warning("%s; trying again until it can", trouble)
                said = True
                self._tell(trouble)
                await self._clock.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                continue
            wait_s, said = FIRST_WAIT_S, False
            self._tell(None)
            try:
                await self._until_silent()
            finally:
                transport.close()

    async def _opened(self) -> asyncio.BaseTransport:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            # Other programs on this machine may listen too.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.setsockopt(socket.IPPROTO_IP, MULTICAST_ALL, 0)
            opened.bind((EVERYWHERE, self.spot.port))
            member = socket.inet_aton(self.spot.group) + socket.inet_aton(self.spot.interface or EVERYWHERE)
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(self), sock=opened)
        except BaseException:
            opened.close()
            raise
        return transport

    async def _until_silent(self) -> None:
        while True:
            self._woken.clear()
            try:
                async with self._clock.timeout(JOIN_AGAIN_AFTER_S):
                    await self._woken.wait()
            except TimeoutError:
                return

    def came(self, content: bytes) -> None:
        """Take a message in, whoever sent it. Never raises."""
        now_s = self._clock.monotonic_s()
        if self._floods(now_s):
            return
        try:
            datagram = read_datagram(content)
        except BadDatagram as err:
            for listener in self._listeners:
                listener.heard_broken(err)
            return
        if datagram is None:
            return
        self._woken.set()
        for listener in self._listeners:
            listener.heard(datagram, now_s)

    def _floods(self, now_s: float) -> bool:
        """Whether this second has had its share of messages."""
        if now_s - self._second_from_s >= 1.0:
            self._second_from_s, self._in_second = now_s, 0
        self._in_second += 1
        if self._in_second <= MOST_PER_S:
            return False
        if not self._flood_said:
            LOGGER.warning("%s is flooded: more than %d messages in a second", self.spot.where, MOST_PER_S)
        self._flood_said = True
        return True

    def _tell(self, trouble: str | None) -> None:
        for listener in self._listeners:
            listener.link_changed(trouble)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, ear: SpeedwireEar) -> None:
        self._ear = ear

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        del addr
        self._ear.came(data)
