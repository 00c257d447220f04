"""How often somebody may try a password or a code: by address, by name, and everybody together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ems.api.errors import TooManyTries
from ems.clock import Clock
from ems.csms.throttle import Throttle

ADDRESS_BURST: Final = 10
ADDRESS_EVERY_S: Final = 10.0
NAME_BURST: Final = 8
NAME_EVERY_S: Final = 30.0
"""For one name from one address, so that no neighbour on the network can lock a person out."""

NAME_ANYWHERE_BURST: Final = 40
NAME_ANYWHERE_EVERY_S: Final = 15.0
"""5760 guesses a day at one account, from all addresses; a password of eight letters lasts for centuries."""

ALL_BURST: Final = 40
ALL_EVERY_S: Final = 2.0
"""Bounds the processor time that knocking costs us, however many addresses somebody has."""

NOTED_BURST: Final = 20
NOTED_EVERY_S: Final = 300.0
"""Refusals that are noted one by one: who knocks all day wears out no disk, and pushes nobody else's line out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A wrong password that goes into the log."""

    more: int
    """So many before it did not."""

    @property
    def what(self) -> str:
        return "refused.more" if self.more else "refused"


class Knocking:
    """Counts tries in bounded memory."""

    def __init__(self, clock: Clock) -> None:
        self._by_address = Throttle(clock, burst=ADDRESS_BURST, every_s=ADDRESS_EVERY_S)
        self._by_name = Throttle(clock, burst=NAME_BURST, every_s=NAME_EVERY_S)
        self._by_name_anywhere = Throttle(clock, burst=NAME_ANYWHERE_BURST, every_s=NAME_ANYWHERE_EVERY_S)
        self._all = Throttle(clock, burst=ALL_BURST, every_s=ALL_EVERY_S)
        self._noted = Throttle(clock, burst=NOTED_BURST, every_s=NOTED_EVERY_S)
        self._unnoted = 0

    def knock(self, address: str, name: str) -> None:
        """One more try. Raises TooManyTries, which says how long to wait."""
        for throttle, key, every_s in (
            (self._by_address, address, ADDRESS_EVERY_S),
            (self._by_name, f"{name}|{address}", NAME_EVERY_S),
            (self._by_name_anywhere, name, NAME_ANYWHERE_EVERY_S),
            (self._all, "", ALL_EVERY_S),
        ):
            if not throttle.allows(key):
                raise TooManyTries(f"too many tries; wait {every_s:.0f} s", wait_s=every_s)

    def refused(self) -> Noted | None:
        """What to note of a wrong password; None for one of so many that they are only counted."""
        if not self._noted.allows(""):
            self._unnoted += 1
            return None
        more, self._unnoted = self._unnoted, 0
        return Noted(more=more)
