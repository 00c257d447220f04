"""Register maps: where the numbers of a Modbus device are, and which reads fetch them.

A `RegisterPoint` (`register_point`) is one row of a profile. `plan` batches rows into as few block reads as the device
allows, and `decode_point` takes one number out of an answered block. All pure; the wire is `link`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ems.devices.modbus.register_point import MAX_READ, RegisterKind, RegisterPoint
from ems.devices.modbus.register_types import SCALE_RANGE, WordOrder, decode, scaled, signed_word


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
            key=lambda row: (row[1].first, row[1].end),
        )
        blocks.extend(_batched(ordered, max_registers, max_gap))
    return tuple(blocks)


def _batched(ordered: Sequence[tuple[str, RegisterPoint]], max_registers: int, max_gap: int) -> Iterator[Block]:
    batch: list[tuple[str, RegisterPoint]] = []
    end = 0
    for name, point in ordered:
        if point.span > max_registers:
            raise ValueError(f"{name} takes {point.span} registers; the device gives {max_registers} per read")
        new_end = max(end, point.end)
        if batch and (point.first - end > max_gap or new_end - batch[0][1].first > max_registers):
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
        address=first.first,
        count=max(point.end for _, point in batch) - first.first,
        names=tuple(name for name, _ in batch),
    )


def decode_point(
    point: RegisterPoint, registers: Sequence[int], first_address: int, order: WordOrder = WordOrder.BIG
) -> float | str | None:
    """The point's value, scaled and signed; `registers` start at `first_address`. None when not available."""
    raw = decode(
        [registers[cell - first_address] for cell in point.cells],
        point.type,
        point.word_order or order,
        not_available=point.not_available,
    )
    if raw is None or isinstance(raw, str):
        return raw
    if point.exponent_at is None:
        return raw * point.scale * point.sign
    exponent = signed_word(registers[point.exponent_at - first_address])
    return scaled(raw, exponent) * point.scale * point.sign if exponent in SCALE_RANGE else None


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
