"""The call lane: our requests to one connection, one at a time, limits first."""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from ems.clock import Clock
from ems.csms.quickness import Quickness
from ems.csms.redaction import redacted
from ems.errors import StationError, StationOffline, StationRefused, StationSilent

LOGGER = logging.getLogger(__name__)

MOST_WAITING: Final = 100
MOST_GIVEN_UP: Final = 16
"""Requests whose late answers are recognised."""
OTHERS_WAIT_S: Final = 3.0
"""A limit waits no longer than this behind that of another connector, but where the station is known to be slow."""


class Urgency(IntEnum):
    """Which request goes first."""

    LIMIT = 0
    COMMAND = 1
    ROUTINE = 2


class Superseded(StationRefused):
    """A newer limit took the place of this one before it was sent."""


class GaveWay(StationSilent):
    """The station may have taken this request, but a limit could not wait for its answer any longer."""


class CallRefused(StationRefused):
    """The station answered with a CALLERROR."""

    def __init__(self, message: str, error_code: str) -> None:
        super().__init__(message)
        self.error_code = error_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A station's answer to one request of ours."""

    message_id: str
    payload: Mapping[str, object]
    sent_at_s: float
    answered_at_s: float
    counts_from_s: float | None = None
    """From when on its time counts that a limit has; None from when it was sent."""


@dataclass(slots=True, order=True)
class _Request:
    urgency: Urgency
    order: int
    action: str = field(compare=False)
    payload: Mapping[str, object] = field(compare=False)
    within_s: float = field(compare=False)
    message_id: str = field(compare=False)
    outcome: asyncio.Future[Answer] = field(compare=False)
    connector: int = field(compare=False, default=0)
    """What a limit is of; 0 is the whole station."""


@dataclass(slots=True)
class _OnWire:
    request: _Request
    message_id: str
    answer: asyncio.Future[Mapping[str, object]]


class CallLane:
    """Never more than one request outstanding; the caller's cancellation does not change that."""

    def __init__(
        self, send: Callable[[str], Awaitable[None]], clock: Clock, *, station: str, give_way_s: float = 1.0
    ) -> None:
        self._send = send
        self._clock = clock
        self._station = station
        self._give_way_s = give_way_s
        self._waiting: list[_Request] = []
        self._arrived = asyncio.Event()
        self._on_wire: _OnWire | None = None
        self._impatience: asyncio.Task[None] | None = None
        self._patient_until_s = 0.0
        self._order = 0
        self._closed = False
        self.patience_s = 0.0
        """No answer is given up sooner than this for being late."""

        self.quickness = Quickness()
        """Learns from every answer; the station's own, over all its connections, once it is known whose lane it is."""

        self._given_up: deque[str] = deque(maxlen=MOST_GIVEN_UP)

    async def call(
        self,
        action: str,
        payload: Mapping[str, object],
        *,
        urgency: Urgency = Urgency.ROUTINE,
        within_s: float,
        message_id: str | None = None,
        connector: int = 0,
    ) -> Answer:
        """Send in turn and return the answer. `message_id` is a new one when not given; `connector` is a limit's.

        A newer limit supersedes a waiting older one of its connector, and whatever is under way is given up soon for
        its sake: an answer to the limit of another connector somewhat later, since that has to hold too.
        Raises StationOffline, StationSilent or StationRefused.
        """
        if self._closed:
            raise StationOffline(f"{self._station} is not connected; {action} not sent")
        if len(self._waiting) >= MOST_WAITING:
            raise StationSilent(f"{self._station} has {MOST_WAITING} requests waiting; {action} not sent")
        if urgency is Urgency.LIMIT:
            self._supersede_waiting_limits(connector)
            # The newest limit wins: one that is under way may belong to nobody any more, or be the one to be lowered.
            self._hurry_for(connector)
        self._order += 1
        outcome: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        message_id = message_id or uuid.uuid4().hex
        heapq.heappush(
            self._waiting, _Request(urgency, self._order, action, payload, within_s, message_id, outcome, connector)
        )
        self._arrived.set()
        return await outcome

    async def run(self) -> None:
        """Send what waits, for ever."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            request = heapq.heappop(self._waiting)
            if not request.outcome.done():
                await self._exchange(request)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._on_wire is not None

    def hurry(self, *, even_limits: bool = False) -> None:
        """Give up the outstanding request soon, so that a limit need not wait for it."""
        current = self._on_wire
        if current is not None and (even_limits or current.request.urgency is not Urgency.LIMIT):
            self._lose_patience(current, self._give_way_s)

    def _hurry_for(self, connector: int) -> None:
        """Give up the outstanding request soon for a limit of that connector."""
        current = self._on_wire
        if current is None or current.request.urgency is not Urgency.LIMIT or _same(current.request, connector):
            self.hurry(even_limits=True)
        else:
            self._lose_patience(current, max(self._give_way_s, OTHERS_WAIT_S, self.patience_s))

    def _lose_patience(self, current: _OnWire, wait_s: float) -> None:
        """Give that request up after so long, unless it is given up sooner already."""
        until_s = self._clock.monotonic_s() + wait_s
        if self._impatience is not None and self._patient_until_s <= until_s:
            return
        self._calm()
        self._patient_until_s = until_s
        self._impatience = asyncio.create_task(self._give_up_soon(current, wait_s))

    def answered(self, message_id: object, payload: Mapping[str, object]) -> bool:
        """Hand in a CALLRESULT; False when nobody waits for it any more."""
        current = self._awaited(message_id)
        if current is not None:
            current.answer.set_result(payload)
        elif str(message_id) in self._given_up:
            self.quickness.doubted()
        return current is not None

    def refused(self, message_id: object, error_code: str, description: str) -> bool:
        """Hand in a CALLERROR; False when nobody waits for it any more."""
        current = self._awaited(message_id)
        if current is not None:
            said = f"{error_code}: {description}" if description else error_code
            text = f"{self._station} refused {current.request.action} ({said})"
            current.answer.set_exception(CallRefused(text, error_code))
        return current is not None

    def close(self) -> None:
        """The socket is gone: everything outstanding or waiting fails now."""
        self._closed = True
        gone = StationOffline(f"{self._station} disconnected before it answered")
        if self._on_wire is not None and not self._on_wire.answer.done():
            self._on_wire.answer.set_exception(gone)
            self._on_wire.answer.exception()
            _fail(self._on_wire.request, gone)
        for request in self._waiting:
            _fail(request, gone)
        self._waiting.clear()
        self._calm()

    async def _exchange(self, request: _Request) -> None:
        message_id = request.message_id
        frame = json.dumps([2, message_id, request.action, request.payload], separators=(",", ":"))
        answer: asyncio.Future[Mapping[str, object]] = asyncio.get_running_loop().create_future()
        self._on_wire = _OnWire(request, message_id, answer)
        sent_at_s = self._clock.monotonic_s()
        if LOGGER.isEnabledFor(logging.DEBUG):
            LOGGER.debug("%s > %s %s", self._station, request.action, redacted(request.payload))
        within_s = max(request.within_s, self.patience_s)
        try:
            async with self._clock.timeout(within_s):
                await self._send(frame)
                payload = await answer
        except TimeoutError as err:
            text = f"{self._station} did not answer {request.action} within {within_s:g} s"
            self._not_answered(request, err)
            _fail(request, err if isinstance(err, StationError) else StationSilent(text))
        except StationError as err:
            _fail(request, err)
        except asyncio.CancelledError:
            _fail(request, StationOffline(f"{self._station} is being disconnected"))
            raise
        except Exception as err:
            _fail(request, StationOffline(f"{self._station}: {request.action} could not be sent ({err!r:.100})"))
            raise
        else:
            receipt = Answer(
                message_id=message_id,
                payload=payload,
                sent_at_s=sent_at_s,
                answered_at_s=self._clock.monotonic_s(),
            )
            if request.urgency is not Urgency.LIMIT:
                self.quickness.answered(receipt.answered_at_s - sent_at_s)
            if not request.outcome.done():
                request.outcome.set_result(receipt)
        finally:
            self._on_wire = None
            self._calm()

    def _not_answered(self, request: _Request, error: TimeoutError) -> None:
        self._given_up.append(request.message_id)
        if request.urgency is not Urgency.LIMIT and not isinstance(error, GaveWay):
            self.quickness.unanswered()

    async def _give_up_soon(self, current: _OnWire, wait_s: float) -> None:
        await self._clock.sleep(wait_s)
        if not current.answer.done():
            text = f"{self._station} took too long over {current.request.action}, and a limit could not wait"
            current.answer.set_exception(GaveWay(text))

    def _calm(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _awaited(self, message_id: object) -> _OnWire | None:
        current = self._on_wire
        if current is None or current.message_id != str(message_id) or current.answer.done():
            return None
        return current

    def _supersede_waiting_limits(self, connector: int) -> None:
        for request in self._waiting:
            if request.urgency is Urgency.LIMIT and _same(request, connector):
                _fail(request, Superseded(f"{self._station}: a newer limit took its place"))


def _same(request: _Request, connector: int) -> bool:
    """Whether a limit of that connector takes the place of this one; one of the whole station is of every connector."""
    return request.connector == connector or 0 in {request.connector, connector}


def _fail(request: _Request, error: StationError) -> None:
    if not request.outcome.done():
        request.outcome.set_exception(error)
