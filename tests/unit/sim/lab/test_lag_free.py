"""The lag-free bound: exact for two cars, never too low for more, and only where all cars are hungry."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import PhaseName, SiteFile
from ems.config.translate import to_site
from ems.model.goals import ChargeMode
from ems.sim.lab.lag_free import lag_free_kwh
from ems.sim.lab.records import Stay

IN_A = 35.0
KWH_PER_A_HOUR = 0.23
WIRINGS: Sequence[tuple[PhaseName, ...]] = (("L1", "L2", "L3"), ("L2", "L3", "L1"), ("L1", "L2"), ("L1",), ("L3",))


def stay(station_id: str = "garage", *, phases: int = 3, max_a: float = 16.0, **changes: object) -> Stay:
    whole = {"arrival_s": 0.0, "departure_s": 3600.0, "energy_kwh": math.inf, "mode": ChargeMode.FAST, **changes}
    return Stay(station_id=station_id, phases=phases, max_a=max_a, **whole)  # type: ignore[arg-type] # as in Stay


def site_of(*cars: tuple[tuple[PhaseName, ...], float], switching: bool = False) -> SiteFile:
    """The site of the stress test with one station per car, each with its wiring and its largest current."""
    file = load_site(example("stress_35a"))
    stations = tuple(
        file.stations[0].model_copy(
            update={"id": f"bay-{i}", "wired": wired, "max_a": max_a, "phase_switching": switching}
        )
        for i, (wired, max_a) in enumerate(cars)
    )
    return file.model_copy(update={"stations": stations})


def of_one_second(file: SiteFile, room_a: Sequence[float]) -> float:
    """The bound in amperes, for one second with that much room on each phase."""
    stays = [stay(each.id, phases=len(each.wired), max_a=each.max_a, departure_s=1.0) for each in file.stations]
    found = lag_free_kwh([IN_A - np.array([room_a], dtype=float)], to_site(file), stays)
    assert found is not None
    return found * 3.6e6 / 230.0


def best_a(file: SiteFile, room_a: Sequence[float]) -> float:
    """The same by an integer program: every car off, or between 6 A and its maximum."""
    count = len(file.stations)
    rows = [[float(name in each.wired) for each in file.stations] + [0.0] * count for name in ("L1", "L2", "L3")]
    phases = np.array([len(each.wired) for each in file.stations], dtype=float)
    most_a = [each.max_a for each in file.stations]
    rooms = [LinearConstraint(np.array(rows), ub=np.maximum(room_a, 0.0))]
    for i, limit_a in enumerate(most_a):
        row = np.zeros(2 * count)
        row[i] = 1.0
        low, high = row.copy(), row.copy()
        low[count + i], high[count + i] = -6.0, -limit_a
        rooms += [LinearConstraint(low, lb=0.0), LinearConstraint(high, ub=0.0)]
    answer = milp(
        np.concatenate([-phases, np.zeros(count)]),
        constraints=rooms,
        bounds=Bounds(0.0, np.array(most_a + [1.0] * count)),
        integrality=np.array([0] * count + [1] * count),
    )
    assert answer.fun is not None
    return -float(answer.fun)


cars = st.tuples(st.sampled_from(WIRINGS), st.sampled_from([10.0, 16.0, 32.0]))
rooms = st.tuples(*[st.floats(-5, 40).map(lambda amps: round(amps, 1))] * 3)


@settings(max_examples=60)
@given(st.lists(cars, min_size=1, max_size=2), rooms)
def test_for_two_cars_no_choice_is_better_and_one_is_as_good(
    hungry: list[tuple[tuple[PhaseName, ...], float]], room_a: tuple[float, float, float]
) -> None:
    file = site_of(*hungry)

    assert of_one_second(file, room_a) == pytest.approx(best_a(file, room_a), abs=1e-4)


@settings(max_examples=30)
@given(st.lists(cars, min_size=3, max_size=4), rooms)
def test_for_more_cars_no_choice_is_better(
    hungry: list[tuple[tuple[PhaseName, ...], float]], room_a: tuple[float, float, float]
) -> None:
    file = site_of(*hungry)

    assert of_one_second(file, room_a) >= best_a(file, room_a) - 1e-4


def test_a_car_that_can_change_its_phases_takes_the_one_that_is_free() -> None:
    three = WIRINGS[0]
    one_phase_free = (30.0, 3.0, 30.0)

    assert of_one_second(site_of((three, 16.0)), one_phase_free) == 0.0
    assert of_one_second(site_of((three, 16.0), switching=True), one_phase_free) == pytest.approx(16.0)


def test_an_hour_beside_a_known_house() -> None:
    """16 A on three phases and what L1 has left, then an hour of which half is taken by the house."""
    site = to_site(load_site(example("stress_35a")))
    house_a = np.zeros((3600, 3))
    house_a[1800:, 0] = 10.0
    found = lag_free_kwh([house_a], site, [stay(), stay("carport", phases=1, max_a=32.0)])

    assert found == pytest.approx(KWH_PER_A_HOUR * (3 * 16 + (19 + 9) / 2))


def test_cars_count_while_they_are_there_and_until_they_are_full() -> None:
    site = to_site(load_site(example("stress_35a")))
    house_a = np.zeros((3600, 3))

    def found(**changes: object) -> float | None:
        return lag_free_kwh([house_a], site, [stay(**changes)])  # type: ignore[arg-type] # as in stay

    assert found(arrival_s=900.0, departure_s=2700.0) == pytest.approx(KWH_PER_A_HOUR * 3 * 16 / 2)
    assert found(energy_kwh=2.5) == 2.5
    assert found(max_a=80.0) == found()


@pytest.mark.parametrize("modes", [(None, ChargeMode.SOLAR), (ChargeMode.FAST, ChargeMode.MIN_SOLAR)])
def test_there_is_none_where_a_car_waits_for_the_sun(modes: tuple[ChargeMode | None, ChargeMode]) -> None:
    site = to_site(load_site(example("stress_35a")))
    stays = [stay(mode=modes[0]), stay("carport", phases=1, mode=modes[1])]

    assert lag_free_kwh([np.zeros((60, 3))], site, stays) is None
    assert lag_free_kwh([np.zeros((60, 3))], site, []) is None


def test_without_a_mode_of_its_own_a_stay_has_that_of_its_station() -> None:
    site = to_site(load_site(example("stress_35a")))

    assert lag_free_kwh([np.zeros((60, 3))], site, [stay(mode=None)])


def test_days_may_come_one_by_one() -> None:
    site = to_site(load_site(example("stress_35a")))
    house_a = np.linspace(0.0, 36.0, 3 * 900).reshape(-1, 3)
    stays = [stay(arrival_s=100.5), stay("carport", phases=1, max_a=32.0, departure_s=700.0)]

    whole = lag_free_kwh([house_a], site, stays)

    assert lag_free_kwh(iter((house_a[:300], house_a[300:650], house_a[650:])), site, stays) == pytest.approx(whole)
