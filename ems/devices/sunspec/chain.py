"""SunSpec: find the models of a device that describes itself, and read one of them.

Rules and their source: `sunspec.md` (discovery, scale factors, sentinels). `discover` walks the chain of model headers;
`ModelReader` reads the chosen points of one model, each with its scale factor in the same request, because some
inverters change exponents at run time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ems.devices.modbus.link import Answer
from ems.devices.modbus.register_map import decode_point, plan
from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import SCALE_RANGE, RegisterType, scaled
from ems.devices.sunspec.models import Field, Layout
from ems.errors import Nonsense, Refused

BASES: Final = (40000, 0, 50000)
MARKER: Final = (0x5375, 0x6E53)
"""ASCII `SunS`."""

END_MODEL: Final = 0xFFFF
MOST_MODELS: Final = 60
LONGEST_MODEL: Final = 1000
HEADER_REGISTERS: Final = 2


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
        header = await _header(ask, address)
        if header is None:
            break
        model_id, length = header
        if not 0 < length <= LONGEST_MODEL or address + HEADER_REGISTERS + length > 0x10000:
            break
        models.append(Model(id=model_id, header=address, length=length))
        address += HEADER_REGISTERS + length
    return tuple(models)


async def _header(ask: Ask, address: int) -> tuple[int, int] | None:
    """Id and length of the model there; None at the end of the chain."""
    try:
        model_id, length = (await ask(address, HEADER_REGISTERS)).registers
    except Refused:
        # Some devices end with the id of the end model alone, and refuse to read past it.
        model_id, length = (await ask(address, 1)).registers[0], 0
    return None if model_id == END_MODEL else (model_id, length)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """The points of a model, scaled; what is not implemented is absent."""

    numbers: Mapping[str, float]
    texts: Mapping[str, str]
    taken_at_s: float
    connection: int


class ModelReader:
    """Reads `names` of one model, and the scale factors they need, in as few requests as possible."""

    def __init__(self, model: Model, layout: Layout, names: Iterable[str] | None = None) -> None:
        self._model = model
        self._fields = dict(_with_scale_factors(layout, layout.fields if names is None else names, model.length))
        self._points = {name: field.at(model.header) for name, field in self._fields.items()}
        self._points[""] = RegisterPoint(function="holding", address=model.header, type=RegisterType.UINT16)
        self.blocks = plan(self._points, max_gap=LONGEST_MODEL)

    async def read(self, ask: Ask) -> ModelAnswer | None:
        """The model's values now; None when another model stands there, so that the chain must be walked anew."""
        raw: dict[str, float | str] = {}
        answers: list[Answer] = []
        for block in self.blocks:
            answer = await ask(block.address, block.count)
            answers.append(answer)
            for name in block.names:
                value = decode_point(self._points[name], answer.registers, block.address)
                if value is not None:
                    raw[name] = value
        if raw.pop("", None) != self._model.id:
            return None
        return ModelAnswer(
            numbers=dict(self._scaled(raw)),
            texts={name: value for name, value in raw.items() if isinstance(value, str)},
            taken_at_s=answers[0].taken_at_s,
            connection=answers[-1].connection,
        )

    def _scaled(self, raw: Mapping[str, float | str]) -> Iterable[tuple[str, float]]:
        for name, value in raw.items():
            field = self._fields[name]
            if isinstance(value, str) or field.type == "sunssf":
                continue
            exponent = raw.get(field.scale_factor) if field.scale_factor else 0
            if isinstance(exponent, int | float) and int(exponent) in SCALE_RANGE:
                yield name, scaled(value, int(exponent))


def _with_scale_factors(layout: Layout, names: Iterable[str], length: int) -> Iterable[tuple[str, Field]]:
    for name in names:
        for each in (name, layout.fields[name].scale_factor):
            if each is None:
                continue
            field = layout.fields[each]
            # A device may implement a shorter, older revision of a model.
            if field.offset + field.at(0).count <= HEADER_REGISTERS + length:
                yield each, field
