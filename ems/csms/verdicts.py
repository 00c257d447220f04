"""What a schema said of a message before, for the next one that differs by nothing but its digits.

A schema takes a hundred times longer over a message than reading it, and stations say the same thing all day.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MOST_REMEMBERED: Final = 2048
_DIGITS: Final = str.maketrans("123456789", "0" * 9)


class Verdicts:
    """By a message's text with every digit taken for 0, so that signs, decimals and lengths still count."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, str | None] = OrderedDict()

    def of(self, kind: int, action: str, text: str, judge: Callable[[], str | None]) -> str | None:
        """What `judge` said of one like it; asks it when there was none."""
        shape = hash((kind, action, text.translate(_DIGITS)))
        if shape in self._known:
            self._known.move_to_end(shape)
            return self._known[shape]
        verdict = self._known[shape] = judge()
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return verdict
