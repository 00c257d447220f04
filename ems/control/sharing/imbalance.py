"""Cars on one or two phases may load one phase above another by so much and no more (`control.md` §2).

D_p is what such cars draw on phase p; cars on all three phases cancel. Where |D_p − D_q| ≤ U does not hold, every D_p
is capped at min_q D_q + U and the current is shared again. Should that not settle, D_p ≤ U holds in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ems.control.sharing.rows import Row, Share
from ems.control.sharing.within import within
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.electrical import PerPhase, Phase
from ems.model.site import Site
from ems.model.snapshot import Snapshot

ROUNDS: Final = 4
"""Sharings after the first before the strict bound is taken."""

HAIR_A: Final = 1e-6

Sharing: TypeAlias = Callable[[Sequence[Row]], dict[str, Share]]
"""Shares the current under the usual rows and these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lopsided:
    """A car that loads one or two of the house's three phases."""

    station_id: str
    may_load: tuple[Phase, ...]
    loads: tuple[Phase, ...]
    """The same where the wiring is known; empty where nobody can tell which phase it is."""

    fixed_a: float | None = None
    """What it draws, for a car outside of the sharing."""


def lopsided(
    site: Site, phases_used: Mapping[str, int], fixed_a: Mapping[str, float] | None = None
) -> tuple[Lopsided, ...]:
    """The cars that matter here, by the number of phases that each car uses; `fixed_a` of those that do not share."""
    outside_a = fixed_a or {}
    return tuple(
        Lopsided(
            station_id=station.station_id,
            may_load=station.wiring[:used] if station.wiring_known else station.wiring,
            loads=station.wiring[:used] if station.wiring_known else (),
            fixed_a=outside_a.get(station.station_id),
        )
        for station in site.stations
        if (used := phases_used.get(station.station_id, 0)) in (1, 2)
    )


def balanced(share: Sharing, site: Site, cars: Sequence[Lopsided]) -> dict[str, Share]:
    """Share so that no phase carries more than `max_imbalance_a` above another; `share(())` where no rule asks."""
    shares = share(())
    for last in (*(False for _ in range(ROUNDS)), True):
        rows = _rows_against(site, cars, {name: each.limit_a for name, each in shares.items()}, strict=last)
        if not rows:
            break
        shares = share(rows)
    return shares


def kept_balanced(
    setpoints: Mapping[str, Setpoint], site: Site, cars: Sequence[Lopsided], now: Snapshot
) -> dict[str, Setpoint]:
    """The same for the guard: lowers set-points until no phase is too far above another; raises none."""
    kept = dict(setpoints)
    for last in (*(False for _ in range(ROUNDS)), True):
        rows = _rows_against(site, cars, {name: each.limit_a for name, each in kept.items()}, strict=last)
        if not rows:
            break
        kept = within(kept, rows, now)
    return kept


def _rows_against(site: Site, cars: Sequence[Lopsided], limits_a: Mapping[str, float], *, strict: bool) -> list[Row]:
    """The rows that would mend these limits; none where they are balanced or no rule asks."""
    bound_a = site.max_imbalance_a
    if bound_a is None or len(site.phases) < len(Phase):
        return []
    most_a, least_a = _loads(cars, limits_a)
    if max(most_a) - min(least_a) <= bound_a + HAIR_A:
        return []
    return _rows(cars, bound_a if strict else min(least_a) + bound_a, bound_a)


def _rows(cars: Sequence[Lopsided], cap_a: float, bound_a: float) -> list[Row]:
    reason = Reason(code=LimitReason.PHASE_IMBALANCE, limit_a=bound_a)
    rows = []
    for phase in Phase:
        on_phase = [car for car in cars if phase in car.may_load]
        fixed_a = sum(car.fixed_a or 0.0 for car in on_phase)
        weights = {car.station_id: 1.0 for car in on_phase if car.fixed_a is None}
        if weights:
            rows.append(Row(cap=cap_a - fixed_a, weights=weights, reason=reason))
    return rows


def _loads(cars: Iterable[Lopsided], limits_a: Mapping[str, float]) -> tuple[PerPhase, PerPhase]:
    """The most and the least that each phase may carry of such cars."""
    most_a = least_a = PerPhase()
    for car in cars:
        amps = limits_a.get(car.station_id, 0.0) if car.fixed_a is None else car.fixed_a
        most_a += PerPhase.on(car.may_load, amps)
        least_a += PerPhase.on(car.loads, amps)
    return most_a, least_a
