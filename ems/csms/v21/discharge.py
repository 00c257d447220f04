"""No car is told to give energy back: nobody here can say that its owner and the grid want that.

The last look at every request before it leaves. There is no way to switch it off yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NEVER: Final = ("dischargeLimit",)
_NEVER_NEGATIVE: Final = ("limit", "setpoint")
_MODES: Final = frozenset({"Idle", "ChargingOnly", "CentralSetpoint"})
"""What an EVSE may be told to do: others let it follow the grid, which includes to discharge."""


def discharges(value: object) -> bool:
    """Whether that message, or a part of it, could make a car give energy back."""
    if isinstance(value, Mapping):
        return any(_is_forbidden(str(key), each) or discharges(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return any(discharges(each) for each in value)
    return False


def _is_forbidden(key: str, value: object) -> bool:
    if key.startswith(_NEVER):
        return value is not None and value != 0
    if key.startswith(_NEVER_NEGATIVE) and not key.startswith("limitAtSoC"):
        return isinstance(value, int | float) and value < 0
    return key == "operationMode" and value not in _MODES
