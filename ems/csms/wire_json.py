"""OCPP frames to plain values, with bounds, and with a repair for the broken JSON that real stations send (Q16)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Final

MAX_FRAME_BYTES: Final = 256 * 1024
"""Longest message we read; real ones stay far below."""

MAX_DEPTH: Final = 32
"""Deepest nesting we read; OCPP needs 8."""

MAX_REPAIRED_BYTES: Final = 16 * 1024
"""Longest message that is worth a repair."""

_TOKEN: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)', re.DOTALL)
_CALL_ID: Final = re.compile(r'\s*\[\s*2\s*,\s*("(?:[^"\\]|\\.){1,255}"|\d{1,18})\s*,')
_CLOSING: Final = {"[": "]", "{": "}"}


def parse(frame: bytes) -> object:
    """The value in `frame`, repaired when that is possible without guessing. Raises ValueError otherwise."""
    text = frame.decode("utf-8", errors="replace").replace("\x00", "")
    try:
        value = _loads(text)
    except ValueError:
        if len(frame) >= MAX_REPAIRED_BYTES:
            raise
        value = _loads(_repaired(text))
    if _too_deep(value):
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return value


def call_id(frame: bytes) -> str | int | None:
    """The message id of a CALL that `parse` could not read, when at least that much can be read."""
    found = _CALL_ID.match(frame[:1024].decode("utf-8", errors="replace"))
    if found is None:
        return None
    try:
        value = _loads(found[1])
    except ValueError:
        return None
    return value if isinstance(value, str | int) else None


def _loads(text: str) -> object:
    try:
        value: object = json.loads(text, parse_float=_finite, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _marks(text: str) -> Iterator[str]:
    """The tokens of JSON, each tried once. Raises ValueError at a string that does not end."""
    end = 0
    while (found := _TOKEN.match(text, end)) is not None:
        yield found[1]
        end = found.end()
    if text[end:].strip():
        raise ValueError("a string that does not end")


def _repaired(text: str) -> str:
    """Without commas that separate nothing, and with the brackets that are missing at the end."""
    marks: list[str] = []
    open_brackets: list[str] = []
    for mark in _marks(text):
        previous = marks[-1] if marks else "["
        if mark == "," and previous in {"[", "{", ","}:
            continue
        if mark in {"]", "}"}:
            if previous == ",":
                marks.pop()
            if open_brackets:
                open_brackets.pop()
        elif mark in _CLOSING:
            open_brackets.append(mark)
        marks.append(mark)
    if marks and marks[-1] == ",":
        marks.pop()
    return "".join(marks) + "".join(_CLOSING[each] for each in reversed(open_brackets))
