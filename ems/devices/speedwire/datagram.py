"""One message of an energy meter: who says it, when, and its numbers by code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"SMA\0"
ENERGY_METERS: Final = frozenset({0x6069, 0x6081})
"""Protocols of energy meters; inverters and the search for devices use others on the same group."""

MOST_BYTES: Final = 2048
DATA_AT: Final = 28
LENGTH_COUNTS_FROM: Final = 16
SIZES: Final[Mapping[int, int]] = {0: 4, 4: 4, 8: 8}
"""Bytes of a value by its type: version, mean of now, counter."""

TICKS_PER_S: Final = 1000.0
WRAPS_AFTER_S: Final = 2**32 / TICKS_PER_S


class BadDatagram(ValueError):
    """An energy meter's message that is broken; the text says how."""

    def __init__(self, text: str, serial: int) -> None:
        super().__init__(text)
        self.serial = serial


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """What one energy meter said."""

    serial: int
    ticked_s: float
    """The meter's own time since it started; begins again at 0 after `WRAPS_AFTER_S`."""

    numbers: Mapping[str, float]
    """As sent, by `channel.type.tariff`."""


def read_datagram(content: bytes) -> Datagram | None:
    """The message; None for one that is no energy meter's. Raises BadDatagram for one that is broken."""
    if not DATA_AT <= len(content) <= MOST_BYTES or not content.startswith(MAGIC):
        return None
    if _number(content, 16, 2) not in ENERGY_METERS:
        return None
    serial = _number(content, 20, 4)
    end = LENGTH_COUNTS_FROM + _number(content, 12, 2)
    if not DATA_AT < end <= len(content):
        raise BadDatagram("a message that was cut", serial)
    numbers: dict[str, float] = {}
    at = DATA_AT
    while at < end:
        size = SIZES.get(content[at + 2]) if at + 4 <= end else None
        if size is None or at + 4 + size > end:
            raise BadDatagram("a message whose numbers do not fill it", serial)
        code = f"{_number(content, at, 2)}.{content[at + 2]}.{content[at + 3]}"
        if code in numbers:
            raise BadDatagram(f"a message with two numbers for {code}", serial)
        numbers[code] = float(_number(content, at + 4, size))
        at += 4 + size
    return Datagram(serial=serial, ticked_s=_number(content, 24, 4) / TICKS_PER_S, numbers=numbers)


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "big")
