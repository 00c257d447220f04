"""The registers of a device that describes itself by SunSpec models, measuring given values. Pure.

Models with integers and scale factors: 103 for an inverter, 203 for a meter, behind the common model 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import RegisterType, WordOrder, encode
from ems.devices.profile_parts import Kind
from ems.devices.sunspec.chain import BASES, END_MODEL, HEADER_REGISTERS, MARKER
from ems.devices.sunspec.models import COMMON, INVERTERS, METERS, NOT_AVAILABLE, Layout
from ems.sim.wire.filling import Values
from ems.sim.wire.register_image import Image, written

COMMON_LENGTH: Final = 66
SHORT_COMMON_LENGTH: Final = 65
"""Without the last register, as some makers have it."""

CHAIN: Final[Mapping[Kind, tuple[int, int, Layout]]] = {
    "inverter": (103, 50, INVERTERS[0]),
    "meter": (203, 105, METERS[0]),
}
"""Model, its length, and where its points are."""

FIRST_MODEL: Final = BASES[0] + len(MARKER)
PRODUCING: Final = 4
"""The inverter's state."""


def sunspec_image(kinds: Iterable[Kind], values: Mapping[Kind, Values], maker: str = "Simulated") -> Image:
    """The registers of a chain with a model for every kind. Raises CannotShow."""
    registers = _row(FIRST_MODEL - len(MARKER), MARKER) | _row(FIRST_MODEL, common_model(maker, COMMON_LENGTH))
    end = FIRST_MODEL + HEADER_REGISTERS + COMMON_LENGTH
    for kind, header in _chain(kinds):
        model, length, layout = CHAIN[kind]
        registers |= _row(header, (model, length, *[0] * length)) | _nothing(layout, header)
        registers |= written(_points(layout, header), values.get(kind, {}), WordOrder.BIG)
        if "St" in layout.fields:
            registers["holding", header + layout.fields["St"].offset] = PRODUCING
        end = header + HEADER_REGISTERS + length
    return registers | _row(end, (END_MODEL, 0))


def maker_image(maker: str) -> Image:
    """The beginning of the chain alone, of a device whose other registers are told by its own map."""
    words = common_model(maker, SHORT_COMMON_LENGTH)
    end = FIRST_MODEL + len(words)
    return _row(FIRST_MODEL - len(MARKER), MARKER) | _row(FIRST_MODEL, words) | _row(end, (END_MODEL, 0))


def sunspec_rows(kinds: Iterable[Kind]) -> Iterator[tuple[str, RegisterPoint]]:
    """Where such a device has our numbers."""
    for kind, header in _chain(kinds):
        yield from _our_points(CHAIN[kind][2], header)


def _chain(kinds: Iterable[Kind]) -> Iterator[tuple[Kind, int]]:
    """Where the model of each kind begins."""
    header = FIRST_MODEL + HEADER_REGISTERS + COMMON_LENGTH
    for kind in kinds:
        if kind in CHAIN:
            yield kind, header
            header += HEADER_REGISTERS + CHAIN[kind][1]


def common_model(maker: str, length: int) -> tuple[int, ...]:
    """Who the device is: model 1 with its header. `length` is 66, or 65 on devices without the last register."""
    words = [0] * (HEADER_REGISTERS + length)
    words[:HEADER_REGISTERS] = COMMON.ids[0], length
    for name, text in (("Mn", maker), ("Md", "Simulated"), ("Vr", "1.0"), ("SN", "SIM-1")):
        field = COMMON.fields[name]
        told = encode(text, RegisterType.STRING, length=field.length or 0)
        words[field.offset : field.offset + len(told)] = told
    return tuple(words)


def _points(layout: Layout, header: int) -> PointMap:
    """The model's numbers under our names."""
    points = dict(_our_points(layout, header))
    return PointMap(points=points)


def _our_points(layout: Layout, header: int) -> Iterator[tuple[str, RegisterPoint]]:
    for ours, (theirs, factor) in layout.points.items():
        field = layout.fields[theirs]
        exponent = None if field.scale_factor is None else header + layout.fields[field.scale_factor].offset
        yield ours, field.at(header).model_copy(update={"scale": factor, "exponent_at": exponent})


def _nothing(layout: Layout, header: int) -> Image:
    """Every number of the model as "not implemented"."""
    registers: Image = {}
    for field in layout.fields.values():
        _, patterns = NOT_AVAILABLE[field.type]
        point = field.at(header)
        pattern = patterns[0] if patterns else 0
        words = tuple(pattern >> 16 * (point.count - 1 - place) & 0xFFFF for place in range(point.count))
        registers |= _row(point.address, words)
    return registers


def _row(address: int, words: Iterable[int]) -> Image:
    return {("holding", address + place): word for place, word in enumerate(words)}
