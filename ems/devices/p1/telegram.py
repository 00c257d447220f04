"""One telegram of a smart meter: checksum, lines, numbers with their units. Pure.

The layout is that of IEC 62056-21 mode D with OBIS codes, as DSMR 2.2 to 5, ESMR, eMUCS and their relatives use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

_HEAD: Final = re.compile(r"/[A-Za-z]{3}[ -~]{1,64}")
_LINE: Final = re.compile(r"(?P<code>(?:\d{1,3}-\d{1,3}:)?\d{1,3}(?:\.\d{1,3}){1,3})(?P<values>(?:\([^()]*\))+)")
_REST: Final = re.compile(r"(?:\([^()]*\))+")
"""A value on a line of its own: gas meters of DSMR 2.2."""

_NUMBER: Final = re.compile(r"\((?P<whole>\d{1,9})(?:\.(?P<decimals>\d{1,6}))?\*(?P<unit>[A-Za-z]{1,4})\)")
_STAMP: Final = re.compile(r"\((?P<digits>\d{12})(?P<season>[SWsw]?)\)")
_CHECKSUM: Final = re.compile(r"[0-9A-Fa-f]{4}")

STAMP_CODE: Final = "0-0:1.0.0"
VERSION_CODES: Final = ("1-3:0.2.8", "0-0:96.1.4")
"""The version of the Dutch standard, and of the Belgian one."""

FIRST_WITH_CHECKSUM: Final = 40
"""DSMR 4.0."""

UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "kW": ("W", 1000.0),
    "W": ("W", 1.0),
    "kWh": ("kWh", 1.0),
    "Wh": ("kWh", 0.001),
    "A": ("A", 1.0),
    "V": ("V", 1.0),
    "Hz": ("Hz", 1.0),
}
"""A unit of telegrams in ours, and its factor; lines with other units are not for us."""


class BadTelegram(ValueError):
    """What came is no telegram to believe; the text says why."""


class Barred(BadTelegram):
    """The meter speaks, but what it says is locked; the text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A number of a telegram."""

    value: float
    """In our unit."""

    unit: str
    decimals: int
    """Digits behind the point, in the meter's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """Everything of a telegram that is a number."""

    head: str
    """Maker and model as the meter says them; printable."""

    numbers: Mapping[str, Told]
    """By OBIS code."""

    stamp_s: float | None
    """The meter's own time, in seconds; only differences mean something. None where it tells none."""

    unclear: frozenset[str] = field(default=frozenset())
    """Codes that stand twice with different values, or hold no number as the standard spells it."""


def checksum(content: bytes) -> int:
    """CRC16 with the reflected polynomial 0xA001, from the `/` to the `!`, both included."""
    crc = 0
    for byte in content:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


def read_telegram(frame: bytes, *, needs_checksum: bool = False) -> Telegram:
    """What stands between `/` and the end of the line with `!`, as numbers.

    A checksum that is there must be right. `needs_checksum` also refuses telegrams without one; so do versions of the
    standard that have one. Raises BadTelegram.
    """
    body, _, after = frame.rpartition(b"!")
    said = after.strip(b"\r\n\0 ").decode("ascii", "replace")
    if said:
        if not _CHECKSUM.fullmatch(said) or int(said, 16) != checksum(body + b"!"):
            raise BadTelegram("a telegram with a wrong checksum")
    elif needs_checksum:
        raise BadTelegram("a telegram without its checksum")
    try:
        head, *lines = body.decode("ascii").replace("\r", "").rstrip("\n").split("\n")
    except UnicodeDecodeError:
        raise BadTelegram("a telegram with bytes that none has") from None
    if not _HEAD.fullmatch(head):
        raise BadTelegram("a telegram without the name of its maker")
    rows = tuple(_rows(lines, strict=not said))
    if not said and _has_checksum(rows):
        raise BadTelegram("a telegram without its checksum")
    numbers, unclear = _numbers(rows)
    return Telegram(head=head[1:], numbers=numbers, stamp_s=_stamp_s(rows), unclear=unclear)


def _rows(lines: list[str], *, strict: bool) -> Iterator[tuple[str, str]]:
    """Code and values of each line. Without a checksum every line has to be one of a telegram."""
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            yield match["code"], match["values"]
        elif strict and line and not _REST.fullmatch(line):
            raise BadTelegram("a telegram with a line that none has")


def _has_checksum(rows: tuple[tuple[str, str], ...]) -> bool:
    """Whether meters of that version give one."""
    versions = [values.strip("()")[:2] for code, values in rows if code in VERSION_CODES]
    return any(version.isdecimal() and int(version) >= FIRST_WITH_CHECKSUM for version in versions)


def _numbers(rows: tuple[tuple[str, str], ...]) -> tuple[dict[str, Told], frozenset[str]]:
    numbers: dict[str, Told] = {}
    seen: dict[str, str] = {}
    unclear: set[str] = set()
    for code, values in rows:
        if seen.setdefault(code, values) != values:
            unclear.add(code)
        match = _NUMBER.fullmatch(values)
        if match is None:
            unclear.add(code)
        elif match["unit"] in UNITS:
            unit, factor = UNITS[match["unit"]]
            decimals = match["decimals"] or ""
            value = float(f"{match['whole']}.{decimals or '0'}") * factor
            numbers[code] = Told(value=value, unit=unit, decimals=len(decimals))
    return numbers, frozenset(unclear)


def _stamp_s(rows: tuple[tuple[str, str], ...]) -> float | None:
    """Summer time is put back to winter time, so the hour's change is no jump."""
    for code, values in rows:
        match = _STAMP.fullmatch(values) if code == STAMP_CODE else None
        if match is None:
            continue
        try:
            local = datetime.strptime(match["digits"], "%y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None
        return local.timestamp() - (3600.0 if match["season"] in {"S", "s"} else 0.0)
    return None


def _crc_table() -> Iterator[int]:
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        yield crc


_CRC_TABLE: Final = tuple(_crc_table())
