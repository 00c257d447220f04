"""From JSON to frozen values: what a shape declares must be there and make sense; what it does not is passed over.

No Home Assistant here. Nothing that came over the network is trusted: a number is finite, a time has a zone, a flag is
a flag.
A word that a newer service may use is declared as `Word | None`, and is None here: unknown.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

LARGEST: Final = 1e12
"""No watt, amp or kilowatt-hour of a house comes near it."""


class BadShape(ValueError):
    """What came is not what the contract says."""


def parsed(shape: type[T], raw: object, where: str = "") -> T:
    """A value of that dataclass. Raises BadShape, which names the place."""
    if not isinstance(raw, Mapping):
        raise BadShape(f"{where or shape.__name__} is no object")
    declared: Any = shape
    return shape(**{name: _value(kind, raw.get(name), f"{where}.{name}") for name, kind in _fields(declared)})


@cache
def _fields(shape: type[Any]) -> tuple[tuple[str, Any], ...]:
    kinds = get_type_hints(shape)
    return tuple((field.name, kinds[field.name]) for field in dataclasses.fields(shape))


def _value(kind: Any, raw: object, where: str) -> Any:  # noqa: ANN401 (its kind says what it is)
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        (inner,) = (each for each in get_args(kind) if each is not type(None))
        return None if raw is None or _is_new_word(inner, raw) else _value(inner, raw, where)
    if origin is tuple:
        if not isinstance(raw, list):
            raise BadShape(f"{where} is no list")
        return tuple(_value(get_args(kind)[0], each, f"{where}[{index}]") for index, each in enumerate(raw))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return parsed(kind, raw, where)
    return _plain(kind, raw, where)


def _is_new_word(kind: object, raw: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(raw, str) and raw not in set(kind)


def _plain(kind: type, raw: object, where: str) -> object:
    if kind is float and isinstance(raw, int | float) and not isinstance(raw, bool) and -LARGEST < raw < LARGEST:
        return float(raw)
    if kind is int and isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if kind in {str, bool} and isinstance(raw, kind):
        return raw
    if isinstance(raw, str):
        try:
            if issubclass(kind, StrEnum):
                return kind(raw)
            if kind is datetime:
                return _time(raw)
        except ValueError as error:
            raise BadShape(f"{where}: {error}") from error
    raise BadShape(f"{where} is no {kind.__name__}")


def _time(raw: str) -> datetime:
    found = datetime.fromisoformat(raw)
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found
