"""The overload proof: a load that is not there brings the meter's reading up to the fuse, and the guard must lower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ems.commissioning.bench import DRAWING_A, DRAWS_WITHIN_S, WINDOW_S, Bench, Unproven
from ems.commissioning.findings import LoweredStation, OverloadFindings, Verdict
from ems.commissioning.orders import lowers_before_raises
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.plateau import in_force
from ems.commissioning.trace import AGREE, largest_a
from ems.control.seen.in_force import commanded
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Station
from ems.model.station import SendOutcome, SentLimit
from ems.runtime.board import VirtualLoad

RISE_A: Final = 4.0
"""Cars charge at so much above their minimum, so that there is something to lower."""

BEYOND_SHARE: Final = 0.15
BEYOND_CARS: Final = 0.5
"""The reading is brought above the rating by this share of it, or of what the cars draw there if that is less."""

LEAST_BEYOND_A: Final = 0.5

STEADY_S: Final = 10.0
LOAD_ENDS_AFTER_S: Final = 45.0
"""The virtual load ends by itself then."""

FOLLOWS_WITHIN_S: Final = 2.0
"""Beyond message, car and meter (`control.md` §4)."""

SENT_SOONER_S: Final = 0.5
"""A limit leaves before those who watch hear of the cycle that decided it."""

LONGEST_S: Final = 300.0


class OverloadProof:
    """One run; `run` gives what was found, whatever stops it."""

    def __init__(self, bench: Bench, circuit_id: str, phase: Phase | None) -> None:
        """`phase` None: the one on which the cars draw most."""
        self._bench = bench
        self._circuit = bench.site.circuits[circuit_id]
        self._asked = phase
        self._phase = phase if phase is not None else self._circuit.phases[0]
        self._rating_a: Final = self._circuit.fuse.rating_a * self._circuit.derating
        self._virtual_a = 0.0
        self._lowered: tuple[LoweredStation, ...] = ()
        self._fell_s: float | None = None
        self._in_order: bool | None = None
        self._cars_in_time = False
        """Whether all cars on that phase were stopped and said so in time: what is left is the house's own."""

        policy = bench.site.policy
        period_s = bench.site.meter_period_s.get(circuit_id, policy.meter_period_s)
        self._allowed_s: Final = (
            policy.message_s + policy.car_reacts_within_s + FOLLOWS_WITHIN_S + 2 * max(1.0, period_s)
        )

    async def run(self) -> OverloadFindings:
        """Load the fuse, and tell what the guard did."""
        began_s = self._bench.now_s()
        try:
            with self._bench.trial():
                await self._charge()
                await self._overload()
        except Unproven as stop:
            return self.found(stop.verdict, stop.says)
        sent = {s.station_id: self._bench.watch.sent(s.station_id) for s in self._bench.site.stations}
        self._in_order = lowers_before_raises(sent, began_s)
        return self._judged()

    async def _charge(self) -> None:
        """Until cars behind this fuse draw something that can be lowered. Raises Unproven."""
        self._bench.tell(phrase("overload.charge", circuit=self._circuit.circuit_id), 0.1)
        self._bench.board.set_trial({s.station_id: self._goal(s) for s in self._members()})
        # A car that is only just starting might be what the meter shows.
        await self._bench.watch.until(self._all_draw, DRAWS_WITHIN_S)
        if not self._draws():
            raise Unproven(Verdict.UNCERTAIN, phrase("overload.no_car", circuit=self._circuit.circuit_id))
        self._phase = self._asked if self._asked is not None else self._fullest()
        self._bench.tell(phrase("overload.steady", phase=self._phase.name), 0.3)
        began_s = self._bench.now_s()
        await self._bench.watch.until(lambda: self._bench.now_s() - began_s >= STEADY_S, STEADY_S)
        if not self._draws():
            raise Unproven(Verdict.UNCERTAIN, phrase("overload.no_car", circuit=self._circuit.circuit_id))

    async def _overload(self) -> None:
        """Add the load, wait until the cars have come down, and take it away. Raises Unproven."""
        bench, circuit_id, phase = self._bench, self._circuit.circuit_id, self._phase
        began_s = bench.now_s()
        level_a = bench.watch.trace.level_a(circuit_id, began_s - WINDOW_S, began_s)
        if level_a is None:
            raise Unproven(Verdict.UNCERTAIN, phrase("overload.no_meter", circuit=circuit_id))
        newest_a = bench.watch.trace.points(circuit_id, float("-inf"))[-1].current_a[phase]
        beyond_a = min(BEYOND_SHARE * self._rating_a, BEYOND_CARS * self._drawn_on_a(phase))
        self._virtual_a = round(max(0.0, self._rating_a + max(LEAST_BEYOND_A, beyond_a) - newest_a), 1)
        loading = [s.station_id for s in bench.site.on_phase(circuit_id, phase) if self._loads_a(s, phase) > DRAWING_A]
        before = {s.station_id: commanded(bench.watch.state_of(s.station_id), began_s) for s in self._members()}
        bench.tell(phrase("overload.load", phase=phase.name, virtual_a=self._virtual_a), 0.6)
        load_a = PerPhase.on((phase,), self._virtual_a)
        bench.board.set_virtual_load(
            VirtualLoad(circuit_id=circuit_id, current_a=load_a, ends_at_s=began_s + LOAD_ENDS_AFTER_S)
        )
        there = await bench.watch.until(self._load_is_seen, self._allowed_s)
        seen_s = bench.now_s()
        if not there:
            raise Unproven(Verdict.UNCERTAIN, phrase("overload.no_meter", circuit=circuit_id))
        await bench.watch.until(lambda: self._down_at_s(seen_s) is not None, self._allowed_s + WINDOW_S)
        bench.board.set_virtual_load(None)
        down_s = self._down_at_s(seen_s)
        self._fell_s = None if down_s is None else round(max(0.0, down_s - seen_s), 1)
        lowered = (_lowering(s, before[s.station_id], bench.watch.sent(s.station_id), seen_s) for s in self._members())
        self._lowered = tuple(each for each in lowered if each is not None)
        self._cars_in_time = all(self._stopped_in_time(station_id, seen_s) for station_id in loading)

    def _load_is_seen(self) -> bool:
        look = self._bench.watch.look
        return look is not None and self._circuit.circuit_id in look.virtual_a

    def _down_at_s(self, seen_s: float) -> float | None:
        """When the reading, virtual load and all, was back below the fuse's rating, and stayed."""
        most_a = self._rating_a - self._virtual_a
        points = self._bench.watch.trace.points(self._circuit.circuit_id, seen_s)
        fits = [point.current_a[self._phase] <= most_a for point in points]
        for place in range(len(fits) - AGREE + 1):
            if all(fits[place : place + AGREE]):
                return points[place].taken_at_s
        return None

    def _judged(self) -> OverloadFindings:
        circuit_id = self._circuit.circuit_id
        if self._in_order is False:
            return self.found(Verdict.FAILED, phrase("overload.out_of_order"))
        if not self._lowered:
            return self.found(Verdict.FAILED, phrase("overload.not_lowered", circuit=circuit_id))
        if self._fell_s is not None and self._fell_s <= self._allowed_s:
            return self.found(Verdict.PASSED, phrase("overload.passed", fell_s=self._fell_s))
        if self._cars_in_time:
            return self.found(Verdict.UNCERTAIN, phrase("overload.not_measured", circuit=circuit_id))
        if self._fell_s is not None:
            return self.found(Verdict.FAILED, phrase("overload.slow", fell_s=self._fell_s))
        # With every car paused, what is left is the house's own.
        stopped = all(each.to_a == 0 for each in self._lowered)
        says = phrase("overload.not_measured" if stopped else "overload.not_lowered", circuit=circuit_id)
        return self.found(Verdict.UNCERTAIN if stopped else Verdict.FAILED, says)

    def found(self, verdict: Verdict, says: Phrase) -> OverloadFindings:
        return OverloadFindings(
            verdict=verdict,
            utc_s=self._bench.utc_s(),
            says=says,
            circuit_id=self._circuit.circuit_id,
            phase=self._phase,
            fuse_a=self._circuit.fuse.rating_a,
            virtual_a=self._virtual_a,
            allowed_s=self._allowed_s,
            lowered=self._lowered,
            fell_s=self._fell_s,
            lowers_before_raises=self._in_order,
        )

    def _members(self) -> list[Station]:
        """The stations that load this fuse, on the phase if one was asked for."""
        circuit_id = self._circuit.circuit_id
        if self._asked is None:
            return list(self._bench.site.below(circuit_id))
        return list(self._bench.site.on_phase(circuit_id, self._asked))

    def _goal(self, station: Station) -> Goal:
        return Goal(mode=ChargeMode.FAST, max_a=min(station.max_a, station.min_a + RISE_A))

    def _draws(self) -> bool:
        """Whether some car draws what can be lowered."""
        return any(self._draws_at(station) is True for station in self._members())

    def _all_draw(self) -> bool:
        """Whether every car that may draw does, and there is one."""
        draw = [self._draws_at(station) for station in self._members()]
        return True in draw and False not in draw

    def _draws_at(self, station: Station) -> bool | None:
        """Whether the car there has arrived at its limit; None where none may draw."""
        now_s = self._bench.now_s()
        state = self._bench.watch.state_of(station.station_id)
        limit = in_force(state, now_s)
        if not (state.connected and state.plugged) or (limit is not None and limit.limit_a < station.min_a):
            return None
        if limit is None or state.car is None:
            return False
        fresh = state.car.taken_at_s > now_s - self._bench.report_within_s
        return fresh and largest_a(state.car) > limit.limit_a - 2 * DRAWING_A

    def _fullest(self) -> Phase:
        """The phase on which the cars draw most."""
        totals = {phase: self._drawn_on_a(phase) for phase in self._circuit.phases}
        return max(totals, key=lambda phase: totals[phase])

    def _drawn_on_a(self, phase: Phase) -> float:
        return sum(
            self._loads_a(station, phase) for station in self._bench.site.on_phase(self._circuit.circuit_id, phase)
        )

    def _loads_a(self, station: Station, phase: Phase) -> float:
        """What its car draws on that house phase, as the station reports; 0 where it does not."""
        reading = self._bench.watch.state_of(station.station_id).car
        place = station.wiring.index(phase)
        return reading.current_a[place] if reading is not None and place < len(reading.current_a) else 0.0

    def _stopped_in_time(self, station_id: str, seen_s: float) -> bool:
        """Whether it was paused, and its own newest report of the time that is allowed shows that."""
        paused = any(each.station_id == station_id and each.to_a == 0 for each in self._lowered)
        readings = self._bench.watch.trace.readings(station_id, seen_s, seen_s + self._allowed_s)
        return paused and bool(readings) and largest_a(readings[-1]) <= DRAWING_A


def _lowering(
    station: Station, before: SentLimit | None, sent: Sequence[SentLimit], seen_s: float
) -> LoweredStation | None:
    """What the station was sent below its limit of before, since the load was there."""
    if before is None:
        return None
    lower = [limit for limit in sent if limit.sent_at_s >= seen_s - SENT_SOONER_S and limit.limit_a < before.limit_a]
    if not lower:
        return None
    taken = [limit.settled_at_s for limit in lower if limit.outcome is SendOutcome.ACCEPTED]
    accepted_s = next((at_s for at_s in taken if at_s is not None), None)
    return LoweredStation(
        station_id=station.station_id,
        from_a=before.limit_a,
        to_a=min(limit.limit_a for limit in lower),
        decided_s=round(max(0.0, lower[0].sent_at_s - seen_s), 2),
        accepted_s=None if accepted_s is None else round(max(0.0, accepted_s - seen_s), 2),
    )
