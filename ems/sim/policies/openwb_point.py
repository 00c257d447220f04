"""One charge point of `openwb`: whether its solar charging is on, on how many phases, and what it counts for (B)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ems.model.electrical import NOMINAL_V, Wiring
from ems.model.goals import ChargeMode
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.seen import ceiling_a, charge_w, is_charging, peak_a, phases_drawing, usable_phases

SWITCH_ON_W: Final = 1500.0
SWITCH_ON_S: Final = 30.0
SWITCH_OFF_S: Final = 60.0
PHASES_APART_S: Final = 420.0
LAZY_AFTER_S: Final = 60.0
SLACK_A: Final = 1.0
"""A car this far below its set-point, or near a bound, is taken to be there."""


@dataclass(slots=True, eq=False)
class Point:
    """What openWB keeps of one charge point between cycles, and what this cycle read of it."""

    station: Station
    phases: int
    set_a: float = 0.0
    next_a: float = 0.0
    on: bool = False
    plugged: bool = False
    charging: bool = False
    mode: ChargeMode = ChargeMode.OFF
    priority: int = 0
    max_a: float = 0.0
    drawn_a: float = 0.0
    drawn_w: float = 0.0
    car_phases: int | None = None
    starts_since_s: float | None = None
    stops_since_s: float | None = None
    changes_since_s: float | None = None
    lazy_since_s: float | None = None
    lazy_a: float | None = None
    changed_at_s: float = -math.inf

    def look(self, now: Snapshot) -> None:
        """Read charger and wishes; a car that leaves takes its timers along."""
        state, goal = now.state_of(self.station.station_id), now.goal_of(self.station.station_id)
        self.mode, self.priority, self.plugged = goal.mode, goal.priority, state.plugged
        self.max_a = ceiling_a(now, self.station)
        self.charging = is_charging(state)
        self.drawn_a, self.drawn_w = peak_a(state), charge_w(state)
        if self.charging and self.phases == len(self.station.wiring) and now.now_s - self.changed_at_s > LAZY_AFTER_S:
            self.car_phases = phases_drawing(state) or self.car_phases
        if not self.wants:
            self._forget()
        self._note_laziness(now.now_s)
        self.next_a = 0.0

    @property
    def wants(self) -> bool:
        return self.plugged and self.mode is not ChargeMode.OFF and self.max_a >= self.station.min_a

    @property
    def solar(self) -> bool:
        return self.wants and self.mode in {ChargeMode.SOLAR, ChargeMode.MIN_SOLAR}

    @property
    def admitted(self) -> bool:
        """Whether it takes part in the minimum pass."""
        return self.wants and (self.mode is not ChargeMode.SOLAR or self.on)

    @property
    def max_phases(self) -> int:
        return min(usable_phases(self.station), self.car_phases or 3)

    @property
    def wiring(self) -> Wiring:
        """The house phases that the car loads at present."""
        return self.station.wiring[: min(self.phases, self.max_phases)]

    @property
    def least_w(self) -> float:
        return self.station.min_a * NOMINAL_V * len(self.wiring)

    @property
    def start_phases(self) -> int:
        return 1 if self.station.can_switch_phases else len(self.station.wiring)

    @property
    def start_w(self) -> float:
        return SWITCH_ON_W * min(self.start_phases, self.max_phases)

    def counted_a(self, amount_a: float) -> float:
        """What `amount_a` weighs: no more than the car draws, once it has drawn less than offered for 60 s."""
        return amount_a if self.lazy_a is None else min(amount_a, self.drawn_a)

    def spare_w(self) -> float:
        """What it draws above its minimum; negative while it is yet to take it."""
        return self.drawn_w - self.counted_a(self.station.min_a) * NOMINAL_V * len(self.wiring)

    def start_or_wait(self, now_s: float, surplus_w: float) -> bool:
        """Count down to the start while the surplus is there; True while it is reserved for this car."""
        if surplus_w < self.start_w:
            self.starts_since_s = None
            return False
        if self.starts_since_s is None:
            self.starts_since_s = now_s
        if now_s - self.starts_since_s >= SWITCH_ON_S:
            self.on, self.starts_since_s, self.phases = True, None, self.start_phases
        return True

    def stop_or_wait(self, now_s: float, surplus_w: float) -> bool:
        """Count down to the stop while there is no surplus; True while its power counts as released."""
        if surplus_w > 0 or self._may_go_down(now_s):
            self.stops_since_s = None
            return False
        if self.stops_since_s is None:
            self.stops_since_s = now_s
        if now_s - self.stops_since_s >= SWITCH_OFF_S:
            self.on, self.stops_since_s = False, None
        return True

    def change_phases(self, now_s: float, surplus_w: float) -> None:
        """One to three while at its largest one-phase current with surplus to spare, back when there is none."""
        if not self.station.can_switch_phases:
            return
        if self.mode is ChargeMode.FAST:
            self._set_phases(len(self.station.wiring), now_s)
            return
        up = self.phases == 1 and self.max_phases > 1 and self.charging and self.drawn_a > self.max_a - SLACK_A
        up = up and surplus_w > self.station.min_a * NOMINAL_V * self.max_phases - self.drawn_w
        down = self._may_go_down(now_s) and surplus_w <= 0 and self.drawn_a < self.station.min_a + SLACK_A
        if not (up or down) or now_s - self.changed_at_s < PHASES_APART_S:
            self.changes_since_s = None
            return
        if self.changes_since_s is None:
            self.changes_since_s = now_s
        if now_s - self.changes_since_s >= (SWITCH_ON_S if up else SWITCH_OFF_S):
            self._set_phases(len(self.station.wiring) if up else 1, now_s)

    def _may_go_down(self, now_s: float) -> bool:
        able = self.station.can_switch_phases and self.phases > 1 and self.max_phases > 1 and self.charging
        return able and now_s - self.changed_at_s >= PHASES_APART_S

    def _set_phases(self, phases: int, now_s: float) -> None:
        self.changes_since_s = None
        if phases != self.phases:
            self.phases, self.changed_at_s = phases, now_s

    def _note_laziness(self, now_s: float) -> None:
        """A car is lazy after 60 s below its set-point, until it draws 1 A more than it did then."""
        if self.lazy_a is not None and self.set_a > 0 and self.drawn_a <= self.lazy_a + SLACK_A:
            return
        self.lazy_a = None
        if self.set_a <= 0 or self.drawn_a >= self.set_a - SLACK_A:
            self.lazy_since_s = None
        elif self.lazy_since_s is None:
            self.lazy_since_s = now_s
        elif now_s - self.lazy_since_s >= LAZY_AFTER_S:
            self.lazy_a, self.lazy_since_s = self.drawn_a, None

    def _forget(self) -> None:
        self.on = False
        self.starts_since_s = self.stops_since_s = self.changes_since_s = self.lazy_since_s = self.lazy_a = None
        if not self.plugged:
            self.phases, self.car_phases = self.start_phases, None
