"""A connection that is read slowly, so that whoever is at the other end cannot keep this program busy.

A message costs time when it is read, and a kilobyte can be hundreds of empty ones. So no more than `PIECE_BYTES` are
read at once, and no more than `BYTES_PER_S` in the long run; then the rest waits in the network, and the other end with
it. All that a second central system has to say is a fraction of that.
"""

from __future__ import annotations

from typing import ClassVar, Final

from websockets.asyncio.client import ClientConnection
from websockets.typing import Data

from ems.clock import Clock

PIECE_BYTES: Final = 512
BYTES_PER_S: Final = 8192.0
BURST_BYTES: Final = 16384.0
MOST_UNTAKEN: Final = 32
"""Messages that wait to be taken before nothing more is read."""

SOON_S: Final = 0.05
"""Between two looks whether more may be read."""

MAX_MESSAGE_BYTES: Final = 64 * 1024
MOST_WITHOUT_MESSAGE_BYTES: Final = 2 * MAX_MESSAGE_BYTES
"""Whoever sends more than this without completing a message sends none, but fills the memory with its fragments."""


class Trickle(ClientConnection):
    """Use a type made by `trickling`."""

    clock: ClassVar[Clock]
    _unread = b""
    _left_bytes = BURST_BYTES
    _looked_at_s: float | None = None
    _since_message_bytes = 0

    async def recv(self, decode: bool | None = None) -> Data:  # type: ignore[override] # one body for all overloads
        message = await super().recv(decode)
        self._since_message_bytes = 0
        return message

    def data_received(self, data: bytes) -> None:
        # While anything is unread, nothing more is taken from the network than was on its way already.
        waits = bool(self._unread)
        self._unread += data
        if not waits:
            self._read_on()

    def _read_on(self) -> None:
        self._earn()
        may_read = self._left_bytes > 0 and len(self.recv_messages.frames) < MOST_UNTAKEN
        piece = self._unread[:PIECE_BYTES] if may_read else b""
        self._unread = self._unread[len(piece) :]
        self._left_bytes -= len(piece)
        if self._unread:
            self.transport.pause_reading()
            self.clock.call_after(0.0 if may_read else SOON_S, self._again)
        self._since_message_bytes += len(piece)
        if self._since_message_bytes > MOST_WITHOUT_MESSAGE_BYTES:
            self.transport.abort()
        elif piece:
            super().data_received(piece)

    def _again(self) -> None:
        if self.transport.is_closing():
            return
        self._read_on()
        if not self._unread:
            self.transport.resume_reading()

    def _earn(self) -> None:
        now_s = self.clock.monotonic_s()
        earned = 0.0 if self._looked_at_s is None else (now_s - self._looked_at_s) * BYTES_PER_S
        self._looked_at_s = now_s
        self._left_bytes = min(BURST_BYTES, self._left_bytes + earned)


def trickling(clock: Clock) -> type[Trickle]:
    """A connection type that reads by this clock."""
    return type("TimedTrickle", (Trickle,), {"clock": clock})
