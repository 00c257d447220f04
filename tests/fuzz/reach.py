"""Which ways through the central system's code an input took."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import ems.csms

WATCHED: Final = str(Path(ems.csms.__file__).parent)


class Reach:
    """Pairs of lines that ran one after the other, over all inputs that were traced."""

    def __init__(self) -> None:
        self.known: set[tuple[int, int, int]] = set()
        self._now: set[tuple[int, int, int]] = set()
        self._watched: dict[CodeType, int] = {}

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Note the ways that are taken inside."""
        self._now = set()
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def grew(self) -> bool:
        """Whether the last input took a way that none took before."""
        fresh = self._now - self.known
        self.known |= fresh
        return bool(fresh)

    def _enter(self, frame: FrameType, _event: str, _about: Any) -> Any:
        code = frame.f_code
        number = self._watched.get(code)
        if number is None:
            number = len(self._watched) + 1 if code.co_filename.startswith(WATCHED) else 0
            self._watched[code] = number
        return self._follow(number) if number else None

    def _follow(self, number: int) -> Any:
        before, add = 0, self._now.add

        def line(frame: FrameType, event: str, _about: Any) -> Any:
            nonlocal before
            if event == "line":
                here = frame.f_lineno
                add((number, before, here))
                before = here
            return line

        return line
