"""Whether a limit was followed, seen in the measured current: accepted is not obeyed (Q22)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ems.csms.constructions import FALLBACK_FORMS, Construction

BITES_A: Final = 1.0
"""A limit proves nothing unless the car drew so much more before."""

NEAR_A: Final = 1.5
"""A car that follows a limit draws no less than this below it; one that draws less may have been satisfied."""

OVER_A: Final = 0.5
SEEN_FOR_S: Final = 8.0
"""So long must it be seen to keep to the limit; a car needs some seconds to follow at all."""


@dataclass(frozen=True, slots=True)
class _Trial:
    way: Construction
    limit_a: float
    began_at_s: float
    followed_since_s: float | None = None


class ObedienceWatch:
    """Follows the limits and the currents of one station."""

    def __init__(self) -> None:
        self._drawn_a: float | None = None
        self._limit_a: float | None = None
        self._trial: _Trial | None = None
        self._read_at_s = float("-inf")

    def limited(self, way: Construction, limit_a: float, now_s: float) -> None:
        """The station took that limit."""
        same = self._trial is not None and self._trial.way == way and self._trial.limit_a == limit_a
        if same or (self._limit_a == limit_a and self._trial is None):
            return
        self._limit_a, self._trial = limit_a, None
        bites = self._drawn_a is not None and self._drawn_a > limit_a + BITES_A
        if bites and limit_a > 0.0 and way.form not in FALLBACK_FORMS:
            self._trial = _Trial(way, limit_a, now_s)

    def metered(self, drawn_a: float, now_s: float) -> Construction | None:
        """The most that a phase was read to draw; gives the construction that is proven by it, once."""
        if now_s <= self._read_at_s:
            return None
        self._drawn_a, self._read_at_s = drawn_a, now_s
        trial = self._trial
        if trial is None:
            return None
        if not trial.limit_a - NEAR_A <= drawn_a <= trial.limit_a + OVER_A:
            self._trial = _Trial(trial.way, trial.limit_a, trial.began_at_s)
            return None
        since_s = now_s if trial.followed_since_s is None else trial.followed_since_s
        if now_s - since_s < SEEN_FOR_S:
            self._trial = _Trial(trial.way, trial.limit_a, trial.began_at_s, since_s)
            return None
        self._trial = None
        return trial.way

    def ended(self) -> None:
        """No car charges, or nobody knows: what comes next begins anew."""
        self._drawn_a = self._limit_a = self._trial = None
