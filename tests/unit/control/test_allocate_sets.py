"""Who charges: the best set by scipy's MILP, turns, ties, and garages too large to try every set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.allocate import allocate
from ems.control.sharing import admission
from ems.control.sharing.row_table import RowTable
from ems.control.sharing.rows import Candidate, Row
from ems.model.decision import LimitReason
from tests.unit.control.allocations import FULL, HAIR, MAIN, best_worth, garage, worth

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("block", range(10))
def test_up_to_ten_cars_the_set_is_as_worthy_as_the_best_of_scipy(block: int) -> None:
    """1000 garages in all; classes compared from the most worthy down."""
    rng = np.random.default_rng(block)
    for number in range(100):
        cars, rows = garage(rng, 1 + number % 10)
        assert worth(cars, allocate(cars, rows)) == best_worth(cars, rows), (block, number)


@given(seeds, st.integers(1, 60))
def test_every_row_holds_in_a_garage_of_any_size(seed: int, count: int) -> None:
    cars, rows = garage(np.random.default_rng(seed), count)
    shares = allocate(cars, rows)
    for row in rows:
        load = sum(weight * shares[name].limit_a for name, weight in row.weights.items())
        owed = sum(
            row.weights.get(car.station_id, 0.0) * car.lo_a
            for car in cars
            if car.must and shares[car.station_id].limit_a > 0
        )
        assert load <= max(row.cap, owed * row.yields_to_must, 0.0) + HAIR


@given(seeds, st.integers(1, 60))
def test_no_car_gets_less_than_its_minimum_or_more_than_its_maximum(seed: int, count: int) -> None:
    cars, rows = garage(np.random.default_rng(seed), count)
    shares = allocate(cars, rows)
    for car in cars:
        assert shares[car.station_id].limit_a == 0.0 or car.lo_a <= shares[car.station_id].limit_a <= car.hi_a


@given(seeds, st.integers(1, 10), st.floats(0.0, 60.0), st.data())
def test_more_room_never_charges_a_worse_set(seed: int, count: int, more: float, data: st.DataObject) -> None:
    cars, rows = garage(np.random.default_rng(seed), count)
    widened = data.draw(st.integers(0, len(rows) - 1))
    wider = [replace(row, cap=row.cap + more * (r == widened)) for r, row in enumerate(rows)]
    assert worth(cars, allocate(cars, wider)) >= worth(cars, allocate(cars, rows))


@given(seeds, st.integers(1, 10), st.data())
def test_the_order_of_the_cars_does_not_matter(seed: int, count: int, data: st.DataObject) -> None:
    """Every car has waited for a time of its own, so that there is no tie left for the order to break."""
    cars, rows = garage(np.random.default_rng(seed), count)
    mixed = data.draw(st.permutations(cars))
    shares, again = allocate(cars, rows), allocate(mixed, rows)
    for car in cars:
        assert again[car.station_id].limit_a == pytest.approx(shares[car.station_id].limit_a, abs=HAIR)


def waiting(name: str, waited_s: float = 0.0, *, running: bool = False) -> Candidate:
    return Candidate(
        station_id=name, lo_a=6.0, hi_a=16.0, hi_reason=FULL, running=running, waited_s=waited_s, must=False
    )


def test_equal_cars_take_turns() -> None:
    names = [f"s{i}" for i in range(5)]
    row = Row(cap=13.0, weights=dict.fromkeys(names, 1.0), reason=MAIN)
    rounds_out = dict.fromkeys(names, 0)
    for _ in range(30):
        shares = allocate([waiting(name, 900.0 * rounds_out[name]) for name in names], [row])
        on = [name for name in names if shares[name].limit_a > 0.0]
        rounds_out = {name: 0 if name in on else out + 1 for name, out in rounds_out.items()}

        assert len(on) == 2
        assert max(rounds_out.values()) <= 2


def test_a_running_car_keeps_its_place_against_equals() -> None:
    names = [f"s{i}" for i in range(14)]
    row = Row(cap=37.0, weights=dict.fromkeys(names, 1.0), reason=MAIN)
    cars = [waiting(name, 900.0 * i, running=i in {0, 5, 9}) for i, name in enumerate(names)]
    shares = allocate(cars, [row])

    on = [name for name in names if shares[name].limit_a > 0.0]
    assert on == ["s0", "s5", "s9", "s11", "s12", "s13"]


def test_cars_that_nothing_keeps_apart_all_charge_however_many() -> None:
    names = [f"s{i}" for i in range(200)]
    rows = [Row(cap=6.0 * 200, weights=dict.fromkeys(names, 1.0), reason=MAIN)]
    shares = allocate([waiting(name) for name in names], rows)

    assert {share.limit_a for share in shares.values()} == {6.0}


def test_a_fuse_without_any_room_leaves_the_others_alone() -> None:
    rows = [
        Row(cap=-3.0, weights={"a": 1.0}, reason=replace(MAIN, circuit_id="hut")),
        Row(cap=40.0, weights={"a": 1.0, "b": 1.0}, reason=MAIN),
    ]
    shares = allocate([waiting("a"), waiting("b")], rows)

    assert shares["a"].limit_a == 0.0
    assert shares["a"].reason.circuit_id == "hut"
    assert shares["b"].limit_a == 16.0
    assert shares["b"].reason.code is LimitReason.INSTALLER_LIMIT


def test_the_work_for_a_large_garage_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no tests left the exchanges end at once, and what greedy found still holds every row."""
    cars, rows = garage(np.random.default_rng(3), 80)
    improved = worth(cars, allocate(cars, rows))
    monkeypatch.setattr(admission, "EXCHANGE_TESTS", 0)
    greedy = allocate(cars, rows)

    assert worth(cars, greedy) <= improved
    table = RowTable(cars, rows)
    assert table.holds([greedy[car.station_id].limit_a for car in cars])
