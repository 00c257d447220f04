"""The rows of an allocation as numbered lists: what its loops run over, every second, for up to 200 cars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ems.control.sharing.rows import Candidate, Row

TOLERANCE: Final = 1e-9
"""Rounding of sums, in amps or watts relative to the cap."""


class RowTable:
    """Candidates and rows by number. Nothing changes it once it is built."""

    __slots__ = ("candidates", "highs_a", "least_loads", "limits", "lows_a", "members", "rows", "rows_of", "yielding")

    def __init__(self, candidates: Sequence[Candidate], rows: Sequence[Row]) -> None:
        self.candidates = candidates
        self.rows = rows
        self.lows_a = [candidate.lo_a for candidate in candidates]
        self.highs_a = [candidate.hi_a for candidate in candidates]
        self.limits = [row.cap + TOLERANCE * max(1.0, abs(row.cap)) for row in rows]
        """Per row: its cap, with rounding allowed for."""

        self.yielding = [r for r, row in enumerate(rows) if row.yields_to_must]
        self.members: list[list[tuple[int, float]]] = []
        """Per row: (candidate, weight)."""

        self.rows_of: list[list[tuple[int, float]]] = [[] for _ in candidates]
        """Per candidate: (row, weight)."""

        self._connect()
        self.least_loads = self.loads(self.lows_a)
        """Of every row when everybody has the minimum."""

    def _connect(self) -> None:
        index = {candidate.station_id: i for i, candidate in enumerate(self.candidates)}
        for r, row in enumerate(self.rows):
            entries = []
            for station_id, weight in row.weights.items():
                i = index.get(station_id)
                if i is not None and weight > 0.0:
                    entries.append((i, weight))
                    self.rows_of[i].append((r, weight))
            self.members.append(entries)

    def loads(self, currents_a: Sequence[float]) -> list[float]:
        """The weighted sum of every row."""
        loads = []
        for entries in self.members:
            load = 0.0
            for i, weight in entries:
                load += weight * currents_a[i]
            loads.append(load)
        return loads

    def minimums_of(self, admitted: Iterable[int]) -> list[float]:
        """The minimum in amps for everybody who is admitted, and 0 for the others."""
        currents_a = [0.0] * len(self.candidates)
        for i in admitted:
            currents_a[i] = self.lows_a[i]
        return currents_a

    def caps(self, currents_a: Sequence[float]) -> list[float]:
        """The cap of every row when those with a current charge: a wish yields to minimums that must be kept."""
        caps = [row.cap for row in self.rows]
        for r in self.yielding:
            owed = 0.0
            for i, weight in self.members[r]:
                if currents_a[i] > 0.0 and self.candidates[i].must:
                    owed += weight * self.lows_a[i]
            caps[r] = max(caps[r], owed)
        return caps

    def holds(self, currents_a: Sequence[float]) -> bool:
        """Whether these currents fit every row; standing still always does."""
        for load, cap in zip(self.loads(currents_a), self.caps(currents_a), strict=True):
            # The rounding only matters for a row that is full.
            if load > cap and load > cap + 2 * TOLERANCE * max(1.0, abs(cap)) and load > 0.0:
                return False
        return True
