"""Stays from a sessions file, and from the home times of the site file."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SimulatedCar
from ems.model.goals import ChargeMode
from ems.sim.lab.records import Stay
from ems.sim.traces.errors import TraceError
from ems.sim.traces.home import stays_at_home
from ems.sim.traces.sessions import read_sessions
from tests.unit.sim.traces.trace_files import START, written

HEAD = "station,arrival,departure,energy_kwh,phases,max_a,mode,target_by\n"
GOOD = "garage,2026-06-21T10:00:00Z,2026-06-21T18:00:00Z,12.5,3,16,,\n"
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def read(folder: Path, text: str, *, days: float = 1.0) -> list[Stay]:
    """The stays of a file, in a run from `START`, a Sunday."""
    return read_sessions(written(folder, text, "sessions.csv"), START, days, ["garage", "carport"])


def car(**more: object) -> SimulatedCar:
    return SimulatedCar.model_validate({"station": "garage", **more})


def hours(stays: list[Stay]) -> list[tuple[float, float]]:
    return [(stay.arrival_s / HOUR_S, stay.departure_s / HOUR_S) for stay in stays]


def test_stays_are_read_by_arrival(tmp_path: Path) -> None:
    goal = "carport,2026-06-21T11:00:00+02:00,2026-06-21T12:00:00Z,5,1,32,fast,2026-06-21T11:30:00Z\n"

    stays = read(tmp_path, HEAD + GOOD + goal)

    assert stays == [
        Stay(
            station_id="carport",
            arrival_s=9 * HOUR_S,
            departure_s=12 * HOUR_S,
            energy_kwh=5.0,
            phases=1,
            max_a=32.0,
            mode=ChargeMode.FAST,
            target_by_s=11.5 * HOUR_S,
        ),
        Stay(
            station_id="garage", arrival_s=10 * HOUR_S, departure_s=18 * HOUR_S, energy_kwh=12.5, phases=3, max_a=16.0
        ),
    ]


def test_the_column_target_by_may_be_missing(tmp_path: Path) -> None:
    head, good = HEAD.replace(",target_by", ""), GOOD.replace(",,\n", ",\n")

    assert [stay.target_by_s for stay in read(tmp_path, head + good)] == [None]


def test_what_lies_outside_the_run_is_cut_off(tmp_path: Path) -> None:
    night = "garage,2026-06-20T18:00:00Z,2026-06-21T06:00:00Z,12,3,16,,\n"
    evening = "garage,2026-06-21T20:00:00Z,2026-06-22T06:00:00Z,12,3,16,,2026-06-22T05:00:00Z\n"
    other_day = "carport,2026-06-25T20:00:00Z,2026-06-26T06:00:00Z,12,1,16,,\n"

    stays = read(tmp_path, HEAD + night + evening + other_day)

    assert hours(stays) == [(0.0, 6.0), (20.0, 24.0)]
    assert stays[1].target_by_s is None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param("arrival,departure,energy_kwh\n", 1, "has no column station: add it", id="no station"),
        pytest.param(
            HEAD + GOOD.replace("garage", "barn"), 2, "'barn' is not in the site file: use one of garage", id="barn"
        ),
        pytest.param(HEAD + GOOD.replace("T10", "T19"), 2, "departure is not after arrival", id="backwards"),
        pytest.param(HEAD + GOOD.replace("T10:00:00Z", " noon"), 2, "arrival '2026-06-21 noon' is not ISO", id="noon"),
        pytest.param(HEAD + GOOD.replace("18:00:00Z", "18:00:00"), 2, "departure .* names no zone", id="no zone"),
        pytest.param(HEAD + GOOD.replace("12.5", "much"), 2, "energy_kwh is 'much', not a number", id="energy"),
        pytest.param(HEAD + GOOD.replace("12.5", "nan"), 2, "energy_kwh is nan: write a number from", id="nan"),
        pytest.param(HEAD + GOOD.replace("12.5", "0"), 2, "energy_kwh is 0", id="nothing"),
        pytest.param(HEAD + GOOD.replace(",16,", ",160,"), 2, "max_a is 160: write a number from 6 to 80", id="amps"),
        pytest.param(HEAD + GOOD.replace(",3,", ",DC,"), 2, "phases is 'DC': write 1, 2 or 3", id="phases"),
        pytest.param(HEAD + GOOD.replace(",,", ",eco,"), 2, "mode is 'eco': write one of off, solar", id="mode"),
        pytest.param(HEAD + GOOD.replace(",\n", ",2026-06-22T00:00:00Z\n"), 2, "target_by is not between", id="goal"),
        pytest.param(HEAD + GOOD + "garage,2026-06-21T10:00:00Z\n", 3, "2 cells in this row", id="short row"),
        pytest.param(
            HEAD + GOOD + GOOD.replace("T10", "T09").replace("T18", "T11"),
            2,
            "a second car is at garage before the one of line 3 has left",
            id="overlap",
        ),
    ],
)
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    with pytest.raises(TraceError, match=problem) as caught:
        read(tmp_path, text)

    assert (caught.value.file, caught.value.line) == ("sessions.csv", line)


def test_the_week_that_comes_along_fits_its_site_file() -> None:
    site = example("two_cars")
    stations = [station.id for station in load_site(site).stations]

    stays = read_sessions(site.parent / "traces" / "sessions_week.csv", START - timedelta(days=6), 7, stations)

    assert len(stays) == 16
    assert {stay.station_id for stay in stays} == {"garage", "carport"}


def test_a_car_without_home_times_is_always_there_and_never_full() -> None:
    (stay,) = stays_at_home([car(phases=1, max_a=32)], START, 3.5, seed=1)

    assert (stay.arrival_s, stay.departure_s, stay.energy_kwh) == (0.0, 3.5 * DAY_S, math.inf)
    assert (stay.station_id, stay.phases, stay.max_a, stay.mode) == ("garage", 1, 32.0, None)


def test_whole_days_at_home_are_one_stay() -> None:
    stays = stays_at_home([car(home=[{}])], START, 3, seed=1)

    assert hours(stays) == [(0.0, 72.0)]


def test_a_night_at_home_began_the_day_before() -> None:
    stays = stays_at_home([car(home=[{"arrives": "17:30", "leaves": "07:00"}])], START, 2, seed=1)

    assert hours(stays) == [(0.0, 7.0), (17.5, 31.0), (41.5, 48.0)]


def test_days_of_the_week_count_and_touching_times_join() -> None:
    home = [
        {"days": ["mon"], "arrives": "17:00", "leaves": "24:00"},
        {"days": ["tue"], "leaves": "08:00"},
        {"days": ["sun"], "arrives": "10:00", "leaves": "12:00"},
    ]

    stays = stays_at_home([car(home=home)], START, 3, seed=1)

    assert hours(stays) == [(10.0, 12.0), (41.0, 56.0)]


@given(st.integers(0, 10_000), st.integers(0, 20), st.floats(0.1, 10))
def test_energy_is_drawn_within_40_percent_for_each_stay(seed: int, late_h: int, days: float) -> None:
    cars = [car(home=[{"arrives": "17:00", "leaves": "07:00"}], kwh_per_stay=10)]

    stays = stays_at_home(cars, START + timedelta(hours=late_h), days, seed)

    assert stays == stays_at_home(cars, START + timedelta(hours=late_h), days, seed)
    assert all(6 <= stay.energy_kwh <= 14 for stay in stays)
    assert all(0 <= stay.arrival_s < stay.departure_s <= days * DAY_S for stay in stays)
    assert all(one.departure_s < other.arrival_s for one, other in pairwise(stays))


def test_a_stay_takes_the_same_energy_whenever_the_run_starts() -> None:
    cars = [car(home=[{"arrives": "17:00", "leaves": "07:00"}], kwh_per_stay=10)]

    early = stays_at_home(cars, START, 3, seed=4)
    late = stays_at_home(cars, START + timedelta(days=1), 2, seed=4)

    assert [stay.energy_kwh for stay in early[1:]] == [stay.energy_kwh for stay in late]
    assert len({stay.energy_kwh for stay in early}) == len(early)
