"""Promises that every baseline keeps."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.model.electrical import CircuitTree, PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, StationState
from ems.sim.policies.ports import Order
from ems.sim.policies.registry import DESCRIPTIONS, POLICIES, UnknownPolicy, policy_named
from tests.unit.sim.policies.house import ALL, circuit, station

SITE = Site(
    circuits=CircuitTree((circuit("main", 35.0), circuit("garages", 20.0, "main"))),
    stations=(
        station("a", switch=True, circuit_id="garages"),
        station("b", circuit_id="garages", max_a=32.0),
        station("c", phases=1),
    ),
)
STATES = st.sampled_from(
    [ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING, ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, None]
)


@st.composite
def looks(draw: st.DrawFn, at_s: float) -> Snapshot:
    grid_a = PerPhase(*(draw(st.floats(-30, 60)) for _ in ALL))
    age_s = draw(st.sampled_from([0.0, 5.0, 20.0, 100.0]))
    reading = GridReading(current_a=grid_a, power_w=grid_a.total * 230, taken_at_s=at_s - age_s)
    states = {}
    for s in SITE.stations:
        drawn_a = draw(st.sampled_from([0.0, 5.8, 9.9, 16.0, 33.0]))
        car = CarReading(current_a=(drawn_a,) * len(s.wiring), taken_at_s=at_s)
        states[s.station_id] = StationState(
            station_id=s.station_id, status=draw(STATES), car=draw(st.sampled_from([car, None]))
        )
    goals = {
        s.station_id: Goal(mode=draw(st.sampled_from(ChargeMode)), max_a=draw(st.sampled_from([None, 4.0, 12.05])))
        for s in SITE.stations
    }
    meters = draw(st.sampled_from([{"main": reading}, {}]))
    return Snapshot(now_s=at_s, site=SITE, meters=meters, stations=states, goals=goals)


@st.composite
def runs(draw: st.DrawFn) -> list[Snapshot]:
    waits_s = draw(st.lists(st.sampled_from([1.0, 30.0, 70.0, 200.0, 700.0]), min_size=1, max_size=8))
    return [draw(looks(sum(waits_s[: i + 1]))) for i in range(len(waits_s))]


def played(name: str, run: list[Snapshot]) -> list[Mapping[str, Order]]:
    policy = policy_named(name, SITE)
    return [policy.decide(now) for now in run]


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=40)
@given(run=runs())
def test_every_order_is_a_pause_or_within_the_station_and_the_wish(name: str, run: list[Snapshot]) -> None:
    for now, orders in zip(run, played(name, run), strict=True):
        for station_id, order in orders.items():
            s, wish_a = SITE.station(station_id), now.goal_of(station_id).max_a
            most_a = s.max_a if wish_a is None else min(s.max_a, wish_a)
            assert order.limit_a == 0.0 or s.min_a <= order.limit_a <= most_a
            assert order.phases in ({1, len(s.wiring)} if s.can_switch_phases else {len(s.wiring)})


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=40)
@given(run=runs())
def test_same_looks_give_the_same_orders(name: str, run: list[Snapshot]) -> None:
    assert played(name, run) == played(name, run)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=40)
@given(run=runs())
def test_car_that_is_away_or_off_is_offered_nothing(name: str, run: list[Snapshot]) -> None:
    for now, orders in zip(run, played(name, run), strict=True):
        for station_id, order in orders.items():
            if now.goal_of(station_id).mode is ChargeMode.OFF or not now.state_of(station_id).plugged:
                assert order.limit_a == 0.0


@pytest.mark.parametrize("name", POLICIES)
def test_policy_carries_the_name_it_is_asked_for(name: str) -> None:
    assert policy_named(name, SITE).name == name


@pytest.mark.parametrize("name", POLICIES)
def test_site_without_stations_gets_no_orders(name: str) -> None:
    bare = Site(circuits=CircuitTree((circuit("main", 35.0),)), stations=())

    assert policy_named(name, bare).decide(Snapshot(now_s=0.0, site=bare)) == {}


def test_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownPolicy, match="no policy is called 'evc'; there are evcc, evcc-10, openwb"):
        policy_named("evc", SITE)


def test_every_policy_has_a_line_for_people() -> None:
    assert DESCRIPTIONS.keys() == POLICIES.keys()
