"""A meter that speaks by itself on a line of its own, whatever its tongue.

Telegrams are read as they come, whoever waits for them; only the newest is kept. What is no good telegram is said, and
is never a reading.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.devices.newest_reading import NewestReading
from ems.devices.p1.line import Listening, P1Line, listen
from ems.devices.p1.telegram import BadTelegram, Barred
from ems.devices.sample import Sample
from ems.devices.sender_clock import SenderClock
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused

LOGGER = logging.getLogger(__name__)
T = TypeVar("T")

OPEN_WITHIN_S: Final = 3.0
MOST_BYTES_PER_S: Final = 32 * 1024
"""Twice what the fastest port can say, with room for what a network held back."""

FLOOD_WINDOW_S: Final = 10.0
SLOW_FACTOR: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One good telegram, in our names, units and signs."""

    values: Mapping[str, float]
    stamp_s: float | None
    """The meter's own time, in seconds; only differences mean something. None where it tells none."""

    began_at_s: float
    """When its first byte came, on our clock."""


class Tongue(Protocol):
    """How the bytes of a meter become telegrams."""

    def begin(self) -> None:
        """A connection begins: what was held of an older one is forgotten."""
        ...

    def feed(self, piece: bytes, at_s: float) -> Iterator[Spoken | BadTelegram]:
        """What is complete after `piece`, which came at `at_s`. Bounded, and raises nothing whatever comes."""
        ...


class SpeakingMeter(Generic[T]):
    """Turns telegrams into readings; `read` waits for the next one."""

    pushes = True

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        silence_s: float,
        line: P1Line,
        tongue: Tongue,
        view: Callable[[Sample], T],
        clock: Clock,
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._silence_s = silence_s
        self._line = line
        self._tongue = tongue
        self._clock = clock
        self._newest = NewestReading(name, view, silence_s=silence_s, clock=clock)
        self._sender = SenderClock()
        self._inflow: _Inflow | None = None
        self._connections = 0
        self._measured_at_s: float | None = None
        self._slow_said = False

    @property
    def connections(self) -> int:
        """How often the line was opened."""
        return self._connections

    async def read(self) -> T:
        """The next reading, or the newest that came since the last one.

        Raises LinkDown while nobody is there, NoAnswer when no telegram comes within the silence limit, Nonsense when
        the newest is not to be believed, Refused where its telegrams are locked.
        """
        if self._inflow is None:
            await self._open()
        try:
            return await self._newest.next(
                f"{self.name}: no new telegram from {self._line.where} for {self._silence_s:g} s"
            )
        except NoAnswer:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the line; the next `read` opens it again."""
        inflow, self._inflow = self._inflow, None
        self._newest.clear()
        if inflow is not None:
            inflow.close()

    async def _open(self) -> None:
        where, inflow = self._line.where, _Inflow(self._tongue, self._take, self._lose, self._clock)
        self._newest.clear()
        try:
            async with self._clock.timeout(OPEN_WITHIN_S):
                inflow.line = await listen(self._line, inflow)
        except TimeoutError:
            raise LinkDown(f"{where} took no connection within {OPEN_WITHIN_S:g} s") from None
        except (OSError, ValueError) as err:
            raise LinkDown(f"{where} cannot be opened ({type(err).__name__})") from err
        except asyncio.CancelledError:
            inflow.close()
            raise
        end_if_cancelled()
        self._connections += 1
        # What came meanwhile may have ended it already.
        self._inflow = None if inflow.over else inflow

    def _lose(self, error: DeviceError) -> None:
        """The line is gone: whoever waits hears it, and the next `read` opens it again."""
        self._inflow = None
        self._newest.fail(error)

    def _take(self, found: Spoken | BadTelegram) -> None:
        if isinstance(found, Barred):
            self._newest.fail(Refused(f"{self.name}: {found}"))
        elif isinstance(found, BadTelegram):
            self._newest.fail(Nonsense(f"{self.name}: {found} from {self._line.where}"))
        else:
            measured_at_s = self._measured(found)
            if measured_at_s is not None:
                self._newest.take(Sample(taken_at_s=measured_at_s, values=found.values))

    def _measured(self, telegram: Spoken) -> float | None:
        """When it was measured; None for one that is known already."""
        if telegram.stamp_s is None:
            return telegram.began_at_s
        measured_at_s = self._sender.measured_at_s(telegram.stamp_s, telegram.began_at_s)
        if measured_at_s is not None:
            self._notice_pace(measured_at_s)
        return measured_at_s

    def _notice_pace(self, measured_at_s: float) -> None:
        """Say once that the meter speaks more rarely than the site file says."""
        before_s, self._measured_at_s = self._measured_at_s, measured_at_s
        if before_s is None or self._slow_said:
            return
        apart_s = measured_at_s - before_s
        if SLOW_FACTOR * self.period_s < apart_s <= self._silence_s:
            self._slow_said = True
            LOGGER.warning(
                "%s speaks every %.0f s, and its period_s is %g: set it so, or the meter counts as lost in between",
                self.name,
                apart_s,
                self.period_s,
            )


class _Inflow:
    """One connection, from its opening to its end."""

    def __init__(
        self,
        tongue: Tongue,
        take: Callable[[Spoken | BadTelegram], None],
        lose: Callable[[DeviceError], None],
        clock: Clock,
    ) -> None:
        self._take = take
        self._lose = lose
        self._clock = clock
        self._tongue = tongue
        tongue.begin()
        self._window_from_s = clock.monotonic_s()
        self._in_window = 0
        self.over = False
        self.line: Listening | None = None

    def came(self, piece: bytes) -> None:
        now_s = self._clock.monotonic_s()
        if self._floods(len(piece), now_s):
            self.close()
            self._lose(Nonsense("bytes come faster than any meter speaks; the connection was closed"))
            return
        for found in self._tongue.feed(piece, now_s):
            self._take(found)

    def ended(self) -> None:
        if not self.over:
            self.over = True
            self._lose(LinkDown("the line was closed by the other side"))

    def close(self) -> None:
        self.over = True
        if self.line is not None:
            self.line.close()

    def _floods(self, size: int, now_s: float) -> bool:
        if now_s - self._window_from_s > FLOOD_WINDOW_S:
            self._window_from_s, self._in_window = now_s, 0
        self._in_window += size
        return self._in_window > MOST_BYTES_PER_S * FLOOD_WINDOW_S
