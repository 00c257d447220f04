"""Registers to numbers and back."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.register_types import RegisterType, WordOrder, decode, encode, width

BITS = {RegisterType.INT16: 16, RegisterType.INT32: 32, RegisterType.INT64: 64}
UNSIGNED_BITS = {RegisterType.UINT16: 16, RegisterType.UINT32: 32, RegisterType.UINT64: 64}
orders = st.sampled_from(WordOrder)


@st.composite
def whole_numbers(draw: st.DrawFn) -> tuple[RegisterType, int]:
    kind = draw(st.sampled_from([*BITS, *UNSIGNED_BITS]))
    if kind in BITS:
        half = 1 << (BITS[kind] - 1)
        return kind, draw(st.integers(-half, half - 1))
    return kind, draw(st.integers(0, (1 << UNSIGNED_BITS[kind]) - 1))


@given(whole_numbers(), orders)
def test_a_whole_number_survives_the_registers(number: tuple[RegisterType, int], order: WordOrder) -> None:
    kind, value = number

    assert decode(encode(value, kind, order), kind, order) == value


@given(st.floats(width=32, allow_nan=False), orders)
def test_a_short_float_survives_the_registers(value: float, order: WordOrder) -> None:
    assert decode(encode(value, RegisterType.FLOAT32, order), RegisterType.FLOAT32, order) == value


@given(st.floats(allow_nan=False), orders)
def test_a_long_float_survives_the_registers(value: float, order: WordOrder) -> None:
    assert decode(encode(value, RegisterType.FLOAT64, order), RegisterType.FLOAT64, order) == value


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=32), orders)
def test_a_text_survives_the_registers_in_any_word_order(value: str, order: WordOrder) -> None:
    assert decode(encode(value, RegisterType.STRING, order, length=16), RegisterType.STRING, order) == value


@given(whole_numbers())
def test_word_order_turns_the_registers_round(number: tuple[RegisterType, int]) -> None:
    kind, value = number

    assert encode(value, kind, WordOrder.LITTLE) == encode(value, kind, WordOrder.BIG)[::-1]


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20), st.sampled_from(RegisterType), orders)
def test_registers_of_the_right_number_never_crash(words: list[int], kind: RegisterType, order: WordOrder) -> None:
    registers = words[: width(kind)] + [0] * ((width(kind) or 0) - len(words))

    value = decode(registers, kind, order)

    assert value is None or isinstance(value, str) or not math.isnan(value)


def test_not_a_number_is_unknown() -> None:
    registers = struct.unpack(">2H", struct.pack(">f", math.nan))

    assert decode(registers, RegisterType.FLOAT32) is None


def test_a_sentinel_is_unknown_in_either_word_order() -> None:
    assert decode((0x8000, 0x0000), RegisterType.INT32, not_available=(0x80000000,)) is None
    assert decode((0x0000, 0x8000), RegisterType.INT32, WordOrder.LITTLE, not_available=(0x80000000,)) is None
    assert decode((0xFFFF,), RegisterType.UINT16, not_available=(0xFFFF,)) is None
    assert decode((0xFFFE,), RegisterType.UINT16, not_available=(0xFFFF,)) == 0xFFFE


def test_a_text_of_zeros_is_unknown_and_control_characters_are_dropped() -> None:
    assert decode((0, 0), RegisterType.STRING) is None
    assert decode((0x0A41, 0x1B42), RegisterType.STRING) == "AB"


def test_too_few_registers_are_refused() -> None:
    with pytest.raises(ValueError, match="takes 2 registers, not 1"):
        decode((1,), RegisterType.FLOAT32)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (70000, RegisterType.UINT16),
        (-1, RegisterType.UINT32),
        (1e300, RegisterType.FLOAT32),
        ("text", RegisterType.INT16),
        ("too long", RegisterType.STRING),
        (1.0, RegisterType.STRING),
    ],
)
def test_a_value_that_does_not_fit_is_refused(value: float | str, kind: RegisterType) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode(value, kind, length=2)
