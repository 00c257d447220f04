"""Makes traces: a drawn household under a drawn sky, the same for the same plan."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ems.sim.traces.errors import TraceError
from ems.sim.traces.gaps import DAY_S
from ems.sim.traces.heavy_house import heavy_household_w
from ems.sim.traces.made_house import household_w
from ems.sim.traces.made_sky import Roof, Sky, clear_sky_w, cloud_factor, sky_of_day
from ems.sim.traces.trace import LONGEST_STEP_S, Series, Trace

MOST_DAYS: Final = 366
MOST_STEPS: Final = 3_000_000
MIXED: Final[Mapping[Sky, float]] = {"clear": 0.3, "broken": 0.45, "overcast": 0.25}

House = Literal["usual", "heavy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePlan:
    """What to make."""

    start_utc: datetime
    """A midnight in UTC."""

    days: int = 7
    step_s: int = 60
    seed: int = 1
    kwp: float = 9.0
    inverter_max_w: float | None = None
    latitude: float = 50.0
    longitude: float = 10.0
    base_w: float = 150.0
    """What the house draws all the time."""

    house: House = "usual"
    """`heavy` has large appliances, and states the load of each phase."""

    skies: Mapping[Sky, float] = field(default_factory=lambda: MIXED)
    """How often a day has which sky."""


def make_trace(plan: TracePlan, *, name: str = "made") -> Trace:
    """The trace of a plan, day by day from seconds. Raises TraceError when the plan cannot be made."""
    _check(plan, name)
    load: list[NDArray[np.float64]] = []
    sun: list[Series] = []
    for number in range(plan.days):
        load_w, pv_w = _day(plan, plan.start_utc + timedelta(days=number))
        load.append(load_w.reshape(-1, plan.step_s, load_w.shape[1]).mean(axis=1))
        sun.append(pv_w.reshape(-1, plan.step_s).mean(axis=1))
    by_phase = np.concatenate(load).round()
    l1_w, l2_w, l3_w = by_phase.T if by_phase.shape[1] > 1 else (None, None, None)
    return Trace(
        name=name,
        start_utc=plan.start_utc,
        step_s=plan.step_s,
        load_w=by_phase.sum(axis=1),
        load_l1_w=l1_w,
        load_l2_w=l2_w,
        load_l3_w=l3_w,
        pv_w=np.concatenate(sun).round(),
    )


def _day(plan: TracePlan, midnight_utc: datetime) -> tuple[NDArray[np.float64], Series]:
    """The load of each second, in one column or one per phase, and the sun."""
    key = f"{plan.seed}/{midnight_utc:%Y-%m-%d}"
    roof = Roof(kwp=plan.kwp, latitude=plan.latitude, longitude=plan.longitude)
    clouds = random.Random(f"{key}/sky")
    factor = cloud_factor(sky_of_day(clouds, plan.skies), clouds)
    pv_w = clear_sky_w(roof, midnight_utc) * factor
    if plan.inverter_max_w is not None:
        pv_w = np.minimum(pv_w, plan.inverter_max_w)
    solar_noon_s = DAY_S / 2 - plan.longitude / 360 * DAY_S
    people = random.Random(f"{key}/house")
    if plan.house == "heavy":
        return heavy_household_w(plan.base_w, solar_noon_s, people), pv_w
    return household_w(plan.base_w, solar_noon_s, people)[:, None], pv_w


def _check(plan: TracePlan, name: str) -> None:
    at = plan.start_utc.astimezone(UTC)
    whole_step = 1 <= plan.step_s <= LONGEST_STEP_S and DAY_S % plan.step_s == 0
    asked = (
        ((at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0), "does not start at midnight", "give a date"),
        (1 <= plan.days <= MOST_DAYS, f"has {plan.days} days", f"make 1 to {MOST_DAYS}"),
        (whole_step, f"has steps of {plan.step_s} s", f"take 1 to {LONGEST_STEP_S} s that divide a day, such as 60"),
        (0 <= plan.kwp <= 200, f"has {plan.kwp:g} kWp", "give 0 to 200"),
        (-66 <= plan.latitude <= 66, f"is at latitude {plan.latitude:g}", "give -66 to 66"),
        (-180 <= plan.longitude <= 180, f"is at longitude {plan.longitude:g}", "give -180 to 180"),
        (0 <= plan.base_w <= 5000, f"has a base load of {plan.base_w:g} W", "give 0 to 5000"),
    )
    for good, problem, cure in asked:
        if not good:
            raise TraceError(name, problem, cure)
    if not (sum(plan.skies.values()) > 0 and min(plan.skies.values()) >= 0):
        raise TraceError("--sky", "leaves no sky", "give weights above 0")
    if plan.days * DAY_S // plan.step_s > MOST_STEPS:
        raise TraceError(name, f"has more than {MOST_STEPS} steps", "make fewer days or longer steps")
