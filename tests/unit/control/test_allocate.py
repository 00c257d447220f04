"""Sharing the current: laws by hypothesis, the best set by scipy's MILP, stories by example."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from ems.control.allocate import allocate
from ems.control.sharing.admission import EXACT_UP_TO
from ems.control.sharing.rows import Candidate, Row, Share
from ems.model.decision import LimitReason, Reason

FULL = Reason(code=LimitReason.INSTALLER_LIMIT)
FUSE = Reason(code=LimitReason.MAIN_FUSE)
SUN = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=1000.0)
HAIR = 1e-6


def car(
    name: str,
    *,
    lo_a: float = 6.0,
    hi_a: float = 16.0,
    priority: int = 0,
    must: bool = False,
    running: bool = False,
    waited_s: float = 0.0,
) -> Candidate:
    return Candidate(
        station_id=name,
        lo_a=lo_a,
        hi_a=hi_a,
        hi_reason=FULL,
        priority=priority,
        must=must,
        running=running,
        waited_s=waited_s,
    )


def fuse(cap: float, *names: str) -> Row:
    return Row(cap=cap, weights=dict.fromkeys(names, 1.0), reason=FUSE)


def amps(shares: dict[str, Share]) -> dict[str, float]:
    return {name: round(share.limit_a, 6) for name, share in shares.items()}


@st.composite
def problems(draw: st.DrawFn, most: int = 10) -> tuple[list[Candidate], list[Row]]:
    count = draw(st.integers(1, most))
    cars = [
        Candidate(
            station_id=f"s{i}",
            lo_a=6.0,
            hi_a=draw(st.sampled_from([6.0, 10.0, 16.0, 32.0])),
            hi_reason=FULL,
            priority=draw(st.integers(0, 2)),
            must=draw(st.booleans()),
            running=draw(st.booleans()),
            waited_s=draw(st.floats(0, 1000)),
        )
        for i in range(count)
    ]
    rows = []
    for _ in range(draw(st.integers(1, 5))):
        members = draw(st.sets(st.sampled_from([c.station_id for c in cars]), min_size=1))
        rows.append(Row(cap=draw(st.floats(-5, 120)), weights=dict.fromkeys(sorted(members), 1.0), reason=FUSE))
    if draw(st.booleans()):
        weights = {c.station_id: draw(st.sampled_from([230.0, 690.0])) for c in cars}
        rows.append(Row(cap=draw(st.floats(0, 20_000)), weights=weights, reason=SUN, yields_to_must=True))
    return cars, rows


def load(row: Row, shares: dict[str, Share]) -> float:
    return sum(weight * shares[name].limit_a for name, weight in row.weights.items())


def cap(row: Row, cars: list[Candidate], shares: dict[str, Share]) -> float:
    owed = sum(row.weights.get(c.station_id, 0.0) * c.lo_a for c in cars if c.must and shares[c.station_id].limit_a > 0)
    return max(row.cap, owed) if row.yields_to_must else row.cap


def admitted_by_class(cars: list[Candidate], shares: dict[str, Share]) -> tuple[int, ...]:
    on = [c for c in cars if shares[c.station_id].limit_a > 0]
    return tuple(
        sum(c.must is must and c.priority == priority for c in on) for must in (True, False) for priority in (2, 1, 0)
    )


@given(problems())
def test_every_row_holds(problem: tuple[list[Candidate], list[Row]]) -> None:
    """S21: a row is one phase of one fuse, whatever order the stations have their phases in."""
    cars, rows = problem
    shares = allocate(cars, rows)
    for row in rows:
        used = load(row, shares)
        assert used <= max(cap(row, cars, shares), 0.0) + HAIR * max(1.0, row.cap)


@given(problems())
def test_nobody_gets_less_than_the_minimum_or_more_than_the_maximum(
    problem: tuple[list[Candidate], list[Row]],
) -> None:
    cars, rows = problem
    shares = allocate(cars, rows)
    for each in cars:
        limit_a = shares[each.station_id].limit_a
        assert limit_a == 0.0 or each.lo_a - HAIR <= limit_a <= each.hi_a + HAIR


@given(problems())
def test_the_same_question_gets_the_same_answer(problem: tuple[list[Candidate], list[Row]]) -> None:
    cars, rows = problem
    assert allocate(cars, rows) == allocate(cars, rows)


@given(problems(most=EXACT_UP_TO), st.floats(0, 50))
def test_more_room_never_admits_a_worse_set(problem: tuple[list[Candidate], list[Row]], more: float) -> None:
    cars, rows = problem
    before = admitted_by_class(cars, allocate(cars, rows))
    wider = [replace(rows[0], cap=rows[0].cap + more), *rows[1:]]
    assert admitted_by_class(cars, allocate(cars, wider)) >= before


@given(problems())
def test_nobody_can_rise_without_lowering_one_that_rose_no_more(problem: tuple[list[Candidate], list[Row]]) -> None:
    """Max-min within a priority, in rise above the minimum relative to the maximum."""
    cars, rows = problem
    shares = allocate(cars, rows)
    risen = {c.station_id: (shares[c.station_id].limit_a - c.lo_a) / c.hi_a for c in cars}
    for each in cars:
        limit_a = shares[each.station_id].limit_a
        if limit_a == 0.0 or limit_a >= each.hi_a - 1e-4:
            continue
        tight = [r for r in rows if each.station_id in r.weights and load(r, shares) >= cap(r, cars, shares) - 1e-3]
        assert tight
        assert any(
            all(
                risen[other.station_id] <= risen[each.station_id] + 1e-4 or other.priority > each.priority
                for other in cars
                if other.station_id in row.weights and shares[other.station_id].limit_a > 0
            )
            for row in tight
        )


@settings(max_examples=60)
@given(problems(most=10))
def test_as_many_cars_charge_as_scipy_finds(problem: tuple[list[Candidate], list[Row]]) -> None:
    """The MILP maximises the admission value class by class; ours must reach it for homes, and for small garages."""
    cars, rows = problem
    plain = [replace(c, must=False, priority=0) for c in cars]
    hard = [replace(row, yields_to_must=False, cap=max(row.cap, 0.0)) for row in rows]
    ours = sum(share.limit_a > 0 for share in allocate(plain, hard).values())
    matrix = np.array([[row.weights.get(c.station_id, 0.0) * c.lo_a for c in plain] for row in hard])
    best = milp(
        -np.ones(len(plain)),
        integrality=[1] * len(plain),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=[row.cap + HAIR for row in hard]),
    )
    assert best.fun is not None
    assert ours == round(-best.fun)


def test_two_equal_cars_share_equally() -> None:
    shares = allocate([car("a"), car("b")], [fuse(20.0, "a", "b")])

    assert amps(shares) == {"a": 10.0, "b": 10.0}
    assert shares["a"].reason == FUSE


def test_a_full_car_leaves_the_rest_to_the_other() -> None:
    shares = allocate([car("a", hi_a=8.0), car("b")], [fuse(20.0, "a", "b")])

    assert amps(shares) == {"a": 8.0, "b": 12.0}
    assert shares["a"].reason == FULL


def test_the_higher_priority_fills_first() -> None:
    shares = allocate([car("a"), car("b", priority=1)], [fuse(24.0, "a", "b")])

    assert amps(shares) == {"a": 8.0, "b": 16.0}


def test_a_car_that_must_charge_goes_before_one_that_may() -> None:
    shares = allocate([car("a", running=True), car("b", must=True)], [fuse(10.0, "a", "b")])

    assert amps(shares) == {"a": 0.0, "b": 10.0}
    assert shares["a"].reason.code is LimitReason.PRIORITY


def test_of_equals_the_running_car_stays_and_then_the_one_that_waited_longest_goes() -> None:
    row = fuse(7.0, "a", "b", "c")
    running = allocate([car("a", waited_s=900), car("b", running=True), car("c")], [row])
    waiting = allocate([car("a", waited_s=10), car("b", waited_s=900), car("c")], [row])

    assert amps(running) == {"a": 0.0, "b": 7.0, "c": 0.0}
    assert amps(waiting) == {"a": 0.0, "b": 7.0, "c": 0.0}


def test_a_minimum_that_must_be_kept_is_not_refused_by_the_sun() -> None:
    sun = Row(cap=500.0, weights={"a": 230.0, "b": 230.0}, reason=SUN, yields_to_must=True)
    shares = allocate([car("a", must=True), car("b")], [sun])

    assert amps(shares) == {"a": 6.0, "b": 0.0}
    assert shares["b"].reason == replace(SUN, needed_w=2 * 6.0 * 230.0)


def test_a_car_that_no_fuse_can_feed_says_which_fuse() -> None:
    shares = allocate([car("a")], [fuse(3.0, "a")])

    assert amps(shares) == {"a": 0.0}
    assert shares["a"].reason == FUSE


def test_no_row_means_the_maximum() -> None:
    assert amps(allocate([car("a")], [])) == {"a": 16.0}


def test_nobody_wants_anything() -> None:
    assert allocate([], [fuse(10.0, "a")]) == {}


def test_a_garage_beyond_the_exact_size_is_filled_by_exchanges() -> None:
    # One heavy row member blocks two others: greedy by order alone would keep it.
    names = [f"s{i}" for i in range(8)]
    cars = [car(name, lo_a=6.0 if i else 12.0, running=i == 0) for i, name in enumerate(names)]
    rows = [fuse(12.0, "s0", "s1", "s2"), fuse(30.0, *names[3:])]
    shares = allocate(cars, rows)

    assert [name for name in names if shares[name].limit_a > 0] == names[1:]


@given(st.integers(7, 40), st.floats(0, 400))
def test_a_garage_under_one_fuse_serves_as_many_as_fit(count: int, cap_a: float) -> None:
    names = [f"s{i}" for i in range(count)]
    shares = allocate([car(name) for name in names], [fuse(cap_a, *names)])

    assert sum(share.limit_a > 0 for share in shares.values()) == min(count, int((cap_a + 1e-7) // 6.0))
