"""Firmware versions and ranges of them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Final

LONGEST: Final = 200
"""Of a station's text that is looked at."""

_DOTTED: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})+")
_WHOLE: Final = re.compile(r"\d{1,9}")
_BOUND: Final = re.compile(r"\s*(<=|>=|<|>|=)\s*(\d{1,9}(?:\.\d{1,9})*)\s*")
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}

Version = tuple[int, ...]


def version_of(text: str) -> Version | None:
    """The first dotted number in what a station calls its firmware, else its first number; None without one."""
    found = _DOTTED.search(text[:LONGEST]) or _WHOLE.search(text[:LONGEST])
    return None if found is None else _numbers(found.group())


class FirmwareRange:
    """Such as `>=5,<6`: every bound holds."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for anything else."""
        bounds = [_BOUND.fullmatch(each) for each in text.split(",")]
        if None in bounds:
            raise ValueError(f"{text!r} is no range of firmware; write such as >=5,<6")
        self._bounds: Final = tuple((each[1], _numbers(each[2])) for each in bounds if each is not None)

    def holds(self, text: str) -> bool:
        """Whether that firmware lies in it. One that tells no version might, and counts as being in."""
        version = version_of(text)
        return version is None or all(_COMPARE[sign](_order(version, bound), 0) for sign, bound in self._bounds)


def _numbers(text: str) -> Version:
    return tuple(int(each) for each in text.split("."))


def _order(one: Version, other: Version) -> int:
    """-1, 0 or 1; 6 is 6.0."""
    for a, b in zip_longest(one, other, fillvalue=0):
        if a != b:
            return -1 if a < b else 1
    return 0
