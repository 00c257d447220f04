"""What must hold when something breaks, judged by what cars drew and fuses carried, not by what anybody said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from ems.model.electrical import NOMINAL_V
from ems.sim.lab.fault_script import FaultKind
from ems.sim.lab.records import DaySeconds, RunRecord, Series
from ems.sim.lab.report.shapes import FaultVerdict

HAIR_A: Final = 0.5
"""A measured current may exceed the limit by this (`control.md` §7)."""

LIMIT_HAIR_A: Final = 0.05
NOT_COMMISSIONED_A: Final = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was played: which fault, when, and what has to be where by when. Seconds of the run."""

    fault: FaultKind
    label: str
    """As the verdict names it."""

    from_s: float
    until_s: float
    answer_within_s: float
    """From the start of the fault to the moment when its promise must hold."""

    fallback_a: dict[str, float]
    """Per station that the fault concerns: the current it must not exceed by then."""

    car_phases: dict[str, int]
    """Per station."""

    promise: str
    """What allows that time, in words."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    held: bool
    figure: str
    sentence: str


Look: TypeAlias = Callable[[Scene, RunRecord, DaySeconds], Check]


def verdict(scene: Scene, record: RunRecord) -> FaultVerdict:
    """How the policy of this run came through the fault. A run without its seconds gets no verdict."""
    if record.picture is None:
        return not_played(scene.label, record.policy, "the run kept no seconds to look at")
    checks = [look(scene, record, record.picture) for look in EXPECTED[scene.fault]]
    failed = [check for check in checks if not check.held]
    return FaultVerdict(
        fault=scene.label,
        policy=record.policy,
        passed=not failed,
        figure="; ".join(check.figure for check in checks),
        sentence="; ".join(check.sentence for check in failed or checks) + ".",
    )


def not_played(label: str, policy: str, why: str) -> FaultVerdict:
    """A row without a verdict, and why."""
    return FaultVerdict(fault=label, policy=policy, passed=None, figure="", sentence=f"Not played: {why}.")


def no_fuse_trips(_: Scene, record: RunRecord, __: DaySeconds) -> Check:
    """No fuse opens, but for one that the house opens without any car."""
    alone = {figures.circuit_id: figures.trips for figures in record.house_only}
    tripped = [figures for figures in record.breakers if figures.trips > alone.get(figures.circuit_id, 0)]
    hottest = max((figures.max_thermal for figures in record.breakers), default=0.0)
    figure = f"thermal image {hottest:.2f}"
    if tripped:
        return Check(held=False, figure=figure, sentence=f"fuse {tripped[0].circuit_id} tripped")
    return Check(held=True, figure=figure, sentence="every fuse held")


def falls_back(scene: Scene, _: RunRecord, seen: DaySeconds) -> Check:
    """Every station it concerns is at or below its fallback current in time, and stays there until the fault ends."""
    slowest_s, slowest = max((_above_for_s(scene, seen, station), station) for station in scene.fallback_a)
    allowed = f"{scene.answer_within_s:.0f} s allowed: {scene.promise}"
    if slowest_s >= scene.until_s - scene.from_s:
        sentence = f"{slowest} never came down to {scene.fallback_a[slowest]:g} A while the fault lasted"
        return Check(held=False, figure=f"not within {slowest_s:.0f} s", sentence=f"{sentence} ({allowed})")
    held = slowest_s <= scene.answer_within_s
    sentence = f"{slowest}, the last one, was at its fallback current after {slowest_s:.0f} s ({allowed})"
    return Check(held=held, figure=f"fallback after {slowest_s:.0f} s", sentence=sentence)


def raises_nothing(scene: Scene, _: RunRecord, seen: DaySeconds) -> Check:
    """No limit rises while the fault lasts, once there was time to notice it."""
    window = _window(scene.from_s + scene.answer_within_s, scene.until_s)
    rises = {station: _largest_rise(limit_a[window]) for station, limit_a in seen.limits_a.items()}
    station, most_a = max(rises.items(), key=lambda item: item[1], default=("", 0.0))
    if most_a > LIMIT_HAIR_A:
        return Check(held=False, figure=f"raise of {most_a:.1f} A", sentence=f"{station} was raised meanwhile")
    return Check(held=True, figure="no raise", sentence="no limit was raised meanwhile")


def goes_on(scene: Scene, _: RunRecord, seen: DaySeconds) -> Check:
    """Nobody is paused by it who charged before."""
    before, meanwhile = int(scene.from_s) - 1, _window(scene.from_s, scene.until_s)
    charged = [station for station, limit_a in seen.limits_a.items() if limit_a[before] > 0]
    paused = [station for station in charged if seen.limits_a[station][meanwhile].min() <= 0]
    if paused or not charged:
        sentence = f"{paused[0]} was paused meanwhile" if paused else "no car charged before it"
        return Check(held=False, figure=f"{len(paused)} paused", sentence=sentence)
    return Check(held=True, figure="nobody paused", sentence="all cars charged on")


def stays_at_six_amps_on_one_phase(_: Scene, __: RunRecord, seen: DaySeconds) -> Check:
    """What a house without a stated main fuse allows."""
    most_w = max((float(power_w.max()) for power_w in seen.cars_w.values()), default=0.0)
    held = most_w <= (NOT_COMMISSIONED_A + HAIR_A) * NOMINAL_V
    sentence = "nobody charged above 6 A on one phase" if held else "a car charged above 6 A on one phase"
    return Check(held=held, figure=f"at most {most_w / NOMINAL_V:.1f} A", sentence=sentence)


EXPECTED: Final[dict[FaultKind, tuple[Look, ...]]] = {
    FaultKind.NOTHING: (no_fuse_trips,),
    FaultKind.METER_LATE: (raises_nothing, no_fuse_trips),
    FaultKind.METER_LOST: (falls_back, no_fuse_trips),
    FaultKind.METER_FROZEN: (falls_back, no_fuse_trips),
    FaultKind.METER_BACKWARDS: (falls_back, no_fuse_trips),
    FaultKind.METER_IMPOSSIBLE: (falls_back, no_fuse_trips),
    FaultKind.STATION_DISCONNECTS: (falls_back, no_fuse_trips),
    FaultKind.STATION_REJECTS: (no_fuse_trips,),
    FaultKind.STATION_TIMES_OUT: (no_fuse_trips,),
    FaultKind.STATION_IGNORES: (no_fuse_trips,),
    FaultKind.SERVICE_DIES: (falls_back, no_fuse_trips),
    FaultKind.NETWORK_CUT: (falls_back, no_fuse_trips),
    FaultKind.INVERTER_LOST: (no_fuse_trips,),
    FaultKind.CLOCK_JUMPS: (goes_on, no_fuse_trips),
    FaultKind.NOT_COMMISSIONED: (stays_at_six_amps_on_one_phase,),
}
"""What each fault must show; those without a row cannot be played."""


def _above_for_s(scene: Scene, seen: DaySeconds, station: str) -> float:
    """Seconds from the start of the fault until the car there is at its fallback current for good."""
    window = _window(scene.from_s, scene.until_s)
    # A pause may tell no phases; the current is nought then.
    phases = np.clip(seen.phases[station][window], 1.0, float(scene.car_phases[station]))
    current_a = seen.cars_w[station][window] / (NOMINAL_V * phases)
    above = np.flatnonzero(current_a > scene.fallback_a[station] + HAIR_A)
    return float(above[-1]) + 1.0 if len(above) else 0.0


def _largest_rise(limit_a: Series) -> float:
    return float(np.diff(limit_a).max(initial=0.0))


def _window(from_s: float, until_s: float) -> slice:
    return slice(int(from_s), int(until_s))


def problems(verdicts: Iterable[FaultVerdict], policy: str) -> list[FaultVerdict]:
    """The rows that this policy did not come through."""
    return [each for each in verdicts if each.policy == policy and each.passed is False]
