"""Frames spoilt by chance: values, shapes, bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

ODD: Final[Sequence[Any]] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63 - 1,
    2**64,
    10**40,
    1e308,
    0.1,
    "",
    " ",
    "NaN",
    "1e309",
    "-0",
    "\x00",
    "\n[ERROR] forged",
    "９９",
    "9" * 5000,
    "a" * 300,
    "9999-12-31T23:59:59+14:00",
    "0001-01-01T00:00:00-14:00",
    "2026-02-30T25:61:61Z",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {}},
    [None] * 50,
)
RAW: Final[Sequence[bytes]] = (
    b"NaN",
    b"Infinity",
    b"1e999",
    b"-1e999",
    b"\xff\xfe",
    b"\x00",
    b",",
    b"[",
    b"}",
    b'"',
    b"\\",
)
RARE: Final = 0.02


def mutant(message: list[Any], dice: random.Random) -> bytes:
    """The message with a few things wrong; now and then with nothing wrong."""
    spoilt = json.loads(json.dumps(message))
    for _ in range(dice.choice((0, 1, 1, 2, 4))):
        spoilt = _spoil_value(spoilt, dice)
    frame = json.dumps(spoilt, ensure_ascii=dice.random() < 0.9).encode("utf-8", errors="surrogatepass")
    for _ in range(dice.choice((0, 0, 0, 0, 1, 2))):
        frame = _spoil_bytes(frame, dice)
    return frame[: 2**18] if dice.random() > RARE else frame * dice.choice((2, 3))


def _spoil_value(value: Any, dice: random.Random) -> Any:
    """Somewhere in it."""
    if isinstance(value, list) and value and dice.random() < 0.9:
        return _spoil_list(value, dice)
    if isinstance(value, dict) and value and dice.random() < 0.9:
        return _spoil_dict(value, dice)
    return dice.choice(ODD)


def _spoil_list(value: list[Any], dice: random.Random) -> list[Any]:
    i = dice.randrange(len(value))
    choice = dice.random()
    if choice < 0.8:
        return [*value[:i], _spoil_value(value[i], dice), *value[i + 1 :]]
    if choice < 0.9:
        return [*value[:i], *value[i + 1 :]]
    return [*value[:i], *[value[i]] * dice.choice((2, 3, 40)), *value[i + 1 :]]


def _spoil_dict(value: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    name = dice.choice(list(value))
    choice = dice.random()
    if choice < 0.75:
        return {**value, name: _spoil_value(value[name], dice)}
    if choice < 0.87:
        return {key: each for key, each in value.items() if key != name}
    return {
        **value,
        dice.choice(("more", name.upper(), "", "customData")): dice.choice((1, value[name], {"vendorId": "x"})),
    }


def _spoil_bytes(frame: bytes, dice: random.Random) -> bytes:
    i = dice.randrange(len(frame) + 1)
    j = min(len(frame), i + dice.choice((1, 1, 2, 8, 64)))
    ways: Sequence[Callable[[], bytes]] = (
        lambda: frame[:i] + frame[j:],
        lambda: frame[:i] + dice.choice(RAW) + frame[i:],
        lambda: frame[:i] + bytes([dice.randrange(256)]) + frame[j:],
        lambda: frame[:i] + frame[i:j] * dice.choice((2, 10)) + frame[j:],
        lambda: frame[:i],
        lambda: frame[:i] + b"[" * 2000 + frame[i:],
    )
    return dice.choice(ways)()
