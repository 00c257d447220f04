"""SunSpec: find the models of a device that describes itself, by the chain of their headers.

Rules and their source: `sunspec.md` (discovery).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ems.devices.modbus.link import NoSuchRegisters
from ems.devices.sunspec.layout import HEADER_REGISTERS, Layout
from ems.devices.sunspec.reader import LONGEST_MODEL, Ask, Model
from ems.errors import Nonsense, Refused

BASES: Final = (40000, 0, 50000)
MARKER: Final = (0x5375, 0x6E53)
"""ASCII `SunS`."""

END_MODEL: Final = 0xFFFF
MOST_MODELS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Everything a device says it has."""

    base: int
    models: tuple[Model, ...]
    connection: int
    """The connection it was found on; after another one it may have changed."""

    def first_of(self, ids: Iterable[int]) -> Model | None:
        """The first model with one of those ids."""
        wanted = set(ids)
        return next((model for model in self.models if model.id in wanted), None)

    def has(self, layouts: Iterable[Layout]) -> bool:
        """Whether it has a model of each."""
        return all(self.first_of(layout.ids) for layout in layouts)


async def discover(ask: Ask, bases: Iterable[int] = BASES) -> Chain:
    """The chain of models at the first base that carries the marker.

    Raises Nonsense when no base does, and what `ask` raises but for a refusal, which only says "not here".
    """
    for base in bases:
        try:
            answer = await ask(base, len(MARKER))
        except Refused:
            continue
        if answer.registers == MARKER:
            return Chain(
                base=base,
                models=await _models(ask, base + len(MARKER)),
                connection=answer.connection,
            )
    raise Nonsense("no SunSpec marker at any base address; is the unit id right, and SunSpec switched on?")


async def _models(ask: Ask, address: int) -> tuple[Model, ...]:
    models: list[Model] = []
    while len(models) < MOST_MODELS and address + HEADER_REGISTERS <= 0x10000:
        try:
            header = await _header(ask, address)
        except NoSuchRegisters:
            if not models:
                raise
            break  # no end model, and nothing behind the last one
        if header is None:
            break
        model_id, length = header
        if not 0 < length <= LONGEST_MODEL or address + HEADER_REGISTERS + length > 0x10000:
            break
        models.append(Model(id=model_id, header=address, length=length))
        address += HEADER_REGISTERS + length
    return tuple(models)


async def _header(ask: Ask, address: int) -> tuple[int, int] | None:
    """Id and length of the model there; None at the end of the chain. Raises what `ask` raises."""
    try:
        model_id, length = (await ask(address, HEADER_REGISTERS)).registers
    except Refused:
        # Some devices end with the id of the end model alone, and refuse to read past it.
        if (await ask(address, 1)).registers[0] != END_MODEL:
            raise
        return None
    return None if model_id == END_MODEL else (model_id, length)
