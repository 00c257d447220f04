"""The energy over the grid meter, each way: integrated while we look, by the meter's own counters for times we did not.

Where a meter counts, its counters fill the gaps of a restart or a silent meter. Between them its power counts, since
what counters mean differs: some count every phase for itself, so that import and export grow at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ems.model.readings import GridReading
from ems.store.entries import Register

BLIND_S: Final = 2.0
"""A silence shorter than this is not worth a look at the counters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Energy that flowed while nobody looked."""

    import_wh: float = 0.0
    export_wh: float = 0.0


class GridEnergy:
    """Watches the counters of the grid meter."""

    def __init__(self, most_w: float, *, imported: Register | None = None, exported: Register | None = None) -> None:
        """`most_w` may flow at most. The registers are those of an earlier run."""
        self._imported = _Direction(most_w, imported)
        self._exported = _Direction(most_w, exported)
        self._blind_s = float("inf") if imported or exported else 0.0
        self._heard_at_s: float | None = None

    @property
    def imported(self) -> Register | None:
        return self._imported.register

    @property
    def exported(self) -> Register | None:
        return self._exported.register

    def flow(self, power_w: float | None, seconds: float) -> None:
        """So much was integrated, or nothing because nobody knew."""
        if power_w is None:
            self._blind_s += seconds
            return
        self._imported.since_wh += max(0.0, power_w) * seconds / 3600.0
        self._exported.since_wh += max(0.0, -power_w) * seconds / 3600.0

    def hear(self, reading: GridReading | None, utc_s: float) -> Missed:
        """A good sample of the meter; what its counters say that nobody saw."""
        if reading is None or reading.taken_at_s == self._heard_at_s:
            return Missed()
        if reading.energy_import_kwh is None and reading.energy_export_kwh is None:
            return Missed()
        self._heard_at_s = reading.taken_at_s
        blind, self._blind_s = self._blind_s > BLIND_S, 0.0
        return Missed(
            import_wh=self._imported.hear(reading.energy_import_kwh, utc_s, blind=blind),
            export_wh=self._exported.hear(reading.energy_export_kwh, utc_s, blind=blind),
        )


class _Direction:
    """One of the two counters."""

    def __init__(self, most_w: float, register: Register | None) -> None:
        self._most_w = most_w
        self.register = register
        self.since_wh = 0.0
        """What was integrated since it was last read."""

    def hear(self, kwh: float | None, utc_s: float, *, blind: bool) -> float:
        if kwh is None:
            return 0.0
        before, self.register = self.register, Register(kwh=kwh, utc_s=utc_s)
        since_wh, self.since_wh = self.since_wh, 0.0
        if before is None or not blind:
            return 0.0
        rise_wh = (kwh - before.kwh) * 1000.0
        # More than the fuse lets through is another meter, or one that was set.
        most_wh = self._most_w * max(0.0, utc_s - before.utc_s) / 3600.0
        return max(0.0, rise_wh - since_wh) if 0.0 <= rise_wh <= most_wh else 0.0
