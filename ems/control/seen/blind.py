"""What stations get while nobody can see what their fuse carries (`control.md` §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ems.control.demand import Demand
from ems.control.seen.in_force import commanded
from ems.control.seen.trust import Health, MeterView, worst_health
from ems.model.site import Station
from ems.model.snapshot import Snapshot


def without_sight(wishes: Mapping[str, Demand], views: Mapping[str, MeterView], now: Snapshot) -> dict[str, Demand]:
    """Put stations behind a lost meter at their fallback current, whose safety `ems check` has proven.

    A car that is paused stays paused, and one that nobody wants to charge does too.
    """
    return {
        station.station_id: _blind(wishes[station.station_id], station, views, now) for station in now.site.stations
    }


def _blind(wish: Demand, station: Station, views: Mapping[str, MeterView], now: Snapshot) -> Demand:
    if not now.state_of(station.station_id).connected:
        return replace(wish, rest_a=station.fallback_a)
    if wish.candidate is None:
        return wish
    view = worst_health(views, now.site.circuits.ids_above(station.circuit_id))
    if view is None or view.health is not Health.LOST:
        return wish
    limit = commanded(now.state_of(station.station_id), now.now_s)
    rest_a = station.fallback_a if limit is None else min(station.fallback_a, limit.limit_a)
    phases = wish.phases if limit is None else min(wish.phases, limit.phases)
    return replace(wish, candidate=None, rest_a=rest_a, phases=phases, why_not=view.reason)
