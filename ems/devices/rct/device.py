"""A meter, inverter or battery that is one use of an RCT Power device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ems.devices.profile_parts import Kind
from ems.devices.rct.link import RctLink
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import Sample, is_live
from ems.errors import Nonsense

T = TypeVar("T")


class RctDevice(Generic[T]):
    """Asks for all objects of its use at each `read`."""

    pushes = False

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        link: RctLink,
        profile: RctProfile,
        kind: Kind,
        view: Callable[[Sample], T],
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._link = link
        self._points = profile.uses[kind].points
        self._view = view

    @property
    def connections(self) -> int:
        """How often the line was opened, which its other uses share."""
        return self._link.connections

    async def read(self) -> T:
        """The next sample. Raises LinkDown, NoAnswer or Nonsense."""
        objects = [each for point in self._points.values() for each in point.objects]
        told = await self._link.read(objects)
        numbers = {each: said.number for each, said in told.items()}
        values = {name: point.value(numbers) for name, point in self._points.items()}
        live = [each for name, point in self._points.items() if is_live(name) for each in point.objects]
        known = {name: value for name, value in values.items() if value is not None}
        # One answer after the other: a kettle may switch in between.
        sample = Sample(taken_at_s=min(told[each].taken_at_s for each in live), values=known, same_instant=False)
        try:
            return self._view(sample)
        except Nonsense as err:
            raise Nonsense(f"{self.name}: {err}") from err

    async def close(self) -> None:
        """Close the connection, which the other uses share; the next `read` opens it again."""
        await self._link.close()
