"""A meter, inverter or battery that is asked over HTTP and answers in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from ems.clock import Clock
from ems.devices.http.address import HttpAddress
from ems.devices.http.answers import number_in
from ems.devices.http.conversation import HttpConversation
from ems.devices.http.profile import HttpPoint
from ems.devices.messages import Json, NotInMessage, Unreadable, as_number, parse_path, pick
from ems.devices.newest_reading import in_its_name, silence_limit_s
from ems.devices.sample import Sample, is_live
from ems.devices.sender_clock import SenderClock
from ems.errors import NoAnswer, Nonsense
from ems.model.readings import Reading

__all__ = ["HttpAddress", "HttpDevice"]

R = TypeVar("R", bound=Reading)


class HttpDevice(Generic[R]):
    """Asks for all answers of one use of a device at each `read`, over one connection that it keeps."""

    pushes = False

    def __init__(
        self,
        *,
        name: str,
        period_s: float,
        address: HttpAddress,
        points: Mapping[str, HttpPoint],
        view: Callable[[Sample], R],
        clock: Clock,
    ) -> None:
        self.name: Final = name
        self.period_s: Final = period_s
        self._address = address
        self._points = points
        self._view = in_its_name(name, view)
        self._clock = clock
        self._conversation = HttpConversation(address, clock)
        self._sender = SenderClock()
        self._newest: R | None = None
        asked = {name: point.requests(address.request) for name, point in points.items()}
        self._requests = tuple(dict.fromkeys(request for each in asked.values() for request in sorted(each)))
        self._live = frozenset(request for name, each in asked.items() if is_live(name) for request in each)

    @property
    def connections(self) -> int:
        """How often it was begun anew, after a failure each time."""
        return self._conversation.connections

    async def read(self) -> R:
        """The next sample. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        answers: dict[str, Json] = {}
        taken_at_s: list[float] = []
        for request in self._requests:
            answers[request] = await self._conversation.get(request)
            if request in self._live:
                taken_at_s.append(self._clock.monotonic_s())
        measured_at_s = self._measured_at_s(answers, min(taken_at_s))
        if measured_at_s is None:
            return self._known(min(taken_at_s))
        self._newest = self._view(
            Sample(
                taken_at_s=measured_at_s - self._address.behind_s,
                values=self._numbers(answers),
                same_instant=len(taken_at_s) == 1,
            )
        )
        return self._newest

    async def ask(self, request: str) -> Json:
        """One answer as it is. Raises as `read` does."""
        return await self._conversation.get(request)

    async def close(self) -> None:
        """Let go of the connection; the next `read` opens another."""
        await self._conversation.close()

    def _measured_at_s(self, answers: Mapping[str, Json], arrived_s: float) -> float | None:
        """When it was measured; None for what is known already, where the device tells."""
        path = self._address.stamp
        if path is None:
            return arrived_s
        try:
            stamp_s = as_number(pick(answers[self._address.request], parse_path(path)))
        except (Unreadable, NotInMessage) as err:
            raise Nonsense(f"{self.name}: it does not say when it measured") from err
        return self._sender.measured_at_s(stamp_s, arrived_s)

    def _known(self, now_s: float) -> R:
        """The newest reading once more, as old as it is. Raises NoAnswer when it is too old to be told again."""
        silence_s = silence_limit_s(self.period_s)
        if self._newest is None or now_s - self._newest.taken_at_s > silence_s + self._address.behind_s:
            raise NoAnswer(f"{self.name} answers, and has measured nothing new for {silence_s:g} s")
        return self._newest

    def _numbers(self, answers: Mapping[str, Json]) -> dict[str, float]:
        numbers: dict[str, float] = {}
        for name, point in self._points.items():
            try:
                number = number_in(answers, point, self._address.request)
            except Unreadable as err:
                if is_live(name):
                    raise Nonsense(f"{self.name}: {err} as {name}") from err
                continue
            if number is not None:
                numbers[name] = number
        return numbers
