"""Who may still try a password: guessing is slowed down, and does not keep out the station that is guessed at.

Wrong tries count for the address that they come from, and all together for the identity. The address from which the
station last proved who it is has only its own to answer for.
"""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.csms.throttle import Throttle

AT_ONCE: Final = 20
EVERY_S: Final = 3.0


class Guesses:
    """Over all connections. Memory is bounded: by `Throttle`, and by the number of configured identities."""

    def __init__(self, clock: Clock) -> None:
        self._from_address = Throttle(clock, burst=AT_ONCE, every_s=EVERY_S)
        self._of_identity = Throttle(clock, burst=AT_ONCE, every_s=EVERY_S)
        self._home: dict[str, str] = {}

    def may_try(self, identity: str, address: str) -> bool:
        """Whether one more password is looked at."""
        if self._from_address.is_empty(_key(identity, address)):
            return False
        return self._home.get(identity) == address or not self._of_identity.is_empty(identity)

    def failed(self, identity: str, address: str) -> None:
        """That one was wrong."""
        self._from_address.allows(_key(identity, address))
        if self._home.get(identity) != address:
            self._of_identity.allows(identity)

    def proved(self, identity: str, address: str) -> None:
        """The station itself came from there, by a password or certificate of its own."""
        self._home[identity] = address

    def rename(self, before: str, identity: str) -> None:
        """The station comes by another identity from now on."""
        home = self._home.pop(before, None)
        if home is not None:
            self._home[identity] = home


def _key(identity: str, address: str) -> str:
    return f"{address} {identity}"
