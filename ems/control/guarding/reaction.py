"""How quickly cars follow, and how much of the house a fuse survives until they have (`control.md` §4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ems.control.breaker import BreakerThermalModel, Edge, model_of
from ems.control.seen.trust import LOST_AT_LEAST_S, LOST_PERIODS
from ems.model.electrical import Circuit, Fuse, PerPhase
from ems.model.site import Policy
from ems.model.snapshot import Snapshot

COMPUTE_AND_NETWORK_S: Final = 0.6
"""L + C: from the meter's answer to the limit on its way (`control.md` §4)."""

LOOKS_EVERY_S: Final = 2.0
"""At least: nothing wakes control when a meter says nothing any more."""

NOTHING_A: Final = PerPhase()

USUAL: Final = Policy()
"""A meter that is read every second."""


def reaction_s(now: Snapshot, circuit_id: str) -> float:
    """T_react: from a step in the house to the cars having followed (`control.md` §4)."""
    policy = now.site.policy
    period_s = now.site.meter_period_s.get(circuit_id, policy.meter_period_s)
    return period_s + COMPUTE_AND_NETWORK_S + policy.message_s + policy.car_reacts_within_s


@lru_cache(maxsize=64)
def device_model(fuse: Fuse, derating: float) -> BreakerThermalModel:
    """The typical device of that rating."""
    return model_of(fuse, derating, Edge.TYPICAL)


def unseen_bound_a(circuit: Circuit, filled_a: float) -> float | None:
    """What may flow where a program brings the meter's readings; None for a meter that we hear ourselves.

    Such a meter falls silent with the program, its sensor or the network, and nobody notices before it counts as lost.
    So little is filled that even then the fuse survives the step of the house that it survives from `filled_a` with a
    meter that is read every second, until the cars have followed.
    """
    if circuit.pushed_period_s is None:
        return None
    silent_s = max(LOST_PERIODS * circuit.pushed_period_s, LOST_AT_LEAST_S) + LOOKS_EVERY_S
    return _unseen_bound_a(circuit.fuse, circuit.derating, filled_a, silent_s)


@lru_cache(maxsize=64)
def _unseen_bound_a(fuse: Fuse, derating: float, filled_a: float, silent_s: float) -> float:
    model, follow_s = device_model(fuse, derating), COMPUTE_AND_NETWORK_S + USUAL.message_s + USUAL.car_reacts_within_s
    step_a = max(0.0, model.survivable_step_a(filled_a, USUAL.meter_period_s + follow_s))
    return model.preload_a(step_a, silent_s + follow_s)


def sun_at_risk_a(now: Snapshot, circuit: Circuit, usable_a: float, house_a: PerPhase, given_a: PerPhase) -> PerPhase:
    """Amps per phase that cars may not count on, since sun and battery may fail within a second.

    What they give on each phase, `given_a`, or what is exported where that is more, beyond the step that the fuse
    survives from `usable_a` until the cars have followed.
    """
    if circuit.parent_id is not None:
        return NOTHING_A
    step_a = _survivable_step_a(circuit.fuse, circuit.derating, usable_a, reaction_s(now, circuit.circuit_id))
    if max(given_a) <= step_a and -min(house_a) <= step_a:
        return NOTHING_A
    return PerPhase.of(max(0.0, max(sun_a, -amps) - step_a) for sun_a, amps in zip(given_a, house_a, strict=True))


@lru_cache(maxsize=64)
def _survivable_step_a(fuse: Fuse, derating: float, preload_a: float, for_s: float) -> float:
    return max(0.0, device_model(fuse, derating).survivable_step_a(preload_a, for_s))
