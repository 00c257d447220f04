"""`evcc`: one loadpoint per tick, each in its turn looking at the whole surplus (`baselines.md` A)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.model.goals import ChargeMode
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.sim.policies.evcc_circuits import EvccCircuits
from ems.sim.policies.evcc_loadpoint import Loadpoint
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import battery_w, fresh_meter, patience_s

METER_READ_S: Final = 10.0
"""It retries a read for this long before it gives the pass up."""


class Evcc:
    """Rules A.1 to A.7 with their defaults: thresholds 0 W, residual power 0 W, no guard, no battery priority.

    SOLAR is its `pv`, MIN_SOLAR `minpv`, FAST `now`, OFF `off`; a higher priority of ours is a higher one of theirs.
    Assumed of a competent user: a circuit with the fuse's current for every circuit of the site, the main one on the
    grid meter; automatic phases where the station can change them; limits in 0.1 A. A main meter reading older than
    10 s (two periods of a slower meter) is a read error: no loadpoint is touched in that tick and limits stay.
    """

    def __init__(self, site: Site, name: str = "evcc", tick_s: float = 30.0) -> None:
        self._name, self._tick_s = name, tick_s
        self._main_id = site.circuits.main.circuit_id
        self._patience_s = patience_s(site, METER_READ_S)
        self._circuits = EvccCircuits(site)
        self._loadpoints = [Loadpoint(station=s, phases=len(s.wiring)) for s in site.stations]
        self._turn = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def tick_s(self) -> float:
        return self._tick_s

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """The order of the loadpoint on turn, and of those whose mode was changed by a person since the last tick."""
        if not self._loadpoints:
            return {}
        for loadpoint in self._loadpoints:
            loadpoint.look(now)
        self._circuits.update(now, {lp.station.station_id: lp.old_a for lp in self._loadpoints})
        on_turn = self._loadpoints[self._turn]
        self._turn = (self._turn + 1) % len(self._loadpoints)
        grid = fresh_meter(now, self._main_id, self._patience_s)
        if grid is None:
            return {}
        site_w = grid.power_w + battery_w(now, self._patience_s)
        passes = [on_turn, *(lp for lp in self._loadpoints if lp.mode_changed and lp is not on_turn)]
        return {lp.station.station_id: self._pass(lp, now.now_s, site_w) for lp in passes}

    def _pass(self, loadpoint: Loadpoint, now_s: float, site_w: float) -> Order:
        if loadpoint.mode is ChargeMode.SOLAR:
            for other in self._loadpoints:
                if other.priority < loadpoint.priority:
                    site_w -= other.flexible_w
                elif other.priority > loadpoint.priority:
                    site_w += other.starting_w
        return loadpoint.update(now_s, site_w, self._circuits)
