"""Set-points lowered until rows hold: for caps that the guard keeps after everything else was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ems.control.settle import rounded_down
from ems.control.sharing.rows import Row
from ems.model.decision import Setpoint
from ems.model.snapshot import Snapshot

HAIR: Final = 1e-6
"""Rounding of sums, in amps or watts."""


def within(setpoints: Mapping[str, Setpoint], rows: Sequence[Row], now: Snapshot) -> dict[str, Setpoint]:
    """The set-points, lowered so that every row holds; none is raised. Weights must not be negative.

    Towards the minimums first, then by stopping cars, each time the lowest priority first.
    """
    kept = dict(setpoints)
    for row in rows:
        _lower(kept, row, now)
    return kept


def _lower(kept: dict[str, Setpoint], row: Row, now: Snapshot) -> None:
    excess = sum(weight * kept[station_id].limit_a for station_id, weight in row.weights.items()) - row.cap
    last_first = sorted(enumerate(row.weights), key=lambda place: (now.goal_of(place[1]).priority, -place[0]))
    for may_stop in (False, True):
        for _, station_id in last_first:
            setpoint, weight = kept[station_id], row.weights[station_id]
            if excess <= HAIR or setpoint.limit_a <= 0 or weight <= 0:
                continue
            station = now.site.station(station_id)
            reduced_a = max(station.min_a, rounded_down(setpoint.limit_a - excess / weight, station))
            kept[station_id] = setpoint.lowered_to(0.0 if may_stop else reduced_a, row.reason)
            excess -= weight * (setpoint.limit_a - kept[station_id].limit_a)
