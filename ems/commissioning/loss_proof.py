"""The loss proof: no message to the station until its lease has ended, and the car must be at the fallback current."""

from __future__ import annotations

from typing import Final

from ems.commissioning.bench import FALLS_WITHIN_S, Bench, Unproven
from ems.commissioning.charger_figures import size_a
from ems.commissioning.findings import LossFindings, Verdict
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.plateau import Plateau
from ems.commissioning.trace import fall_like, largest_a
from ems.control.seen.in_force import LEASE_MARGIN_S
from ems.model.electrical import Wiring
from ems.model.site import Station
from ems.model.station import SendOutcome, SentLimit

SHOWS_A: Final = 4.0
"""The car charges so far above the fallback current before, where its limits allow it."""

LEAST_FALL_A: Final = 1.5
AT_FALLBACK_A: Final = 0.5
"""A car is at the fallback current up to this above it (`control.md` §7)."""

METER_AGREES_A: Final = 1.5
METER_AGREES_SHARE: Final = 0.4
TRIES: Final = 3
"""The house may switch just then, or a fuse may need the station."""

LOOKS_BACK_S: Final = 5.0
LONGEST_S: Final = 1500.0


class LossProof:
    """One run; `run` gives what was found, whatever stops it."""

    def __init__(self, bench: Bench, station: Station, wiring: Wiring) -> None:
        """`wiring`: the house phases behind the station's own, as a charger proof found or the site states."""
        self._bench = bench
        self._station = station
        self._wiring = wiring
        self._lease_s = bench.site.policy.lease_s
        self._before: Plateau | None = None
        self._after_a: float | None = None
        self._meter_fell_a: float | None = None
        self._fell_after_s: float | None = None

    async def run(self) -> LossFindings:
        """Let the lease end, and tell what came of it."""
        station = self._station
        try:
            with self._bench.trial():
                self._bench.wish(station, self._wanted_a)
                self._bench.tell(phrase("loss.others_pause", station=station.station_id), 0.02)
                await self._bench.others_paused(station)
                await self._until_undisturbed()
        except Unproven as stop:
            return self.found(stop.verdict, stop.says)
        return self.found(Verdict.PASSED, phrase("loss.passed", station=station.station_id, **self._numbers()))

    async def _until_undisturbed(self) -> None:
        for attempt in range(TRIES):
            if await self._once(last=attempt == TRIES - 1):
                return
        raise Unproven(Verdict.UNCERTAIN, phrase("loss.interrupted", station=self._station.station_id))

    @property
    def _wanted_a(self) -> float:
        wanted_a = max(self._station.min_a, self._station.fallback_a + SHOWS_A)
        return min(self._station.max_a, wanted_a)

    async def _once(self, *, last: bool) -> bool:
        """Withhold the messages once; False when something came in between. Raises Unproven."""
        station, bench = self._station, self._bench
        bench.tell(phrase("loss.charge", station=station.station_id, limit_a=self._wanted_a), 0.1)
        least_a = max(station.min_a, station.fallback_a + LEAST_FALL_A)
        self._before = before = await bench.hold(station, self._wanted_a, least_a=least_a)
        if size_a(before) < station.fallback_a + LEAST_FALL_A:
            raise Unproven(Verdict.UNCERTAIN, phrase("loss.nothing_to_see", station=station.station_id))
        bench.withhold(station)
        try:
            held = await self._last_message()
            undisturbed = held is not None and await self._ends_by_itself(held)
            if held is None or not undisturbed:
                return False
            return self._judge(before, held, last=last)
        finally:
            bench.release(station)

    async def _last_message(self) -> SentLimit | None:
        """The limit that ends now; None when none is in force."""

        def is_answered() -> bool:
            sent = self._bench.check_there(self._station).sent
            return bool(sent) and sent[-1].outcome is SendOutcome.ACCEPTED

        if not await self._bench.watch.until(is_answered, FALLS_WITHIN_S):
            return None
        return self._bench.check_there(self._station).sent[-1]

    async def _ends_by_itself(self, held: SentLimit) -> bool:
        """Wait for the end and its margin, and a report; False when a message went out or the station left."""
        bench, station_id = self._bench, self._station.station_id
        ended_s = held.lease_ends_at_s + LEASE_MARGIN_S

        def is_over() -> bool:
            self._check_fuses(held)
            self._count_down(held)
            if self._is_disturbed(held):
                return True
            reported = bench.watch.trace.readings(station_id, held.lease_ends_at_s + FALLS_WITHIN_S)
            return bench.now_s() >= ended_s and bool(reported)

        over = await bench.watch.until(is_over, ended_s - bench.now_s() + bench.report_within_s)
        if not over:
            raise Unproven(Verdict.UNCERTAIN, phrase("loss.no_reading", station=station_id))
        return not self._is_disturbed(held)

    def _check_fuses(self, held: SentLimit) -> None:
        """Raises Unproven when a fuse above is overloaded once the lease is over: messages must go out again.

        As far as control knows there is nothing left to lower then, so no message would go out by itself.
        """
        trace, ends_s = self._bench.watch.trace, held.lease_ends_at_s
        for circuit in self._bench.site.circuits.above(self._station.circuit_id):
            points = trace.points(circuit.circuit_id, ends_s)
            if points and max(points[-1].current_a) > circuit.fuse.rating_a * circuit.derating:
                says = phrase("loss.overload", station=self._station.station_id)
                raise Unproven(Verdict.FAILED if self._stays_above(held) else Verdict.UNCERTAIN, says)

    def _stays_above(self, held: SentLimit) -> bool:
        """Whether its own reports show too much: more than the lease gave, or than the fallback when it had time."""
        station_id, ends_s = self._station.station_id, held.lease_ends_at_s
        for reading in self._bench.watch.trace.readings(station_id, ends_s):
            had_time = reading.taken_at_s >= ends_s + FALLS_WITHIN_S
            allowed_a = self._station.fallback_a if had_time else max(self._station.fallback_a, held.limit_a)
            if largest_a(reading) > allowed_a + AT_FALLBACK_A:
                self._after_a = round(largest_a(reading), 2)
                return True
        return False

    def _is_disturbed(self, held: SentLimit) -> bool:
        self._bench.check_there(self._station)
        sent = self._bench.watch.sent(self._station.station_id)
        return bool(sent) and sent[-1] is not held

    def _count_down(self, held: SentLimit) -> None:
        left_s = held.lease_ends_at_s + LEASE_MARGIN_S - self._bench.now_s()
        done = 0.3 + 0.6 * (1 - max(0.0, left_s) / (self._lease_s + LEASE_MARGIN_S))
        says = phrase("loss.wait", station=self._station.station_id, left_s=round(max(0.0, left_s)))
        self._bench.tell(says, done)

    def _judge(self, before: Plateau, held: SentLimit, *, last: bool) -> bool:
        """Take the figures; True for passed, False to try again. Raises Unproven."""
        trace, station = self._bench.watch.trace, self._station
        readings = trace.readings(station.station_id, held.lease_ends_at_s + FALLS_WITHIN_S)
        self._after_a = round(largest_a(readings[-1]), 2)
        self._measure_fall(before, held)
        if self._after_a > station.fallback_a + AT_FALLBACK_A:
            says = phrase("loss.stays", station=station.station_id, **self._numbers())
            raise Unproven(Verdict.FAILED, says)
        if self._meter_agrees(before):
            return True
        if last:
            says = phrase("loss.meter_disagrees", station=station.station_id, **self._numbers())
            raise Unproven(Verdict.UNCERTAIN, says)
        return False

    def _measure_fall(self, before: Plateau, held: SentLimit) -> None:
        """What the meter saw around the end of the lease, and when."""
        trace, circuit_id, loaded = self._bench.watch.trace, self._meter_id(), self._loaded(before)
        if circuit_id is None:
            return
        ends_s, expected_a = held.lease_ends_at_s, size_a(before) - (self._after_a or 0.0)
        points = trace.points(circuit_id, ends_s - LOOKS_BACK_S, ends_s + LEASE_MARGIN_S)
        fall = fall_like(points, loaded, expected_a)
        if fall is not None:
            self._meter_fell_a = round(fall.by_a, 2)
            self._fell_after_s = round(fall.at_s - held.sent_at_s, 1)

    def _meter_agrees(self, before: Plateau) -> bool:
        if self._meter_id() is None:
            return True
        fell_a = size_a(before) - (self._after_a or 0.0)
        within_a = max(METER_AGREES_A, METER_AGREES_SHARE * fell_a)
        return self._meter_fell_a is not None and abs(self._meter_fell_a - fell_a) <= within_a

    def _loaded(self, before: Plateau) -> Wiring:
        """The house phases that the car loads."""
        reading = before.reading
        used = reading.phases_drawn if reading is not None and reading.every_phase_measured else 0
        return self._wiring[: used or len(self._wiring)]

    def _meter_id(self) -> str | None:
        """The meter nearest to the station, which has the least noise."""
        above = self._bench.site.circuits.above(self._station.circuit_id)
        return next((circuit.circuit_id for circuit in above if circuit.metered), None)

    def _numbers(self) -> dict[str, float]:
        return {
            "after_a": self._after_a or 0.0,
            "fallback_a": self._station.fallback_a,
            "lease_s": self._lease_s,
        }

    def found(self, verdict: Verdict, says: Phrase) -> LossFindings:
        before_a = None if self._before is None else self._before.station_a
        return LossFindings(
            verdict=verdict,
            utc_s=self._bench.utc_s(),
            says=says,
            station_id=self._station.station_id,
            lease_s=self._lease_s,
            fallback_a=self._station.fallback_a,
            before_a=None if before_a is None else round(before_a, 2),
            after_a=self._after_a,
            meter_fell_a=self._meter_fell_a,
            fell_after_s=self._fell_after_s,
        )
