"""Pairing codes: six digits that a person reads off a page and types into a client, once and soon."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from ems.api.errors import WrongCode
from ems.api.wire import Role
from ems.clock import Clock

LASTS_S: Final = 180.0
MOST_TRIES: Final = 5
"""After so many wrong ones the code is void: one in 200 000 to guess it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingCode:
    """One code."""

    code: str
    role: Role
    """What the client will be."""

    by: str
    """Who asked for it."""

    owner: str | None
    """The account of who asked."""

    ends_at_s: float
    """Monotonic."""


class Pairing:
    """Holds the one code that is good now; a new one takes its place."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: PairingCode | None = None
        self._wrong = 0

    def begin(self, role: Role, *, by: str, owner: str | None) -> PairingCode:
        """A fresh code."""
        self._wrong = 0
        self._open = PairingCode(
            code=f"{secrets.randbelow(10**6):06d}",
            role=role,
            by=by,
            owner=owner,
            ends_at_s=self._clock.monotonic_s() + LASTS_S,
        )
        return self._open

    def end(self, owner: str) -> None:
        """That person's code is void."""
        if self._open is not None and self._open.owner == owner:
            self._open = None

    def redeem(self, code: str) -> PairingCode:
        """The code, used up. Raises WrongCode."""
        offered = self._open
        if offered is None or self._clock.monotonic_s() >= offered.ends_at_s:
            self._open = None
            raise WrongCode("there is no pairing code open; ask for one on the page")
        if not hmac.compare_digest(code.encode(), offered.code.encode()):
            self._wrong += 1
            if self._wrong >= MOST_TRIES:
                self._open = None
            raise WrongCode("that is not the code on the page")
        self._open = None
        return offered
