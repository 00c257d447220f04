"""Reads one model of a device: the points that are wanted, as numbers.

Some inverters change their exponents at run time, and a value with the exponent of another moment is wrong by ten. So a
value and its exponent come in one answer wherever one read can bring both. Where it cannot, the exponents are read
before and after, and nothing counts when they differ.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ems.devices.modbus.link import Answer
from ems.devices.modbus.register_map import Block, decode_point, plan
from ems.devices.modbus.register_point import MAX_READ, RegisterPoint
from ems.devices.modbus.register_types import SCALE_RANGE, RegisterType, scaled
from ems.devices.sunspec.layout import Field, Layout
from ems.errors import Nonsense

LONGEST_MODEL: Final = 1000
"""Registers that a model may have behind its header."""

ID: Final = "ID"
LENGTH: Final = "L"

Ask = Callable[[int, int], Awaitable[Answer]]
"""Read so many holding registers from an address. Raises DeviceError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of a device."""

    id: int
    header: int
    """Address of its first register, the model id."""

    length: int
    """Registers behind the two of the header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """The points of a model, scaled; what is not implemented is absent."""

    model_id: int
    numbers: Mapping[str, float]
    texts: Mapping[str, str]
    taken_at_s: float
    """When its first answer came."""

    connection: int
    same_instant: bool
    """Whether one answer brought everything."""

    words: Mapping[int, int]
    """The registers, by address."""

    def copies(self, path: str) -> Iterator[str]:
        """The names of the copies of a group that told anything, in their order; `path` is the group's."""
        names = {name[: name.rindex(".")]: None for name in self.numbers if name.startswith(f"{path}.")}
        yield from names


class ModelReader:
    """Reads points of one model in as few requests as possible."""

    def __init__(
        self,
        model: Model,
        layout: Layout,
        paths: Iterable[str] | None = None,
        counts: Mapping[str, int] | None = None,
        *,
        max_registers: int = MAX_READ,
    ) -> None:
        """Of all points, or of those at `paths` (every copy of those in groups, as often as `counts` says)."""
        self.model = model
        self._counts = dict(counts or {})
        arranged = layout.arranged(model.length, self._counts)
        wanted = None if paths is None else {*paths, *self._counts}
        self.fields: Mapping[str, Field] = {
            name: field
            for name, field in arranged.items()
            if (wanted is None or field.path in wanted) and field.type != "pad"
        }
        header = model.header
        points = {
            ID: RegisterPoint(function="holding", address=header, type=RegisterType.UINT16),
            LENGTH: RegisterPoint(function="holding", address=header + 1, type=RegisterType.UINT16),
        }
        self._exponents: dict[str, str] = {}
        """Points whose exponent no read can bring together with them."""

        for name, field in self.fields.items():
            if not isinstance(field.scale_factor, str):
                points[name] = field.at(header)
                continue
            exponent = arranged.get(field.scale_factor)
            if exponent is None:
                continue  # the model ends before it, so that nobody knows what the value means
            near = max(field.end, exponent.end) - min(field.offset, exponent.offset) <= max_registers
            points[name] = field.at(header, exponent_at=header + exponent.offset if near else None)
            if not near:
                self._exponents[name] = exponent.name
        self._points = points
        self._apart = {name: arranged[name].at(header) for name in self._exponents.values()}
        self.blocks = plan(points, max_registers=max_registers, max_gap=LONGEST_MODEL)
        self._exponent_blocks = plan(self._apart, max_registers=max_registers, max_gap=LONGEST_MODEL)

    async def read(self, ask: Ask) -> ModelAnswer | None:
        """The model's values now; None when another model stands there, so that the chain must be walked anew.

        Raises Nonsense when exponents changed meanwhile, and what `ask` raises.
        """
        before = await _asked(ask, self._exponent_blocks)
        answers = await _asked(ask, self.blocks)
        after = await _asked(ask, self._exponent_blocks)
        exponents = dict(_decoded(self._apart, self._exponent_blocks, before))
        if exponents != dict(_decoded(self._apart, self._exponent_blocks, after)):
            raise Nonsense(f"model {self.model.id} changed its exponents while it was read")
        raw = dict(_decoded(self._points, self.blocks, answers))
        if not self._is_as_before(raw):
            return None
        return ModelAnswer(
            model_id=self.model.id,
            numbers=dict(self._numbers(raw, exponents)),
            texts={name: value for name, value in raw.items() if isinstance(value, str)},
            taken_at_s=(before or answers)[0].taken_at_s,
            connection=(after or answers)[-1].connection,
            same_instant=len(answers) == 1,
            words=_words(self.blocks, answers),
        )

    def copies(self, path: str) -> int:
        """How often the device has that point."""
        return sum(field.path == path for field in self.fields.values())

    def registers(self, name: str, answer: ModelAnswer) -> tuple[int, ...]:
        """What the device sent for that point, word by word."""
        point = self._points.get(name)
        return tuple(answer.words[cell] for cell in point.cells) if point else ()

    def _is_as_before(self, raw: dict[str, float | str]) -> bool:
        told = {ID: raw.pop(ID, None), LENGTH: raw.pop(LENGTH, None)}
        expected = {ID: self.model.id, LENGTH: self.model.length}
        return told == expected and all(raw.get(name) == count for name, count in self._counts.items())

    def _numbers(
        self, raw: Mapping[str, float | str], exponents: Mapping[str, float | str]
    ) -> Iterator[tuple[str, float]]:
        for name, value in raw.items():
            if isinstance(value, str):
                continue
            exponent: object = self.fields[name].scale_factor
            if name in self._exponents:
                exponent = exponents.get(self._exponents[name])
            elif not isinstance(exponent, int):
                exponent = 0  # there is none, or it came with the value
            if isinstance(exponent, int | float) and int(exponent) in SCALE_RANGE:
                number = scaled(value, int(exponent))
                if math.isfinite(number):
                    yield name, number


async def reader_of(
    ask: Ask,
    model: Model,
    layout: Layout,
    paths: Sequence[str] | None = None,
    *,
    max_registers: int = MAX_READ,
) -> ModelReader | None:
    """A reader, once the device has told how often the groups of its model repeat.

    None when another model stands there. Raises what `ask` raises.
    """
    counts: dict[str, int] = {}
    if layout.counts and (paths is None or not set(paths) <= layout.fields.keys()):
        heads = await ModelReader(model, layout, sorted(layout.counts)).read(ask)
        if heads is None:
            return None
        counts = {name: int(heads.numbers[name]) for name in layout.counts if name in heads.numbers}
    return ModelReader(model, layout, paths, counts, max_registers=max_registers)


async def _asked(ask: Ask, blocks: Sequence[Block]) -> list[Answer]:
    return [await ask(block.address, block.count) for block in blocks]


def _decoded(
    points: Mapping[str, RegisterPoint], blocks: Sequence[Block], answers: Sequence[Answer]
) -> Iterator[tuple[str, float | str]]:
    for block, answer in zip(blocks, answers, strict=True):
        for name in block.names:
            value = decode_point(points[name], answer.registers, block.address)
            if value is not None:
                yield name, value


def _words(blocks: Sequence[Block], answers: Sequence[Answer]) -> dict[int, int]:
    return {
        block.address + place: word
        for block, answer in zip(blocks, answers, strict=True)
        for place, word in enumerate(answer.registers)
    }
