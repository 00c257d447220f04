"""Requests of the `ocpp` package as they are spelled on the wire, in one pass: its own way takes five."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from ocpp.charge_point import snake_to_camel_case


def spelled(value: object) -> Any:  # noqa: ANN401 (JSON)
    """The value with the names of the wire, and without what is None."""
    if is_dataclass(value) and not isinstance(value, type):
        told = ((name, getattr(value, field)) for field, name in _names(type(value)))
        return {name: spelled(each) for name, each in told if each is not None}
    if isinstance(value, Mapping):
        return {_name(key): spelled(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [spelled(each) for each in value if each is not None]
    return value


@cache
def _names(kind: type) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, _name(each.name)) for each in fields(kind))


def _name(field: str) -> str:
    (name,) = snake_to_camel_case({field: None})
    return str(name)
