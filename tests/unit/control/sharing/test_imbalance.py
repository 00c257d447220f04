"""No phase above another by more than the rule allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.allocate import allocate
from ems.control.sharing.imbalance import balanced, kept_balanced, lopsided
from ems.control.sharing.rows import Candidate, Row, Share
from ems.model.decision import NO_REASON, LimitReason, Setpoint
from ems.model.electrical import PHASES_OF, CircuitTree, Phase, Wiring
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from tests.unit.control.scene import MAIN, NOW_S, STATION

L1, L2, L3 = Phase
ONE_CAR = {"a": 1}


def station(name: str, wiring: Wiring, *, known: bool = True) -> Station:
    return replace(STATION, station_id=name, wiring=wiring, wiring_known=known, max_a=32.0, hardware_max_a=32.0)


def site(*stations: Station, bound_a: float | None = 20.0) -> Site:
    return Site(circuits=CircuitTree((MAIN,)), stations=stations, max_imbalance_a=bound_a)


def shared(
    house: Site,
    used: Mapping[str, int],
    *,
    fixed_a: Mapping[str, float] | None = None,
    rows: Sequence[Row] = (),
    hi_a: float = 32.0,
) -> dict[str, Share]:
    outside = fixed_a or {}
    cars = [
        Candidate(station_id=s.station_id, lo_a=6.0, hi_a=hi_a, hi_reason=NO_REASON, must=True)
        for s in house.stations
        if s.station_id not in outside
    ]
    return balanced(lambda more: allocate(cars, [*rows, *more]), house, lopsided(house, used, fixed_a))


def test_one_car_on_one_phase_stays_at_the_bound_and_says_why() -> None:
    share = shared(site(station("a", (L2,))), ONE_CAR)["a"]

    assert share.limit_a == 20.0
    assert (share.reason.code, share.reason.limit_a) == (LimitReason.PHASE_IMBALANCE, 20.0)


def test_without_the_rule_nothing_is_bound() -> None:
    assert shared(site(station("a", (L2,)), bound_a=None), ONE_CAR)["a"].limit_a == 32.0


def test_car_on_three_phases_is_not_bound() -> None:
    assert shared(site(station("a", PHASES_OF[3])), {"a": 3})["a"].limit_a == 32.0


def test_cars_on_all_phases_balance_each_other() -> None:
    house = site(station("a", (L1,)), station("b", (L2,)), station("c", (L3,)))

    assert [each.limit_a for each in shared(house, {"a": 1, "b": 1, "c": 1}).values()] == [32.0, 32.0, 32.0]


def test_two_cars_on_one_phase_share_the_bound() -> None:
    house = site(station("a", (L1,)), station("b", (L1,)))

    assert [each.limit_a for each in shared(house, {"a": 1, "b": 1}).values()] == [10.0, 10.0]


def test_car_whose_phase_nobody_knows_balances_no_other() -> None:
    house = site(station("a", (L1,)), station("b", (L2,)), station("c", PHASES_OF[3], known=False))
    shares = shared(house, {"a": 1, "b": 1, "c": 1})

    assert shares["a"].limit_a + shares["c"].limit_a <= 20.0
    assert shares["b"].limit_a + shares["c"].limit_a <= 20.0


def test_car_that_draws_by_itself_counts_too() -> None:
    house = site(station("a", (L1,)), station("b", (L1,)))

    assert shared(house, {"a": 1, "b": 1}, fixed_a={"b": 9.0})["a"].limit_a == 11.0


WIRINGS = st.sampled_from([(L1,), (L2,), (L3,), (L1, L2), (L3, L1), PHASES_OF[3], (L2, L3, L1)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WIRINGS, st.integers(1, 3)), min_size=1, max_size=5), st.floats(20.0, 120.0))
def test_no_phase_is_above_another_by_more_than_the_bound(cars: list[tuple[Wiring, int]], fuse_a: float) -> None:
    house = site(*(station(str(i), wiring) for i, (wiring, _) in enumerate(cars)))
    used = {str(i): min(phases, len(wiring)) for i, (wiring, phases) in enumerate(cars)}
    rows = [
        Row(
            cap=fuse_a,
            weights={s.station_id: 1.0 for s in house.stations if phase in s.wiring[: used[s.station_id]]},
            reason=NO_REASON,
        )
        for phase in Phase
    ]
    shares = shared(house, used, rows=rows)
    loads = [
        sum(shares[s.station_id].limit_a for s in house.stations if phase in s.wiring[: used[s.station_id]])
        for phase in Phase
    ]

    assert max(loads) - min(loads) <= 20.0 + 1e-5
    assert all(each.limit_a == 0.0 or each.limit_a >= 6.0 for each in shares.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WIRINGS, st.integers(1, 3), st.floats(6.0, 32.0)), min_size=1, max_size=6))
def test_guard_lowers_until_the_phases_are_near_enough_and_raises_nothing(
    cars: list[tuple[Wiring, int, float]],
) -> None:
    house = site(*(station(str(i), wiring) for i, (wiring, _, _) in enumerate(cars)))
    used = {str(i): min(phases, len(wiring)) for i, (wiring, phases, _) in enumerate(cars)}
    wanted = {
        str(i): Setpoint(station_id=str(i), limit_a=amps, phases=used[str(i)]) for i, (_, _, amps) in enumerate(cars)
    }
    kept = kept_balanced(wanted, house, lopsided(house, used), Snapshot(now_s=NOW_S, site=house))
    loads = [
        sum(kept[s.station_id].limit_a for s in house.stations if phase in s.wiring[: used[s.station_id]])
        for phase in Phase
    ]

    assert max(loads) - min(loads) <= 20.0 + 1e-5
    assert all(kept[name].limit_a <= setpoint.limit_a for name, setpoint in wanted.items())
    assert all(each.limit_a == 0.0 or each.limit_a >= 6.0 for each in kept.values())
