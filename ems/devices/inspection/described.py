"""Everything that a device says which describes itself by SunSpec models, and what we would read of it."""

from __future__ import annotations

from collections.abc import Iterator

from ems.devices.inspection.finding import Finding
from ems.devices.profile import SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.sunspec.chain import Chain, discover
from ems.devices.sunspec.choice import choose
from ems.devices.sunspec.models import MODELS, STATES
from ems.devices.sunspec.reader import Ask, Model, ModelAnswer, ModelReader, reader_of
from ems.devices.sunspec.ways import ways_of
from ems.errors import DeviceError, Nonsense, Refused


async def look(ask: Ask, profile: SunSpecProfile) -> tuple[Finding, ...]:
    """Every point of every model of its chain, then what each use of the profile would read.

    Raises what `ask` raises but for refusals: what was refused is None, or absent.
    """
    chain = await discover(ask)
    found: list[Finding] = []
    for model in chain.models:
        found.extend(await _model(ask, model))
    for kind in profile.kinds:
        found.extend(await _use(ask, chain, profile, kind))
    return tuple(found)


async def _model(ask: Ask, model: Model) -> list[Finding]:
    """All points of one model; its length alone where nobody knows it, and nothing where it is refused."""
    where, layout = f"model {model.id}", MODELS.get(model.id)
    if layout is None:
        return [Finding(where=where, name="length", value=model.length)]
    try:
        reader = await reader_of(ask, model, layout)
        answer = await reader.read(ask) if reader else None
    except (Refused, Nonsense):
        reader = answer = None
    if reader is None or answer is None:
        return [Finding(where=where, name="length", value=None)]
    return list(_points(where, reader, answer))


def _points(where: str, reader: ModelReader, answer: ModelAnswer) -> Iterator[Finding]:
    for name, point in reader.fields.items():
        value = answer.texts.get(name, answer.numbers.get(name))
        words = STATES.get((answer.model_id, point.path), {})
        shown = words.get(int(value), value) if words and isinstance(value, int | float) else value
        yield Finding(
            where=f"{where} + {point.offset}",
            name=name,
            value=shown,
            registers=reader.registers(name, answer),
            unit=point.unit,
        )


async def _use(ask: Ask, chain: Chain, profile: SunSpecProfile, kind: Kind) -> list[Finding]:
    """What that use would read of the device; nothing where it has no models for it."""
    try:
        choice = await choose(ask, chain, ways_of(kind, profile.modules))
        answers = await choice.answers(ask) if choice else ()
    except DeviceError:
        return []  # its models were looked at already, as far as they answer
    if choice is None or not answers:
        return []
    values, where = choice.values(answers), f"model {choice.way.wants}"
    found = [Finding(where=where, name=name, value=values.get(name), kind=kind) for name in choice.way.names]
    if choice.assumes:
        found.append(Finding(where=where, name="assumed", value=choice.assumes, unit="", kind=kind))
    return found
