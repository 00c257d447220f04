"""The one connection to an RCT Power device, shared by all its uses: one question on the wire at once.

Answers are known by the object that they tell. Frames that nobody here asked for are no answers, nor is anything that
began before the question was sent; after a silence the connection is closed, so a late answer meets no later question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.rct.frames import ANSWER, Damaged, Frame, FrameStream, request_for
from ems.errors import LinkDown, NoAnswer, Nonsense

FLOOD_BYTES: Final = 256 * 1024
"""Between two questions; what such a device tells other programs in a minute is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RctAddress:
    """Where a device answers."""

    host: str
    port: int
    timeout_s: float
    """For the connection, and for each answer."""

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One object's value."""

    number: float | None
    """None when its content is no number."""

    taken_at_s: float
    """Monotonic seconds when the answer came."""


class RctLink:
    """Safe to share; every `read` waits its turn."""

    def __init__(self, address: RctAddress, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._turn = asyncio.Lock()
        self._talk: _Talk | None = None
        self._connections = 0

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return self._address.where

    @property
    def connections(self) -> int:
        """How often it was opened since the start."""
        return self._connections

    async def read(self, objects: Sequence[int]) -> Mapping[int, Told]:
        """Every object's value, asked for one by one. Raises LinkDown, NoAnswer or Nonsense."""
        async with self._turn:
            try:
                talk = await self._connected()
                return {each: await self._ask(talk, each) for each in dict.fromkeys(objects)}
            except (LinkDown, NoAnswer, Nonsense, asyncio.CancelledError):
                self._drop()
                raise
            finally:
                end_if_cancelled()

    async def close(self) -> None:
        """Close the connection; the next `read` opens it again."""
        async with self._turn:
            self._drop()

    async def _ask(self, talk: _Talk, object_id: int) -> Told:
        try:
            async with self._clock.timeout(self._address.timeout_s):
                frame = await talk.ask(object_id)
        except TimeoutError:
            said = f"{self.where} did not answer within {self._address.timeout_s:g} s"
            if talk.damaged is not None:
                raise Nonsense(f"{said}, but sent {talk.damaged.why}") from None
            raise NoAnswer(said) from None
        return Told(number=frame.number, taken_at_s=self._clock.monotonic_s())

    async def _connected(self) -> _Talk:
        if self._talk is not None and not self._talk.over:
            return self._talk
        self._drop()
        address, loop = self._address, asyncio.get_running_loop()
        try:
            async with self._clock.timeout(address.timeout_s):
                _, talk = await loop.create_connection(lambda: _Talk(address.where), address.host, address.port)
        except TimeoutError:
            raise LinkDown(f"{self.where} took no connection within {address.timeout_s:g} s") from None
        except (OSError, UnicodeError) as err:
            raise LinkDown(f"{self.where} does not accept a connection ({type(err).__name__})") from err
        self._connections += 1
        self._talk = talk
        return talk

    def _drop(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()


class _Talk(asyncio.Protocol):
    """One connection, from its opening to its end."""

    def __init__(self, where: str) -> None:
        self.damaged: Damaged | None = None
        """What came since the last question instead of a frame."""

        self.over = False
        self._where = where
        self._transport: asyncio.Transport | None = None
        self._stream = FrameStream()
        self._asked: int | None = None
        self._older = False
        """Whether the next frame to end began before the question."""

        self._answer: asyncio.Future[Frame] | None = None
        self._came = 0

    async def ask(self, object_id: int) -> Frame:
        """The answer. Raises LinkDown when the other side ends it, Nonsense for bytes without end."""
        if self._transport is None or self.over:
            raise LinkDown(f"{self._where} closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._asked, self._older, self._came, self.damaged = object_id, self._stream.under_way, 0, None
        self._transport.write(request_for(object_id))
        try:
            return await self._answer
        finally:
            self._asked = self._answer = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        if self._came > FLOOD_BYTES:
            self.close()
            self._fail(Nonsense(f"{self._where} sends bytes without end; the connection was closed"))
            return
        for found in self._stream.feed(data):
            older, self._older = self._older, False
            if isinstance(found, Damaged):
                self.damaged = found
            elif not older and found.command == ANSWER and found.object_id == self._asked:
                self._asked = None
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(found)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.over = True
        self._fail(LinkDown(f"{self._where} closed the connection"))

    def close(self) -> None:
        self.over = True
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, error: LinkDown | Nonsense) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
