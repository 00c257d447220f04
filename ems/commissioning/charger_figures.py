"""From held limits to figures: steps, the phases they were seen on, reaction times. Pure but for the trace it reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ems.commissioning.bench import FALLS_WITHIN_S
from ems.commissioning.findings import PlateauFigures
from ems.commissioning.phase_map import LEAST_STEP_A, Loaded, Step, loaded_phases
from ems.commissioning.plateau import Plateau
from ems.commissioning.trace import Trace, crossed_at_s
from ems.control.seen.obedience import tolerated_a
from ems.model.electrical import PerPhase, Phase, Wiring
from ems.model.site import Site, Station

USUAL_OFFSET_A: Final = 0.3
"""How far a car stays below its limit, where the station does not say."""

LEVEL_SAMPLES: Final = 2
"""A level of fewer samples tells nothing: the only one may be older than it says."""

LATEST_S: Final = 12
LATE_STEP_S: Final = 2
"""A meter that is later than all proofs allow is looked for up to so many seconds, in such steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSees:
    """What one meter saw of a station's steps."""

    circuit_id: str
    seen: tuple[tuple[int, Loaded], ...]
    """Station phases in use, and what was loaded then."""

    @property
    def certain(self) -> bool:
        return bool(self.seen) and all(loaded.certain for _, loaded in self.seen)

    @property
    def sound(self) -> bool:
        """Certain, and on as many phases as the station says that its car uses."""
        return self.certain and all(len(loaded.phases) == used for used, loaded in self.seen)


def what_meters_see(
    trace: Trace, site: Site, station: Station, plateaus: Sequence[Plateau], *, late_s: float = 0.0
) -> tuple[MeterSees, ...]:
    """Every meter above the station, the main one first; as if they showed everything so much later."""
    above = [circuit for circuit in reversed(site.circuits.above(station.circuit_id)) if circuit.metered]
    return tuple(_sees(trace, circuit.circuit_id, circuit.phases, plateaus, late_s) for circuit in above)


def best_sight(sights: Sequence[MeterSees]) -> MeterSees | None:
    """The first that is sound, else the first that is certain, else the first."""
    sound = next((each for each in sights if each.sound), None)
    return sound or next((each for each in sights if each.certain), sights[0] if sights else None)


def meter_late_s(trace: Trace, site: Site, station: Station, plateaus: Sequence[Plateau]) -> float | None:
    """How late a meter showed the car at least, where that makes sense of what it saw; None where it does not."""
    for late_s in range(LATE_STEP_S, LATEST_S + 1, LATE_STEP_S):
        if any(each.sound for each in what_meters_see(trace, site, station, plateaus, late_s=late_s)):
            return float(late_s)
    return None


def contradict(sights: Sequence[MeterSees]) -> bool:
    """Whether two meters are certain of different phases: one of them counts its phases in another order."""
    by_use: dict[int, set[frozenset[Phase]]] = defaultdict(set)
    for sight in sights:
        for used, loaded in sight.seen:
            if loaded.certain:
                by_use[used].add(loaded.phases)
    return any(len(sets) > 1 for sets in by_use.values())


def figures(
    trace: Trace, circuit_id: str, plateaus: Sequence[Plateau], loaded: Mapping[int, Wiring]
) -> tuple[PlateauFigures, ...]:
    """A row for each plateau, with the reaction time of those that came down. `loaded` by station phases in use."""
    rows = []
    before: Plateau | None = None
    for place, plateau in enumerate(plateaus):
        level_a, base_a = trace.level_a(circuit_id, *plateau.late), _paused_level_a(trace, circuit_id, plateaus, place)
        amps = plateau.station_a
        rows.append(
            PlateauFigures(
                limit_a=plateau.limit_a,
                phases=plateau.phases,
                station_a=None if amps is None else round(amps, 2),
                meter_a=PerPhase() if level_a is None or base_a is None else rounded(level_a - base_a),
                obeyed=amps is not None and amps <= tolerated_a(plateau.limit_a),
                reaction_s=None if before is None else _reaction_s(trace, circuit_id, before, plateau, loaded),
            )
        )
        before = plateau
    return tuple(rows)


def _paused_level_a(trace: Trace, circuit_id: str, plateaus: Sequence[Plateau], place: int) -> PerPhase | None:
    """The meter in the pause before, or in the one after where there was none before; None without any."""
    pauses = [number for number, each in enumerate(plateaus) if each.limit_a == 0]
    nearest = max((each for each in pauses if each <= place), default=min(pauses, default=None))
    return None if nearest is None else trace.level_a(circuit_id, *plateaus[nearest].late)


def rounded(amps: PerPhase) -> PerPhase:
    """To hundredths, as people read it."""
    return amps.mapped(lambda each: round(each, 2))


def size_a(plateau: Plateau) -> float:
    """What the car drew on each phase it loads: as the station measured, else a little below the limit."""
    if plateau.station_a is not None:
        return plateau.station_a
    return max(0.0, plateau.limit_a - USUAL_OFFSET_A)


def phases_used(before: Plateau, after: Plateau) -> int:
    """How many station phases the car loaded at the higher of two plateaus."""
    higher = before if size_a(before) > size_a(after) else after
    reading = higher.reading
    if reading is None or not reading.every_phase_measured:
        return higher.phases
    return reading.phases_drawn or higher.phases


def _sees(trace: Trace, circuit_id: str, phases: Wiring, plateaus: Sequence[Plateau], late_s: float) -> MeterSees:
    steps: dict[int, list[Step]] = defaultdict(list)
    for before, after in pairwise(plateaus):
        step = _step(trace, circuit_id, before, after, late_s)
        if step is not None:
            steps[phases_used(before, after)].append(step)
    seen = tuple((used, loaded_phases(those, phases)) for used, those in sorted(steps.items()))
    if not any(each.reading is not None and each.reading.every_phase_measured for each in plateaus):
        # Such a station does not know how many phases its car uses; the meter does.
        seen = tuple((len(loaded.phases) or used, loaded) for used, loaded in seen)
    return MeterSees(circuit_id=circuit_id, seen=seen)


def _step(trace: Trace, circuit_id: str, before: Plateau, after: Plateau, late_s: float) -> Step | None:
    change_a = size_a(after) - size_a(before)
    from_a, to_a = (
        trace.level_a(circuit_id, since_s + late_s, until_s + late_s, least=LEVEL_SAMPLES)
        for since_s, until_s in (before.late, after.early)
    )
    if from_a is None or to_a is None or abs(change_a) < LEAST_STEP_A:
        return None
    return Step(size_a=change_a, seen_a=to_a - from_a)


def _reaction_s(
    trace: Trace, circuit_id: str, before: Plateau, after: Plateau, loaded: Mapping[int, Wiring]
) -> float | None:
    change_a = size_a(after) - size_a(before)
    phases = loaded.get(phases_used(before, after), ())
    from_a = trace.level_a(circuit_id, *before.late)
    if from_a is None or not phases or change_a > -LEAST_STEP_A:
        return None
    mean_a = from_a.sum_over(phases) / len(phases)
    points = trace.points(circuit_id, after.since_s, after.settled_s + FALLS_WITHIN_S)
    crossed_s = crossed_at_s(points, phases, mean_a, mean_a + change_a)
    return None if crossed_s is None else round(max(0.0, crossed_s - after.since_s), 1)
