"""What only Fusewise promises, and only it is asked: what its decisions said, and how its messages were spaced.

Each look gives None for any other policy.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np

from ems.model.decision import Escalation, LimitReason, NoticeCode
from ems.sim.lab.fault_looks import LIMIT_HAIR_A, first_raise_s
from ems.sim.lab.fault_scene import Check, Seen, window
from ems.sim.lab.report.words import reason_name

SLOW_S: Final = 15.0
"""After a few failures there is such a pause."""

BUSY_S: Final = 5.0
"""More than one message in this time on average is no back-off."""

RENEWED_WITHIN: Final = 0.5
"""Of the lease, between two messages to a station."""

SETTLED_S: Final = 9.0
"""Before a station that ignores its limit is suspended, and after the others have followed theirs."""

TOLD_S: Final = 3.0
"""From a notice to the limits that follow from it: a look and a message."""


def says(reason: LimitReason) -> Callable[[Seen], Check | None]:
    """A look at the reasons: each station that it concerns gives this one in time."""

    def look(seen: Seen) -> Check | None:
        if not seen.ours:
            return None
        first_s = {station: _first_said_s(seen, station, reason) for station in seen.scene.fallback_a}
        missing = [station for station, at_s in first_s.items() if at_s is None]
        if missing:
            sentence = f"{missing[0]} did not name its reason: {reason_name(reason)}"
            return Check(held=False, figure="no reason", sentence=sentence)
        after_s = max(at_s for at_s in first_s.values() if at_s is not None) - seen.scene.from_s
        return Check(held=True, figure="", sentence=f"after {after_s:.0f} s the reason was: {reason_name(reason)}")

    return look


def waits_for_good_samples(seen: Seen) -> Check | None:
    """A meter that answers again has to give good samples for a while before any limit rises."""
    if not seen.ours:
        return None
    first_s, wait_s = first_raise_s(seen), seen.scene.trusted_after_s
    if first_s is None:
        return Check(held=False, figure="no raise", sentence="no limit rose again after it")
    sentence = f"the first limit rose {first_s} s after it, and not before {wait_s:.0f} s of good samples"
    return Check(held=first_s >= wait_s, figure=f"raise after {first_s} s", sentence=sentence)


def raises_again(seen: Seen) -> Check | None:
    """Once the fault is over, a limit rises: there was room all the time."""
    if not seen.ours:
        return None
    first_s = first_raise_s(seen)
    if first_s is None:
        return Check(held=False, figure="no raise after it", sentence="no limit rose after it either")
    return Check(held=True, figure=f"raise after {first_s} s", sentence=f"the first one rose {first_s} s after it")


def tries_again_ever_slower(seen: Seen) -> Check | None:
    """A station that does not take its limit is asked again and again, after pauses that grow.

    New limits go out at once, so pauses may be short in between.
    """
    if not seen.ours:
        return None
    scene = seen.scene
    tries_s = [at_s for at_s in seen.seconds.sent_at_s.get(scene.target, ()) if scene.from_s <= at_s < scene.until_s]
    longest_s = max((after_s - before_s for before_s, after_s in pairwise(tries_s)), default=0.0)
    sentence = (
        f"{scene.target} was asked {len(tries_s)} times in {scene.until_s - scene.from_s:.0f} s, with up to"
        f" {longest_s:.0f} s between"
    )
    often = len(tries_s) > (scene.until_s - scene.from_s) / BUSY_S
    return Check(held=longest_s >= SLOW_S and not often, figure=f"{len(tries_s)} tries", sentence=sentence)


def renews_leases(seen: Seen) -> Check | None:
    """Every station hears of its limit well within its lease, whatever the wall clock says."""
    if not seen.ours:
        return None
    scene = seen.scene
    longest_s = 0.0
    for station in scene.car_phases:
        sent_s = [at_s for at_s in seen.seconds.sent_at_s.get(station, ()) if scene.from_s - scene.lease_s < at_s]
        heard_s = [at_s for at_s in sent_s if at_s < scene.until_s]
        longest_s = max([longest_s, *(b - a for a, b in pairwise([*heard_s, scene.until_s]))])
    sentence = f"no station went without a message for more than {longest_s:.0f} s of its lease of {scene.lease_s:g} s"
    held = longest_s <= RENEWED_WITHIN * scene.lease_s
    return Check(held=held, figure=f"renewed within {longest_s:.0f} s", sentence=sentence)


def reserves_its_hardware_maximum(seen: Seen) -> Check | None:
    """From the notice on, the others' limits leave the station all that it can draw."""
    if not seen.ours:
        return None
    noticed_s = seen.seconds.notices.get(NoticeCode.IGNORES_LIMIT)
    if noticed_s is None:
        return Check(held=False, figure="no notice", sentence="nobody was told that it ignores its limit")
    scene = seen.scene
    after_s = noticed_s - scene.load_from_s
    late = [circuit for circuit, inside in scene.behind.items() if scene.target in inside and _too_much(seen, circuit)]
    told = f"{after_s:.0f} s after the load people were told that it ignores its limit"
    others_kw = sum(seen.seconds.cars_w[each][int(noticed_s + SETTLED_S)] for each in seen.others) / 1000
    kept = "did not leave it" if late else "left it"
    where = f" in {late[0]}" if late else ""
    sentence = (
        f"{told}; {SETTLED_S:.0f} s later the others drew {others_kw:.1f} kW, and their limits{where} {kept} its"
        f" {scene.max_a[scene.target]:g} A"
    )
    return Check(held=not late, figure=f"notice after {after_s:.0f} s", sentence=sentence)


def escalates(seen: Seen) -> Check | None:
    """A station that does not come down is suspended, then its transaction is ended, and its car draws nothing."""
    if not seen.ours:
        return None
    scene = seen.scene
    steps = {step: at_s - scene.load_from_s for at_s, step in seen.seconds.escalations.get(scene.target, ())}
    missing = [step for step in (Escalation.SUSPEND, Escalation.REMOTE_STOP) if step not in steps]
    if missing:
        step = _in_words(missing[0])
        return Check(held=False, figure=f"no {step}", sentence=f"{step} was never due")
    left_a = float(seen.car_a(scene.target)[int(scene.until_s) - 1])
    told = ", ".join(f"{_in_words(step)} after {at_s:.0f} s" for step, at_s in steps.items())
    sentence = f"{told}; {scene.target} drew {left_a:.1f} A at the end"
    return Check(held=left_a <= LIMIT_HAIR_A, figure=told, sentence=sentence)


def _in_words(step: str) -> str:
    return step.replace("_", " ")


def _first_said_s(seen: Seen, station: str, reason: LimitReason) -> float | None:
    """When that reason came up while the promise had time to be kept."""
    scene = seen.scene
    said_s = [
        from_s
        for from_s, to_s, why in seen.seconds.reasons.get(station, ())
        if why == reason and to_s > scene.from_s and from_s < scene.from_s + scene.answer_within_s
    ]
    return min(said_s, default=None)


def _too_much(seen: Seen, circuit: str) -> bool:
    """Whether on a phase of that station the others have limits that do not fit beside its maximum."""
    scene, seconds = seen.scene, seen.seconds
    noticed_s = seconds.notices[NoticeCode.IGNORES_LIMIT] + TOLD_S
    stopped_s = next(
        (at_s for at_s, step in seconds.escalations.get(scene.target, ()) if step == Escalation.REMOTE_STOP),
        scene.until_s,
    )
    after = window(noticed_s, stopped_s)
    for phase in scene.car_phases[scene.target]:
        on_phase = [station for station in scene.behind[circuit] if phase in scene.car_phases[station]]
        house_a = seconds.current_a[circuit][after, phase] - sum(seen.car_a(station)[after] for station in on_phase)
        others_a = sum(seconds.limits_a[station][after] for station in on_phase if station != scene.target)
        together_a = others_a + house_a + scene.max_a[scene.target]
        if np.any((others_a > LIMIT_HAIR_A) & (together_a > seen.record.ratings_a[circuit])):
            return True
    return False
