"""What a SunSpec model looks like: its points, and groups of points that repeat. Pure.

A `Layout` is the table of a model; `arranged` is where its points are in one device, which tells how often its groups
repeat and how long its model is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeAlias

from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import RegisterType, width

HEADER_REGISTERS: Final = 2
"""The id and the length of a model, in front of its points."""

_U16: Final = (RegisterType.UINT16, (0xFFFF,))
_U32: Final = (RegisterType.UINT32, (0xFFFFFFFF,))
_U64: Final = (RegisterType.UINT64, (0xFFFFFFFFFFFFFFFF,))

NOT_AVAILABLE: Final[Mapping[str, tuple[RegisterType, tuple[int, ...]]]] = {
    "int16": (RegisterType.INT16, (0x8000,)),
    "sunssf": (RegisterType.INT16, (0x8000,)),
    "pad": (RegisterType.INT16, (0x8000,)),
    "int32": (RegisterType.INT32, (0x80000000,)),
    "int64": (RegisterType.INT64, (0x8000000000000000,)),
    **dict.fromkeys(("uint16", "enum16", "bitfield16", "count"), _U16),
    **dict.fromkeys(("uint32", "enum32", "bitfield32"), _U32),
    **dict.fromkeys(("uint64", "bitfield64"), _U64),
    "raw16": (RegisterType.UINT16, ()),
    "acc16": (RegisterType.UINT16, (0,)),
    "acc32": (RegisterType.UINT32, (0,)),
    "acc64": (RegisterType.UINT64, (0,)),
    "float32": (RegisterType.FLOAT32, ()),
    "float64": (RegisterType.FLOAT64, ()),
    "string": (RegisterType.STRING, ()),
}
"""How each type is stored and which pattern says "not implemented"; floats say it with NaN, texts with nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One point of a model."""

    name: str
    """As in the table; in a device, with the number of each copy behind its group: `module.2.DCW`."""

    offset: int
    """From the model's header."""

    type: str
    length: int | None = None
    """Registers of a string."""

    scale_factor: str | int | None = None
    """The point that holds the exponent of ten, or the exponent itself."""

    unit: str = ""
    writable: bool = False
    path: str = ""
    """As in the table, also in a device."""

    @property
    def count(self) -> int:
        """Registers it takes."""
        return self.length or width(NOT_AVAILABLE[self.type][0]) or 1

    @property
    def end(self) -> int:
        """The first offset behind it."""
        return self.offset + self.count

    def at(self, header: int, *, exponent_at: int | None = None) -> RegisterPoint:
        """Where it is in a device whose model starts at `header`."""
        kind, absent = NOT_AVAILABLE[self.type]
        return RegisterPoint(
            function="holding",
            address=header + self.offset,
            type=kind,
            length=self.length,
            not_available=absent,
            exponent_at=exponent_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Points that repeat, one copy behind the other, and groups among them."""

    path: str
    count: str
    """The point of the model that says how often."""

    rows: tuple[Row, ...]

    @property
    def counts(self) -> frozenset[str]:
        """The points that say how long one copy is."""
        return _counts(self.rows)


Row: TypeAlias = Field | Group


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A family of models that share their table."""

    ids: tuple[int, ...]
    title: str
    rows: tuple[Row, ...]

    @property
    def span(self) -> str:
        """Its ids, for people."""
        return "-".join(map(str, dict.fromkeys((self.ids[0], self.ids[-1]))))

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The points that stand once."""
        return {row.name: row for row in self.rows if isinstance(row, Field)}

    @cached_property
    def counts(self) -> frozenset[str]:
        """The points that say how often groups repeat."""
        return _counts(self.rows)

    def arranged(self, length: int, counts: Mapping[str, int]) -> dict[str, Field]:
        """Every point of a device whose model has `length` registers behind its header, by name.

        `counts` is what the device says of its `counts`; a count it does not say is as large as the model is long. A
        device may implement a shorter, older revision of a model: what ends behind the model's end is not there.
        """
        fields = _placed(self.rows, _Place(at=HEADER_REGISTERS, end=HEADER_REGISTERS + length, counts=counts))
        return {field.name: field for field in fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where to put a sequence of rows."""

    at: int
    end: int
    counts: Mapping[str, int]
    table: str = ""
    """The path of the group around them in the table."""

    name: str = ""
    """Its name in the device."""


def _placed(rows: Sequence[Row], place: _Place) -> Iterator[Field]:
    at = place.at
    for row in rows:
        if isinstance(row, Field):
            if at + row.count > place.end:
                return
            yield replace(row, name=_named(row.name, place), offset=at, path=row.name)
            at += row.count
            continue
        size = _size(row.rows, place.counts)
        if size is None:
            return
        name = _named(row.path, place)
        room = max(0, place.end - at) // size
        copies = min(room, place.counts.get(row.count, room))
        for number in range(1, copies + 1):
            yield from _placed(row.rows, replace(place, at=at, table=row.path, name=f"{name}.{number}"))
            at += size


def _named(path: str, place: _Place) -> str:
    return place.name + path.removeprefix(place.table)


def _size(rows: Sequence[Row], counts: Mapping[str, int]) -> int | None:
    """Registers of those rows; None when a count that it hangs on is not told."""
    total = 0
    for row in rows:
        if isinstance(row, Field):
            total += row.count
            continue
        size = _size(row.rows, counts)
        if size is None or row.count not in counts:
            return None
        total += size * counts[row.count]
    return total


def _counts(rows: Sequence[Row]) -> frozenset[str]:
    inner = [row for row in rows if isinstance(row, Group)]
    return frozenset(row.count for row in inner).union(*(row.counts for row in inner))
