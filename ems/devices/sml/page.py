"""A meter whose newest SML telegram stands on a page: a bridge that is asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ems.clock import Clock
from ems.devices.http.address import HttpAddress
from ems.devices.http.conversation import HttpConversation
from ems.devices.newest_reading import in_its_name
from ems.devices.obis_profile import SmlPageProfile
from ems.devices.p1.speaking import Spoken
from ems.devices.sample import Sample
from ems.devices.sender_clock import SenderClock
from ems.devices.sml.tongue import SmlTongue
from ems.errors import DeviceError, NoAnswer, Nonsense

T = TypeVar("T")


class SmlPage(Generic[T]):
    """Asks for the page until a telegram stands there that is not known yet; `read` waits for it."""

    pushes = True

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        silence_s: float,
        address: HttpAddress,
        profile: SmlPageProfile,
        view: Callable[[Sample], T],
        clock: Clock,
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._pause_s = max(period_s, profile.limits.period_s)
        self._silence_s = silence_s
        self._address = address
        self._conversation = HttpConversation(address, clock)
        self._tongue = SmlTongue(profile)
        self._sender = SenderClock()
        self._view = in_its_name(name, view)
        self._clock = clock
        self._known: bytes | None = None
        """The page as it was last time."""

        self._asks_at_s = float("-inf")

    @property
    def connections(self) -> int:
        """How often it was begun anew, after a failure each time."""
        return self._conversation.connections

    async def read(self) -> T:
        """The next reading.

        Raises LinkDown, NoAnswer also when the page stays the same for the silence limit, Nonsense or Refused.
        """
        try:
            async with self._clock.timeout(self._silence_s):
                sample = await self._next()
        except DeviceError:
            raise
        except TimeoutError:
            said = f"{self.name}: no new telegram on the page of {self._address.where} for {self._silence_s:g} s"
            raise NoAnswer(said) from None
        return self._view(sample)

    async def close(self) -> None:
        """Let go of the connection; the next `read` opens another."""
        await self._conversation.close()

    async def _next(self) -> Sample:
        while True:
            await self._clock.sleep(max(0.0, self._asks_at_s - self._clock.monotonic_s()))
            self._asks_at_s = self._clock.monotonic_s() + self._pause_s
            page = await self._conversation.get_bytes(self._address.request)
            came_at_s = self._clock.monotonic_s()
            # Every telegram has a number of its own, so the same page is the same telegram.
            if page != self._known:
                self._known = page
                sample = self._new(page, came_at_s)
                if sample is not None:
                    return sample

    def _new(self, page: bytes, came_at_s: float) -> Sample | None:
        """The last telegram of the page; None for one that is known already. Raises Nonsense."""
        self._tongue.begin()
        found = [*self._tongue.feed(page, came_at_s)]
        good = [each for each in found if isinstance(each, Spoken)]
        if not good:
            why = str(found[0]) if found else "no telegram"
            raise Nonsense(f"{self.name}: {why} on the page of {self._address.where}")
        last = good[-1]
        if last.stamp_s is None:
            return Sample(taken_at_s=came_at_s, values=last.values)
        measured_at_s = self._sender.measured_at_s(last.stamp_s, came_at_s)
        return None if measured_at_s is None else Sample(taken_at_s=measured_at_s, values=last.values)
