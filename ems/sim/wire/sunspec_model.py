"""The registers of one SunSpec model that tells given numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ems.devices.modbus.register_types import Registers, RegisterType, encode
from ems.devices.sunspec.layout import HEADER_REGISTERS, NOT_AVAILABLE, Field
from ems.devices.sunspec.models import MODELS
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.register_image import EXPONENTS

Told = Mapping[str, float | str | None]
"""Values by point, in the model's own units; what is not there, or None, the device says it has not."""

LONGEST: Final = 1000


def model_words(model_id: int, told: Told, *, length: int | None = None) -> tuple[int, ...]:
    """The model with its header, its groups as often as `told` says. Raises CannotShow.

    `length` is that of a shorter or longer revision; the model ends with its last point otherwise.
    """
    layout = MODELS[model_id]
    counts = {name: int(told[name]) for name in layout.counts if isinstance(told.get(name), int | float)}  # type: ignore[arg-type]
    if length is None:
        length = max(field.end for field in layout.arranged(LONGEST, counts).values()) - HEADER_REGISTERS
    fields = layout.arranged(length, counts)
    if strange := sorted(told.keys() - fields.keys()):
        raise CannotShow(f"model {model_id} has no {', '.join(strange)}")
    exponents = _exponents(fields, told)
    words = [model_id, length, *[0] * length]
    for name, field in fields.items():
        value = exponents.get(name) if field.type == "sunssf" else told.get(name)
        words[field.offset : field.end] = _words(field, value, exponents)
    return tuple(words)


def _exponents(fields: Mapping[str, Field], told: Told) -> dict[str, int]:
    """The smallest power of ten with which all numbers that share it fit; those that are told stay."""
    found: dict[str, int] = {}
    for name in (name for name, field in fields.items() if field.type == "sunssf"):
        stated = told.get(name)
        sharing = [field for field in fields.values() if field.scale_factor == name]
        found[name] = int(stated) if isinstance(stated, int | float) else _exponent(name, sharing, told)
    return found


def _exponent(name: str, sharing: Iterable[Field], told: Told) -> int:
    numbers = [(field, value) for field in sharing if isinstance(value := told.get(field.name), int | float)]
    for exponent in EXPONENTS:
        if all(_stored(field, value, exponent) is not None for field, value in numbers):
            return exponent
    raise CannotShow(f"no power of ten in {name} makes these numbers fit their registers")


def _words(field: Field, value: float | str | None, exponents: Mapping[str, int]) -> Registers:
    if isinstance(value, str):
        return encode(value, RegisterType.STRING, length=field.count)
    if value is None:
        return nothing(field)
    factor = field.scale_factor
    stored = _stored(field, value, exponents.get(factor, 0) if isinstance(factor, str) else factor or 0)
    if stored is None:
        raise CannotShow(f"{field.name} cannot be {value:g}")
    return stored


def _stored(field: Field, value: float, exponent: int) -> Registers | None:
    kind, absent = NOT_AVAILABLE[field.type]
    raw = value if kind.value.startswith("float") else round(value / 10.0**exponent)
    try:
        words = encode(raw, kind)
    except ValueError:
        return None
    # An accumulator at 0 and a number that looks like "not implemented" cannot be told apart from it.
    return None if field.type != "sunssf" and int.from_bytes(_bytes(words), "big") in absent and raw else words


def nothing(field: Field) -> Registers:
    """The words of a point that is not implemented."""
    kind, absent = NOT_AVAILABLE[field.type]
    if kind is RegisterType.STRING or not absent:
        return encode(math.nan, kind) if kind.value.startswith("float") else (0,) * field.count
    return tuple(absent[0] >> 16 * (field.count - 1 - place) & 0xFFFF for place in range(field.count))


def _bytes(words: Iterable[int]) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in words)


def placed(address: int, words: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Those words from that address on."""
    yield from enumerate(words, start=address)
