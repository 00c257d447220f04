"""What stations get while nobody can see what their fuse carries (`control.md` §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ems.control.demand import Demand
from ems.control.seen.in_force import commanded
from ems.control.seen.trust import Health, MeterView, worst_health
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import PerPhase
from ems.model.site import Station
from ems.model.snapshot import Snapshot


def without_sight(
    wishes: Mapping[str, Demand],
    views: Mapping[str, MeterView],
    now: Snapshot,
    unseen_a: Mapping[str, PerPhase | None] | None = None,
) -> dict[str, Demand]:
    """Put stations behind a lost meter at their fallback current, whose safety `ems check` has proven.

    A car that is paused stays paused, and one that nobody wants to charge does too. `unseen_a`: circuits whose load
    nobody measures or stated, None for one of which nothing is known.
    """
    hidden = frozenset(circuit_id for circuit_id, most_a in (unseen_a or {}).items() if most_a is None)
    return {s.station_id: _blind(wishes[s.station_id], s, views, now, hidden) for s in now.site.stations}


def _blind(
    wish: Demand, station: Station, views: Mapping[str, MeterView], now: Snapshot, hidden: frozenset[str]
) -> Demand:
    if not now.state_of(station.station_id).connected:
        return replace(wish, rest_a=station.fallback_a)
    if wish.candidate is None:
        return wish
    why = _why_blind(views, now.site.circuits.ids_above(station.circuit_id), hidden)
    if why is None:
        return wish
    limit = commanded(now.state_of(station.station_id), now.now_s)
    rest_a = station.fallback_a if limit is None else min(station.fallback_a, limit.limit_a)
    phases = wish.phases if limit is None else min(wish.phases, limit.phases)
    return replace(wish, candidate=None, rest_a=rest_a, phases=phases, why_not=why)


def _why_blind(views: Mapping[str, MeterView], circuit_ids: Sequence[str], hidden: frozenset[str]) -> Reason | None:
    view = worst_health(views, circuit_ids)
    if view is not None and view.health is Health.LOST:
        return view.reason
    circuit_id = next((each for each in circuit_ids if each in hidden), None) if hidden else None
    return None if circuit_id is None else Reason(code=LimitReason.CIRCUIT_FUSE, circuit_id=circuit_id)
