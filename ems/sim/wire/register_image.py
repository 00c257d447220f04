"""The registers of a device that measures given values: any Modbus profile, read backwards. Pure.

What nobody states is filled in so that it fits (`filling`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from ems.devices.modbus.point_map import Derived, PointMap
from ems.devices.modbus.profile import HybridProfile, IdentityRegisters, ModbusProfile
from ems.devices.modbus.register_map import plan
from ems.devices.modbus.register_point import RegisterKind, RegisterPoint
from ems.devices.modbus.register_types import Registers, RegisterType, WordOrder, encode
from ems.devices.profile_parts import Kind
from ems.sim.wire.filling import USUAL, CannotShow, Values, filled_in

__all__ = ["CannotShow", "Image", "Values", "filled_in", "image", "written"]

Image = dict[tuple[RegisterKind, int], int]
"""Registers by their kind and address."""

Exponents = Mapping[tuple[RegisterKind, int], int]
"""Powers of ten by the registers that hold them."""

EXPONENTS: Final = range(-2, 11)
TEXT: Final = "Simulated"
CLOSE: Final = 1e-6


def image(
    profile: ModbusProfile | HybridProfile, values: Mapping[Kind, Values], order: WordOrder | None = None
) -> Image:
    """The registers, with 0 in those that a read only bridges. Raises CannotShow.

    `order` is the word order that the owner chose, for a profile that has such a setting.
    """
    registers: Image = {}
    limits, setting = profile.limits, profile.word_order_setting
    order = order or profile.word_order
    for each in profile.maps.values():
        for block in plan(each.rows, max_registers=limits.max_registers_per_read, max_gap=limits.max_gap_registers):
            registers |= {(block.function, block.address + offset): 0 for offset in range(block.count)}
    for kind, each in profile.maps.items():
        registers |= written(each, values.get(kind, {}), order)
    if profile.identity is not None:
        registers |= _identity(profile.identity)
    if setting is not None:
        registers[setting.function, setting.address] = next(key for key, way in setting.values.items() if way is order)
    return registers


def _identity(each: IdentityRegisters) -> Image:
    """The first thing that such a device may say of itself."""
    said = each.says[0]
    words = (said,) if isinstance(said, int) else encode(said, RegisterType.STRING, length=each.length)
    return {(each.function, each.address + place): word for place, word in enumerate(words)}


def _own_numbers(each: PointMap, values: dict[str, float | None]) -> dict[str, float | None]:
    """The device's own numbers behind our values."""
    numbers = dict(values)
    for name, rule in reversed(each.derived.items()):
        numbers |= _terms(name, rule, numbers.pop(name), numbers)
    return numbers


def _terms(name: str, rule: Derived, value: float | None, known: Values) -> Values:
    """Terms that make `value`, given those that are known."""
    free = [term for term in rule.terms if term not in known]
    if value is None:
        return dict.fromkeys(free)
    if rule.magnitude is not None and rule.positive_when is not None:
        way = rule.positive_when
        yes, no = (way.equals, int(not way.equals)) if way.bit is None else (1 << way.bit, 0)
        return {rule.magnitude: abs(value), way.of: float((yes if value >= 0 else no) or 0)}
    if rule.times:
        return _factors(name, rule, value, known)
    return _summands(name, rule, value, known)


def _factors(name: str, rule: Derived, value: float, known: Values) -> Values:
    free = [term for term in rule.times if term not in known]
    if not free:
        free = [term for term in rule.times if term.startswith("current")]
    others = math.prod(known.get(term) or USUAL.get(term.split("_")[0], 1.0) for term in rule.times if term != free[0])
    if not others:
        raise CannotShow(f"{name} is {rule.formula}, and the other factor is 0")
    return {free[0]: value / others}


def _summands(name: str, rule: Derived, value: float, known: Values) -> Values:
    signs = {**dict.fromkeys(rule.plus, 1.0), **dict.fromkeys(rule.minus, -1.0)}
    rest = value - sum(sign * (known.get(term) or 0.0) for term, sign in signs.items())
    free = [term for term in signs if term not in known]
    if not free and abs(rest) > max(CLOSE, CLOSE * abs(value)):
        raise CannotShow(f"{name} is {rule.formula}, so it cannot be {value:g} with these")
    fitting = [term for term in free if signs[term] * rest >= 0] or free
    return {term: signs[term] * rest if term == fitting[0] else 0.0 for term in free}


def written(each: PointMap, values: Values, order: WordOrder) -> Image:
    """The registers of one use alone. Raises CannotShow."""
    registers: Image = {}
    numbers = _own_numbers(each, filled_in(each, values))
    exponents = _exponents(each, numbers)
    for name, point in each.rows.items():
        words = _words(name, point, numbers.get(name), point.word_order or order, exponents)
        registers |= {(point.function, cell): word for cell, word in zip(point.cells, words, strict=True)}
    return registers | {at: exponent & 0xFFFF for at, exponent in exponents.items()}


def _words(
    name: str,
    point: RegisterPoint,
    value: float | None,
    order: WordOrder,
    exponents: Mapping[tuple[RegisterKind, int], int],
) -> Registers:
    if point.type is RegisterType.STRING:
        return encode(TEXT, point.type, length=point.length or 0)
    if value is None:
        return _no_value(name, point, order)
    raw = value / point.scale * point.sign
    if point.exponent_at is not None:
        raw /= 10.0 ** exponents[point.function, point.exponent_at]
    try:
        return encode(raw if point.type.value.startswith("float") else round(raw), point.type, order)
    except ValueError as err:
        raise CannotShow(f"{name} cannot be {value:g}: {err}") from err


def _no_value(name: str, point: RegisterPoint, order: WordOrder) -> Registers:
    if point.type in (RegisterType.FLOAT32, RegisterType.FLOAT64):
        return encode(math.nan, point.type, order)
    if not point.not_available:
        raise CannotShow(f"a device of this kind cannot say that it has no {name}")
    pattern = point.not_available[0]
    words = tuple(pattern >> 16 * (point.count - 1 - place) & 0xFFFF for place in range(point.count))
    return words if order is WordOrder.BIG else words[::-1]


def _exponents(each: PointMap, numbers: Values) -> Exponents:
    """The smallest power of ten with which all numbers that share it fit."""
    sharing: dict[tuple[RegisterKind, int], list[tuple[RegisterPoint, float]]] = {}
    for name, point in each.rows.items():
        if point.exponent_at is not None:
            sharing.setdefault((point.function, point.exponent_at), []).append((point, numbers.get(name) or 0.0))
    return {at: _exponent(rows) for at, rows in sharing.items()}


def _exponent(rows: Sequence[tuple[RegisterPoint, float]]) -> int:
    for exponent in EXPONENTS:
        if all(_fits(point, value / point.scale * point.sign, exponent) for point, value in rows):
            return exponent
    raise CannotShow("no power of ten makes these numbers fit their registers")


def _fits(point: RegisterPoint, raw: float, exponent: int) -> bool:
    if raw < 0 and point.type.value.startswith("uint"):
        return False
    try:
        encode(round(raw / 10.0**exponent), point.type)
    except ValueError:
        return False
    return True
