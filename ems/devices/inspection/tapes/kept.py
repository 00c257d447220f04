"""What is kept of a JSON message: the numbers at the paths of a profile. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ems.devices.inspection.recording import Number
from ems.devices.messages import Json, NotInMessage, parse_path, pick

LONGEST_WORD: Final = 40
"""Of a text where a number belongs; it may be the very fault that is looked for."""


def kept_values(content: Json, paths: Iterable[str]) -> dict[str, Number]:
    """The numbers, words and nulls at those paths; what is a list or an object there is left out."""
    kept: dict[str, Number] = {}
    for path in paths:
        try:
            value = pick(content, parse_path(path))
        except NotInMessage:
            continue
        if isinstance(value, str):
            kept[path] = value[:LONGEST_WORD]
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            kept[path] = value
    return kept
