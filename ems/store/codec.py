"""Our frozen values as JSON and back, exactly: what comes back is equal, down to the last bit of every float.

Driven by type hints, worked out once per class. Values are written by field name, so that a journal outlives a field
that is added (its default is read) or dropped (it is passed over). Infinity is written as Python's `json` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from ems.store.errors import JournalError

Written: TypeAlias = Any
"""What `json` writes and reads."""

_T = TypeVar("_T")
_Value: TypeAlias = Any
_Hint: TypeAlias = Any
_Change = Callable[[Any], Any]

KIND: Final = "is"
"""The key that names the class where a hint allows several."""

_PLAIN: Final[tuple[object, ...]] = (float, int, str, bool, NoneType)


def encode(value: _Value, *, without: Collection[str] = ()) -> dict[str, Written]:
    """A value of ours as what `json` takes: a dict of its fields but for those in `without`."""
    written: dict[str, Any] = _dataclass_shape(type(value)).to_json(value)
    for name in without:
        del written[name]
    return written


def decode(kind: type[_T], written: Written, *, given: Mapping[str, Any] = MappingProxyType({})) -> _T:
    """The value that `encode` wrote; `given` supplies fields that were left out.

    Raises JournalError, which names the field, for one that is missing and has no default, or makes no sense.
    """
    decoded: _T = _dataclass_shape(kind).read(written, given)
    return decoded


def cut(text: str, longest: int) -> str:
    """So much of somebody's words as a column takes; PostgreSQL knows no NUL."""
    return text.replace("\0", "")[:longest]


def to_text(written: Written) -> bytes:
    """JSON as it is stored."""
    return json.dumps(written, separators=(",", ":"), ensure_ascii=False).encode()


def from_text(text: bytes) -> Written:
    """What `to_text` made bytes of. Raises JournalError."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise JournalError(f"not JSON: {error}") from error


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a type is written and read; None where `json` does it alone."""

    to_json: _Change | None
    from_json: _Change | None


_AS_IT_IS: Final = _Shape(None, None)


class _DataclassShape:
    """A dict by field name."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        hints = get_type_hints(kind)
        wanted = [each for each in fields(kind) if each.init]
        shapes = {each.name: _shape(hints[each.name]) for each in wanted}
        self._names = tuple(shapes)
        self._values = attrgetter(*self._names)
        self._changed = [(name, shape.to_json) for name, shape in shapes.items() if shape.to_json is not None]
        self._readers = [(each, shapes[each.name].from_json) for each in wanted]

    def to_json(self, value: _Value) -> dict[str, Any]:
        values = self._values(value) if len(self._names) > 1 else (self._values(value),)
        written = dict(zip(self._names, values, strict=True))
        for name, change in self._changed:
            written[name] = change(written[name])
        return written

    def from_json(self, written: Written) -> _Value:
        return self.read(written, {})

    def read(self, written: Written, given: Mapping[str, Any]) -> _Value:
        """The value, with some of its fields given."""
        if not isinstance(written, dict):
            raise JournalError(f"{self._kind.__name__} is written as {written!r}, not as its fields")
        values = dict(given)
        for each, reader in self._readers:
            name = each.name
            if name in values:
                continue
            if name not in written:
                self._must_have_default(each)
                continue
            values[name] = written[name] if reader is None else self._read(name, reader, written[name])
        return self._kind(**values)

    def _must_have_default(self, missing: Field[Any]) -> None:
        if missing.default is MISSING and missing.default_factory is MISSING:
            raise JournalError(f"{self._kind.__name__}.{missing.name} is missing and has no default")

    def _read(self, name: str, reader: _Change, written: Written) -> _Value:
        try:
            return reader(written)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise JournalError(f"{self._kind.__name__}.{name} cannot be {written!r}: {error}") from error


_known: Final[dict[type, _DataclassShape]] = {}


def _dataclass_shape(kind: type) -> _DataclassShape:
    shape = _known.get(kind)
    if shape is None:
        shape = _known[kind] = _DataclassShape(kind)
    return shape


def _shape(hint: _Hint) -> _Shape:
    if hint in _PLAIN:
        return _AS_IT_IS
    origin: _Hint = get_origin(hint)
    if origin in (Union, UnionType):
        return _union(get_args(hint))
    if origin is tuple:
        return _tuple(get_args(hint))
    if origin is frozenset:
        (member,) = get_args(hint)
        each = _shape(member)
        return _Shape(
            lambda those: sorted(_each(each.to_json, those)), lambda those: frozenset(_each(each.from_json, those))
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*get_args(hint))
    return _class(hint)


def _class(hint: _Hint) -> _Shape:
    if isinstance(hint, type):
        if is_dataclass(hint):
            return _later(hint)
        if issubclass(hint, Enum):
            # Ours are of int or str, which `json` writes as their values.
            return _Shape(None, hint)
        if issubclass(hint, tuple):
            return _Shape(None, lambda those: hint(*those))
        if issubclass(hint, datetime):
            return _Shape(datetime.isoformat, _moment)
    raise TypeError(f"no way to write {hint!r} as JSON; values between layers are frozen dataclasses")


def _moment(written: Written) -> datetime:
    """A time on the wall with its zone. Raises ValueError or TypeError."""
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at


def _later(kind: type) -> _Shape:
    """A dataclass, worked out when first met, so that classes may hold their own kind."""
    return _Shape(
        lambda value: _dataclass_shape(kind).to_json(value), lambda value: _dataclass_shape(kind).from_json(value)
    )


def _union(kinds: tuple[Any, ...]) -> _Shape:
    some = [kind for kind in kinds if kind is not NoneType]
    if all(_shape(kind) == _AS_IT_IS for kind in some):
        return _AS_IT_IS
    shape = _shape(some[0]) if len(some) == 1 else _one_of(some)
    if len(some) == len(kinds):
        return shape
    return _Shape(_unless_none(shape.to_json), _unless_none(shape.from_json))


def _unless_none(change: _Change | None) -> _Change | None:
    if change is None:
        return None
    return lambda value: None if value is None else change(value)


def _one_of(kinds: list[Any]) -> _Shape:
    if not all(is_dataclass(kind) for kind in kinds):
        raise TypeError(f"no way to tell {kinds!r} apart in JSON; give the field one type")
    by_name = {kind.__name__: kind for kind in kinds}
    return _Shape(
        lambda value: {KIND: type(value).__name__, **_dataclass_shape(type(value)).to_json(value)},
        lambda written: _dataclass_shape(by_name[written[KIND]]).from_json(written),
    )


def _tuple(members: tuple[Any, ...]) -> _Shape:
    if len(members) == 2 and members[1] is Ellipsis:
        each = _shape(members[0])
        to_json = None if each.to_json is None else lambda those: _each(each.to_json, those)
        return _Shape(to_json, lambda those: tuple(_each(each.from_json, those)))
    shapes = [_shape(member) for member in members]
    return _Shape(
        lambda those: [_changed(shape.to_json, one) for shape, one in zip(shapes, those, strict=True)],
        lambda those: tuple(_changed(shape.from_json, one) for shape, one in zip(shapes, those, strict=True)),
    )


def _mapping(key: _Hint, value: _Hint) -> _Shape:
    """An object where keys are text, else a list of pairs; in the order of the mapping."""
    keys, values = _shape(key), _shape(value)
    if isinstance(key, type) and issubclass(key, str):
        return _Shape(
            dict
            if values.to_json is None
            else lambda those: {k: _changed(values.to_json, v) for k, v in those.items()},
            lambda those: {_changed(keys.from_json, k): _changed(values.from_json, v) for k, v in those.items()},
        )
    return _Shape(
        lambda those: [[_changed(keys.to_json, k), _changed(values.to_json, v)] for k, v in those.items()],
        lambda those: {_changed(keys.from_json, k): _changed(values.from_json, v) for k, v in those},
    )


def _each(change: _Change | None, those: Collection[Any]) -> list[Any]:
    return list(those) if change is None else [change(one) for one in those]


def _changed(change: _Change | None, one: _Value) -> _Value:
    return one if change is None else change(one)
