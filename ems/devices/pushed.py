"""A device whose readings a program brings, such as Home Assistant with any of its sensors.

Whoever brings a reading says how long ago the sensor measured it. Age counts from there, so a sensor that fell silent
is silent here too, however often its last value is brought again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, NoReturn, Protocol, TypeVar

from ems.clock import Clock
from ems.devices.newest_reading import NewestReading, in_its_name, silence_limit_s
from ems.devices.profile_parts import Kind
from ems.devices.sample import Sample
from ems.errors import DeviceError, Nonsense
from ems.model.readings import Reading

R = TypeVar("R", bound=Reading)

SAME_WITHIN_S: Final = 0.5
"""Readings measured no further apart are the same one, brought twice: its age is told in tenths, and messages take
their time."""


class TooOld(DeviceError):
    """A reading from so long ago that its device counts as silent."""

    code: ClassVar[str] = "too_old"


class NotNewer(DeviceError):
    """A reading measured no later than the one that is known."""

    code: ClassVar[str] = "not_newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a reading was not taken, and when."""

    code: str
    text: str
    at_s: float
    """Monotonic."""


class Inlet(Protocol):
    """Where a program brings the readings of one device."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def phases(self) -> int:
        """How many phases a reading tells, the device's own L1 first."""
        ...

    @property
    def period_s(self) -> float: ...

    @property
    def silence_s(self) -> float:
        """How old the newest reading may be before the device counts as silent."""
        ...

    @property
    def measured_at_s(self) -> float | None:
        """When the newest good reading was measured, monotonic; None before the first."""
        ...

    @property
    def refusal(self) -> Refusal | None:
        """Why the newest reading was refused; None where the newest was good."""
        ...

    def take(self, values: Mapping[str, float], *, age_s: float) -> None:
        """A reading under its point names, measured so long ago. Raises TooOld, NotNewer or Nonsense."""
        ...

    def refuse(self, error: DeviceError) -> NoReturn:
        """Raises it, and remembers it as what became of the newest reading."""
        ...


class PushedDevice(Generic[R]):
    """Turns what is brought into readings; `read` waits for the next one."""

    pushes = True

    def __init__(
        self, *, name: str, kind: Kind, phases: int, period_s: float, view: Callable[[Sample], R], clock: Clock
    ) -> None:
        self.name: Final = name
        self.kind: Final = kind
        self.phases: Final = phases
        self.period_s: Final = period_s
        self.silence_s: Final = silence_limit_s(period_s)
        self._view = in_its_name(name, view)
        self._clock = clock
        self._newest = NewestReading(name, view, silence_s=self.silence_s, clock=clock)
        self._measured_at_s: float | None = None
        self._refusal: Refusal | None = None

    @property
    def measured_at_s(self) -> float | None:
        return self._measured_at_s

    @property
    def refusal(self) -> Refusal | None:
        return self._refusal

    async def read(self) -> R:
        """The next reading, or the newest that came since the last one.

        Raises NoAnswer when none comes within the silence limit, Nonsense when the newest cannot be true.
        """
        return await self._newest.next(f"nobody has brought a reading of {self.name} for {self.silence_s:g} s")

    async def close(self) -> None:
        """Nothing to let go of: nobody is connected."""

    def take(self, values: Mapping[str, float], *, age_s: float) -> None:
        """A reading under its point names, measured `age_s` seconds ago.

        Raises TooOld beyond the silence limit, NotNewer for one that is known or older, Nonsense for an impossible one.
        """
        now_s = self._clock.monotonic_s()
        taken_at_s = now_s - age_s
        if age_s > self.silence_s:
            self.refuse(TooOld(f"{self.name}: measured {age_s:.0f} s ago; after {self.silence_s:g} s it is silent"))
        if self._measured_at_s is not None and taken_at_s <= self._measured_at_s + SAME_WITHIN_S:
            # No trouble: a sensor that has not measured since.
            raise NotNewer(f"{self.name}: the reading known already is as new")
        # Whoever collects it asks several sensors, one after the other.
        sample = Sample(taken_at_s=taken_at_s, values=values, same_instant=False)
        try:
            reading = self._view(sample)
        except Nonsense as err:
            self.refuse(err)
        self._measured_at_s, self._refusal = taken_at_s, None
        self._newest.put(reading)

    def refuse(self, error: DeviceError) -> NoReturn:
        """Raises it, and remembers it as what became of the newest reading."""
        self._refusal = Refusal(code=error.code, text=str(error), at_s=self._clock.monotonic_s())
        if isinstance(error, Nonsense):
            self._newest.fail(error)
        raise error
