"""Small steps down from what control decided, and a pause where it is asked for. Only for an installer.

A step only tightens the goal that counts anyway: control decides as ever, and no other car is touched. It is the wish
that a person could have, so the guard stays on, and no limit is ever above the one without it.
"""

from __future__ import annotations

from dataclasses import replace
from math import floor
from typing import Final

from ems.commissioning.bench import Bench, Unproven
from ems.commissioning.charger_figures import figures
from ems.commissioning.findings import Verdict
from ems.commissioning.phrases import phrase
from ems.commissioning.plateau import Plateau
from ems.commissioning.report_card.facts import Followed, Obeyed, Trial
from ems.commissioning.report_card.seeing import reported_after_s
from ems.commissioning.trace import largest_a
from ems.control.seen.obedience import tolerated_a
from ems.model.electrical import Wiring
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Station

STEP_A: Final = 3.0
LEAST_STEP_A: Final = 1.5
"""A smaller step shows nothing beside what a car and a house do by themselves."""

LONGEST_S: Final = 420.0


class LoweringBench(Bench):
    """A bench whose wishes only tighten."""

    def wish(self, station: Station, limit_a: float, phases: int | None = None) -> None:  # noqa: ARG002
        """No more than that for this station, 0 to pause it; whatever else control decides stays."""
        goal = self.board.goal_of(station.station_id)
        self.board.set_trial({station.station_id: tightened(goal, limit_a, self.utc_s())})


def tightened(goal: Goal, limit_a: float, utc_s: float) -> Goal:
    """The same goal with a ceiling of so much, 0 for a pause."""
    if limit_a <= 0:
        return replace(goal, mode=ChargeMode.OFF)
    ceiling_a = limit_a if goal.max_a is None else min(goal.max_a, limit_a)
    # A least current of a person's own would not let the limit go that low.
    least_a = None if goal.min_a is None else min(goal.min_a, ceiling_a)
    deadline = goal.deadline
    if deadline is not None and deadline.eases_utc_s is None:
        # A car that must be ready by a time is not to begin sooner because of a step that is over soon.
        deadline = replace(deadline, eases_utc_s=utc_s, lasting_max_a=goal.max_a)
    return replace(goal, max_a=ceiling_a, min_a=least_a, deadline=deadline)


def step_down_a(station: Station, limit_a: float, drawn_a: float) -> float | None:
    """The limit of the step; None where there is no room for one that shows."""
    from_a = min(limit_a, drawn_a)
    step_a = max(station.step_a, 0.1)
    low_a = max(station.min_a, floor((from_a - STEP_A) / step_a + 1e-9) * step_a)
    return low_a if low_a <= limit_a and drawn_a - low_a >= LEAST_STEP_A else None


class Steps:
    """One round: as it is, a step down, a pause where wanted."""

    def __init__(self, bench: LoweringBench, station: Station, wiring: Wiring) -> None:
        self._bench = bench
        self._station = station
        self._wiring = wiring
        self.trial = Trial()
        """What came of it so far."""

    async def run(self, *, pause: bool) -> Trial:
        """To its end, or as far as it goes; goals are as before then."""
        try:
            low = await self._step_down()
            if pause:
                await self._pause(low.limit_a)
        except Unproven as stop:
            self._stopped(stop)
        finally:
            self._bench.board.set_trial({})
        return self.trial

    async def _step_down(self) -> Plateau:
        """Raises Unproven."""
        bench, station = self._bench, self._station
        limit = bench.in_force(station)
        state = bench.check_there(station)
        drawn_a = 0.0 if state.car is None else largest_a(state.car)
        low_a = None if limit is None else step_down_a(station, limit.limit_a, drawn_a)
        if limit is None or low_a is None:
            raise Unproven(Verdict.UNCERTAIN, phrase("card.no_room", station=station.station_id, drawn_a=drawn_a))
        bench.tell(phrase("card.now", station=station.station_id, limit_a=limit.limit_a), 0.4)
        before = await bench.hold(station, limit.limit_a, least_a=low_a + LEAST_STEP_A)
        bench.tell(phrase("card.low", station=station.station_id, limit_a=low_a), 0.6)
        low = await bench.hold(station, low_a, least_a=station.min_a)
        self.trial = replace(self.trial, obeyed=self._obeyed(before, low))
        return low

    def _obeyed(self, before: Plateau, low: Plateau) -> Obeyed:
        bench = self._bench
        trace, main_id = bench.watch.trace, bench.site.circuits.main.circuit_id
        loaded = {used: tuple(self._wiring[:used]) for used in range(1, len(self._wiring) + 1)}
        *_, row = figures(trace, main_id, (before, low), loaded)
        readings = trace.readings(self._station.station_id, low.since_s)
        drawn_a = low.station_a
        bit = before.station_a is not None and before.station_a > low.limit_a + 1.0
        follows = drawn_a is not None and bit and drawn_a <= tolerated_a(low.limit_a)
        return Obeyed(
            followed=Followed.FOLLOWS if follows else Followed.UNSEEN,
            limit_a=low.limit_a,
            drawn_a=0.0 if drawn_a is None else drawn_a,
            reaction_s=row.reaction_s,
            reported_s=reported_after_s(readings, low.limit_a, low.since_s),
        )

    async def _pause(self, low_a: float) -> None:
        """Raises Unproven."""
        bench, station = self._bench, self._station
        bench.tell(phrase("card.pause", station=station.station_id), 0.75)
        paused = await bench.hold(station, 0.0, least_a=0.0)
        self.trial = replace(self.trial, paused=paused.station_a is None or paused.station_a <= tolerated_a(0.0))
        bench.tell(phrase("card.resume", station=station.station_id, limit_a=low_a), 0.85)
        try:
            resumed = await bench.hold(station, low_a, least_a=station.min_a)
        except Unproven as stop:
            if stop.says.key == "commissioning.car_does_not_draw":
                self.trial = replace(self.trial, resumed=False)
            raise
        self.trial = replace(self.trial, resumed=(resumed.station_a or 0.0) > 1.0)

    def _stopped(self, stop: Unproven) -> None:
        numbers = stop.says.numbers
        self.trial = replace(self.trial, trouble=stop.says)
        if stop.says.key != "commissioning.ignores":
            return
        limit_a, drawn_a = float(numbers["limit_a"]), float(numbers["drawn_a"])
        if limit_a == 0.0:
            self.trial = replace(self.trial, paused=False)
        ignored = Obeyed(followed=Followed.IGNORES, limit_a=limit_a, drawn_a=drawn_a)
        self.trial = replace(self.trial, obeyed=ignored)
