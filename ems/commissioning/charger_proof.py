"""The charger proof: 6 A, 10 A, pause, until the meter's phases show beyond doubt which of them the car loads."""

from __future__ import annotations

from typing import Final

from ems.commissioning.bench import ENOUGH_RISE_A, Bench, Unproven
from ems.commissioning.charger_figures import best_sight, contradict, figures, meter_late_s, what_meters_see
from ems.commissioning.findings import ChargerFindings, PlateauFigures, Verdict
from ems.commissioning.phase_map import agrees, complete, wiring_found
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.plateau import Plateau
from ems.model.electrical import Wiring
from ems.model.site import Station

RISE_A: Final = 4.0
"""From the station's minimum to the higher step: 6 A and 10 A."""

MOST_REPEATS: Final = 4
FINE_STEP_A: Final = 0.5
SLOWEST_S: Final = 10.0
"""Sending, the car's 5 s of IEC 61851-1, and two samples of a meter; beyond that a station does not follow in time."""

LONGEST_S: Final = 900.0

TELLS_WIRING: Final = frozenset({Verdict.PASSED, Verdict.FAILED})
"""Nothing is to be taken over from a proof that is not certain."""


class ChargerProof:
    """One run; `run` gives what was found, whatever stops it."""

    def __init__(self, bench: Bench, station: Station) -> None:
        self._bench = bench
        self._station = station
        self._site = bench.site
        self._low_a = station.min_a
        self._high_a = min(station.max_a, station.min_a + RISE_A)
        self._plateaus: list[Plateau] = []
        self._step_a: float | None = None
        self._repeats = 0

    async def run(self) -> ChargerFindings:
        """Hold the limits one after the other, and tell what came of it."""
        try:
            with self._bench.trial():
                self._bench.wish(self._station, self._low_a)
                self._say("charger.others_pause", 0.02)
                await self._bench.others_paused(self._station)
                await self._repeat_until_certain()
                await self._use_one_phase()
        except Unproven as stop:
            return self.found(stop.verdict, stop.says)
        return self._judged()

    async def _repeat_until_certain(self) -> None:
        for repeat in range(MOST_REPEATS):
            self._repeats = repeat + 1
            done = 0.05 + 0.7 * repeat / MOST_REPEATS
            await self._hold("charger.low", self._low_a, done, least_a=self._low_a)
            if self._high_a - self._low_a >= ENOUGH_RISE_A:
                least_a = self._low_a + ENOUGH_RISE_A
                high = await self._hold("charger.high", self._high_a, done + 0.06, least_a=least_a)
                if repeat == 0:
                    await self._measure_step(high, done + 0.1)
            await self._hold("charger.pause", 0.0, done + 0.14, least_a=0.0)
            if self._is_certain():
                return

    async def _measure_step(self, high: Plateau, done: float) -> None:
        """Half an ampere less: a station that knows whole ones only stays, or falls by a whole one."""
        if self._station.step_a > FINE_STEP_A or high.station_a is None:
            self._step_a = self._station.step_a if self._station.step_a > FINE_STEP_A else None
            return
        less = await self._hold("charger.step", high.limit_a - FINE_STEP_A, done, least_a=high.limit_a - FINE_STEP_A)
        if less.station_a is not None:
            fell_a = high.station_a - less.station_a
            self._step_a = FINE_STEP_A if FINE_STEP_A / 2 < fell_a < 1.5 * FINE_STEP_A else 1.0

    async def _use_one_phase(self) -> None:
        """Where the station can do it: which phase is its own L1."""
        if not self._can_tell_phases_apart():
            return
        for repeat in range(MOST_REPEATS):
            done = 0.8 + 0.18 * repeat / MOST_REPEATS
            await self._hold("charger.one_phase", self._low_a, done, phases=1, least_a=self._low_a)
            await self._hold("charger.pause", 0.0, done + 0.02, least_a=0.0)
            if self._is_certain() and self._wiring_found() is not None:
                return

    async def _hold(
        self, stage: str, limit_a: float, done: float, *, least_a: float, phases: int | None = None
    ) -> Plateau:
        self._say(stage, done, limit_a=limit_a)
        plateau = await self._bench.hold(self._station, limit_a, phases=phases, least_a=least_a)
        self._plateaus.append(plateau)
        return plateau

    def _say(self, stage: str, done: float, **numbers: float) -> None:
        self._bench.tell(phrase(stage, station=self._station.station_id, **numbers), done)

    def _can_tell_phases_apart(self) -> bool:
        return self._station.can_switch_phases and self._used_most() > 1

    def _wiring_found(self) -> Wiring | None:
        """The whole map, what is presumed included; None while a phase of it is unknown."""
        sight = best_sight(what_meters_see(self._bench.watch.trace, self._site, self._station, self._plateaus))
        if sight is None:
            return None
        return complete(
            wiring_found(len(self._station.wiring), sight.seen, self._site.circuits[sight.circuit_id].phases)
        )

    def _used_most(self) -> int:
        readings = [each.reading for each in self._plateaus if each.reading is not None]
        return max((each.phases_drawn for each in readings), default=0)

    def _is_certain(self) -> bool:
        sights = what_meters_see(self._bench.watch.trace, self._site, self._station, self._plateaus)
        # A meter of the garage is quieter than the one of the house, but only the latter names the phases.
        return bool(sights) and (sights[0].sound or (self._repeats > 1 and any(each.sound for each in sights)))

    def _judged(self) -> ChargerFindings:
        station_id = self._station.station_id
        doubt = self._doubt()
        if doubt is not None:
            return self.found(doubt.verdict, doubt.says)
        found = self.found(Verdict.PASSED, phrase("charger.passed", station=station_id))
        if any(not row.obeyed for row in found.plateaus):
            return self.found(Verdict.UNCERTAIN, phrase("charger.no_readings", station=station_id))
        if found.reaction_s is not None and found.reaction_s > SLOWEST_S:
            # A sample that got lost, or a machine that was busy, looks the same once, but not every time.
            always = min(each.reaction_s for each in found.plateaus if each.reaction_s is not None) > SLOWEST_S
            slow = phrase("charger.slow", station=station_id, reaction_s=found.reaction_s)
            return self.found(Verdict.FAILED if always else Verdict.UNCERTAIN, slow)
        if not found.agrees:
            return self.found(Verdict.PASSED, phrase("charger.other_wiring", station=station_id))
        return found if found.found == self._station.wiring else self._without_order(found)

    def _without_order(self, found: ChargerFindings) -> ChargerFindings:
        """The right phases, but which is which was not seen."""
        if found.found is None and self._can_tell_phases_apart():
            return self.found(Verdict.UNCERTAIN, phrase("charger.not_certain", repeats=self._repeats))
        return self.found(Verdict.PASSED, phrase("charger.order_open", station=self._station.station_id))

    def _doubt(self) -> Unproven | None:
        """Why what the meters saw of the car tells nothing, or something bad; None where it tells its phases."""
        trace, site, station = self._bench.watch.trace, self._site, self._station
        sights = what_meters_see(trace, site, station, self._plateaus)
        sight = best_sight(sights)
        if contradict(sights):
            return Unproven(Verdict.UNCERTAIN, phrase("charger.meters_disagree"))
        if sight is not None and sight.sound:
            return None
        late_s = meter_late_s(trace, site, station, self._plateaus)
        if late_s is not None:
            return Unproven(Verdict.UNCERTAIN, phrase("charger.meter_late", late_s=late_s))
        if sight is None or not sight.certain:
            return Unproven(Verdict.UNCERTAIN, phrase("charger.not_certain", repeats=self._repeats))
        if not any(loaded.phases for _, loaded in sight.seen):
            return Unproven(Verdict.FAILED, phrase("charger.not_seen", station=station.station_id))
        used, loaded = next((used, each) for used, each in sight.seen if len(each.phases) != used)
        numbers = {"used": used, "seen": len(loaded.phases)}
        return Unproven(Verdict.UNCERTAIN, phrase("charger.phases_differ", station=station.station_id, **numbers))

    def found(self, verdict: Verdict, says: Phrase) -> ChargerFindings:
        trace, station = self._bench.watch.trace, self._station
        sight = best_sight(what_meters_see(trace, self._site, station, self._plateaus))
        seen = sight.seen if sight is not None else ()
        circuit = self._site.circuits[sight.circuit_id] if sight is not None else self._site.circuits.main
        wiring = wiring_found(len(station.wiring), seen, circuit.phases)
        loaded: dict[int, Wiring] = {used: tuple(sorted(each.phases)) for used, each in seen if each.certain}
        rows = figures(trace, circuit.circuit_id, self._plateaus, loaded)
        return ChargerFindings(
            verdict=verdict,
            utc_s=self._bench.utc_s(),
            says=says,
            station_id=station.station_id,
            stated=station.wiring,
            plateaus=rows,
            reaction_s=slowest_s(rows),
            step_a=self._step_a,
            repeats=self._repeats,
            wiring=wiring,
            found=complete(wiring) if verdict in TELLS_WIRING else None,
            agrees=agrees(station.wiring, seen),
        )


def slowest_s(rows: tuple[PlateauFigures, ...]) -> float | None:
    """The longest reaction that was measured."""
    return max((row.reaction_s for row in rows if row.reaction_s is not None), default=None)
