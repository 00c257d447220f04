"""One charger of a `smartevse` group: whether it takes part, since when, and on how many phases (`baselines.md` C)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ems.model.goals import ChargeMode
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.sim.policies.seen import ceiling_a, peak_a, usable_phases

SETTLE_S: Final = 40.0
RETRY_S: Final = 60.0
UP_AFTER_S: Final = 63.0
DOWN_AFTER_S: Final = 30.0


@dataclass(slots=True, eq=False)
class GroupCar:
    """What the group's first charger keeps of each charger."""

    station: Station
    phases: int
    active: bool = False
    wants: bool = False
    mode: ChargeMode = ChargeMode.OFF
    max_a: float = 0.0
    drawn_a: float = 0.0
    started_at_s: float = -math.inf
    stopped_at_s: float = -math.inf
    up_since_s: float | None = None
    down_since_s: float | None = None

    def look(self, now: Snapshot) -> None:
        """Read charger and wishes; a car that leaves takes no part any more."""
        state = now.state_of(self.station.station_id)
        self.mode = now.goal_of(self.station.station_id).mode
        self.max_a, self.drawn_a = ceiling_a(now, self.station), peak_a(state)
        self.wants = state.plugged and self.mode is not ChargeMode.OFF and self.max_a >= self.station.min_a
        if not self.wants:
            self.active, self.stopped_at_s = False, -math.inf
            self.up_since_s = self.down_since_s = None
        if not state.plugged:
            self.phases = 1 if self.station.can_switch_phases else len(self.station.wiring)

    @property
    def max_phases(self) -> int:
        return usable_phases(self.station)

    def cap_a(self, now_s: float) -> float:
        """Its maximum, or its minimum in the first 40 s."""
        return self.station.min_a if now_s - self.started_at_s < SETTLE_S else self.max_a

    def may_start(self, now_s: float) -> bool:
        return self.wants and not self.active and now_s - self.stopped_at_s >= RETRY_S

    def start(self, now_s: float) -> None:
        self.active, self.started_at_s = True, now_s

    def stop(self, now_s: float) -> None:
        self.active, self.stopped_at_s = False, now_s
        self.up_since_s = self.down_since_s = None

    def change_phases(self, now_s: float, share_a: float, import_a: float, smart: bool) -> None:
        """To all phases when on its maximum with sun to spare for 63 s, to one when short of sun for 30 s."""
        if not self.station.can_switch_phases or self.max_phases == 1:
            return
        if smart:
            self._set_phases(len(self.station.wiring))
            return
        spare = share_a >= self.max_a and -import_a >= self.station.min_a * self.max_phases - share_a
        short = share_a <= self.station.min_a and import_a > 0
        self.up_since_s = _running(self.up_since_s, now_s, on=spare and self.phases == 1)
        self.down_since_s = _running(self.down_since_s, now_s, on=short and self.phases > 1)
        if self.up_since_s is not None and now_s - self.up_since_s >= UP_AFTER_S:
            self._set_phases(len(self.station.wiring))
            self.started_at_s = now_s
        elif self.down_since_s is not None and now_s - self.down_since_s >= DOWN_AFTER_S:
            self._set_phases(1)

    @property
    def can_go_down(self) -> bool:
        return self.station.can_switch_phases and self.phases > 1 and self.max_phases > 1

    def _set_phases(self, phases: int) -> None:
        self.phases, self.up_since_s, self.down_since_s = phases, None, None


def _running(since_s: float | None, now_s: float, *, on: bool) -> float | None:
    if not on:
        return None
    return now_s if since_s is None else since_s
