"""The guard's alarms: what presses near a trip, the house alone, stations that do not obey."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.cycle import work_out
from ems.control.guard import guard
from ems.control.headroom import headroom
from ems.control.seen.draw import Draws
from ems.control.seen.obedience import Obedience, Stage
from ems.model.decision import LimitReason, NoticeCode, Setpoint
from ems.model.electrical import FuseDevice, PerPhase, Phase, Wiring
from ems.model.goals import ChargeMode
from ems.model.station import StationState
from tests.house import House
from tests.unit.control.scene import CALM, MAIN, STATION, grid, limit, look, report, state, view

JUST_WOKEN = replace(CALM, started_at_s=CALM.last_at_s - 5, timers={}, house_a={"main": PerPhase(5.0, 5.0, 5.0)})
"""Nobody has heard yet what the cars may draw, so that much of the current may be theirs."""

OVER_A = 30.0
"""Above k·In of 25 A: a fuse at θ 0.9 carries it for 12 s, a cooler one at 0.5 for half a minute."""


def pressed(theta: float, seen_a: float, other: StationState | None = None, wiring: Wiring = tuple(Phase)) -> float:
    """What the guard leaves of 6 A that seem to fit, of a car that draws 16 A, at such a warmth of the fuse.

    Another car beside it, on that wiring, is to get nothing.
    """
    others = () if other is None else (other,)
    stations = [STATION, *(replace(STATION, station_id=each.station_id, wiring=wiring) for each in others)]
    seen = look(stations, [state("a", car=report(16.0, 16.0, 16.0)), *others])
    views = {"main": view(grid(seen_a, 10.0, 10.0))}
    wanted = {s.station_id: Setpoint(station_id=s.station_id, limit_a=0.0, phases=3) for s in stations}
    wanted["a"] = replace(wanted["a"], limit_a=6.0)
    room = headroom(seen, JUST_WOKEN, views)
    assert room.rooms["main", Phase.L1].now_a > 6.0
    thermal = {("main", phase): theta for phase in Phase}
    setpoint = guard(wanted, seen, JUST_WOKEN, room, views, thermal).setpoints["a"]
    assert setpoint.limit_a == 6.0 or setpoint.reason.phase is Phase.L1
    return setpoint.limit_a


def test_near_a_trip_what_the_meter_sees_counts_although_everything_seems_to_fit() -> None:
    assert pressed(0.9, OVER_A) == 0.0


def test_a_car_lowered_on_another_phase_is_no_reason_to_wait() -> None:
    lowered = state("b", sent=[limit(8.0, ago_s=50, phases=1), limit(6.0, ago_s=3, phases=1)], car=report(6.0))

    assert pressed(0.9, OVER_A, lowered, wiring=(Phase.L2,)) == 0.0


def test_while_the_trip_is_more_than_twice_the_reaction_time_away_nothing_is_pressing() -> None:
    assert pressed(0.5, OVER_A) == 6.0
    # 1 s of meter, 0.6 s, 1 s of message and 5 s of car, twice: 15.2 s.
    assert pressed(0.860, OVER_A) == 6.0
    assert pressed(0.865, OVER_A) == 0.0


def test_what_a_fuse_carries_for_ever_is_never_pressing() -> None:
    assert pressed(0.999, 28.2) == 6.0


def test_while_a_limit_is_being_lowered_nothing_more_is_pressed() -> None:
    about_to_stop = state("b", sent=[limit(8.0, ago_s=50)], car=report(1.0, 1.0, 1.0))
    paused = state("b", sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))

    assert pressed(0.9, OVER_A, about_to_stop) == 6.0
    assert pressed(0.9, OVER_A, paused) == 0.0


def test_a_limit_has_seven_seconds_to_show_its_effect_before_more_is_pressed() -> None:
    def after(seconds: float) -> float:
        changed = state("b", sent=[limit(8.0, ago_s=50), limit(0.0, ago_s=seconds)], car=report(1.0, 1.0, 1.0))
        return pressed(0.9, OVER_A, changed)

    assert after(6.9) == 6.0
    assert after(7.1) == 0.0


def notices_of(house_a: float, *, derating: float = 1.0, device: FuseDevice = FuseDevice.MCB_B) -> list[Phase | None]:
    """The phases of which the guard says that the house alone is too much, with such a house on L2."""
    circuit = replace(MAIN, derating=derating, fuse=replace(MAIN.fuse, device=device))
    seen = look([STATION], [state(sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))], circuits=(circuit,))
    views = {"main": view(grid(1.0, house_a, 1.0))}
    wanted = {"a": Setpoint(station_id="a", limit_a=0.0, phases=3)}
    notices = guard(wanted, seen, CALM, headroom(seen, CALM, views), views).notices
    assert all(notice.code is NoticeCode.HOUSE_OVERLOAD for notice in notices)
    return [notice.phase for notice in notices]


@given(
    st.floats(0, 60),
    st.sampled_from([0.8, 0.9, 1.0]),
    st.sampled_from([(FuseDevice.MCB_B, 1.13), (FuseDevice.SLS, 1.05), (FuseDevice.GG, 1.25)]),
)
def test_the_house_alone_is_reported_exactly_above_what_the_device_carries(
    house_a: float, derating: float, device: tuple[FuseDevice, float]
) -> None:
    kind, factor = device
    bound_a = factor * 25.0 * derating

    assert notices_of(house_a, derating=derating, device=kind) == ([Phase.L2] if house_a > bound_a else [])


def test_an_overload_that_cars_cause_is_not_blamed_on_the_house() -> None:
    house = House(main_fuse_a=20).with_car("garage", mode=ChargeMode.FAST).run(minutes=2)
    house.base_a = PerPhase(12.0, 1.0, 1.0)
    codes = []
    for _ in range(20):
        house.step()
        assert house.decision is not None
        codes += [notice.code for notice in house.decision.notices]

    assert house.grid_max_a.l1 > 20 * 1.13
    assert codes == []


def test_the_overload_of_the_house_is_told_while_it_lasts() -> None:
    house = House(main_fuse_a=20).with_car("garage", mode=ChargeMode.FAST).run(minutes=2)
    house.base_a = PerPhase(24.0, 1.0, 1.0)
    house.run(seconds=15)
    assert house.decision is not None
    during = house.decision.notices
    house.base_a = PerPhase(20.0, 1.0, 1.0)
    house.run(seconds=2)

    assert [(notice.code, notice.phase) for notice in during] == [(NoticeCode.HOUSE_OVERLOAD, Phase.L1)]
    assert during[0].limit_a == 20 * 1.13
    assert house.limit_a("garage") == 0.0
    assert house.decision.notices == ()


def kept_with(obedience: Obedience, *, unruly: bool) -> dict[str, Setpoint]:
    """10 A each for two cars under a fuse of 25 A, the first of which draws 16 A."""
    first = state("a", sent=[limit(10.0, ago_s=50)], car=report(16.0, 16.0, 16.0))
    second = state("b", sent=[limit(10.0, ago_s=50)], car=report(6.0, 6.0, 6.0))
    seen = look([STATION, replace(STATION, station_id="b")], [first, second])
    views = {"main": view(grid(23.0, 23.0, 23.0))}
    names = frozenset({"a"}) if unruly else frozenset()
    room = headroom(seen, CALM, views, Draws(seen, CALM, names), names)
    wanted = {name: Setpoint(station_id=name, limit_a=10.0, phases=3) for name in ("a", "b")}
    return dict(guard(wanted, seen, CALM, room, views, obedience={"a": obedience}).setpoints)


def test_beside_a_station_that_ignores_its_limit_others_get_what_its_hardware_leaves() -> None:
    setpoints = kept_with(Obedience(stage=Stage.LOWER_OTHERS, ignoring_since_s=1.0), unruly=True)

    assert setpoints["b"].limit_a <= 25 * 0.95 - 1 - 16 + 1e-6
    assert setpoints["b"].reason.code is LimitReason.MAIN_FUSE


@pytest.mark.parametrize("stage", [Stage.SUSPEND, Stage.REMOTE_STOP, Stage.OPEN_CONTACTOR])
def test_a_suspended_station_gets_nothing_and_says_why(stage: Stage) -> None:
    setpoints = kept_with(Obedience(stage=stage, ignoring_since_s=1.0), unruly=True)

    assert (setpoints["a"].limit_a, setpoints["a"].reason.code) == (0.0, LimitReason.IGNORES_LIMIT)


@pytest.mark.parametrize("seed", [4, 5])
def test_in_a_house_the_guard_never_raises_what_was_settled_before_it(seed: int) -> None:
    dice = random.Random(seed)
    house = House(main_fuse_a=20, sun_w=5000)
    house.with_car("one", mode=ChargeMode.FAST, priority=1).with_car("two").with_car("three", wiring=(Phase.L3,))
    for second in range(900):
        if second % 45 == 0:
            house.sun_w = dice.choice([0, 3000, 9000])
            house.base_a = PerPhase(dice.choice([1, 9, 16]), dice.choice([1, 9, 16]), dice.choice([1, 9, 25]))
        house.step()
        stages = work_out(house.snapshot(), house.memory)
        for name, kept in stages.guarded.setpoints.items():
            assert kept.limit_a <= stages.calmed[name].limit_a
            assert kept.limit_a == 0.0 or kept.limit_a >= 6.0
