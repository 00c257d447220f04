"""SunSpec devices for tests: chains of models as registers."""

from __future__ import annotations

from collections.abc import Mapping

from ems.devices.modbus.register_types import RegisterType, encode
from ems.devices.sunspec.layout import NOT_AVAILABLE, Field
from ems.devices.sunspec.models import MODELS

Words = list[int]
NAN_WORDS = (0x7FC0, 0x0000)


def chain(*models: Words) -> Words:
    """The marker, the models one after the other, the end model."""
    return [0x5375, 0x6E53, *(word for model in models for word in model), 0xFFFF, 0]


def at(base: int, words: Words) -> dict[int, int]:
    """Those words from `base` on."""
    return dict(enumerate(words, start=base))


def model(model_id: int, values: Mapping[str, float | str]) -> Words:
    """A model with `values` as they are stored (before scale factors); everything else is not implemented."""
    layout = MODELS[model_id]
    counts = {name: int(values.get(name, 1)) for name in layout.counts}
    fields = layout.arranged(1000, counts)
    length = max(field.end for field in fields.values()) - 2
    words = [model_id, length, *[0xFFFF] * length]
    for field in fields.values():
        stored = _stored(field, {**counts, **values})
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
    return tuple(absent[0] >> 16 * (field.count - 1 - place) & 0xFFFF for place in range(field.count))
