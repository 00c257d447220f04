"""How samples become the readings of one device, in its name.

A device that is asked turns its answer into a reading with `in_its_name`. One that speaks by itself puts what comes
into a `NewestReading`, and whoever reads waits there until the device counts as silent (`silence_limit_s`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ems.clock import Clock
from ems.devices.newest import Newest
from ems.devices.sample import Sample
from ems.errors import DeviceError, NoAnswer, Nonsense

T = TypeVar("T")

LEAST_SILENCE_S: Final = 5.0
SILENCE_PERIODS: Final = 5.0
"""A device is silent after five of its periods, at least 5 s: the age at which control takes a meter for lost
(`control.md` §6)."""


def silence_limit_s(period_s: float, silent_after_s: float | None = None) -> float:
    """How long a device may say nothing; `silent_after_s` is its profile's word for devices that publish on change."""
    return max(SILENCE_PERIODS * period_s, silent_after_s or 0.0, LEAST_SILENCE_S)


def in_its_name(name: str, view: Callable[[Sample], T]) -> Callable[[Sample], T]:
    """The same view, whose Nonsense says which device told it."""

    def named(sample: Sample) -> T:
        try:
            return view(sample)
        except Nonsense as err:
            raise Nonsense(f"{name}: {err}") from err

    return named


class NewestReading(Generic[T]):
    """The newest reading of a device that speaks by itself, or why there is none, for whoever waits for it."""

    def __init__(self, name: str, view: Callable[[Sample], T], *, silence_s: float, clock: Clock) -> None:
        self._view = in_its_name(name, view)
        self._silence_s = silence_s
        self._clock = clock
        self._newest: Newest[T | DeviceError] = Newest()

    def take(self, sample: Sample) -> None:
        """A sample came; one that cannot be true is told as Nonsense. Never raises."""
        try:
            self._newest.put(self._view(sample))
        except Nonsense as err:
            self._newest.put(err)

    def put(self, reading: T) -> None:
        """A reading came that is one already."""
        self._newest.put(reading)

    def fail(self, error: DeviceError) -> None:
        """In place of a sample: whoever waits hears that error."""
        self._newest.put(error)

    def clear(self) -> None:
        """What came and was not taken is forgotten."""
        self._newest.clear()

    async def next(self, silence: str) -> T:
        """The next reading, or the newest that came since the last one.

        Raises what came in its place, and NoAnswer with the sentence `silence` when nothing comes within the silence
        limit.
        """
        try:
            async with self._clock.timeout(self._silence_s):
                newest = await self._newest.take()
        except TimeoutError:
            raise NoAnswer(silence) from None
        if isinstance(newest, DeviceError):
            raise newest
        return newest
