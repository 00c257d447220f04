"""Time, injected: the only module that may look at a clock or wait.

Three kinds share one `Clock` interface (design §5): `WallClock` in the house, `ScaledClock` for a faster demo,
and `VirtualClock` for tests and simulations, which jumps straight to the next waiter. Durations come from
`monotonic_s()`; `utc_now()` is for display, plans and OCPP timestamps only.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

_T = TypeVar("_T")

LOOKS_EVERY: Final = 100
"""Turns of a virtual loop without sockets between two looks at the outer world."""

NEVER_S: Final = 30 * 86_400.0
"""A wait this long in virtual time means that nothing will ever happen."""


class Clock(Protocol):
    """What a part needs to know about time."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps; only differences mean something."""
        ...

    def utc_now(self) -> datetime:
        """Wall time, timezone-aware UTC."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Wait `delay_s` seconds of this clock."""
        ...

    def timeout(self, delay_s: float) -> asyncio.Timeout:
        """An `async with` block that raises `TimeoutError` after `delay_s` seconds of this clock."""
        ...

    def call_after(self, delay_s: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        """Call `act` from the running loop after `delay_s` seconds of this clock, unless it is cancelled before."""
        ...


class WallClock:
    """Real time."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def utc_now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    def timeout(self, delay_s: float) -> asyncio.Timeout:
        return asyncio.timeout(delay_s)

    def call_after(self, delay_s: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay_s, act)


class ScaledClock:
    """Real time that runs `speed` times faster, counted from a given instant.

    Two processes that share `origin_monotonic_s` and `origin_utc` agree on the scaled time.
    """

    def __init__(
        self, speed: float, *, origin_monotonic_s: float | None = None, origin_utc: datetime | None = None
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed is {speed}; a clock runs forward, so give a number above 0")
        self.speed: Final = speed
        self.origin_monotonic_s: Final = time.monotonic() if origin_monotonic_s is None else origin_monotonic_s
        self.origin_utc: Final = datetime.now(UTC) if origin_utc is None else origin_utc

    def monotonic_s(self) -> float:
        return self.origin_monotonic_s + (time.monotonic() - self.origin_monotonic_s) * self.speed

    def utc_now(self) -> datetime:
        return self.origin_utc + timedelta(seconds=self.monotonic_s() - self.origin_monotonic_s)

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s / self.speed)

    def timeout(self, delay_s: float) -> asyncio.Timeout:
        return asyncio.timeout(delay_s / self.speed)

    def call_after(self, delay_s: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay_s / self.speed, act)

    def spec(self) -> str:
        """This clock as text, for a second process: see `clock_from_spec`."""
        return f"{self.speed!r},{self.origin_monotonic_s!r},{self.origin_utc.isoformat()}"


def clock_from_spec(spec: str) -> Clock:
    """The clock that another process described with `ScaledClock.spec()`; an empty text means wall time.

    Raises ValueError when the text is not such a description.
    """
    if not spec:
        return WallClock()
    speed, origin_monotonic_s, origin_utc = spec.split(",")
    return ScaledClock(
        float(speed),
        origin_monotonic_s=float(origin_monotonic_s),
        origin_utc=datetime.fromisoformat(origin_utc),
    )


class VirtualClock:
    """Time that stands still while anybody works and jumps to the next waiter when all wait.

    Use it with `run_virtual`, whose event loop takes its time from here, so that `asyncio.timeout` obeys it too.
    """

    def __init__(self, *, start_utc: datetime = datetime(2026, 6, 21, 10, tzinfo=UTC)) -> None:
        self._now_s = 1_000.0
        self._start_s = self._now_s
        self._start_utc = start_utc

    def monotonic_s(self) -> float:
        return self._now_s

    def utc_now(self) -> datetime:
        return self._start_utc + timedelta(seconds=self._now_s - self._start_s)

    def jump_wall_clock(self, by_s: float) -> None:
        """Step the wall time as NTP or a person would; the monotonic time does not move."""
        self._start_utc += timedelta(seconds=by_s)

    def sleep(self, delay_s: float) -> Coroutine[Any, Any, None]:
        return asyncio.sleep(delay_s)

    def timeout(self, delay_s: float) -> asyncio.Timeout:
        return asyncio.timeout(delay_s)

    def call_after(self, delay_s: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay_s, act)

    def advance(self, by_s: float) -> None:
        """Move time forward; the event loop of `run_virtual` calls this."""
        self._now_s += by_s


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for time to pass, makes it pass."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self._turns = 0
        self._map = self.get_map()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        # Without sockets there is only the loop's own pipe, which carries Ctrl-C and news of other threads.
        looks = timeout is None or len(self._map) > 1 or self._turns % LOOKS_EVERY == 0
        events = super().select(0) if looks else []
        if events or timeout == 0:
            return events
        if timeout is None or timeout > NEVER_S:
            raise RuntimeError("every task waits for something that virtual time cannot bring")
        self._clock.advance(timeout)
        return events


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self.time = clock.monotonic_s  # type: ignore[method-assign] # asked ten times per simulated second


def run_virtual(main: Coroutine[Any, Any, _T], clock: VirtualClock) -> _T:
    """Run `main` to its end in virtual time: a day of waiting takes no time, and every run is the same."""
    with asyncio.Runner(loop_factory=lambda: _VirtualLoop(clock)) as runner:
        return runner.run(main)
