"""What can be asked of any policy about a run with a fault: what cars drew, fuses carried and stations were told."""

from __future__ import annotations

from collections.abc import Sized
from typing import Final

import numpy as np

from ems.model.electrical import NOMINAL_V
from ems.sim.lab.fault_scene import Check, Seen, window
from ems.sim.lab.records import DaySeconds, Series

HAIR_A: Final = 0.5
"""A measured current may exceed the limit by this (`control.md` §7)."""

LIMIT_HAIR_A: Final = 0.05
NOT_COMMISSIONED_A: Final = 6.0
HAIR_OF_RATING: Final = 1.05
"""Whoever fills a fuse to its rating is off by the noise of the meter now and then."""

BACK_SHARE: Final = 0.9
CALM_S: Final = 30.0
FOLLOWS_SHARE: Final = 0.1
"""Of the change of the sun: so much worse than with the inverter is as good."""

STEADY_FOR_S: Final = 60.0
LEAST_LOAD_A: Final = 0.5


def no_fuse_trips(seen: Seen) -> Check:
    """No fuse opens, but for one that the house opens without any car."""
    alone = {figures.circuit_id: figures.trips for figures in seen.record.house_only}
    breakers = seen.record.breakers
    tripped = [figures for figures in breakers if figures.trips > alone.get(figures.circuit_id, 0)]
    hottest = max((figures.max_thermal for figures in breakers), default=0.0)
    over_s = max((figures.seconds_over_rating for figures in breakers), default=0.0)
    figure = f"thermal image {hottest:.2f}"
    if tripped:
        sentence = f"fuse {tripped[0].circuit_id} tripped, after {over_s:.0f} s above its rating"
        return Check(held=False, figure=figure, sentence=sentence)
    sentence = (
        f"every fuse held: thermal image at most {hottest:.2f} of 1, in the whole run {over_s:.0f} s above the rating"
    )
    return Check(held=True, figure=figure, sentence=sentence)


def falls_back(seen: Seen) -> Check:
    """Every station it concerns is at or below its fallback current in time, and stays there until the fault ends."""
    scene = seen.scene
    slowest_s, slowest = max((_above_for_s(seen, station), station) for station in scene.fallback_a)
    allowed = f"{scene.answer_within_s:.0f} s allowed: {scene.promise}"
    drew_a = float(seen.car_a(slowest)[int(scene.from_s) - 1])
    fallback_a = scene.fallback_a[slowest]
    if slowest_s >= scene.until_s - scene.from_s:
        sentence = f"{slowest} never came down to {fallback_a:g} A while the fault lasted"
        return Check(held=False, figure=f"not within {slowest_s:.0f} s", sentence=f"{sentence} ({allowed})")
    held = slowest_s <= scene.answer_within_s
    if not slowest_s:
        return Check(held=True, figure="fallback at once", sentence="no car drew more than its fallback current")
    sentence = (
        f"{slowest}{_last_of(scene.fallback_a)} fell from {drew_a:.1f} A to its fallback current of {fallback_a:g} A"
        f" within {slowest_s:.0f} s ({allowed})"
    )
    return Check(held=held, figure=f"fallback after {slowest_s:.0f} s", sentence=sentence)


def makes_room(seen: Seen) -> Check:
    """The other cars make room for the house at the policy's own pace, and no fuse is above its rating from then on."""
    scene = seen.scene
    if scene.load_a < LEAST_LOAD_A:
        return Check(held=True, figure="no load", sentence="there was no room for a load to answer")
    load_s, allowed_s = int(scene.load_from_s), scene.reacts_within_s + seen.looks_every_s
    over_s, peak, circuit = max(_over_for_s(seen, each) for each in seen.record.ratings_a)
    sentence = (
        f"the house drew {scene.load_a:.1f} A more a phase: {_gave_way(seen, load_s - 1, load_s + int(allowed_s))};"
        f" {circuit} had {peak:.2f} times its rating at most, and more than {HAIR_OF_RATING:g} times for {over_s:.0f} s"
        f" ({allowed_s:.0f} s allowed)"
    )
    return Check(held=over_s <= allowed_s, figure=f"room after {over_s:.0f} s", sentence=sentence)


def comes_back(seen: Seen) -> Check:
    """Once the fault is over, limits rise again, where the cars have less than before."""
    scene = seen.scene
    before_w = float(seen.cars_w()[window(scene.from_s - CALM_S, scene.from_s)].mean())
    after_w = seen.cars_w()[window(scene.until_s, scene.until_s + scene.back_within_s)]
    back = np.flatnonzero(after_w >= BACK_SHARE * before_w)
    first_s = first_raise_s(seen)
    if not len(back) and first_s is None:
        sentence = f"no limit rose within {scene.back_within_s:.0f} s after it"
        return Check(held=False, figure="not back", sentence=sentence)
    told = f"of their {before_w / 1000:.1f} kW"
    if not len(back):
        share = float(after_w.max()) / before_w * 100
        sentence = (
            f"the first limit rose {first_s:.0f} s after it, to {share:.0f} % {told} while the house's peak is held"
        )
        return Check(held=True, figure=f"raise after {first_s:.0f} s", sentence=sentence)
    if not back[0]:
        return Check(held=True, figure="", sentence="afterwards the cars drew what they had drawn before")
    sentence = f"{back[0]:.0f} s after it the cars had {BACK_SHARE * 100:.0f} % {told} again"
    return Check(held=True, figure=f"back after {back[0]:.0f} s", sentence=sentence)


def raises_nothing(seen: Seen) -> Check:
    """No limit rises while the fault lasts, once there was time to notice it."""
    scene = seen.scene
    meanwhile = window(scene.from_s + scene.answer_within_s, scene.until_s)
    rises = {station: _largest_rise(limit_a[meanwhile]) for station, limit_a in seen.seconds.limits_a.items()}
    station, most_a = max(rises.items(), key=lambda item: item[1], default=("", 0.0))
    if most_a > LIMIT_HAIR_A:
        return Check(held=False, figure=f"raise of {most_a:.1f} A", sentence=f"{station} was raised by {most_a:.1f} A")
    lasted_s = scene.until_s - scene.from_s - scene.answer_within_s
    free = f"although {scene.load_a:.1f} A a phase had come free shortly before"
    return Check(held=True, figure="no raise", sentence=f"no limit was raised for {lasted_s:.0f} s, {free}")


def goes_on(seen: Seen) -> Check | None:
    """Nobody is paused by it who had charged for a minute, until a load asks for it; who never does is not asked."""
    scene, limits_a = seen.scene, seen.seconds.limits_a
    before = window(scene.from_s - STEADY_FOR_S, scene.from_s)
    meanwhile = window(scene.from_s, scene.load_from_s)
    charged = [station for station, limit_a in limits_a.items() if limit_a[before].min() > 0]
    if not charged and not seen.ours:
        return None
    paused = [station for station in charged if limits_a[station][meanwhile].min() <= 0]
    if paused or not charged:
        sentence = f"{paused[0]} was paused meanwhile" if paused else "no car had charged for a minute before it"
        return Check(held=False, figure=f"{len(paused)} paused", sentence=sentence)
    moved_a = max(float(np.ptp(limits_a[station][meanwhile])) for station in charged)
    sentence = f"the cars that charged ({len(charged)}) went on, and limits moved by {moved_a:.1f} A at most"
    return Check(held=True, figure="nobody paused", sentence=sentence)


def follows_the_sun(seen: Seen) -> Check | None:
    """The cars follow a change of the sun as closely as in the same run with the inverter."""
    scene, twin = seen.scene, seen.with_inverter
    if twin is None:
        return None
    settled = window(scene.from_s + scene.answer_within_s, scene.load_from_s)
    off_w, twin_off_w = (_off_the_sun_w(each, settled) for each in (seen.seconds, twin))
    cars_w = seen.cars_w()
    rose_w = float(cars_w[settled].mean() - cars_w[window(scene.from_s - CALM_S, scene.from_s)].mean())
    sentence = (
        f"the sun gave {scene.more_sun_w / 1000:.1f} kW more, the cars took {rose_w / 1000:.1f} kW more and were"
        f" {off_w / 1000:.2f} kW off the surplus; with the inverter {twin_off_w / 1000:.2f} kW"
    )
    held = off_w <= twin_off_w + FOLLOWS_SHARE * scene.more_sun_w
    return Check(held=held, figure=f"{off_w / 1000:.2f} kW off the sun", sentence=sentence)


def stays_at_six_amps_on_one_phase(seen: Seen) -> Check:
    """What a house without a stated main fuse allows."""
    most_w = max((float(power_w.max()) for power_w in seen.seconds.cars_w.values()), default=0.0)
    held = most_w <= (NOT_COMMISSIONED_A + HAIR_A) * NOMINAL_V
    most_a = most_w / NOMINAL_V
    sentence = f"the largest draw of a car was that of {most_a:.1f} A on one phase, 6 A allowed"
    return Check(held=held, figure=f"at most {most_a:.1f} A", sentence=sentence)


def first_raise_s(seen: Seen) -> int | None:
    """Seconds from the end of the fault to the first limit that rises; None when none does."""
    scene = seen.scene
    after = window(scene.until_s - 1, scene.until_s + scene.back_within_s)
    rises = [np.flatnonzero(np.diff(limit_a[after]) > LIMIT_HAIR_A) for limit_a in seen.seconds.limits_a.values()]
    return min((int(each[0]) for each in rises if len(each)), default=None)


def _last_of(stations: Sized) -> str:
    """Nothing where there is nobody else."""
    return ", the last one," if len(stations) > 1 else ""


def _above_for_s(seen: Seen, station: str) -> float:
    """Seconds from the start of the fault until the car there is at its fallback current for good."""
    current_a = seen.car_a(station)[window(seen.scene.from_s, seen.scene.until_s)]
    above = np.flatnonzero(current_a > seen.scene.fallback_a[station] + HAIR_A)
    return float(above[-1]) + 1.0 if len(above) else 0.0


def _over_for_s(seen: Seen, circuit: str) -> tuple[float, float, str]:
    """Seconds from the load until that circuit is at its rating for good, its peak meanwhile, and its name."""
    of_rating = seen.of_rating(circuit)[window(seen.scene.load_from_s, _load_ends_s(seen))]
    over = np.flatnonzero(of_rating > HAIR_OF_RATING)
    return float(over[-1]) + 1.0 if len(over) else 0.0, float(of_rating.max()), circuit


def _load_ends_s(seen: Seen) -> float:
    """Until then the first load is all there is: later ones come at the end of a lease."""
    scene = seen.scene
    promised_s = scene.from_s + scene.answer_within_s
    return promised_s if scene.load_from_s < promised_s else scene.until_s


def _gave_way(seen: Seen, before_s: int, after_s: int) -> str:
    """What the cars did between those seconds."""
    cars_w = seen.seconds.cars_w
    before_kw, after_kw = (sum(cars_w[each][at_s] for each in seen.others) / 1000 for at_s in (before_s, after_s))
    went = f"went from {before_kw:.1f} to {after_kw:.1f} kW"
    if len(seen.others) == len(cars_w):
        return f"the cars {went}"
    kept = f"{seen.scene.target} drew {seen.car_a(seen.scene.target)[after_s]:.1f} A"
    if not seen.others:
        return kept
    return f"{kept}, the others {went}" if len(seen.others) > 1 else f"{kept}, {seen.others[0]} {went}"


def _off_the_sun_w(seconds: DaySeconds, span: slice) -> float:
    """How far the cars were from the surplus on average."""
    surplus_w = np.maximum(seconds.pv_w - seconds.house_w, 0.0)
    cars_w = np.sum(list(seconds.cars_w.values()), axis=0)
    return float(np.abs(cars_w - surplus_w)[span].mean())


def _largest_rise(limit_a: Series) -> float:
    return float(np.diff(limit_a).max(initial=0.0))
