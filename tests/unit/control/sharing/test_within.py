"""Set-points that must fit rows after all: lowered, never raised, never between 0 and the minimum."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ems.control.sharing.rows import Row
from ems.control.sharing.within import within
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.goals import Goal
from ems.model.snapshot import Snapshot
from tests.unit.control.scene import STATION, look

STATIONS = [replace(STATION, station_id=name) for name in ("a", "b", "c")]
CAP = Reason(code=LimitReason.GRID_OPERATOR)


def wanted(**limits_a: float) -> dict[str, Setpoint]:
    return {name: Setpoint(station_id=name, limit_a=amps, phases=3) for name, amps in limits_a.items()}


def house(**priorities: int) -> Snapshot:
    return look(STATIONS, [], goals={name: Goal(priority=priority) for name, priority in priorities.items()})


def row(cap: float, **weights: float) -> Row:
    return Row(cap=cap, weights=weights, reason=CAP)


def limits(kept: dict[str, Setpoint]) -> dict[str, float]:
    return {name: each.limit_a for name, each in kept.items()}


def test_what_fits_stays_as_it_is() -> None:
    setpoints = wanted(a=16.0, b=10.0)

    assert within(setpoints, [row(26.0, a=1.0, b=1.0)], house()) == setpoints


def test_lower_priority_gives_first_and_says_why() -> None:
    kept = within(wanted(a=16.0, b=16.0), [row(690.0 * 26.0, a=690.0, b=690.0)], house(a=1))

    assert limits(kept) == {"a": 16.0, "b": 10.0}
    assert kept["b"].reason == CAP


def test_nobody_is_stopped_while_others_are_above_their_minimum() -> None:
    kept = within(wanted(a=16.0, b=6.0), [row(12.0, a=1.0, b=1.0)], house(a=1))

    assert limits(kept) == {"a": 6.0, "b": 6.0}


def test_car_stops_where_minimums_do_not_fit() -> None:
    kept = within(wanted(a=16.0, b=6.0), [row(11.0, a=1.0, b=1.0)], house(a=1))

    assert limits(kept) == {"a": 6.0, "b": 0.0}


AMPS = st.one_of(st.just(0.0), st.floats(6.0, 16.0))
WEIGHTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([0.0, 1.0, 230.0, 690.0]))


@given(st.tuples(AMPS, AMPS, AMPS), st.lists(st.tuples(st.floats(-500.0, 9_000.0), WEIGHTS), max_size=4))
def test_every_row_holds_and_nothing_is_raised(
    amps: tuple[float, float, float], bounds: list[tuple[float, dict[str, float]]]
) -> None:
    setpoints = wanted(a=amps[0], b=amps[1], c=amps[2])
    rows = [row(cap, **weights) for cap, weights in bounds]
    kept = limits(within(setpoints, rows, house()))

    for each in rows:
        load = sum(weight * kept[name] for name, weight in each.weights.items())
        assert load <= max(each.cap, 0.0) + 1e-5
    assert all(kept[name] <= setpoints[name].limit_a for name in kept)
    assert all(each == 0.0 or each >= 6.0 for each in kept.values())
