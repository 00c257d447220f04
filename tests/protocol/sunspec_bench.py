"""SunSpec devices for tests: chains of models as registers."""

from __future__ import annotations

from collections.abc import Mapping

from ems.devices.modbus.register_types import RegisterType, encode
from ems.devices.sunspec.models import COMMON, INVERTERS, METERS, NOT_AVAILABLE, STRINGS, Field

Words = list[int]
LENGTHS = {1: 66, 101: 50, 103: 50, 111: 60, 113: 60, 160: 108, 201: 105, 203: 105, 211: 124, 213: 124}
NAN_WORDS = (0x7FC0, 0x0000)


def chain(*models: Words) -> Words:
    """The marker, the models one after the other, the end model."""
    return [0x5375, 0x6E53, *(word for model in models for word in model), 0xFFFF, 0]


def at(base: int, words: Words) -> dict[int, int]:
    """Those words from `base` on."""
    return dict(enumerate(words, start=base))


def model(model_id: int, values: Mapping[str, float | str]) -> Words:
    """A model with `values` as they are stored (before scale factors); everything else is not implemented."""
    layout = next(each for each in (COMMON, *INVERTERS, *METERS, STRINGS) if model_id in each.ids)
    words = [model_id, LENGTHS[model_id], *[0xFFFF] * LENGTHS[model_id]]
    for field in layout.fields.values():
        stored = _stored(field, values)
        words[field.offset : field.offset + len(stored)] = stored
    return words


def unknown_model(model_id: int, length: int) -> Words:
    """A model nobody has heard of."""
    return [model_id, length, *range(length)]


def common(manufacturer: str = "Sonne", serial: str = "42") -> Words:
    """Model 1."""
    return model(1, {"Mn": manufacturer, "Md": "Roof 10", "SN": serial})


def _stored(field: Field, values: Mapping[str, float | str]) -> tuple[int, ...]:
    if field.type == "string":
        return encode(str(values.get(field.name, "")), RegisterType.STRING, length=field.length or 0)
    kind, absent = NOT_AVAILABLE[field.type]
    if field.name in values:
        return encode(values[field.name], kind)
    if field.type == "float32":
        return NAN_WORDS
    whole = RegisterType.UINT32 if kind in {RegisterType.UINT32, RegisterType.INT32} else RegisterType.UINT16
    return encode(absent[0], whole)
