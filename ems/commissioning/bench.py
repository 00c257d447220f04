"""What a proof works with: goals for one station, a limit that is held until its car has settled, and what was sent.

Everything goes through the board and control, so the guard stays on: a proof only wishes, as a person does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ems.clock import Clock
from ems.commissioning.findings import Verdict
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.plateau import Plateau, held_since, in_force
from ems.commissioning.trace import largest_a
from ems.commissioning.watch import Watch
from ems.control.seen.in_force import is_stuck
from ems.control.seen.obedience import tolerated_a
from ems.model.decision import NoticeCode
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Site, Station
from ems.model.station import SendOutcome, SentLimit, StationState
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch

FALLS_WITHIN_S: Final = 7.0
"""A car has followed a lower limit, and a meter shows it (`control.md` §4: E + 2 s)."""

JUDGED_AFTER_S: Final = 9.0
"""A report of this age of a limit shows whether it is obeyed, however late the station took its sample (assumed)."""

WINDOW_S: Final = 4.0
"""Levels are medians over so long."""

LOWERED_WITHIN_S: Final = 20.0
RAISED_WITHIN_S: Final = 50.0
"""Room must have been there for 10 s before a limit rises; the rest is a ramp and a kettle (`control.md` §4)."""

DRAWS_WITHIN_S: Final = 75.0
"""A car wakes within this (`control.md` §1: 10 to 30 s; some need a minute)."""

FOLLOWS_WITHIN_A: Final = 1.0
"""A car this near below its limit has arrived at it."""

STEADY_WITHIN_A: Final = 0.5
DRAWING_A: Final = 1.0
TRIES: Final = 4
"""So often a limit is held anew after the house took it away."""

ENOUGH_RISE_A: Final = 1.5


class Unproven(Exception):
    """The proof cannot go on."""

    def __init__(self, verdict: Verdict, says: Phrase) -> None:
        self.verdict: Final = verdict
        self.says: Final = says
        super().__init__(says.key)


class Bench:
    """One proof's hands and eyes; `tell(stage, progress)` says what happens now."""

    def __init__(
        self,
        watch: Watch,
        board: Board,
        dispatch: Dispatch,
        clock: Clock,
        site: Site,
        *,
        report_s: float,
        tell: Callable[[Phrase, float], None],
    ) -> None:
        """`report_s`: how often stations report."""
        self.watch: Final = watch
        self.board: Final = board
        self.dispatch: Final = dispatch
        self.clock: Final = clock
        self.site: Final = site
        self.tell: Final = tell
        self._anew_s = float("-inf")
        self.report_within_s: Final = 2 * report_s + FALLS_WITHIN_S

    def now_s(self) -> float:
        return self.clock.monotonic_s()

    def utc_s(self) -> float:
        return self.clock.utc_now().timestamp()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Whatever happens inside, people's goals are back after it, and every message goes out again."""
        try:
            yield
        finally:
            self.board.set_trial({})
            self.board.set_virtual_load(None)
            for station in self.site.stations:
                self.dispatch.release(station.station_id)

    def window_s(self, circuit_id: str) -> float:
        """How long a level of that circuit's meter is looked at: three samples at least."""
        period_s = self.site.meter_period_s.get(circuit_id, self.site.policy.meter_period_s)
        return max(WINDOW_S, 3.5 * period_s)

    def wish(self, station: Station, limit_a: float, phases: int | None = None) -> None:
        """That station at so many amps, 0 to pause it; all others pause."""
        goals = {each.station_id: Goal(mode=ChargeMode.OFF) for each in self.site.stations}
        if limit_a > 0:
            # Ahead of everybody: nobody else is to charge meanwhile anyway.
            goals[station.station_id] = Goal(mode=ChargeMode.FAST, max_a=limit_a, phases=phases, priority=9)
        self.board.set_trial(goals)

    async def others_paused(self, station: Station | None) -> None:
        """Until no other car draws any more, or as long as that may take."""
        others = [each.station_id for each in self.site.stations if each is not station]
        await self.watch.until(lambda: all(self._is_paused(each) for each in others), LOWERED_WITHIN_S)

    async def hold(self, station: Station, limit_a: float, *, phases: int | None = None, least_a: float) -> Plateau:
        """Have that limit in force until the car has settled; what the fuses leave of it, down to `least_a`.

        Raises Unproven.
        """
        for _ in range(TRIES):
            self.wish(station, limit_a, phases)
            granted = await self._granted(station, limit_a, phases, least_a)
            plateau = await self._settled(station, granted)
            if plateau is not None:
                return plateau
        raise Unproven(Verdict.UNCERTAIN, phrase("unsteady", station=station.station_id))

    def check_there(self, station: Station) -> StationState:
        """The station with its car. Raises Unproven when one of them has left."""
        state = self.watch.state_of(station.station_id)
        if not state.connected:
            raise Unproven(Verdict.UNCERTAIN, phrase("station_left", station=station.station_id))
        if not state.plugged:
            raise Unproven(Verdict.UNCERTAIN, phrase("car_left", station=station.station_id))
        self._check_sound(station)
        return state

    def _check_sound(self, station: Station) -> None:
        """Raises Unproven for a station that control has caught: it gets nothing to obey any more."""
        decision = self.watch.decision
        for notice in decision.notices if decision is not None else ():
            if notice.code is NoticeCode.IGNORES_LIMIT and notice.station_id == station.station_id:
                numbers = {"limit_a": notice.limit_a or 0.0, "drawn_a": notice.current_a or 0.0}
                raise Unproven(Verdict.FAILED, phrase("ignores", station=station.station_id, **numbers))

    def in_force(self, station: Station) -> SentLimit | None:
        """The limit that the station has taken; None while it may follow another one. Raises as `check_there`."""
        return in_force(self.check_there(station), self.now_s())

    def withhold(self, station: Station) -> None:
        """No message to it until `release`."""
        self.dispatch.withhold(station.station_id)

    def release(self, station: Station) -> None:
        """Messages go out again; what was in force before counts no more."""
        self._anew_s = self.now_s()
        self.dispatch.release(station.station_id)

    def _is_paused(self, station_id: str) -> bool:
        state = self.watch.state_of(station_id)
        drawing = state.car is not None and largest_a(state.car) > DRAWING_A
        limit = in_force(state, self.now_s())
        paused = limit is not None and limit.limit_a == 0 and self.now_s() - limit.sent_at_s > FALLS_WITHIN_S
        return not state.connected or not state.plugged or (paused and not drawing)

    async def _granted(self, station: Station, limit_a: float, phases: int | None, least_a: float) -> SentLimit:
        """The limit that the station took: as wished, or what there was after a while. Raises Unproven."""

        def is_there() -> bool:
            limit = self.in_force(station)
            phases_fit = phases is None or limit_a == 0 or (limit is not None and limit.phases == phases)
            return limit is not None and limit.limit_a == limit_a and phases_fit

        lowering = limit_a == 0 or self._is_lower(station, limit_a)
        await self.watch.until(is_there, LOWERED_WITHIN_S if lowering else RAISED_WITHIN_S)
        state = self.check_there(station)
        limit = in_force(state, self.now_s())
        if state.sent and state.sent[-1].outcome is SendOutcome.REJECTED:
            raise Unproven(Verdict.FAILED, phrase("refuses", station=station.station_id, limit_a=limit_a))
        if limit is None:
            # One whose answer is on its way at this very moment may be sound.
            deaf = is_stuck(state, self.now_s(), self.site.policy.message_s)
            raise Unproven(
                Verdict.FAILED if deaf else Verdict.UNCERTAIN, phrase("no_answer", station=station.station_id)
            )
        if limit.limit_a < least_a or (limit_a == 0 and limit.limit_a > 0):
            raise Unproven(
                Verdict.UNCERTAIN,
                phrase("no_room", station=station.station_id, limit_a=limit.limit_a, wanted_a=limit_a),
            )
        return limit

    def _is_lower(self, station: Station, limit_a: float) -> bool:
        limit = in_force(self.watch.state_of(station.station_id), self.now_s())
        return limit is not None and limit.limit_a > limit_a

    async def _settled(self, station: Station, granted: SentLimit) -> Plateau | None:
        """Until the car has followed and was looked at for a while; None when the limit went away meanwhile."""
        held = held_since(self.watch.state_of(station.station_id), granted)
        # What was in force before messages went out again counts no more.
        sent_s, since_s = max(held.sent_s, self._anew_s), max(held.taken_s, self._anew_s)

        def has_gone() -> bool:
            limit = self.in_force(station)
            return limit is None or (limit.limit_a, limit.phases) != (granted.limit_a, granted.phases)

        def has_settled() -> bool:
            self._check_obeys(station, granted, since_s)
            return has_gone() or self._settled_at_s(station, granted, since_s) is not None

        patience_s = self.report_within_s if granted.limit_a == 0 else DRAWS_WITHIN_S
        settled = await self.watch.until(has_settled, patience_s)
        settled_s = self._settled_at_s(station, granted, since_s)
        if not settled and granted.limit_a > 0 and not self._draws(station, since_s):
            raise Unproven(Verdict.UNCERTAIN, phrase("car_does_not_draw", station=station.station_id))
        settled_s = since_s + FALLS_WITHIN_S if settled_s is None else settled_s
        window_s = self.window_s(self.site.circuits.main.circuit_id)
        looked_at_s = max(settled_s + window_s, self.now_s())
        if await self.watch.until(has_gone, looked_at_s - self.now_s()):
            return None
        self._check_obeys(station, granted, since_s)
        readings = self.watch.trace.readings(station.station_id, since_s + FALLS_WITHIN_S)
        return Plateau(
            limit_a=granted.limit_a,
            phases=granted.phases,
            since_s=sent_s,
            taken_s=since_s,
            settled_s=settled_s,
            until_s=self.now_s(),
            reading=readings[-1] if readings else None,
            window_s=window_s,
        )

    def _settled_at_s(self, station: Station, granted: SentLimit, since_s: float) -> float | None:
        """When the car had followed, as far as the station's reports tell; None for not yet."""
        readings = self.watch.trace.readings(station.station_id, since_s + FALLS_WITHIN_S)
        if not readings or self.now_s() < since_s + FALLS_WITHIN_S:
            return None
        if granted.limit_a == 0:
            return since_s + FALLS_WITHIN_S
        for before, reading in zip((None, *readings), readings, strict=False):
            amps = largest_a(reading)
            arrived = amps >= granted.limit_a - FOLLOWS_WITHIN_A
            steady = before is not None and abs(amps - largest_a(before)) <= STEADY_WITHIN_A and amps > DRAWING_A
            if arrived or steady:
                # A car that came down is there sooner than its report.
                came_down = before is None and self._was_above(station, granted.limit_a, since_s)
                return since_s + FALLS_WITHIN_S if came_down else reading.taken_at_s
        return None

    def _was_above(self, station: Station, limit_a: float, at_s: float) -> bool:
        before = self.watch.trace.readings(station.station_id, float("-inf"), at_s)
        return bool(before) and largest_a(before[-1]) > limit_a

    def _draws(self, station: Station, since_s: float) -> bool:
        readings = self.watch.trace.readings(station.station_id, since_s + FALLS_WITHIN_S)
        return any(largest_a(reading) > DRAWING_A for reading in readings)

    def _check_obeys(self, station: Station, granted: SentLimit, since_s: float) -> None:
        """Raises Unproven when a report shows more than was allowed for long enough."""
        for reading in self.watch.trace.readings(station.station_id, since_s + JUDGED_AFTER_S):
            amps = largest_a(reading)
            if amps > tolerated_a(granted.limit_a):
                says = phrase("ignores", station=station.station_id, limit_a=granted.limit_a, drawn_a=round(amps, 1))
                raise Unproven(Verdict.FAILED, says)
