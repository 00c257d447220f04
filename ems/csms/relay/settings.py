"""The few settings that a second central system may change: they are about what it is told, not about the station."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

PREFIX: Final = "setting:"
HEARTBEAT: Final = "HeartbeatInterval"
METER_VALUES: Final = "MeterValueSampleInterval"

_BOUNDS_S: Final[Mapping[str, tuple[int, int]]] = {HEARTBEAT: (10, 3600), METER_VALUES: (10, 3600)}


class Settings:
    """Kept over restarts."""

    def __init__(self, keep: Callable[[str, str | None], None], *, meter_values_s: int, heartbeat_s: int) -> None:
        self._keep = keep
        self._values = {HEARTBEAT: heartbeat_s, METER_VALUES: meter_values_s}

    @property
    def meter_values_s(self) -> int:
        return self._values[METER_VALUES]

    @property
    def heartbeat_s(self) -> int:
        return self._values[HEARTBEAT]

    def told(self) -> dict[str, str]:
        """As configuration keys."""
        return {key: str(value) for key, value in self._values.items()}

    def change(self, key: str, text: str) -> bool:
        """False for another key, or a value out of bounds."""
        if key not in _BOUNDS_S or not (text.isascii() and text.isdigit() and len(text) < 6):
            return False
        least, most = _BOUNDS_S[key]
        if not least <= int(text) <= most:
            return False
        self._values[key] = int(text)
        self._keep(PREFIX + key, text)
        return True

    def heartbeat_told(self, interval_s: int | None) -> None:
        """What the answer to a boot notification asks for; 0 leaves it as it is."""
        least, most = _BOUNDS_S[HEARTBEAT]
        if interval_s is not None and interval_s > 0:
            self._values[HEARTBEAT] = max(least, min(most, interval_s))

    def recall(self, facts: Mapping[str, str]) -> None:
        """Take up what an earlier run kept."""
        for name, body in facts.items():
            if name.startswith(PREFIX):
                self.change(name.removeprefix(PREFIX), body)
