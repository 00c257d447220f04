"""A login that is kept: the cookies it gave, and how often it may be tried. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST_COOKIES: Final = 10
LONGEST_COOKIE: Final = 4096

FIRST_WAIT_S: Final = 30.0
LONGEST_WAIT_S: Final = 300.0
LASTS_S: Final = 120.0
"""A session that was still good after that long was no failure."""


class Cookies:
    """What one device wants to hear again with every request."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def take(self, headers: Iterable[str]) -> None:
        """What its `Set-Cookie` headers say; anything odd in them is left out."""
        for header in headers:
            name, equals, value = header.partition(";")[0].strip().partition("=")
            odd = not (name and equals and header.isprintable() and header.isascii())
            if odd or len(name) + len(value) > LONGEST_COOKIE:
                continue
            if name in self._values or len(self._values) < MOST_COOKIES:
                self._values[name] = value

    def clear(self) -> None:
        self._values.clear()

    @property
    def header(self) -> str:
        """For the `Cookie` header; empty when there is none."""
        return "; ".join(f"{name}={value}" for name, value in self._values.items())


class LoginPace:
    """Whether a login may be tried now: each one that did not last makes the next wait twice as long.

    Devices lock accounts after a few wrong passwords, and a second client may end our session as often as we begin it.
    """

    def __init__(self) -> None:
        self._wait_s = FIRST_WAIT_S
        self._tried_at_s: float | None = None
        self._next_at_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long until the next one; 0 when it may be tried."""
        return 0.0 if self._tried_at_s is None else max(0.0, self._next_at_s - now_s)

    def tried(self, now_s: float) -> None:
        """The device heard a password."""
        self._tried_at_s = now_s
        self._next_at_s = now_s + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def was_good(self, now_s: float) -> None:
        """The session gave an answer."""
        if self._tried_at_s is not None and now_s - self._tried_at_s >= LASTS_S:
            self._wait_s = FIRST_WAIT_S
            self._next_at_s = now_s
