"""Reading the fields of a request that may hold anything."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from ems.sim.wire.ocpp_frames import Malformed, Payload

LARGEST_NUMBER: Final = 2**31 - 1
YEARS: Final = range(1970, 2200)

_E = TypeVar("_E", bound=StrEnum)


def section(value: object) -> Payload:
    """An object. Raises Malformed, like all of these."""
    if not isinstance(value, dict):
        raise Malformed("an object is missing")
    return value


def rows(fields: Payload, key: str) -> list[Any]:
    """A list."""
    value = fields.get(key)
    if not isinstance(value, list):
        raise Malformed(f"{key} is not a list")
    return value


def text(fields: Payload, key: str) -> str:
    """Some text."""
    value = fields.get(key)
    if not isinstance(value, str):
        raise Malformed(f"{key} is not text")
    return value


def whole(fields: Payload, key: str) -> int:
    """A whole number."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
        raise Malformed(f"{key} is not a possible whole number")
    return value


def optional_whole(fields: Payload, key: str) -> int | None:
    """A whole number, or nothing."""
    return whole(fields, key) if key in fields else None


def number(fields: Payload, key: str) -> float:
    """Any number that a limit could be."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        raise Malformed(f"{key} is not a possible number")
    return float(value)


def word(words: type[_E], fields: Payload, key: str) -> _E:
    """One of the known words."""
    try:
        return words(str(fields.get(key)))
    except ValueError as err:
        raise Malformed(f"{key} is none of the known words") from err


def moment(fields: Payload, key: str) -> datetime | None:
    """A time, or nothing; UTC where it has no zone."""
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed(f"{key} is not text")
    try:
        found = datetime.fromisoformat(value)
    except ValueError as err:
        raise Malformed(f"{key} is no time") from err
    if found.year not in YEARS:
        raise Malformed(f"{key} is of another age")
    return found if found.tzinfo else found.replace(tzinfo=UTC)
