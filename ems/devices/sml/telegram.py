"""The numbers in the messages of one SML frame: each with its OBIS code, unit and scale. Pure.

Layout and meaning are those of the public specification of SML 1.03 and 1.04; what meters make of it differently is
said where it is taken care of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.devices.p1.telegram import BadTelegram, Telegram, Told
from ems.devices.sml.stream import checksum, other_checksum
from ems.devices.sml.tree import Node, Number, read_node

VALUES: Final = 0x0701
"""The message that tells values (GetList.Res)."""

END_OF_MESSAGE: Final = b"\0"
MOST_SCALER: Final = 12
UNITS: Final = {27: ("W", 1.0), 30: ("kWh", 0.001), 33: ("A", 1.0), 35: ("V", 1.0), 44: ("Hz", 1.0)}
"""A unit's number (DLMS) in ours, and its factor; entries with other units are not for us."""

POWER: Final = b"\x01\x00\x10\x07\x00\xff"
METER_ID: Final = b"\x01\x00\x60\x01\x00\xff"
DZG: Final = b"\x0a\x01DZG\x00"
"""How the number of such a meter of DZG begins."""

DZG_FIXED: Final = 0xFFE0_09FF
DZG_IMPORTS: Final = 0x0000_0104
"""In the status of the same meter: power flows, and inwards (bit 11)."""


def read_messages(content: bytes) -> Telegram:
    """All numbers that the messages of a frame tell. Raises BadTelegram when one of them is wrong."""
    numbers: dict[str, Told] = {}
    unclear: set[str] = set()
    stamp_s: float | None = None
    at = 0
    while at < len(content):
        body, at = _message(content, at)
        if not isinstance(body, tuple) or len(body) != 2 or not isinstance(body[0], Number):
            raise BadTelegram("a telegram with a message of no known form")
        if body[0].value != VALUES:
            continue
        _, _, _, sensor_time, entries, _, _ = _list(body[1], 7)
        stamp_s = _seconds(sensor_time)
        for code, told in _entries(_list(entries)):
            if told is None or numbers.setdefault(code, told) != told:
                unclear.add(code)
    return Telegram(head="SML", numbers=numbers, stamp_s=stamp_s, unclear=frozenset(unclear))


def _message(content: bytes, begin: int) -> tuple[Node, int]:
    """The body of the message that begins there, and where the next one does."""
    if content[begin] != 0x76:
        raise BadTelegram("a telegram with a message of no known form")
    at, parts = begin + 1, list[Node]()
    for _ in range(4):
        part, at = read_node(content, at)
        parts.append(part)
    told, end = read_node(content, at)
    if content[end : end + 1] != END_OF_MESSAGE:
        raise BadTelegram("a telegram with a message that does not end")
    over = content[begin:at]
    # Two bytes, the lower one first.
    swapped = told.value if isinstance(told, Number) and len(told.raw) <= 2 else -1
    right = {int.from_bytes(each(over).to_bytes(2, "little"), "big") for each in (checksum, other_checksum)}
    if swapped not in right:
        raise BadTelegram("a telegram with a message whose checksum is wrong")
    return parts[3], end + 1


def _list(node: Node, size: int | None = None) -> tuple[Node, ...]:
    if not isinstance(node, tuple) or (size is not None and len(node) != size):
        raise BadTelegram("a telegram with a list of no known form")
    return node


def _seconds(node: Node) -> float | None:
    """The meter's own seconds; some leave out which kind of time it is."""
    if isinstance(node, tuple) and len(node) == 2:
        node = node[1]
    return float(node.value) if isinstance(node, Number) else None


def _entries(entries: tuple[Node, ...]) -> Iterator[tuple[str, Told | None]]:
    """Code and number of every entry that has a unit of ours; None where the number cannot be told."""
    rows = [_list(entry, 7) for entry in entries]
    unsigned = _dzg_imports(rows)
    for name, _, _, unit, scaler, value, _ in rows:
        code = code_of(name)
        if code is None or not isinstance(unit, Number) or unit.value not in UNITS:
            continue
        own = unsigned and name == POWER
        yield code, _told(unit.value, scaler, _without_sign(value) if own else value)


def code_of(name: Node) -> str | None:
    """How our profiles write what an entry is called; None for what is no such name."""
    if not isinstance(name, bytes) or len(name) != 6 or name[5] != 0xFF:
        return None
    return f"{name[0]}-{name[1]}:{name[2]}.{name[3]}.{name[4]}"


def _without_sign(value: Node) -> Node:
    return Number(value.raw, signed=False) if isinstance(value, Number) else value


def _told(unit: int, scaler: Node, value: Node) -> Told | None:
    exponent = 0 if scaler is None else scaler.value if isinstance(scaler, Number) else MOST_SCALER + 1
    if not isinstance(value, Number) or abs(exponent) > MOST_SCALER:
        return None
    own, factor = UNITS[unit]
    scaled = value.value * 10.0**exponent if exponent >= 0 else value.value / 10.0**-exponent
    return Told(value=scaled * factor, unit=own, decimals=max(0, -exponent))


def _dzg_imports(rows: list[tuple[Node, ...]]) -> bool:
    """Whether a meter of DZG says that power flows inwards.

    Some of those send a power of one to three bytes as if it had a sign though it has none, so 200 W read as -56 W.
    Their status tells the direction, so what flows inwards is read without a sign.
    """
    ours = any(row[0] == METER_ID and isinstance(row[5], bytes) and row[5].startswith(DZG) for row in rows)
    states = [row[1].value for row in rows if isinstance(row[1], Number) and not row[1].signed]
    short = any(row[0] == POWER and isinstance(row[5], Number) and len(row[5].raw) <= 3 for row in rows)
    return ours and short and any(state & DZG_FIXED == DZG_IMPORTS for state in states)
