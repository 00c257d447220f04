"""One energy meter of those that are heard: the one with its serial number, or the only one there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ems.clock import Clock
from ems.devices.newest_reading import NewestReading
from ems.devices.obis_profile import SpeedwireProfile
from ems.devices.sample import Sample
from ems.devices.sender_clock import SenderClock
from ems.devices.speedwire.datagram import WRAPS_AFTER_S, BadDatagram, Datagram
from ems.errors import LinkDown, Nonsense

T = TypeVar("T")

OTHERS_COUNT_FOR_S: Final = 60.0
"""Another meter that was heard no longer ago makes it unclear which of them is ours."""

MOST_OTHERS: Final = 16


class SpeedwireDevice(Generic[T]):
    """Turns messages of one meter into readings; `read` waits for the next one."""

    pushes = True

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        silence_s: float,
        serial: int | None,
        profile: SpeedwireProfile,
        view: Callable[[Sample], T],
        clock: Clock,
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._silence_s = silence_s
        self._serial = serial
        self._profile = profile
        self._newest = NewestReading(name, view, silence_s=silence_s, clock=clock)
        self._sender = SenderClock(wraps_after_s=WRAPS_AFTER_S)
        self._heard_at_s: dict[int, float] = {}
        """Every meter that spoke, while none is named."""

        self._trouble: str | None = None
        self._connections = 0

    @property
    def connections(self) -> int:
        """How often the socket was opened, which all that are heard there share."""
        return self._connections

    async def read(self) -> T:
        """The next reading, or the newest that came since the last one.

        Raises LinkDown while nothing can be heard, NoAnswer when the meter is silent, Nonsense when its newest message
        cannot be true, or when nobody knows which of several meters is meant.
        """
        if self._trouble is not None:
            raise LinkDown(f"{self.name}: {self._trouble}")
        who = "" if self._serial is None else f" with the serial number {self._serial}"
        return await self._newest.next(
            f"{self.name}: no energy meter{who} was heard for {self._silence_s:g} s; do switches and containers "
            "let multicast through?"
        )

    async def close(self) -> None:
        """Nothing to let go of: the socket belongs to its background job."""

    def link_changed(self, trouble: str | None) -> None:
        """Nobody can be heard now, and why; None when the socket is open."""
        self._trouble = trouble
        self._connections += trouble is None
        if trouble is not None:
            self._newest.fail(LinkDown(f"{self.name}: {trouble}"))

    def heard_broken(self, error: BadDatagram) -> None:
        """A message came that is broken."""
        if self._serial in {None, error.serial}:
            self._newest.fail(Nonsense(f"{self.name}: {error}"))

    def heard(self, datagram: Datagram, at_s: float) -> None:
        """A message of some energy meter came. Never raises."""
        if self._serial is None:
            if not self._is_the_only_one(datagram.serial, at_s):
                return
        elif datagram.serial != self._serial:
            return
        measured_at_s = self._sender.measured_at_s(datagram.ticked_s, at_s)
        if measured_at_s is not None:
            self._newest.take(Sample(taken_at_s=measured_at_s, values=self._profile.numbers(datagram.numbers)))

    def _is_the_only_one(self, serial: int, at_s: float) -> bool:
        recent = {each: then_s for each, then_s in self._heard_at_s.items() if at_s - then_s <= OTHERS_COUNT_FOR_S}
        if len(recent) < MOST_OTHERS or serial in recent:
            recent[serial] = at_s
        self._heard_at_s = recent
        if len(recent) == 1:
            return True
        several = ", ".join(str(each) for each in sorted(recent)[:4])
        self._newest.fail(
            Nonsense(f"{self.name}: several energy meters are heard ({several} …): say which by serial_number")
        )
        return False
