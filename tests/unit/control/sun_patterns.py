"""Cars that follow the sun, and the regret budget look by look, for the tests of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from hypothesis import strategies as st

from ems.control.sun.joint import Pattern
from ems.control.sun.patterns import AMPLE, SHARE_W, Choice, Costs, Regrets, SunCar, weigh

VOLTS = 230.0
COSTS = Costs(start_wh=15.0, stop_wh=40.0, switch_wh=110.0, aversion=1.0)
GAP_W = 100.0
"""Patterns nearer to each other than this may take hours to change places."""


def choices(*phases: int, max_a: float = 16.0) -> tuple[Choice, ...]:
    """Off unless 0 is left out, and so on, for a car without an offset."""
    return tuple(Choice(phases=n, least_w=6 * n * VOLTS, most_w=max_a * n * VOLTS) for n in phases)


ON_ONE = SunCar(station_id="a", choices=choices(0, 1), last_phases=1)
ON_THREE = SunCar(station_id="a", choices=choices(0, 3), last_phases=3)
SWITCHING = SunCar(station_id="a", choices=choices(0, 1, 3), last_phases=1)


def at(pattern: Pattern, cars: Sequence[SunCar]) -> Regrets:
    return Regrets(stations=tuple(car.station_id for car in cars), pattern=pattern)


def look(
    known: Regrets,
    cars: Sequence[SunCar],
    surplus_w: float,
    *,
    dt_s: float = 1.0,
    costs: Costs = COSTS,
    forbidden: Iterable[Pattern] = (),
) -> Regrets:
    return weigh(known, cars, surplus_w, dt_s, costs, running={}, fits=lambda pattern: pattern not in forbidden)


def stay(known: Regrets, cars: Sequence[SunCar], surplus_w: float, looks: int, *, costs: Costs = COSTS) -> Regrets:
    """After so many looks a second apart."""
    for _ in range(looks):
        known = look(known, cars, surplus_w, costs=costs)
    return known


def seconds_to_change(
    before: Pattern, cars: Sequence[SunCar], surplus_w: float, *, costs: Costs = COSTS
) -> tuple[int, Pattern]:
    """How many looks a second apart it takes until the pattern changes, and to which."""
    known = at(before, cars)
    for second in range(1, 7200):
        known = look(known, cars, surplus_w, costs=costs)
        if known.pattern != before:
            return second, known.pattern
    return 7200, before


def value(cars: Sequence[SunCar], pattern: Pattern, surplus_w: float, aversion: float = 1.0) -> float:
    """v(c, S) as `control.md` §5 gives it, and what it is worth that several share ample sun."""
    chosen = [
        choice
        for car, phases in zip(cars, pattern, strict=True)
        for choice in car.choices
        if phases and choice.phases == phases
    ]
    least_w, most_w = sum(each.least_w for each in chosen), sum(each.most_w for each in chosen)
    if not chosen:
        return 0.0
    if surplus_w >= least_w:
        shared_w = SHARE_W * (len(chosen) - 1) if surplus_w >= AMPLE * least_w else 0.0
        return min(surplus_w, most_w) + shared_w
    return max(0.0, surplus_w) - aversion * (least_w - max(0.0, surplus_w))


def offered(cars: Sequence[SunCar]) -> list[Pattern]:
    return list(product(*[[choice.phases for choice in car.choices] for car in cars]))


@st.composite
def sun_cars(draw: st.DrawFn, least: int = 1, most: int = 3) -> list[SunCar]:
    """Cars at stations as houses have them."""
    kinds = [(0, 1), (0, 3), (0, 1, 3), (1, 3), (3,)]
    return [
        SunCar(
            station_id=f"car {i}",
            choices=choices(*draw(st.sampled_from(kinds)), max_a=draw(st.sampled_from([10.0, 16.0, 32.0]))),
            last_phases=draw(st.sampled_from([0, 1, 3])),
        )
        for i in range(draw(st.integers(least, most)))
    ]


surpluses = st.floats(-2000, 30_000)
