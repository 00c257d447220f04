"""OCPP-J over one WebSocket: our own receive loop, which no input can end (`ocpp-library-notes.md`, bad input)."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from ems.clock import Clock
from ems.csms import wire_json
from ems.csms.fields import printable
from ems.csms.lane import CallLane
from ems.csms.redaction import redacted
from ems.errors import StationOffline

LOGGER = logging.getLogger(__name__)

MOST_GRUMBLES: Final = 20
"""Bad messages of one connection that get a line in the log."""

MOST_REMEMBERED: Final = 64
LONGEST_ID_REMEMBERED: Final = 256
LONGEST_SAID: Final = 200

_CALL: Final = 2
_RESULT: Final = 3
_ERROR: Final = 4
_RESULT_ERROR: Final = 5
_SEND: Final = 6


class Unanswerable(Exception):
    """A CALL that gets a CALLERROR; `error_code` is one of OCPP's."""

    def __init__(self, error_code: str, description: str) -> None:
        super().__init__(description)
        self.error_code = error_code


Answerer = Callable[[str, Mapping[str, object], str], Mapping[str, object]]
"""Answers a station's request: action, payload and message id to a payload. Does not wait. Raises Unanswerable."""


class Rpc:
    """One connection: answers the station's requests at once and in order, and carries ours on `lane`."""

    def __init__(
        self, socket: Connection, answerer: Answerer, clock: Clock, *, station: str, give_way_s: float = 1.0
    ) -> None:
        self._socket = socket
        self._answerer = answerer
        self._station = station
        self._dismissed = False
        self._grumbles = 0
        self._answers: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self.lane = CallLane(self._send, clock, station=station, give_way_s=give_way_s)

    async def receive(self) -> None:
        """Serve the socket until it closes; then everything pending has failed with StationOffline."""
        try:
            while True:
                frame = await self._socket.recv(decode=False)
                if not self._dismissed:
                    await self._take(frame)
        except (ConnectionClosed, StationOffline):
            return
        finally:
            self.lane.close()

    def dismiss(self) -> None:
        """Fail what is pending and ignore what still comes."""
        self._dismissed = True
        self.lane.close()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket; `receive` then returns."""
        self.lane.close()
        await self._socket.close(code, reason)

    async def _send(self, frame: str) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed:
            raise StationOffline(f"{self._station} disconnected") from None

    async def _take(self, frame: bytes) -> None:
        try:
            message = wire_json.parse(frame)
        except ValueError as err:
            self._grumble(f"{len(frame)} bytes that are no message: {err}")
            await self._complain(wire_json.call_id(frame), "FormationViolation", "not readable as JSON")
            return
        if LOGGER.isEnabledFor(logging.DEBUG):
            LOGGER.debug("%s < %s", self._station, redacted(message))
        if not isinstance(message, list) or len(message) < 2:
            self._grumble("a message that is no OCPP")
        elif message[0] == _CALL:
            await self._take_call(message, frame)
        elif message[0] == _RESULT:
            self._take_result(message)
        elif message[0] == _ERROR:
            self._take_error(message)
        elif message[0] == _RESULT_ERROR:
            self._take_result_error(message)
        elif message[0] == _SEND:
            self._take_send(message)
        else:
            self._grumble("a message of an unknown type")

    async def _take_call(self, message: Sequence[object], frame: bytes) -> None:
        message_id = message[1]
        if not isinstance(message_id, str | int) or isinstance(message_id, bool):
            self._grumble("a request without a readable id")
            return
        key = str(message_id)
        digest = hashlib.sha256(frame).digest()
        known = self._answers.get(key)
        if known is not None and known[0] == digest:
            await self._send(known[1])
            return
        answer = self._answer(message_id, message[2:])
        if message[2:3] != ["Heartbeat"]:  # a repeated answer would set the station's clock back
            self._remember(key, digest, answer)
        await self._send(answer)

    def _answer(self, message_id: str | int, rest: Sequence[object]) -> str:
        try:
            action, payload = _parts(rest)
            answer = self._answerer(action, payload, str(message_id))
        except Unanswerable as err:
            self._grumble(f"a request we cannot answer: {err}")
            return _error(message_id, err.error_code, str(err))
        except Exception:
            LOGGER.exception("%s: answering %.40r failed", self._station, rest[:1])
            return _error(message_id, "InternalError", "")
        return json.dumps([_RESULT, message_id, answer], separators=(",", ":"))

    def _remember(self, key: str, digest: bytes, answer: str) -> None:
        if len(key) > LONGEST_ID_REMEMBERED:
            return
        self._answers[key] = (digest, answer)
        self._answers.move_to_end(key)
        if len(self._answers) > MOST_REMEMBERED:
            self._answers.popitem(last=False)

    async def _complain(self, message_id: str | int | None, error_code: str, description: str) -> None:
        if message_id is not None:
            await self._send(_error(message_id, error_code, description))

    def _take_result(self, message: Sequence[object]) -> None:
        payload = message[2] if len(message) > 2 and isinstance(message[2], dict) else {}
        if not self.lane.answered(message[1], payload):
            self._grumble("an answer that nobody waits for")

    def _take_error(self, message: Sequence[object]) -> None:
        texts = [printable(each, LONGEST_SAID) if isinstance(each, str) else "" for each in [*message[2:4], "", ""]]
        if not self.lane.refused(message[1], texts[0] or "GenericError", texts[1]):
            self._grumble("an error that nobody waits for")

    def _take_result_error(self, message: Sequence[object]) -> None:
        """It could not use an answer of ours (OCPP 2.1): nothing is owed it, but people should know."""
        said = ", ".join(str(each)[:60] for each in message[2:4])
        self._grumble(f"that it cannot use our answer to {str(message[1])[:40]}: {said}")

    def _take_send(self, message: Sequence[object]) -> None:
        """A message that nobody answers (OCPP 2.1)."""
        try:
            action, payload = _parts(message[2:])
            self._answerer(action, payload, str(message[1]))
        except Unanswerable as err:
            self._grumble(f"a message we cannot use: {err}")
        except Exception:
            LOGGER.exception("%s: using %.40r failed", self._station, message[2:3])

    def _grumble(self, about: str) -> None:
        self._grumbles += 1
        if self._grumbles <= MOST_GRUMBLES:
            LOGGER.warning("%s sent %s", self._station, printable(about, LONGEST_SAID))
        if self._grumbles == MOST_GRUMBLES:
            LOGGER.warning("%s goes on like that; no more lines about it on this connection", self._station)


def _parts(rest: Sequence[object]) -> tuple[str, Mapping[str, object]]:
    if len(rest) != 2:
        raise Unanswerable("FormationViolation", "a request has four parts")
    action, payload = rest
    if not isinstance(action, str):
        raise Unanswerable("FormationViolation", "the action is not a text")
    if not isinstance(payload, dict):
        raise Unanswerable("TypeConstraintViolation", "the payload is not an object")
    return action, payload


def _error(message_id: str | int, error_code: str, description: str) -> str:
    return json.dumps([_ERROR, message_id, error_code, description, {}], separators=(",", ":"))
