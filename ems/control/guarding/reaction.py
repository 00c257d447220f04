"""How quickly cars follow, and how much of the house a fuse survives until they have (`control.md` §4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ems.control.breaker import BreakerThermalModel, Edge, model_of
from ems.model.electrical import Circuit, Fuse, PerPhase
from ems.model.snapshot import Snapshot

COMPUTE_AND_NETWORK_S: Final = 0.6
"""L + C: from the meter's answer to the limit on its way (`control.md` §4)."""

NOTHING_A: Final = PerPhase()


def reaction_s(now: Snapshot, circuit_id: str) -> float:
    """T_react: from a step in the house to the cars having followed (`control.md` §4)."""
    policy = now.site.policy
    period_s = now.site.meter_period_s.get(circuit_id, policy.meter_period_s)
    return period_s + COMPUTE_AND_NETWORK_S + policy.message_s + policy.car_reacts_within_s


@lru_cache(maxsize=64)
def device_model(fuse: Fuse, derating: float) -> BreakerThermalModel:
    """The typical device of that rating."""
    return model_of(fuse, derating, Edge.TYPICAL)


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
