"""What bounds the sharing beside the fuses: caps in watts, the peak window, even phases (`control.md` §1, §2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ems.control.allocate import allocate
from ems.control.demand import Demand, phases_used
from ems.control.headroom import Headroom
from ems.control.memory import Memory
from ems.control.seen.learn import NOTHING, Learned
from ems.control.seen.trust import MeterView
from ems.control.sharing.caps import Watts, power_rows
from ems.control.sharing.imbalance import Lopsided, balanced, kept_balanced, lopsided
from ems.control.sharing.peak import PeakWindow, allowed_w, seen
from ems.control.sharing.rows import Candidate, Row, Share
from ems.control.sharing.within import within
from ems.model.decision import Setpoint
from ems.model.electrical import PerPhase
from ems.model.quick import quick
from ems.model.snapshot import Snapshot


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The caps of one look, for the sharing and for the guard."""

    now: Snapshot
    rows: Sequence[Row]
    uneven: Sequence[Lopsided]
    peak: PeakWindow | None
    learned: Mapping[str, Learned]

    def share(self, candidates: Sequence[Candidate], rows: Sequence[Row]) -> dict[str, Share]:
        """Shares under the fuses' rows, the caps, and the rule for even phases."""
        every = [*rows, *self.rows]
        if not self.uneven:
            return allocate(candidates, every)
        return balanced(lambda more: allocate(candidates, [*every, *more]), self.now.site, self.uneven)

    def keep(self, setpoints: Mapping[str, Setpoint]) -> Mapping[str, Setpoint]:
        """The set-points, lowered where they would break a cap; none is raised."""
        kept = within(setpoints, self.rows, self.now) if self.rows else setpoints
        if self.now.site.max_imbalance_a is None:
            return kept
        used = {
            s.station_id: phases_used(s, kept[s.station_id].phases, self.learned.get(s.station_id, NOTHING))
            for s in self.now.site.stations
        }
        return kept_balanced(kept, self.now.site, lopsided(self.now.site, used), self.now)


def bounds(
    now: Snapshot,
    memory: Memory,
    views: Mapping[str, MeterView],
    room: Headroom,
    wishes: Mapping[str, Demand],
    learned: Mapping[str, Learned],
    volts: PerPhase,
) -> Bounds:
    """The caps that hold at this look."""
    peak = _peak(now, memory, views)
    has_caps = now.site.has_power_caps or now.import_cap_w is not None
    if not has_caps and now.site.max_imbalance_a is None:
        return Bounds(now=now, rows=(), uneven=(), peak=peak, learned=learned)
    used = {
        s.station_id: phases_used(s, wishes[s.station_id].phases, learned.get(s.station_id, NOTHING))
        for s in now.site.stations
    }
    rows: Sequence[Row] = ()
    if has_caps:
        allowed = None if peak is None or now.site.peak is None else allowed_w(peak, now.site.peak)
        rows = power_rows(
            now.site,
            _watts(now, room, wishes, used, volts),
            dimmed=now.dimmed,
            peak_allowed_w=allowed,
            import_cap_w=now.import_cap_w,
        )
    uneven: Sequence[Lopsided] = ()
    if now.site.max_imbalance_a is not None:
        fixed_a = {name: wish.rest_a for name, wish in wishes.items() if wish.candidate is None}
        uneven = lopsided(now.site, used, fixed_a)
    return Bounds(now=now, rows=rows, uneven=uneven, peak=peak, learned=learned)


def _watts(
    now: Snapshot, room: Headroom, wishes: Mapping[str, Demand], used: Mapping[str, int], volts: PerPhase
) -> Watts:
    """What flows, in watts; the house at its likeliest, cars outside of the sharing at their most."""
    per_a: dict[str, float] = {}
    taken_w: dict[str, float] = {}
    for station in now.site.stations:
        station_id = station.station_id
        if wishes[station_id].candidate is not None and station_id not in room.unruly:
            per_a[station_id] = volts.sum_over(station.wiring[: used[station_id]])
        else:
            taken_w[station_id] = sum(a * v for a, v in zip(room.ceilings_a[station_id], volts, strict=True))
    known_a = {**room.house_a, **{each: most_a for each, most_a in room.unseen_a.items() if most_a is not None}}
    house_w = {circuit_id: sum(a * v for a, v in zip(amps, volts, strict=True)) for circuit_id, amps in known_a.items()}
    return Watts(house_w=house_w, per_a=per_a, taken_w=taken_w)


def _peak(now: Snapshot, memory: Memory, views: Mapping[str, MeterView]) -> PeakWindow | None:
    if now.site.peak is None or now.utc_s is None:
        return memory.peak
    view = views.get(now.site.circuits.main.circuit_id)
    grid_w = view.good.power_w if view is not None and view.good is not None and view.fresh else None
    return seen(memory.peak, now.site.peak, now.utc_s, grid_w)
