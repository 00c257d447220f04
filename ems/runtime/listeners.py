"""Those who want to know: the journal, pages, figures. None of them may stop control, whatever befalls it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Generic, ParamSpec

LOGGER: Final = logging.getLogger(__name__)

_Facts = ParamSpec("_Facts")


class Listeners(Generic[_Facts]):
    """Tells each one; says once when one begins to fail and once when it is well again."""

    def __init__(self, listeners: Sequence[Callable[_Facts, None]]) -> None:
        self._listeners = tuple(listeners)
        self._failing: set[int] = set()

    def tell(self, *facts: _Facts.args, **named: _Facts.kwargs) -> None:
        """Hand the facts to every listener, in order."""
        for place, listener in enumerate(self._listeners):
            try:
                listener(*facts, **named)
            except Exception:
                if place not in self._failing:
                    LOGGER.exception("a listener failed; control goes on without it")
                self._failing.add(place)
            else:
                if place in self._failing:
                    LOGGER.info("a listener works again")
                self._failing.discard(place)
