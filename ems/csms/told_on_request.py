"""What one station told on request, bounded, in memory alone: data of customers must not outlive the question."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Generic, TypeVar

from ems.clock import Clock
from ems.csms.on_request_words import EventTold, GridCurve, Monitor, ShownText, VariableTold

MOST_MONITORS: Final = 500
MOST_EVENTS_KEPT: Final = 100
MOST_TEXTS: Final = 50
MOST_VARIABLES_TOLD: Final = 300
MOST_CURVES: Final = 100
MOST_PIECES: Final = 100
"""Parts of what a station keeps of a customer."""

FORGET_CUSTOMER_AFTER_S: Final = 3600.0

T = TypeVar("T")


class Gathered(Generic[T]):
    """One report that comes in parts: what came of it so far, `most` lines at most."""

    def __init__(self, clock: Clock, most: int, key: Callable[[T], object]) -> None:
        """Of two lines with the same key the later one counts."""
        self._clock = clock
        self._most = most
        self._key = key
        self._found: dict[object, T] = {}
        self._request_id: int | None = None
        self.asked_at: datetime | None = None
        """None while nobody asked."""

        self.complete = False

    @property
    def lines(self) -> tuple[T, ...]:
        return tuple(self._found.values())

    def expect(self, request_id: int) -> None:
        """That report is asked for; what an earlier one told is forgotten."""
        self.forget()
        self._request_id = request_id
        self.asked_at = self._clock.utc_now()

    def answered(self, *, comes: bool) -> None:
        """Whether the station will send it."""
        self.complete = self.complete or not comes

    def take(self, request_id: int | None, lines: Iterable[T], *, more_comes: bool) -> None:
        """Take note of a part; those of other reports change nothing."""
        if request_id is None or request_id != self._request_id:
            return
        for line in lines:
            self.put(line)
        self.complete = self.complete or not more_comes

    def put(self, line: T) -> None:
        """Take note of a line that no report told; a new one beyond the bound is dropped."""
        key = self._key(line)
        if key in self._found or len(self._found) < self._most:
            self._found[key] = line

    def drop(self, key: object) -> None:
        """That line is no more."""
        self._found.pop(key, None)

    def forget(self) -> None:
        """As if nobody had asked."""
        self._found.clear()
        self._request_id = None
        self.asked_at = None
        self.complete = False


class ToldOnRequest:
    """One for the life of a station."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.monitors: Final = Gathered[Monitor](clock, MOST_MONITORS, lambda line: line.number)
        self.texts: Final = Gathered[ShownText](clock, MOST_TEXTS, lambda line: line.number)
        self.components: Final = Gathered[VariableTold](clock, MOST_VARIABLES_TOLD, lambda line: line.variable)
        self.curves: Final = Gathered[GridCurve](clock, MOST_CURVES, lambda line: (line.kind, line.number))
        self._customer: Final = Gathered[tuple[int, str]](clock, MOST_PIECES, lambda piece: piece[0])
        self._customer_at_s = 0.0
        self._events: deque[EventTold] = deque(maxlen=MOST_EVENTS_KEPT)

    @property
    def events(self) -> tuple[EventTold, ...]:
        """Oldest first."""
        return tuple(self._events)

    def happened(self, event: EventTold) -> None:
        """Keep an event; the oldest gives way."""
        self._events.append(event)

    @property
    def customer(self) -> Gathered[tuple[int, str]]:
        """What it told of a customer, by the number of each piece; forgotten after an hour."""
        if self._clock.monotonic_s() - self._customer_at_s > FORGET_CUSTOMER_AFTER_S:
            self._customer.forget()
        return self._customer

    def expect_customer(self, request_id: int) -> None:
        """What it keeps of a customer is asked for."""
        self._customer_at_s = self._clock.monotonic_s()
        self._customer.expect(request_id)
