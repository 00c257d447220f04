"""Reading single fields of untrusted payloads: the right kind, or nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

LONGEST_TEXT: Final = 500


def printable(said: str, longest: int = LONGEST_TEXT) -> str:
    """At most so many characters of what a station said, without those that could forge or garble a line of the log."""
    return "".join(character if character.isprintable() else " " for character in said[:longest]).strip()


def text(payload: Mapping[Any, object], name: str) -> str:
    """The printable text of a field, cut at `LONGEST_TEXT`; empty when missing or something else."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return printable(str(value).strip())


def number(payload: Mapping[Any, object], name: str) -> float | None:
    """The finite number of a field, also when it was sent as text."""
    try:
        value = float(text(payload, name))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole(payload: Mapping[Any, object], name: str) -> int | None:
    """The whole number of a field, exact up to 64 bits and beyond."""
    value = text(payload, name)
    try:
        return int(value)
    except ValueError:
        amount = number(payload, name)
    return int(amount) if amount is not None and amount.is_integer() else None
