"""How quickly a station answers what it does answer: what a form of a limit is waited for that it may not know.

Some stations never answer what they do not know (Timxon), others are slow in everything. Who answers other requests at
once, and a limit not at all, is not waited for as long as somebody slow.
"""

from __future__ import annotations

from typing import Final

LEAST_S: Final = 8.0
"""Writing a limit down may take a station some seconds (assumed)."""

TIMES: Final = 5.0
"""A limit may take so many times as long as the slowest of the other answers."""


class Quickness:
    """Of one station, over all its connections."""

    def __init__(self) -> None:
        self._slowest_s: float | None = None
        self._is_slow = False

    @property
    def within_s(self) -> float | None:
        """What a form that it never took may wait for an answer; None while that is not known, or it was slow once."""
        if self._slowest_s is None or self._is_slow:
            return None
        return max(LEAST_S, TIMES * self._slowest_s)

    def answered(self, took_s: float) -> None:
        """It answered something that is no limit."""
        self._slowest_s = took_s if self._slowest_s is None else max(self._slowest_s, took_s)

    def unanswered(self) -> None:
        """It left something else without an answer: it may be away, or slow."""
        self._slowest_s = None

    def doubted(self) -> None:
        """It answered late what had been given up, or nothing at all: from now on it gets its time."""
        self._is_slow = True

    def begin_anew(self) -> None:
        """Another station, or another firmware."""
        self._slowest_s = None
        self._is_slow = False
