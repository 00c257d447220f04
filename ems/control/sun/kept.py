"""Names what it costs to keep a car at its minimum while the sun is short, and when that ends (`control.md` §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ems.control.sun.patterns import OFF, Costs, SunCar, change_wh
from ems.control.sun.sun_cars import SunPlan, costs_of
from ems.model.decision import LimitReason, Setpoint
from ems.model.site import Policy


def with_stop_named(
    setpoints: Mapping[str, Setpoint], plan: SunPlan, surplus_w: float | None, policy: Policy
) -> Mapping[str, Setpoint]:
    """The same limits; where the sun does not feed the minimums, each car that may stop says what it may cost yet."""
    if surplus_w is None:
        return setpoints
    kept = [car for car in plan.cars if _is_by_sun(setpoints[car.station_id])]
    if surplus_w >= sum([plan.least_w.get(car.station_id, 0.0) for car in kept]):
        return setpoints
    costs = costs_of(policy)
    return {**setpoints, **{car.station_id: _named(setpoints[car.station_id], car, plan, costs) for car in kept}}


def _is_by_sun(setpoint: Setpoint) -> bool:
    return setpoint.limit_a > 0 and setpoint.reason.code is LimitReason.SOLAR_SURPLUS


def _named(setpoint: Setpoint, car: SunCar, plan: SunPlan, costs: Costs) -> Setpoint:
    if OFF not in car.choices:
        return setpoint
    cost_wh, stop_wh = _until_stop(car, plan, costs)
    if cost_wh >= stop_wh:
        # It would have stopped, were its shortest time of charging over.
        return setpoint
    reason = replace(setpoint.reason, cost_wh=cost_wh, stop_wh=stop_wh)
    return Setpoint(station_id=setpoint.station_id, limit_a=setpoint.limit_a, phases=setpoint.phases, reason=reason)


def _until_stop(car: SunCar, plan: SunPlan, costs: Costs) -> tuple[float, float]:
    """What a pause of this car alone would have saved so far, and what it must have saved, in Wh."""
    known = plan.regrets
    paused = tuple(
        0 if station_id == car.station_id else phases
        for station_id, phases in zip(known.stations, known.pattern, strict=True)
    )
    return (known.gained_wh or {}).get(paused, 0.0), change_wh(plan.cars, known.pattern, paused, costs)
