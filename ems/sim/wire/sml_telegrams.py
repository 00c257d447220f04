"""What a meter that speaks SML says: three messages in a frame, as real ones send them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.devices.obis_profile import ObisProfile
from ems.devices.sml.stream import checksum, framed
from ems.sim.wire.filling import Values
from ems.sim.wire.spelling import by_code

OPENED: Final = 0x0101
VALUES: Final = 0x0701
CLOSED: Final = 0x0201
SERVER: Final = b"\x0a\x01FWS\x00\x00\x00\x00\x01"
NOTHING: Final = b"\x01"
_SPELLED: Final = {"power": (27, -1), "current": (33, -2), "voltage": (35, -1), "frequency": (44, -1)}
"""Unit and scaler, by what our names begin with."""

_COUNTED: Final = (30, -1)
WH_IN_KWH: Final = 1000.0


def text(content: bytes) -> bytes:
    """A text of up to 14 bytes."""
    return bytes([len(content) + 1]) + content


def number(value: int, size: int, *, signed: bool) -> bytes:
    """A whole number of so many bytes."""
    return bytes([(0x50 if signed else 0x60) + size + 1]) + value.to_bytes(size, "big", signed=signed)


def listed(members: Sequence[bytes]) -> bytes:
    """A list; more than 15 members take two bytes to count."""
    count = len(members)
    head = bytes([0x70 + count]) if count < 16 else bytes([0xF0 + (count >> 4), count & 0x0F])
    return head + b"".join(members)


def message(place: int, kind: int, body: bytes) -> bytes:
    """One message of a frame."""
    parts = [text(place.to_bytes(4, "big")), number(0, 1, signed=False), number(0, 1, signed=False)]
    whole = b"\x76" + b"".join([*parts, listed([number(kind, 2, signed=False), body])])
    return whole + b"\x63" + checksum(whole).to_bytes(2, "little") + b"\0"


def entry(code: str, unit: int, scaler: int, value: bytes, status: bytes = NOTHING) -> bytes:
    """One number with its code, such as `1-0:16.7.0`."""
    name = bytes(int(part) for part in code.replace("-", ".").replace(":", ".").split(".")) + b"\xff"
    unit_told = number(unit, 1, signed=False)
    return listed([text(name), status, NOTHING, unit_told, number(scaler, 1, signed=True), value, NOTHING])


def frame_of(entries: Sequence[bytes], second: int | None, place: int = 0) -> bytes:
    """The frame with those entries; `second` is what the meter's clock shows, None where it has none."""
    time = NOTHING if second is None else listed([number(1, 1, signed=False), number(second, 4, signed=False)])
    server, listing = text(SERVER), listed(entries)
    opened = listed([NOTHING, NOTHING, text(b"\0\0\0\1"), server, NOTHING, NOTHING])
    told = listed([NOTHING, server, NOTHING, time, listing, NOTHING, NOTHING])
    messages = [(OPENED, opened), (VALUES, told), (CLOSED, listed([NOTHING]))]
    return framed(b"".join(message(3 * place + index, *each) for index, each in enumerate(messages)))


def sml_of(profile: ObisProfile, values: Values, second: int) -> bytes:
    """What a meter that measures `values` says at that second of its clock."""
    entries = []
    for name, point in profile.points.items():
        unit, scaler = _SPELLED.get(name.partition("_")[0], _COUNTED)
        factor = WH_IN_KWH if (unit, scaler) == _COUNTED else 1.0
        for code, value in by_code(name, point, values.get(name)):
            raw = round(value * factor * 10**-scaler)
            entries.append(entry(code, unit, scaler, number(raw, 8, signed=True)))
    return frame_of(entries, second % 2**32, second % 2**30)
