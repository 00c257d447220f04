"""Which cars charge from the sun, and on how many phases: the regret budget over joint patterns (`control.md` §5).

A pattern says for every solar car off, one phase or three. Each has a value at this surplus; what a pattern would have
brought more than the present one adds up, and when that outweighs the cost of the change, the change is made. So a
short cloud stops nobody, a strong sun starts a car within seconds, and a car that could run on one phase without
buying is switched when it is worth the contactor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from ems.control.sun.joint import Pattern, patterns
from ems.model.quick import quick

SHARE_W: Final = 150.0
"""What it is worth that one car more has a part of ample sun, which one car alone could use as well (assumed)."""

AMPLE: Final = 2.0
"""Sun is ample from so many times the minimums on: dips then stop nobody."""

MOST_OF_PRICE: Final = 2.0
"""Gains grow no further than so many times the price of their change."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way for a car to charge, in watts at the surplus's voltage."""

    phases: int
    """Offered; 0 is off."""

    least_w: float = 0.0
    most_w: float = 0.0


OFF: Final = Choice(phases=0)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SunCar:
    """A car that follows the sun, and what it may do next."""

    station_id: str
    choices: tuple[Choice, ...]
    may_stop: bool = True
    """Its shortest time of charging is over."""

    may_start: bool = True
    """Its shortest pause is over."""

    may_switch: bool = True
    """Its phases have not changed too often, nor too lately."""

    wears: float = 1.0
    """Factor on the cost of changing its phases; above 1 after many changes."""

    last_phases: int = 0
    """What its contactor stands at."""

    blocked: bool = False
    """It charges in the pattern, but is not let: it then brings nothing, and nobody should wait for it."""

    bonus_w: float = 0.0
    """What it is worth, beside its watts, that this car charges: for its priority, and for having waited."""

    @property
    def offers(self) -> tuple[int, ...]:
        """The phases that it may be offered."""
        return tuple([choice.phases for choice in self.choices])

    def least_w(self, phases: int) -> float:
        """What its minimum needs on so many phases, 0 when it is off."""
        for choice in self.choices:
            if choice.phases == phases:
                return choice.least_w
        raise ValueError(f"{self.station_id} is not offered {phases} phases, but {self.offers}")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a change must bring before it is made, in Wh, and how much a bought kWh weighs."""

    start_wh: float
    stop_wh: float
    switch_wh: float
    aversion: float
    """λ: what a watt from the grid costs, in watts of sun (`control.md` §5: 0.2 keen … 2 purist)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrets:
    """The present pattern, and what each other would have brought more, in Wh."""

    stations: tuple[str, ...] = ()
    pattern: Pattern = ()
    gained_wh: Mapping[Pattern, float] | None = None

    def of(self, station_id: str) -> int | None:
        """The phases that the pattern gives this station; None for one that takes no part."""
        return self.pattern[self.stations.index(station_id)] if station_id in self.stations else None

    def is_quiet(self, stations: tuple[str, ...]) -> bool:
        """Whether these cars are all off, and nothing has been gained so far: without sun nothing will be."""
        return stations == self.stations and not self.gained_wh and not any(self.pattern)


NO_REGRETS: Final = Regrets()


def weigh(
    known: Regrets,
    cars: Sequence[SunCar],
    surplus_w: float,
    elapsed_s: float,
    costs: Costs,
    *,
    running: Mapping[str, int],
    fits: Callable[[Pattern], bool],
) -> Regrets:
    """Add up the regrets of the last `elapsed_s` seconds, and change the pattern when one is worth it.

    `running`: the phases that each car charges on now, for cars that the last pattern did not have. `fits` is asked
    before a change: whether the fuses carry the minimums of that pattern.
    """
    stations = tuple([car.station_id for car in cars])
    offers = tuple([car.offers for car in cars])
    present = tuple([_present(car, known, running) for car in cars])
    gained = _carried_over(known, stations, present)
    parts = [_parts(car) for car in cars]
    value_now = _value(parts, present, surplus_w, costs.aversion)
    grown: dict[Pattern, float] = {}
    best: Pattern | None = None
    best_excess_wh = 0.0
    for pattern in patterns(offers, present):
        if pattern == present:
            continue
        gain_w = _value(parts, pattern, surplus_w, costs.aversion) - value_now
        after_wh = gained.get(pattern, 0.0) + gain_w * elapsed_s / 3600
        if after_wh <= 0:
            continue
        price_wh = change_wh(cars, present, pattern, costs)
        # What was missed while a change was forbidden must not force it when it has become the worse.
        grown[pattern] = min(after_wh, MOST_OF_PRICE * price_wh)
        excess_wh = after_wh - price_wh
        if gain_w > 0 and excess_wh > best_excess_wh and _may_change(cars, present, pattern) and fits(pattern):
            best, best_excess_wh = pattern, excess_wh
    if best is not None:
        return Regrets(stations=stations, pattern=best)
    return Regrets(stations=stations, pattern=present, gained_wh=grown)


def _carried_over(known: Regrets, stations: tuple[str, ...], present: Pattern) -> Mapping[Pattern, float]:
    """The gains so far, for the cars of now: those that came or went stand in them as they are."""
    if not known.gained_wh:
        return {}
    if stations == known.stations:
        return known.gained_wh if present == known.pattern else {}
    place = {station_id: i for i, station_id in enumerate(known.stations)}
    stay = [(i, place[station_id]) for i, station_id in enumerate(stations) if station_id in place]
    if any(present[i] != known.pattern[j] for i, j in stay):
        return {}
    gone = [j for station_id, j in place.items() if station_id not in stations]
    carried: dict[Pattern, float] = {}
    for pattern, gained_wh in known.gained_wh.items():
        if all(pattern[j] == known.pattern[j] for j in gone):
            moved = list(present)
            for i, j in stay:
                moved[i] = pattern[j]
            carried[tuple(moved)] = gained_wh
    return carried


def change_wh(cars: Sequence[SunCar], present: Pattern, wanted: Pattern, costs: Costs) -> float:
    """What a change of pattern costs: the sum over the cars that change."""
    total_wh = 0.0
    for car, before, after in zip(cars, present, wanted, strict=True):
        if before == after:
            continue
        if after == 0:
            total_wh += costs.stop_wh
        elif before == 0:
            total_wh += costs.start_wh
            if car.last_phases not in {0, after}:
                total_wh += costs.switch_wh * car.wears / 2
        else:
            total_wh += costs.switch_wh * car.wears
    return total_wh


def best_change(cars: Sequence[SunCar], known: Regrets, costs: Costs, station_id: str) -> tuple[float, float] | None:
    """The change for this car that is nearest to be made: what it gained and what it must gain, in Wh."""
    if not known.gained_wh or station_id not in known.stations:
        return None
    place = known.stations.index(station_id)
    best: tuple[float, float] | None = None
    nearest = -inf
    for pattern, gained_wh in known.gained_wh.items():
        if pattern[place] == known.pattern[place]:
            continue
        price_wh = change_wh(cars, known.pattern, pattern, costs)
        near = gained_wh / max(price_wh, 1e-9)
        if near > nearest:
            best, nearest = (gained_wh, price_wh), near
    return best


def _present(car: SunCar, known: Regrets, running: Mapping[str, int]) -> int:
    """The phases that the car is at; the nearest it may have where its choices have changed."""
    phases = known.of(car.station_id)
    if phases is None:
        phases = running.get(car.station_id, 0)
    offered = car.offers
    if phases in offered:
        return phases
    return min(offered, key=lambda each: (each == 0, abs(each - phases)))


def _parts(car: SunCar) -> dict[int, tuple[float, float, float]]:
    """By phases offered: the least, the most and the bonus, in W, that the car adds to a pattern while it charges."""
    if car.blocked:
        return {}
    return {each.phases: (each.least_w, each.most_w, car.bonus_w) for each in car.choices if each.phases}


def _value(
    parts: Sequence[Mapping[int, tuple[float, float, float]]], pattern: Pattern, surplus_w: float, aversion: float
) -> float:
    """v(c, S): the sun that the pattern uses, less what its minimums would buy, in W."""
    least_w = most_w = bonus_w = 0.0
    on = 0
    for of_car, phases in zip(parts, pattern, strict=True):
        part = of_car.get(phases)
        if part is not None:
            least_w += part[0]
            most_w += part[1]
            bonus_w += part[2]
            on += 1
    if least_w == 0.0:
        return 0.0
    if surplus_w >= least_w:
        # Only where the sun feeds them all: a bonus is no reason to buy, and none to sit at the edge of buying.
        shares_w = SHARE_W * (on - 1) if surplus_w >= AMPLE * least_w else 0.0
        return min(surplus_w, most_w) + bonus_w + shares_w
    sun_w = max(0.0, surplus_w)
    return sun_w - aversion * (least_w - sun_w)


def _may_change(cars: Sequence[SunCar], present: Pattern, wanted: Pattern) -> bool:
    """Whether every car that changes has done its shortest time."""
    for car, before, after in zip(cars, present, wanted, strict=True):
        if before == after:
            continue
        switches = after != 0 and (before != 0 or car.last_phases not in {0, after})
        allowed = car.may_stop if after == 0 else (car.may_start if before == 0 else True)
        if not allowed or (switches and not car.may_switch):
            return False
    return True
