"""One loadpoint of `evcc`: its timers, its phases, and the current it asks for (`baselines.md` A.3 to A.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ems.model.electrical import NOMINAL_V
from ems.model.goals import ChargeMode
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.evcc_circuits import EvccCircuits
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import (
    ceiling_a,
    charge_w,
    is_charging,
    order_for,
    peak_a,
    phases_drawing,
    stepped_a,
    usable_phases,
)

ENABLE_DELAY_S: Final = 60.0
DISABLE_DELAY_S: Final = 180.0
PHASE_LOCK_S: Final = 60.0
DRAW_TOLERANCE_A: Final = 2.0
"""A car within this of its offer is taken to follow it."""

ELAPSED: Final = -math.inf
"""A timer that has run out already."""


@dataclass(slots=True, eq=False)
class Loadpoint:
    """What evcc keeps of one charger between passes, and what this tick read of it."""

    station: Station
    phases: int
    offered_a: float = 0.0
    enabled: bool = False
    plugged: bool = False
    charging: bool = False
    mode: ChargeMode | None = None
    mode_changed: bool = False
    charge_w: float = 0.0
    old_a: float = 0.0
    peak_a: float | None = None
    max_a: float = 0.0
    priority: int = 0
    measured_phases: int | None = None
    car_phases: int | None = None
    pv_since_s: float | None = None
    phase_since_s: float | None = None
    switched_at_s: float = -math.inf

    def look(self, now: Snapshot) -> None:
        """Read charger and wishes, for every loadpoint in every tick."""
        state, goal = now.state_of(self.station.station_id), now.goal_of(self.station.station_id)
        self.mode_changed = self.mode_changed or self.mode not in {None, goal.mode}
        self.mode, self.priority = goal.mode, goal.priority
        self.charging = is_charging(state)
        self.charge_w, self.max_a = charge_w(state), ceiling_a(now, self.station)
        self.peak_a = peak_a(state) if state.car is not None else None
        self.old_a = self.peak_a if self.peak_a is not None else self.offered_a if self.charging else 0.0
        if state.plugged and not self.plugged:
            self.pv_since_s = ELAPSED
        if not state.plugged:
            self.measured_phases = self.car_phases = None
        self.plugged = state.plugged
        count = phases_drawing(state)
        if (
            self.charging
            and count
            and state.car is not None
            and state.car.taken_at_s > self.switched_at_s + PHASE_LOCK_S
        ):
            self.measured_phases = count
            if self.phases == len(self.station.wiring):
                self.car_phases = count

    @property
    def max_phases(self) -> int:
        return min(usable_phases(self.station), self.car_phases or 3)

    @property
    def active_phases(self) -> int:
        return min(self.max_phases, self.phases, self.measured_phases or 3)

    @property
    def least_w(self) -> float:
        """The smallest power of this loadpoint, on one phase where it can change phases."""
        phases = 1 if self.station.can_switch_phases else self.max_phases
        return NOMINAL_V * self.station.min_a * phases

    @property
    def flexible_w(self) -> float:
        """What a loadpoint of higher priority may take from this one."""
        if not self.charging or self.mode not in {ChargeMode.SOLAR, ChargeMode.MIN_SOLAR}:
            return 0.0
        return self.charge_w if self.mode is ChargeMode.SOLAR else max(0.0, self.charge_w - self.least_w)

    @property
    def starting_w(self) -> float:
        """What is kept free for it while its start timer runs."""
        waits = self.mode is ChargeMode.SOLAR and self.plugged and not self.enabled
        if not waits or self.pv_since_s in {None, ELAPSED}:
            return 0.0
        return NOMINAL_V * self.max_a * self.max_phases

    def update(self, now_s: float, site_w: float, circuits: EvccCircuits) -> Order:
        """One pass: the first rule that applies decides."""
        self.mode_changed = False
        if not self.plugged or self.mode is ChargeMode.OFF or self.max_a < self.station.min_a:
            return self._set(0.0, circuits)
        if self.mode is ChargeMode.FAST:
            if self.station.can_switch_phases:
                self._switch(len(self.station.wiring), now_s)
            return self._set(self.max_a, circuits)
        return self._set(self._pv_current_a(now_s, site_w, circuits), circuits)

    def _set(self, wanted_a: float, circuits: EvccCircuits) -> Order:
        """Clamp by the circuits, then write; enabling and disabling have no delay of their own here."""
        limit_a = stepped_a(self.station, wanted_a)
        limit_a = stepped_a(self.station, circuits.allowed_a(self.station.circuit_id, self.old_a, limit_a))
        order = order_for(self.station, limit_a, self.phases)
        self.enabled = order.limit_a > 0
        if self.enabled:
            self.offered_a = order.limit_a
        return order

    def _pv_current_a(self, now_s: float, site_w: float, circuits: EvccCircuits) -> float:
        target_a = self._target_a(now_s, site_w, circuits)
        if target_a < self.station.min_a and self.mode is ChargeMode.MIN_SOLAR:
            return self.station.min_a
        if target_a < self.station.min_a and self.enabled:
            return self._or_stop_a(now_s, site_w)
        if not self.enabled and self.mode is ChargeMode.SOLAR:
            return self._or_start_a(now_s, target_a)
        self.pv_since_s = None
        return min(target_a, self.max_a)

    def _target_a(self, now_s: float, site_w: float, circuits: EvccCircuits) -> float:
        scaled_up = False
        if self.station.can_switch_phases and now_s - self.switched_at_s >= PHASE_LOCK_S:
            scaled_up = self._scale(now_s, site_w, circuits)
        flowing_a = 0.0
        if self.charging:
            flowing_a = self.offered_a
            if self.peak_a is not None:
                flowing_a = min(self.peak_a + DRAW_TOLERANCE_A, self.offered_a)
        if scaled_up:
            flowing_a /= self.max_phases
        return max(0.0, flowing_a - site_w / (NOMINAL_V * self.active_phases))

    def _or_stop_a(self, now_s: float, site_w: float) -> float:
        """Hold the minimum for 180 s of import before stopping; a change to one phase may come first."""
        if self.phase_since_s is not None:
            site_w -= NOMINAL_V * self.station.min_a * (self.active_phases - 1)
        if site_w < 0:
            self.pv_since_s = None
            return self.station.min_a
        if self.pv_since_s is None:
            self.pv_since_s = now_s
        if now_s - self.pv_since_s < DISABLE_DELAY_S:
            return self.station.min_a
        self.pv_since_s = None
        return 0.0

    def _or_start_a(self, now_s: float, target_a: float) -> float:
        """Start at the minimum after 60 s of enough surplus; at once after plugging in."""
        if target_a < self.station.min_a:
            self.pv_since_s = None
            return 0.0
        if self.pv_since_s is None:
            self.pv_since_s = now_s
        if now_s - self.pv_since_s < ENABLE_DELAY_S:
            return 0.0
        self.pv_since_s = None
        return self.station.min_a

    def _scale(self, now_s: float, site_w: float, circuits: EvccCircuits) -> bool:
        """Change phases when it is time; True when it went up."""
        available_w = self.charge_w - site_w
        least_w = NOMINAL_V * self.station.min_a
        importing = site_w > 0 or not self.enabled
        if self.active_phases > 1 and importing and available_w < least_w * self.active_phases:
            if self._due(now_s, DISABLE_DELAY_S):
                self._switch(1, now_s)
            return False
        top_a = circuits.allowed_a(self.station.circuit_id, self.old_a, self.max_a)
        enough = available_w / NOMINAL_V > top_a >= self.station.min_a and available_w >= least_w * self.max_phases
        if self.phases < self.max_phases and enough:
            if self._due(now_s, ENABLE_DELAY_S):
                self._switch(len(self.station.wiring), now_s)
                return True
            return False
        self.phase_since_s = None
        return False

    def _due(self, now_s: float, delay_s: float) -> bool:
        if self.phase_since_s is None:
            self.phase_since_s = now_s
        return not self.charging or now_s - self.phase_since_s >= delay_s

    def _switch(self, phases: int, now_s: float) -> None:
        self.phase_since_s = None
        if phases != self.phases:
            self.phases, self.switched_at_s, self.measured_phases = phases, now_s, None
