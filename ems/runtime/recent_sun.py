"""What the sun left in the last two days, minute by minute: for charging that a station tells of only afterwards."""

from __future__ import annotations

from collections import deque
from typing import Final

from ems.store.days import MINUTE_S
from ems.store.entries import Step

MINUTES_KEPT: Final = 2 * 24 * 60


class RecentSun:
    """Sums of the minutes that are over. Empty after a restart of ours: then nobody knows of any sun."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, float, float]] = deque(maxlen=MINUTES_KEPT)

    def add(self, minute: Step) -> None:
        """A minute that is over; one whose grid nobody saw has no sun to give."""
        flows = minute.flows
        if flows.grid_import_wh is not None and flows.grid_export_wh is not None:
            left_wh = flows.grid_export_wh - flows.grid_import_wh
            self._minutes.append((minute.at_utc_s, left_wh, flows.charging_wh or 0.0))

    def part(self, began_utc_s: float, ended_utc_s: float, kwh: float) -> float:
        """The share of so much energy, drawn evenly over that time and seen by the grid's meter alone, 0 to 1.

        Cars that were seen have theirs in proportion (design §7).
        """
        seconds = ended_utc_s - began_utc_s
        if seconds <= 0.0 or kwh <= 0.0:
            return 0.0
        solar_wh = 0.0
        for at_utc_s, left_wh, others_wh in self._minutes:
            inside_s = min(at_utc_s + MINUTE_S, ended_utc_s) - max(at_utc_s, began_utc_s)
            if inside_s <= 0.0:
                continue
            drawn_wh = kwh * 1000.0 * inside_s / seconds
            cars_wh = others_wh * inside_s / MINUTE_S + drawn_wh
            surplus_wh = left_wh * inside_s / MINUTE_S + cars_wh
            solar_wh += drawn_wh * min(1.0, max(0.0, surplus_wh) / cars_wh)
        return min(1.0, solar_wh / (kwh * 1000.0))
