"""Register maps: where the numbers of a Modbus device are, and which reads fetch them.

A `RegisterPoint` is one row of a profile. `plan` batches rows into as few block reads as the device allows, and
`decode_point` takes one number out of an answered block. All pure; the wire is `modbus_link`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ems.devices.register_types import RegisterType, WordOrder, decode, width

MAX_READ: Final = 125
"""Registers one read may ask for, Modbus application protocol §6.3 and §6.4."""

RegisterKind = Literal["input", "holding"]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]


class RegisterPoint(BaseModel):
    """One number of a device: where it is and how it becomes ours (raw x scale x sign)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    function: RegisterKind
    """`input` is read with function 4, `holding` with function 3."""

    address: Address
    """0-based, as on the wire."""

    type: RegisterType
    length: Annotated[int, Field(ge=1, le=MAX_READ)] | None = None
    """Registers of a string; numbers know their own."""

    word_order: WordOrder | None = None
    """Replaces the profile's word order for this point."""

    scale: float = 1.0
    sign: Literal[1, -1] = 1
    """-1 where the maker counts the other way than we do (grid + import, solar + production, battery + discharge)."""

    signed: bool = False
    """For a current: it carries its direction itself. Otherwise it is a magnitude and the power tells the direction."""

    not_available: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Bit patterns, as unsigned numbers, by which the device says that it has no value."""

    @model_validator(mode="after")
    def _length_belongs_to_strings(self) -> RegisterPoint:
        if (self.type is RegisterType.STRING) != (self.length is not None):
            raise ValueError("length is for strings, and strings need one; numbers know their length")
        if self.address + self.count > 0x10000:
            raise ValueError(f"a {self.type} at {self.address} would pass the last register, 65535")
        return self

    @property
    def count(self) -> int:
        """Registers it takes."""
        return self.length or width(self.type) or 1

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One read request and the points it brings."""

    function: RegisterKind
    address: int
    count: int
    names: tuple[str, ...]


def plan(points: Mapping[str, RegisterPoint], *, max_registers: int = MAX_READ, max_gap: int = 0) -> tuple[Block, ...]:
    """Batch `points` into reads of at most `max_registers`, bridging at most `max_gap` unused registers.

    A point is never split. Raises ValueError when a point alone is longer than `max_registers`.
    """
    blocks: list[Block] = []
    for function in ("input", "holding"):
        ordered = sorted(
            ((name, point) for name, point in points.items() if point.function == function),
            key=lambda row: (row[1].address, row[1].end),
        )
        blocks.extend(_batched(ordered, max_registers, max_gap))
    return tuple(blocks)


def _batched(ordered: Sequence[tuple[str, RegisterPoint]], max_registers: int, max_gap: int) -> Iterator[Block]:
    batch: list[tuple[str, RegisterPoint]] = []
    end = 0
    for name, point in ordered:
        if point.count > max_registers:
            raise ValueError(f"{name} takes {point.count} registers; the device gives {max_registers} per read")
        new_end = max(end, point.end)
        if batch and (point.address - end > max_gap or new_end - batch[0][1].address > max_registers):
            yield _block(batch)
            batch, new_end = [], point.end
        batch.append((name, point))
        end = new_end
    if batch:
        yield _block(batch)


def _block(batch: Sequence[tuple[str, RegisterPoint]]) -> Block:
    first = batch[0][1]
    return Block(
        function=first.function,
        address=first.address,
        count=max(point.end for _, point in batch) - first.address,
        names=tuple(name for name, _ in batch),
    )


def decode_point(
    point: RegisterPoint, registers: Sequence[int], first_address: int, order: WordOrder = WordOrder.BIG
) -> float | str | None:
    """The point's value, scaled and signed; `registers` start at `first_address`. None when not available."""
    start = point.address - first_address
    raw = decode(
        registers[start : start + point.count],
        point.type,
        point.word_order or order,
        not_available=point.not_available,
    )
    return raw if raw is None or isinstance(raw, str) else raw * point.scale * point.sign


def decode_block(
    block: Block, registers: Sequence[int], points: Mapping[str, RegisterPoint], order: WordOrder = WordOrder.BIG
) -> dict[str, float]:
    """The numbers of an answered block; those that are not available, and texts, are left out."""
    return dict(_numbers(block.names, registers, points, block.address, order))


def _numbers(
    names: Iterable[str],
    registers: Sequence[int],
    points: Mapping[str, RegisterPoint],
    first_address: int,
    order: WordOrder,
) -> Iterator[tuple[str, float]]:
    for name in names:
        value = decode_point(points[name], registers, first_address, order)
        if value is not None and not isinstance(value, str):
            yield name, value
