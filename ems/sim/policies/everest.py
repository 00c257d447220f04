"""`everest`: half an ampere at a time, in turns, under the tree of fuses, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.fuse_room import FuseRoom
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import ceiling_a, order_for, patience_s

SLICE_A: Final = 0.5
THREE_PHASES_AFTER_S: Final = 600.0
METER_LOST_S: Final = 30.0
CAR_FOLLOWS_S: Final = 5.0
SETTLE_AT_MOST_S: Final = 30.0


class Everest:
    """Round robin in 0.5 A slices; one ampere number stands for all phases.

    It has no solar mode and is given no solar schedule: SOLAR and MIN_SOLAR charge like FAST. The limit of each fuse is
    handed to it as rating less house load on the worst phase, and a car counts fully whichever phases it uses. A
    station that can change phases begins each session on one and goes to three 600 s later.
    Assumed: higher priority is asked first in the minimum round; without a meter reading for 30 s the limits expire and
    all pause; house load is meter less car readings, and after an order changed it is taken as before until the
    readings show the effect, for 30 s at most: with older readings it would swing.
    """

    name: Final = "everest"
    tick_s: Final = 1.0

    def __init__(self, site: Site) -> None:
        self._site = site
        self._paths = {
            s.station_id: tuple(circuit.circuit_id for circuit in site.circuits.above(s.circuit_id))
            for s in site.stations
        }
        self._room = FuseRoom(patience_s(site, METER_LOST_S))
        self._charging_since_s: dict[str, float] = {}
        self._free_a: dict[str, PerPhase] = {}
        self._last: dict[str, Order] = {}
        self._changed_at_s: float | None = None

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """One order per station; down at once, up at once."""
        budget_a = self._budget_a(now)
        wanting = [s for s in self._site.stations if budget_a is not None and self._wants(now, s)]
        wanting.sort(key=lambda s: -now.goal_of(s.station_id).priority)
        traded_a = self._trade(now, wanting, budget_a or {})
        orders = {s.station_id: self._order(now, s, traded_a.get(s.station_id, 0.0)) for s in self._site.stations}
        if orders != self._last:
            self._last, self._changed_at_s = orders, now.now_s
        return orders

    def _budget_a(self, now: Snapshot) -> dict[str, float] | None:
        free_a = self._room.free_a(now)
        if free_a is None:
            return None
        if self._settled(now) or not self._free_a:
            self._free_a = free_a
        return {
            circuit.circuit_id: min(self._free_a[circuit.circuit_id][phase] for phase in circuit.phases)
            for circuit in self._site.circuits
        }

    def _settled(self, now: Snapshot) -> bool:
        """Whether every car's reading is from after it could follow the last change."""
        if self._changed_at_s is None or now.now_s - self._changed_at_s >= SETTLE_AT_MOST_S:
            return True
        states = (now.state_of(s.station_id) for s in self._site.stations)
        seen_s = self._changed_at_s + CAR_FOLLOWS_S
        return all(state.car.taken_at_s >= seen_s for state in states if state.plugged and state.car is not None)

    def _wants(self, now: Snapshot, station: Station) -> bool:
        able = ceiling_a(now, station) >= station.min_a
        able = able and now.state_of(station.station_id).plugged
        return able and now.goal_of(station.station_id).mode is not ChargeMode.OFF

    def _trade(self, now: Snapshot, wanting: list[Station], budget_a: dict[str, float]) -> dict[str, float]:
        """Minimums first, then slices in turns until nobody can take another one."""
        traded_a = {s.station_id: s.min_a for s in wanting if self._buy(s, s.min_a, budget_a)}
        open_ = [(s, ceiling_a(now, s)) for s in wanting if s.station_id in traded_a]
        while open_:
            buyers = []
            for station, most_a in open_:
                slice_a = min(SLICE_A, most_a - traded_a[station.station_id])
                if slice_a > 0 and self._buy(station, slice_a, budget_a):
                    traded_a[station.station_id] += slice_a
                    buyers.append((station, most_a))
            open_ = buyers
        return traded_a

    def _buy(self, station: Station, amount_a: float, budget_a: dict[str, float]) -> bool:
        path = self._paths[station.station_id]
        for circuit_id in path:
            if budget_a[circuit_id] < amount_a:
                return False
        for circuit_id in path:
            budget_a[circuit_id] -= amount_a
        return True

    def _order(self, now: Snapshot, station: Station, limit_a: float) -> Order:
        if not now.state_of(station.station_id).plugged:
            self._charging_since_s.pop(station.station_id, None)
        if limit_a > 0:
            self._charging_since_s.setdefault(station.station_id, now.now_s)
        since_s = self._charging_since_s.get(station.station_id, now.now_s)
        early = station.can_switch_phases and now.now_s - since_s < THREE_PHASES_AFTER_S
        return order_for(station, limit_a, 1 if early else len(station.wiring))
