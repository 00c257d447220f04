"""Numbers in 16-bit registers: what each type means, both ways.

`decode` turns registers into a number (None where the device says "not available"), `encode` is its inverse.
Bytes inside a register are big endian (Modbus application protocol §4.2); the order of the words is the maker's.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

Registers = tuple[int, ...]

SCALE_RANGE: Final = range(-10, 11)
"""Powers of ten that a scale factor may be (SunSpec's sunssf); anything else says that there is no value."""


class RegisterType(StrEnum):
    """How a number, or a text, is laid out in registers."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"


class WordOrder(StrEnum):
    """Which register of a long number comes first."""

    BIG = "big"
    """High word first."""

    LITTLE = "little"
    """Low word first."""


_STRUCT: Final = {
    RegisterType.INT16: ">h",
    RegisterType.UINT16: ">H",
    RegisterType.INT32: ">i",
    RegisterType.UINT32: ">I",
    RegisterType.INT64: ">q",
    RegisterType.UINT64: ">Q",
    RegisterType.FLOAT32: ">f",
    RegisterType.FLOAT64: ">d",
}


def width(kind: RegisterType) -> int | None:
    """How many registers a number of that type takes; None for text, whose length is the point's own."""
    layout = _STRUCT.get(kind)
    return None if layout is None else struct.calcsize(layout) // 2


def decode(
    registers: Sequence[int],
    kind: RegisterType,
    order: WordOrder = WordOrder.BIG,
    *,
    not_available: Sequence[int] = (),
) -> float | int | str | None:
    """The value in `registers`; None for NaN, an empty text, or a bit pattern listed in `not_available`.

    Raises ValueError when the number of registers does not fit the type.
    """
    if kind is RegisterType.STRING:
        return _text(struct.pack(f">{len(registers)}H", *registers))
    if len(registers) != width(kind):
        raise ValueError(f"{kind} takes {width(kind)} registers, not {len(registers)}")
    words = registers if order is WordOrder.BIG else registers[::-1]
    packed = struct.pack(f">{len(words)}H", *words)
    if int.from_bytes(packed, "big") in not_available:
        return None
    value: float | int = struct.unpack(_STRUCT[kind], packed)[0]
    return None if math.isnan(value) else value


def encode(value: float | str, kind: RegisterType, order: WordOrder = WordOrder.BIG, *, length: int = 0) -> Registers:
    """The registers that hold `value`; a text is padded with NUL to `length` registers.

    Raises ValueError when the value does not fit.
    """
    if isinstance(value, str):
        packed = value.encode()
        if kind is not RegisterType.STRING or len(packed) > 2 * length:
            raise ValueError(f"{value!r} does not fit {length} registers as {kind}")
        packed = packed.ljust(2 * length, b"\0")
        return struct.unpack(f">{length}H", packed)
    try:
        packed = struct.pack(_STRUCT[kind], value if kind.value.startswith("float") else int(value))
    except (struct.error, OverflowError, KeyError) as err:
        raise ValueError(f"{value} does not fit {kind}") from err
    words = struct.unpack(f">{len(packed) // 2}H", packed)
    return words if order is WordOrder.BIG else words[::-1]


def scaled(value: float, exponent: int) -> float:
    """`value` times ten to the `exponent`, without the rounding of a negative power."""
    return value * 10.0**exponent if exponent >= 0 else value / 10.0**-exponent


def signed_word(register: int) -> int:
    """The number in one register, as int16."""
    return register - 0x10000 if register & 0x8000 else register


def _text(packed: bytes) -> str | None:
    text = packed.split(b"\0")[0].decode("utf-8", "replace")
    return "".join(sign for sign in text if sign.isprintable()).strip() or None
