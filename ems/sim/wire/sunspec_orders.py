"""The bounds that somebody writes into model 124 of a simulated battery, and their end.

Every write starts the revert time anew; when it has passed, the registers say again what they say while nobody bounds
the battery. A revert time of 0 never ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ems.devices.modbus.register_types import signed_word
from ems.devices.sunspec.models import STORAGE
from ems.sim.wire.sunspec_image import FREE_ORDERS

TAKEN: Final = (
    *("StorCtl_Mod", "OutWRte", "InWRte", "InOutWRte_WinTms", "InOutWRte_RvrtTms", "InOutWRte_RmpTms", "ChaGriSet"),
)
"""The points that take something."""

REVERT: Final = "InOutWRte_RvrtTms"
RATES: Final = ("OutWRte", "InWRte")
REVERTED: Final = ("StorCtl_Mod", *RATES)
CHARGE_BIT, DISCHARGE_BIT = 0, 1
HUNDREDTHS: Final = 100
"""The rates stand in hundredths of a per cent."""


@dataclass(slots=True)
class StorageOrders:
    """What was written, as the numbers that model 124 tells."""

    now_s: Callable[[], float]
    _told: dict[str, float] = field(default_factory=dict)
    _written_at_s: float = 0.0

    def take(self, offset: int, words: Sequence[int]) -> bool:
        """Write registers from that offset of the model on; nothing, and False, where one of them takes nothing."""
        points = {STORAGE.fields[name].offset: name for name in TAKEN}
        names = [points.get(offset + place) for place in range(len(words))]
        if not names or None in names:
            return False
        self._end()
        for name, word in zip(names, words, strict=True):
            self._told[str(name)] = signed_word(word) / HUNDREDTHS if name in RATES else word
        self._written_at_s = self.now_s()
        return True

    @property
    def told(self) -> dict[str, float]:
        """What the registers say now."""
        self._end()
        return {**FREE_ORDERS, **self._told}

    @property
    def charge_share(self) -> float | None:
        """The bound of charging, as a share of the largest; None where there is none, below 0 it has to discharge."""
        return self._share("InWRte", CHARGE_BIT)

    @property
    def discharge_share(self) -> float | None:
        """The bound of discharging, in the same way; below 0 it has to charge."""
        return self._share("OutWRte", DISCHARGE_BIT)

    def _share(self, rate: str, bit: int) -> float | None:
        told = self.told
        return told[rate] / 100 if int(told["StorCtl_Mod"]) >> bit & 1 else None

    def _end(self) -> None:
        """Forget the bounds once their time is over."""
        lasts_s = self._told.get(REVERT, 0.0)
        if lasts_s and self.now_s() - self._written_at_s >= lasts_s:
            for name in REVERTED:
                self._told.pop(name, None)
