"""The lines of the score table: what each is called, means, and which value is the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ems.sim.lab.report.shapes import Row
from ems.sim.lab.report.words import number

FORESIGHT: Final = "foresight"
"""The row of the optimum: a bound beside the policies, not one of them."""


class Best(Enum):
    """Which value of a line is marked."""

    MOST = 1
    LEAST = -1
    NEITHER = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One line of the table."""

    name: str
    means: str
    """One sentence."""

    best: Best
    value: Callable[[Row], float | None]
    show: Callable[[float], str]
    of_fuses: bool = False
    """Has a meaning for the house without cars, too."""


def figure(row: Row, key: str) -> float | None:
    """The number under the key; None when there is none."""
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def breaker_figure(breaker: object, key: str) -> float | None:
    """The figure over all fuses: trips add up, of the others the worst fuse counts."""
    circuits = breaker.values() if isinstance(breaker, Mapping) else ()
    values = [value for each in circuits if isinstance(each, Mapping) and (value := figure(each, key)) is not None]
    if not values:
        return None
    return sum(values) if key == "trips" else max(values)


def _plain(key: str) -> Callable[[Row], float | None]:
    return lambda row: figure(row, key)


def _fuse(key: str) -> Callable[[Row], float | None]:
    return lambda row: breaker_figure(row.get("breaker"), key)


def _percent(value: float) -> str:
    return f"{number(100 * value, 1)} %"


def _kwh(value: float) -> str:
    return number(value, 1)


def _whole(value: float) -> str:
    return number(value)


def _thermal(value: float) -> str:
    return number(value, 2)


SUN: Final = (
    Metric(
        name="Solar capture",
        means="Solar energy in the cars, of what the best possible schedule with perfect foresight puts into them.",
        best=Best.MOST,
        value=_plain("solar_capture"),
        show=_percent,
    ),
    Metric(
        name="Solar share",
        means="Of the energy in the cars, how much was solar.",
        best=Best.MOST,
        value=_plain("solar_share"),
        show=_percent,
    ),
    Metric(
        name="Solar net",
        means="Solar less grid energy in the cars, against the same best schedule: grid energy counts against it.",
        best=Best.MOST,
        value=_plain("solar_net"),
        show=_percent,
    ),
    Metric(
        name="Solar energy, kWh",
        means="Surplus sun that went into cars.",
        best=Best.MOST,
        value=_plain("ev_solar_kwh"),
        show=_kwh,
    ),
    Metric(
        name="Grid energy, kWh",
        means="The rest of what the cars took.",
        best=Best.LEAST,
        value=_plain("ev_grid_kwh"),
        show=_kwh,
    ),
)
FUSES: Final = (
    Metric(
        name="Trips",
        means="How often a fuse opened, all fuses together.",
        best=Best.LEAST,
        value=_fuse("trips"),
        show=_whole,
        of_fuses=True,
    ),
    Metric(
        name="Highest thermal image",
        means="How close the warmest phase of the worst fuse came to opening: 0 is cold, 1 trips.",
        best=Best.LEAST,
        value=_fuse("max_thermal"),
        show=_thermal,
        of_fuses=True,
    ),
    Metric(
        name="Seconds over the rating",
        means="Time in which a phase of the worst fuse carried more than its rating.",
        best=Best.LEAST,
        value=_fuse("seconds_over_rating"),
        show=_whole,
        of_fuses=True,
    ),
    Metric(
        name="Seconds over 1.13 × rating",
        means="The same for 1.13 times the rating, which a breaker must carry for an hour; beyond it may open.",
        best=Best.LEAST,
        value=_fuse("seconds_over_1_13"),
        show=_whole,
        of_fuses=True,
    ),
)
CALM: Final = (
    Metric(
        name="Starts",
        means="How often a car went from pause to charging.",
        best=Best.LEAST,
        value=_plain("starts"),
        show=_whole,
    ),
    Metric(
        name="Phase switches",
        means="Changes between one and three phases; each wears a contactor.",
        best=Best.LEAST,
        value=_plain("phase_switches"),
        show=_whole,
    ),
    Metric(
        name="Limit changes",
        means="Limits that differ from the one before.",
        best=Best.LEAST,
        value=_plain("limit_changes"),
        show=_whole,
    ),
)
GOALS: Final = (
    Metric(
        name="Goals met",
        means="Cars that had the energy they wanted by the time they wanted it.",
        best=Best.MOST,
        value=_plain("goals_met"),
        show=_whole,
    ),
    Metric(
        name="Goals missed",
        means="Cars that did not.",
        best=Best.LEAST,
        value=_plain("goals_missed"),
        show=_whole,
    ),
)
GROUPS: Final[tuple[tuple[str, tuple[Metric, ...]], ...]] = (
    ("Sun", SUN),
    ("Fuses", FUSES),
    ("Calm", CALM),
    ("Goals", GOALS),
)
