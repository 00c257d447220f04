"""One station's conversation with the real receive loop and the real dialects, without a network, in virtual time."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, cast

from websockets.exceptions import ConnectionClosedOK

from ems.clock import Clock, WallClock
from ems.config.schema import CsmsSection, StationEntry
from ems.csms import wire_json
from ems.csms.pace import Pace
from ems.csms.post import Post
from ems.csms.station import Station
from ems.csms.transaction_ids import TransactionIds
from ems.csms.visit import StationSocket
from ems.model.transaction import Transaction

VERSIONS: Final = ("1.6", "2.0.1", "2.1")
ERROR_CODES: Final = frozenset(
    {
        "FormatViolation",
        "FormationViolation",
        "NotImplemented",
        "NotSupported",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "SecurityError",
        "TypeConstraintViolation",
        "MessageTypeNotSupported",
        "RpcFrameworkError",
    }
)
"""All but those that tell of a fault of ours."""

TURNS: Final = 50
TURN: Final = WallClock()
"""Its sleep of no time is a turn of the loop."""

"""Of the event loop, in which any frame must be through."""


class Finding(AssertionError):
    """Something that must not happen, with the frame that did it."""


@dataclass
class PaperSocket:
    """A WebSocket that a test fills, and empties."""

    subprotocol: str | None
    said: list[str] = field(default_factory=list)
    asked: deque[str] = field(default_factory=lambda: deque(maxlen=5))
    """Ids of the last requests to the station."""

    bytes_heard: int = 0
    closed: bool = False
    _frames: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def feed(self, frame: bytes) -> None:
        self.bytes_heard += len(frame)
        self._frames.put_nowait(frame)

    async def recv(self, *, decode: bool = False) -> bytes:  # noqa: ARG002 (the library has it)
        frame = None if self.closed else await self._frames.get()
        if frame is None:
            raise ConnectionClosedOK(None, None)
        return frame

    async def send(self, text: str) -> None:
        if self.closed:
            raise ConnectionClosedOK(None, None)
        self.said.append(text)
        if text.startswith("[2,"):
            self.asked.append(json.loads(text)[1])

    async def close(self, _code: int = 1000, _reason: str = "") -> None:
        self.closed = True
        self._frames.put_nowait(None)

    async def ping(self) -> asyncio.Future[float]:
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        pong.set_result(0.0)
        return pong

    async def pong(self) -> None:
        """Nobody listens."""


class Faults(logging.Handler):
    """Lines of the log that tell of a fault of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Talk:
    """`hear` one frame after the other; everything that must hold is looked at each time."""

    def __init__(self, version: str, clock: Clock, *, pace: Pace | None = None) -> None:
        entry = StationEntry(id="garage", fallback_a=6.0)
        self._clock = clock
        self._protocol = f"ocpp{version}"
        self.told: dict[str, Transaction] = {}
        self.post = Post(entry, clock, pace or Pace.of(CsmsSection()))
        self.station = Station(
            entry,
            self.post,
            clock,
            TransactionIds(),
            lambda _state: None,
            transaction_told=self._keep,
        )
        self.faults = Faults()
        self.socket: PaperSocket
        self._life: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """A new connection, in place of one that may be there."""
        before = self._life
        self.socket = PaperSocket(self._protocol)
        self._life = asyncio.create_task(self.post.converse(cast("StationSocket", self.socket)))
        await self.settle()
        if before is not None:
            await before
        logging.getLogger("ems").addHandler(self.faults)

    async def hang_up(self) -> None:
        await self.socket.close()
        if self._life is not None:
            await self._life
            self._life = None
        logging.getLogger("ems").removeHandler(self.faults)

    async def settle(self) -> None:
        """Let everybody have a turn."""
        for _ in range(3):
            await TURN.sleep(0)

    async def hear(self, frame: bytes) -> list[list[Any]]:
        """What was said to that frame. Raises Finding."""
        count = len(self.socket.said)
        self.socket.feed(frame)
        wanted = legal_call(frame)
        said: list[list[Any]] = []
        for _ in range(TURNS):
            await TURN.sleep(0)
            said = [json.loads(text) for text in self.socket.said[count:]]
            if wanted is None or self.socket.closed or any(each[0] != 2 and each[1] == wanted for each in said):
                break
        if wanted is None:
            await self.settle()
            said = [json.loads(text) for text in self.socket.said[count:]]
        self._look_at(frame, wanted, said)
        return said

    def _look_at(self, frame: bytes, wanted: str | int | None, said: list[list[Any]]) -> None:
        if self.faults.lines:
            raise Finding(f"{frame[:2000]!r} brought {self.faults.lines[0]}")
        if self._life is None or (self._life.done() and not self.socket.closed):
            raise Finding(f"{frame[:2000]!r} ended the receive loop")
        answers = [each for each in said if each[0] != 2]
        if len(answers) > 1:
            raise Finding(f"{frame[:2000]!r} was answered {len(answers)} times")
        if wanted is None or self.socket.closed:
            return
        if not answers or answers[0][1] != wanted:
            raise Finding(f"{frame[:2000]!r} was not answered")
        if answers[0][0] == 4 and answers[0][2] not in ERROR_CODES:
            raise Finding(f"{frame[:2000]!r} was answered {answers[0][2]}")

    def _keep(self, transaction: Transaction) -> None:
        self.told[transaction.key] = transaction


def legal_call(frame: bytes) -> str | int | None:
    """The id of a request that has a right to an answer."""
    if len(frame) > wire_json.MAX_FRAME_BYTES:
        return None
    try:
        message = json.loads(frame.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, list) or len(message) != 4 or type(message[0]) is not int or message[0] != 2:
        return None
    message_id = message[1]
    legal = type(message_id) in {str, int} and isinstance(message[2], str) and isinstance(message[3], dict)
    return message_id if legal else None
