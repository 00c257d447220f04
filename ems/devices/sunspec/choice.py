"""Which way a device with that chain is read, and its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ems.devices.modbus.register_point import MAX_READ
from ems.devices.sunspec.chain import Chain
from ems.devices.sunspec.models import BANK, FILL, INVERTERS, STORAGE
from ems.devices.sunspec.reader import Ask, ModelAnswer, ModelReader, reader_of
from ems.devices.sunspec.told import told
from ems.devices.sunspec.ways import Way
from ems.errors import LinkDown, Nonsense, Refused


@dataclass(frozen=True, slots=True)
class Choice:
    """A way that the device has all models of."""

    way: Way
    readers: tuple[ModelReader, ...]
    """Of the parts of the way, in their order."""

    standing: Mapping[str, float]
    """What never changes, under our names."""

    assumes: str
    """What is taken for granted, and should be looked at once."""

    def values(self, answers: Sequence[ModelAnswer]) -> dict[str, float]:
        """Our numbers, from the answers of one moment."""
        return {**self.standing, **self.way.told(answers)}

    async def answers(self, ask: Ask) -> tuple[ModelAnswer, ...]:
        """Of all of them; nothing when the chain is another one now. Raises what `ask` raises, and Nonsense."""
        answers: list[ModelAnswer] = []
        for reader in self.readers:
            answer = await reader.read(ask)
            if answer is None:
                return ()
            answers.append(answer)
        return tuple(answers)


async def choose(ask: Ask, chain: Chain, ways: Iterable[Way], *, max_registers: int = MAX_READ) -> Choice | None:
    """The first way that fits; None when none does. Raises what `ask` raises, and LinkDown for a chain that changes."""
    for way in ways:
        readers = await _readers(ask, chain, way, max_registers)
        if readers and way.fits(readers):
            standing = await _standing(ask, chain, way, max_registers)
            return Choice(way, tuple(readers), standing, way.assumes or _share(chain, way))
    return None


def _share(chain: Chain, way: Way) -> str:
    """What an inverter's own power means where a battery is behind it that nobody can tell apart."""
    battery = chain.first_of([*STORAGE.ids, *BANK.ids, *FILL.ids])
    if battery is None or len(way.parts) > 1 or way.parts[0].layout not in INVERTERS:
        return ""
    return f"the device has a battery (model {battery.id}), whose share is in the inverter's power"


async def _standing(ask: Ask, chain: Chain, way: Way, max_registers: int) -> Mapping[str, float]:
    """Nothing where the device has no such model, or does not tell it."""
    part = way.standing
    model = chain.first_of(part.layout.ids) if part else None
    if part is None or model is None:
        return {}
    try:
        answer = await ModelReader(model, part.layout, part.paths, max_registers=max_registers).read(ask)
    except (Refused, Nonsense):
        return {}
    return dict(told(part, answer)) if answer else {}


async def _readers(ask: Ask, chain: Chain, way: Way, max_registers: int) -> Sequence[ModelReader]:
    """Of the parts of that way; nothing when the device has not all of them."""
    if not chain.has(part.layout for part in way.parts):
        return ()
    readers: list[ModelReader] = []
    for part in way.parts:
        model = chain.first_of(part.layout.ids)
        reader = await reader_of(ask, model, part.layout, part.paths, max_registers=max_registers) if model else None
        if reader is None:
            # Not for want of the model: the next way might count a battery's share as the sun's.
            raise LinkDown(f"model {part.layout.span} was in the chain a moment ago and is not there now")
        readers.append(reader)
    return readers
