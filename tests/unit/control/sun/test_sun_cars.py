"""The cars that follow the sun: what each may do next, and the true numbers behind a pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.demand import demands
from ems.control.headroom import headroom
from ems.control.memory import Memory, StationTimers
from ems.control.seen.learn import Learned
from ems.control.sun.patterns import Regrets
from ems.control.sun.sun_cars import DAY_S, SunPlan, plan_sun
from ems.control.timers import station_timers
from ems.model.decision import LimitReason, Setpoint
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import Keenness, Policy, Station
from ems.model.station import ConnectorStatus, StationState
from tests.unit.control.scene import CALM, NOW_S, STATION, grid, limit, look, report, state, view

VOLTS = PerPhase(230.0, 230.0, 230.0)
SUNNY = replace(STATION, goal=Goal(mode=ChargeMode.SOLAR))
SWITCHING = replace(SUNNY, can_switch_phases=True)
EMPTY = grid(0.0, 0.0, 0.0)

PRICES = Policy(start_wh=15.0, stop_wh=40.0, min_on_s=60.0)


def paused(name: str = "a", *, status: ConnectorStatus = ConnectorStatus.SUSPENDED_EVSE) -> StationState:
    return state(name, sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0), status=status)


def charging(amps: float, *, phases: int = 3, name: str = "a") -> StationState:
    drawn = [amps if i < phases else 0.0 for i in range(3)]
    return state(name, sent=[limit(0.0, ago_s=55), limit(amps, ago_s=50, phases=phases)], car=report(*drawn))


def settled(
    station: Station,
    known: StationState,
    surplus_w: float | None,
    *,
    timers: StationTimers | None = None,
    regrets: Regrets | None = None,
    sample: GridReading = EMPTY,
    learned: Mapping[str, Learned] | None = None,
    policy: Policy | None = None,
    others: tuple[tuple[Station, StationState], ...] = (),
) -> SunPlan:
    """The plan for this station, one second after the last look."""
    every = ((station, known), *others)
    memory = replace(
        CALM,
        timers={"a": timers or StationTimers(off_since_s=NOW_S - 500, last_phases=3)},
        regrets=regrets or Regrets(stations=tuple(s.station_id for s, _ in every), pattern=(0,) * len(every)),
    )
    seen = look([s for s, _ in every], [known for _, known in every], policy=policy or PRICES)
    room = headroom(seen, memory, {"main": view(sample)})
    return plan_sun(demands(seen, learned or {}), seen, memory, room, surplus_w, learned or {}, VOLTS)


def at(phases: int, gained_wh: Mapping[tuple[int, ...], float] | None = None) -> Regrets:
    return Regrets(stations=("a",), pattern=(phases,), gained_wh=gained_wh)


def test_enough_sun_for_long_enough_starts_the_car() -> None:
    almost = settled(SUNNY, paused(), 5000.0, regrets=at(0, {(3,): 13.0}))
    ripe = settled(SUNNY, paused(), 5000.0, regrets=at(0, {(3,): 14.0}))

    assert almost.wishes["a"].candidate is None
    assert ripe.wishes["a"].candidate is not None
    assert ripe.wishes["a"].phases == 3
    assert ripe.least_w == pytest.approx({"a": 4140.0})


def test_a_pause_tells_what_is_missing_and_how_near_the_start_is() -> None:
    """S02 and S03."""
    reason = settled(SUNNY, paused(), 3000.0, regrets=at(0, {(3,): 5.0})).wishes["a"].why_not

    assert reason.code is LimitReason.SOLAR_SURPLUS
    assert (reason.surplus_w, reason.change_wh) == (3000.0, 15.0)
    assert reason.needed_w == pytest.approx(4140.0)
    assert reason.gained_wh == pytest.approx(5.0 + (3000 - 1140) / 3600)


def test_what_is_needed_counts_the_cars_that_charge_already() -> None:
    other = replace(SUNNY, station_id="b")
    regrets = Regrets(stations=("a", "b"), pattern=(0, 3))
    plan = settled(SUNNY, paused(), 5000.0, regrets=regrets, others=((other, charging(7.0, name="b")),))

    assert plan.wishes["a"].why_not.needed_w == pytest.approx(2 * 4140.0)
    assert sum(plan.least_w.values()) == pytest.approx(4140.0)


def test_what_is_needed_is_the_least_of_its_ways_to_charge() -> None:
    assert settled(SWITCHING, paused(), 500.0).wishes["a"].why_not.needed_w == pytest.approx(1380.0)


def test_the_shortest_pause_is_told_with_what_is_left_of_it() -> None:
    timers = StationTimers(off_since_s=NOW_S - 40, last_phases=3)
    wish = settled(SUNNY, paused(), 6000.0, timers=timers, regrets=at(0, {(3,): 50.0})).wishes["a"]

    assert wish.candidate is None
    assert (wish.why_not.code, wish.why_not.remaining_s) == (LimitReason.SETTLING, 20.0)


def test_a_full_car_leaves_its_contactor_where_it_is() -> None:
    timers = StationTimers(on_since_s=NOW_S - 500, last_phases=1)
    full = replace(charging(6.0, phases=1), status=ConnectorStatus.SUSPENDED_EV)
    plan = settled(SWITCHING, full, 9000.0, timers=timers, regrets=at(1))

    assert plan.wishes["a"].phases == 1
    assert plan.regrets == at(1)


def test_a_car_without_sun_waits_on_the_phases_it_stood_at() -> None:
    timers = StationTimers(off_since_s=NOW_S - 500, last_phases=1)

    assert settled(SWITCHING, paused(), 0.0, timers=timers).wishes["a"].phases == 1


def test_a_car_known_to_use_one_phase_is_not_switched() -> None:
    timers = StationTimers(on_since_s=NOW_S - 500, last_phases=3)
    plan = settled(SWITCHING, charging(10.0), 9000.0, timers=timers, regrets=at(3), learned={"a": Learned(phases=1)})

    assert [choice.phases for choice in plan.cars[0].choices] == [0, 3]
    assert plan.cars[0].choices[1].least_w == pytest.approx(1380.0)


@pytest.mark.parametrize("station", [SUNNY, SWITCHING])
def test_the_short_way_through_the_night_says_what_the_whole_way_says(station: Station) -> None:
    night = settled(station, paused(), 0.0, regrets=at(0))
    dusk = settled(station, paused(), 1e-9, regrets=at(0))

    assert night.cars == ()
    assert len(dusk.cars) == 1
    assert night.regrets.pattern == dusk.regrets.pattern == (0,)
    before, after = night.wishes["a"], dusk.wishes["a"]
    assert (before.candidate, before.phases) == (after.candidate, after.phases)
    assert before.why_not.needed_w == after.why_not.needed_w
    assert before.why_not.code is after.why_not.code


def test_a_station_that_cannot_switch_is_offered_all_its_phases_only() -> None:
    assert [choice.phases for choice in settled(SUNNY, paused(), 1.0).cars[0].choices] == [0, 3]
    assert [choice.phases for choice in settled(SWITCHING, paused(), 1.0).cars[0].choices] == [0, 1, 3]


def test_a_car_that_must_charge_is_not_offered_a_pause() -> None:
    insists = replace(SWITCHING, goal=Goal(mode=ChargeMode.MIN_SOLAR))
    plan = settled(insists, paused(), 100.0, regrets=Regrets())

    assert [choice.phases for choice in plan.cars[0].choices] == [1, 3]
    assert plan.wishes["a"].candidate is not None


def test_a_car_that_stays_below_its_limit_needs_less_sun_and_its_limit_may_promise_more() -> None:
    timers = StationTimers(on_since_s=NOW_S - 500, last_phases=3)
    known = {"a": Learned(offset_a=0.5)}
    plan = settled(SUNNY, charging(7.0), 5000.0, timers=timers, regrets=at(3), learned=known)

    assert sum(plan.least_w.values()) == pytest.approx(5.5 * 690)
    assert sum(plan.extra_w.values()) == pytest.approx((0.5 + 0.05) * 690)


@pytest.mark.parametrize(
    ("keenness", "above_a"), [(Keenness.KEEN, 0.83), (Keenness.NORMAL, 0.5), (Keenness.PURIST, 0.33)]
)
def test_what_rounding_takes_is_promised_before_the_less_the_more_the_grid_weighs(
    keenness: Keenness, above_a: float
) -> None:
    timers = StationTimers(on_since_s=NOW_S - 500, last_phases=3)
    whole = replace(SUNNY, step_a=1.0)
    plan = settled(whole, charging(7.0), 5000.0, timers=timers, regrets=at(3), policy=Policy(keenness=keenness))

    assert sum(plan.extra_w.values()) == pytest.approx(above_a * 690, abs=3)


def test_a_fuse_without_room_for_the_minimum_forbids_a_start() -> None:
    ripe = at(0, {(3,): 50.0})
    tight = settled(SUNNY, paused(), 6000.0, regrets=ripe, sample=grid(0.0, 17.8, 0.0))
    wide = settled(SUNNY, paused(), 6000.0, regrets=ripe, sample=grid(0.0, 17.7, 0.0))

    assert tight.wishes["a"].candidate is None
    assert wide.wishes["a"].candidate is not None


def test_one_tight_phase_forbids_three_phases_and_leaves_one() -> None:
    timers = StationTimers(off_since_s=NOW_S - 500, last_phases=1)
    ripe = at(0, {(3,): 500.0, (1,): 50.0})
    plan = settled(SWITCHING, paused(), 9000.0, timers=timers, regrets=ripe, sample=grid(0.0, 20.0, 0.0))

    assert plan.wishes["a"].phases == 1
    assert plan.wishes["a"].candidate is not None


def test_room_for_the_minimum_is_what_other_cars_leave_with_theirs() -> None:
    fast = replace(STATION, station_id="b", goal=Goal(mode=ChargeMode.FAST))
    regrets = at(0, {(3,): 50.0})
    others = ((fast, charging(6.0, name="b")),)
    tight = settled(SUNNY, paused(), 6000.0, regrets=regrets, sample=grid(18.0, 6.0, 6.0), others=others)
    wide = settled(SUNNY, paused(), 6000.0, regrets=regrets, sample=grid(17.0, 6.0, 6.0), others=others)

    assert tight.wishes["a"].candidate is None
    assert wide.wishes["a"].candidate is not None


def test_the_sun_of_an_unseen_time_brings_no_gain() -> None:
    plan = settled(SUNNY, paused(), None, regrets=at(0, {(3,): 14.9}))

    assert plan.wishes["a"].candidate is None
    assert plan.regrets.gained_wh == {(3,): 14.9}


def test_a_gap_between_looks_counts_as_five_seconds() -> None:
    memory = replace(CALM, last_at_s=NOW_S - 300, regrets=at(0))
    seen = look([SUNNY], [paused()], policy=PRICES)
    room = headroom(seen, memory, {"main": view(EMPTY)})
    plan = plan_sun(demands(seen, {}), seen, memory, room, 6000.0, {}, VOLTS)

    assert plan.regrets.gained_wh == pytest.approx({(3,): 6000 * 5 / 3600})


def test_phases_change_no_sooner_than_a_minute_after_the_last_start_or_change() -> None:
    eager = at(1, {(3,): 500.0})
    since_start = StationTimers(on_since_s=NOW_S - 59, last_phases=1)
    since_change = StationTimers(on_since_s=NOW_S - 900, last_phases=1, switched_at_s=(NOW_S - 59,))
    long_ago = StationTimers(on_since_s=NOW_S - 900, last_phases=1, switched_at_s=(NOW_S - 61,))
    phases = [
        settled(SWITCHING, charging(10.0, phases=1), 9000.0, timers=timers, regrets=eager).wishes["a"].phases
        for timers in (since_start, since_change, long_ago)
    ]

    assert phases == [1, 1, 3]


@pytest.mark.parametrize(("changes", "may", "wears"), [(0, True, 1.0), (1, True, 1.0), (2, True, 2.0), (4, False, 2.0)])
def test_changes_cost_twice_from_half_the_daily_ceiling_and_end_at_it(changes: int, may: bool, wears: float) -> None:
    in_the_day = tuple(NOW_S - 80_000 + 100 * i for i in range(changes))
    timers = StationTimers(on_since_s=NOW_S - 900, last_phases=1, switched_at_s=(NOW_S - DAY_S - 1, *in_the_day))
    policy = Policy(phase_switches_per_day=4)
    car = settled(SWITCHING, charging(10.0, phases=1), 0.0, timers=timers, regrets=at(1), policy=policy).cars[0]

    assert (car.may_switch, car.wears) == (may, wears)


@given(
    st.lists(st.tuples(st.floats(0, 12_000), st.floats(60, 3600)), min_size=40, max_size=120),
    st.integers(0, 4),
    st.sampled_from([1, 3]),
)
@settings(max_examples=60)
def test_phases_never_change_more_often_in_a_day_than_allowed(
    suns: list[tuple[float, float]], ceiling: int, starts_on: int
) -> None:
    """Changes cost next to nothing here, so that only the ceiling holds them back."""
    policy = Policy(start_wh=0.1, stop_wh=0.1, switch_wh=0.1, phase_switches_per_day=ceiling)
    memory = replace(CALM, timers={"a": StationTimers(on_since_s=NOW_S - 900, last_phases=starts_on)})
    memory = replace(memory, regrets=at(starts_on))
    now_s, phases, changes_s = NOW_S, starts_on, []
    for surplus_w, later_s in suns:
        now_s += later_s
        plan = _later(memory, surplus_w, now_s, policy)
        wish = plan.wishes["a"]
        on = wish.candidate is not None
        if on and wish.phases != phases:
            changes_s.append(now_s)
            phases = wish.phases
        setpoint = Setpoint(station_id="a", limit_a=6.0 if on else 0.0, phases=wish.phases)
        seen = replace(look([SWITCHING], [paused()], policy=policy), now_s=now_s)
        timers = {"a": station_timers(memory.timers_of("a"), setpoint, False, seen)}
        memory = replace(memory, last_at_s=now_s, regrets=plan.regrets, timers=timers)

    assert all(sum(at_s - DAY_S < other <= at_s for other in changes_s) <= ceiling for at_s in changes_s)


def _later(memory: Memory, surplus_w: float, now_s: float, policy: Policy) -> SunPlan:
    known = StationState(station_id="a", connected=True, status=ConnectorStatus.CHARGING)
    seen = replace(look([SWITCHING], [known], policy=policy), now_s=now_s)
    room = headroom(seen, memory, {"main": view(replace(EMPTY, taken_at_s=now_s))})
    return plan_sun(demands(seen, {}), seen, memory, room, surplus_w, {}, VOLTS)


def test_wishes_of_others_stay_as_they_are() -> None:
    fast = replace(STATION, station_id="b", goal=Goal(mode=ChargeMode.FAST))
    plan = settled(SUNNY, paused(), 0.0, others=((fast, charging(10.0, name="b")),))

    assert plan.wishes["b"].candidate is not None
    assert plan.regrets.of("b") is None


def test_the_wiring_decides_where_the_room_is_asked() -> None:
    rotated = replace(SWITCHING, wiring=(Phase.L2, Phase.L3, Phase.L1))
    timers = StationTimers(off_since_s=NOW_S - 500, last_phases=1)
    ripe = at(0, {(3,): 10.0, (1,): 50.0})
    on_l1 = settled(rotated, paused(), 2000.0, timers=timers, regrets=ripe, sample=grid(20.0, 0.0, 0.0))
    on_l2 = settled(rotated, paused(), 2000.0, timers=timers, regrets=ripe, sample=grid(0.0, 20.0, 0.0))

    assert on_l1.wishes["a"].candidate is not None
    assert on_l2.wishes["a"].candidate is None
