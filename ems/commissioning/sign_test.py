"""The sign test: a load that somebody switches on must raise its phase, and the sun must lower the meter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ems.commissioning.bench import Bench, Unproven
from ems.commissioning.findings import SignAgainst, SignFindings, Verdict
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.trace import AGREE, MeterPoint, median_a
from ems.model.electrical import NOMINAL_V, PerPhase, Phase, Wiring
from ems.model.goals import ChargeMode, Goal

LEAST_LOAD_A: Final = 4.0
"""A kettle or a fan heater: 1 kW."""

STANDS_OUT: Final = 2.0
"""The phase of a load changes by this many times what the others do."""

SWITCHED_WITHIN_S: Final = 90.0
BASE_S: Final = 5.0
OFF_SHARE: Final = 0.3
"""Switching off must undo the change up to this share."""

SUN_FOR_S: Final = 180.0
SUN_STEP_W: Final = 400.0
SUN_STEPS: Final = 3
PAIRS_APART: Final = 8
"""Samples between the two ends of a change of the sun."""

LONGEST_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A change that stands out."""

    phase: Phase
    change_a: float
    at_s: float


def switched(points: Sequence[MeterPoint], base_a: PerPhase, phases: Wiring) -> Switched | None:
    """The phase that changed for good while the others stayed; None while none did."""
    if len(points) < AGREE:
        return None
    newest = points[-AGREE:]
    change_a = median_a(each.without_sun_a for each in newest) - base_a
    phase = max(phases, key=lambda each: abs(change_a[each]))
    others_a = max((abs(change_a[each]) for each in phases if each is not phase), default=0.0)
    steady = all(abs(each.without_sun_a[phase] - base_a[phase]) >= LEAST_LOAD_A for each in newest)
    if not steady or abs(change_a[phase]) < STANDS_OUT * others_a:
        return None
    return Switched(phase=phase, change_a=change_a[phase], at_s=newest[0].taken_at_s)


def sun_lowers_meter(points: Sequence[MeterPoint]) -> bool | None:
    """Whether more sun showed as less import; None while the sun has not changed enough to tell."""
    votes = 0
    used = 0
    place = 0
    while place + PAIRS_APART < len(points):
        before, after = points[place], points[place + PAIRS_APART]
        place += 1
        if before.solar_w is None or after.solar_w is None:
            continue
        sun_w = after.solar_w - before.solar_w
        if abs(sun_w) < SUN_STEP_W:
            continue
        grid_w = (after.current_a.total - before.current_a.total) * NOMINAL_V
        votes += 1 if sun_w * grid_w < 0 else -1
        used += 1
        place += PAIRS_APART
    if used < SUN_STEPS or abs(votes) < used / 2:
        return None
    return votes > 0


class SignTest:
    """One run; `run` gives what was found, whatever stops it."""

    def __init__(self, bench: Bench, circuit_id: str, stated: Phase | None, against: SignAgainst) -> None:
        self._bench = bench
        self._circuit = bench.site.circuits[circuit_id]
        self._stated = stated
        self._against = against
        self._seen: Switched | None = None

    async def run(self) -> SignFindings:
        """Watch the meter, and tell what it showed."""
        try:
            with self._bench.trial():
                # Cars that follow the sun would hide both.
                goals = {s.station_id: Goal(mode=ChargeMode.OFF) for s in self._bench.site.stations}
                self._bench.board.set_trial(goals)
                if self._against is SignAgainst.SUN:
                    return await self._against_sun()
                return await self._against_load()
        except Unproven as stop:
            return self.found(stop.verdict, stop.says)

    async def _against_load(self) -> SignFindings:
        bench = self._bench
        bench.tell(phrase("sign.wait", circuit=self._circuit.circuit_id), 0.05)
        await bench.others_paused(None)
        base_a = await self._base_a()
        where = {"phase": self._stated.name} if self._stated is not None else {"phase": ""}
        bench.tell(phrase("sign.switch_on", **where), 0.3)
        seen = await self._change(base_a)
        if seen is None:
            raise Unproven(Verdict.UNCERTAIN, phrase("sign.nothing"))
        self._seen = seen
        bench.tell(phrase("sign.switch_off", **where), 0.7)
        if not await self._undone(seen, base_a):
            raise Unproven(Verdict.UNCERTAIN, phrase("sign.not_undone", phase=seen.phase.name))
        return self._judged(seen)

    async def _base_a(self) -> PerPhase:
        began_s = self._bench.now_s()
        circuit_id = self._circuit.circuit_id
        points = self._bench.watch.trace.points
        enough = await self._bench.watch.until(
            lambda: self._bench.now_s() >= began_s + BASE_S and len(points(circuit_id, began_s)) >= AGREE,
            SWITCHED_WITHIN_S,
        )
        if not enough:
            raise Unproven(Verdict.UNCERTAIN, phrase("overload.no_meter", circuit=circuit_id))
        return median_a(each.without_sun_a for each in points(circuit_id, began_s))

    async def _change(self, base_a: PerPhase) -> Switched | None:
        began_s = self._bench.now_s()

        def seen() -> Switched | None:
            points = self._bench.watch.trace.points(self._circuit.circuit_id, began_s)
            return switched(points, base_a, self._circuit.phases)

        await self._bench.watch.until(lambda: seen() is not None, SWITCHED_WITHIN_S)
        return seen()

    async def _undone(self, seen: Switched, base_a: PerPhase) -> bool:
        def is_undone() -> bool:
            points = self._bench.watch.trace.points(self._circuit.circuit_id, seen.at_s)[-AGREE:]
            left_a = [abs(each.without_sun_a[seen.phase] - base_a[seen.phase]) for each in points]
            return len(points) == AGREE and max(left_a) <= OFF_SHARE * abs(seen.change_a)

        return await self._bench.watch.until(is_undone, SWITCHED_WITHIN_S)

    async def _against_sun(self) -> SignFindings:
        began_s = self._bench.now_s()
        self._bench.tell(phrase("sign.sun"), 0.3)

        def tells() -> bool | None:
            return sun_lowers_meter(self._bench.watch.trace.points(self._circuit.circuit_id, began_s))

        await self._bench.watch.until(lambda: tells() is not None, SUN_FOR_S)
        lowers = tells()
        if lowers is None:
            return self.found(Verdict.UNCERTAIN, phrase("sign.sun_still"))
        if lowers:
            return self.found(Verdict.PASSED, phrase("sign.sun_passed"))
        return self.found(Verdict.FAILED, phrase("sign.sun_flipped"))

    def _judged(self, seen: Switched) -> SignFindings:
        name, change_a = seen.phase.name, round(abs(seen.change_a), 1)
        if seen.change_a < 0:
            return self.found(Verdict.FAILED, phrase("sign.flipped", phase=name, change_a=change_a))
        if self._stated is not None and seen.phase is not self._stated:
            says = phrase("sign.other_phase", phase=name, stated=self._stated.name, change_a=change_a)
            return self.found(Verdict.FAILED, says)
        return self.found(Verdict.PASSED, phrase("sign.passed", phase=name, change_a=change_a))

    def found(self, verdict: Verdict, says: Phrase) -> SignFindings:
        seen = self._seen
        return SignFindings(
            verdict=verdict,
            utc_s=self._bench.utc_s(),
            says=says,
            circuit_id=self._circuit.circuit_id,
            against=self._against,
            stated=self._stated,
            found=None if seen is None else seen.phase,
            change_a=None if seen is None else round(seen.change_a, 2),
        )
