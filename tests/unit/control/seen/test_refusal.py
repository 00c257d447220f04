"""Stations that take no limit while a fuse carries too much: whose session ends, when, and how often."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ems.control.seen.obedience import HELPS_WITHIN_S, Stage
from ems.control.seen.refusal import AGAIN_AFTER_S, WAITS_S, ended, refusal_steps
from ems.control.seen.refused import Refusing
from ems.model.decision import Escalation, LimitReason, NoticeCode, Setpoint
from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from ems.model.station import ConnectorStatus, StationState
from tests.house import House


def defiant(house: House, *names: str) -> House:
    """From now on these stations lose every limit that they held, and refuse the next ones."""
    for name in names:
        house.refusing.add(name)
        house.reboot(name)
    return house


def base(amps: float) -> PerPhase:
    return PerPhase(amps, amps, amps)


def one_car(*, base_a: float = 3.0) -> House:
    house = House(main_fuse_a=25.0, base_a=base(base_a))
    return house.with_car("a", mode=ChargeMode.FAST, appetite_a=16.0, lease_verified=False).run(seconds=60)


def steps(house: House) -> dict[str, Escalation]:
    assert house.decision is not None
    return dict(house.decision.escalations)


def codes(house: House) -> set[NoticeCode]:
    assert house.decision is not None
    return {notice.code for notice in house.decision.notices}


def over(house: House, name: str) -> None:
    """The session there is over."""
    house.states[name] = StationState(station_id=name, status=ConnectorStatus.AVAILABLE)
    house.cars[name].appetite_a = house.cars[name].drawn_a = 0.0


def begun(house: House, name: str) -> None:
    house.states.pop(name, None)
    house.cars[name].appetite_a = 16.0


def test_its_session_ends_once_the_fuse_has_carried_too_much_for_a_while() -> None:
    house = defiant(one_car(), "a").run(seconds=30)
    assert steps(house) == {}

    house.base_a = base(11.0)
    house.run(seconds=int(WAITS_S) - 2)
    assert steps(house) == {}

    house.run(seconds=6)
    assert steps(house) == {"a": Escalation.REMOTE_STOP}
    assert (house.limit_a("a"), house.reason("a")) == (0.0, LimitReason.IGNORES_LIMIT)
    assert NoticeCode.REFUSES_LIMIT in codes(house)


def test_a_trip_that_is_near_is_not_waited_for() -> None:
    house = defiant(one_car(), "a").run(seconds=30)

    house.base_a = base(24.0)
    house.run(seconds=3)

    assert steps(house) == {"a": Escalation.REMOTE_STOP}


def test_a_fuse_that_carries_it_ends_no_session() -> None:
    house = defiant(one_car(base_a=8.0), "a").run(minutes=3)

    assert steps(house) == {}
    assert NoticeCode.REFUSES_LIMIT not in codes(house)


def test_a_station_that_takes_its_limits_is_never_stopped() -> None:
    house = one_car()
    house.base_a = base(24.5)
    house.run(minutes=2)

    assert steps(house) == {}


def test_the_others_give_way_first() -> None:
    house = House(main_fuse_a=25.0, base_a=base(3.0))
    for name in ("a", "b"):
        house.with_car(name, mode=ChargeMode.FAST, appetite_a=16.0, lease_verified=False)
    defiant(house.run(seconds=60), "a")
    house.base_a = base(8.0)
    house.run(minutes=2)

    assert house.limit_a("b") == 0.0
    assert steps(house) == {}


def test_no_more_sessions_end_than_are_too_much_and_the_lowest_priority_goes_first() -> None:
    house = House(main_fuse_a=35.0, base_a=base(1.0))
    house.with_car("a", mode=ChargeMode.FAST, priority=2, appetite_a=16.0, lease_verified=False)
    house.with_car("b", mode=ChargeMode.FAST, priority=1, appetite_a=16.0, lease_verified=False)
    defiant(house.run(seconds=60), "a", "b").run(seconds=30)
    house.base_a = base(6.0)
    house.run(seconds=20)

    assert steps(house) == {"b": Escalation.REMOTE_STOP}


def test_what_does_not_help_is_followed_by_the_contactor() -> None:
    house = defiant(one_car(), "a").run(seconds=30)
    house.base_a = base(11.0)
    house.run(seconds=WAITS_S + 6 + HELPS_WITHIN_S[Stage.REMOTE_STOP])

    assert steps(house) == {"a": Escalation.OPEN_CONTACTOR}


def test_sessions_that_begin_again_are_ended_no_more_than_once_a_minute() -> None:
    house = defiant(one_car(), "a").run(seconds=30)
    house.base_a = base(11.0)
    stops: list[float] = []
    for _ in range(180):
        was = steps(house)
        house.step()
        if "a" in steps(house) and "a" not in was:
            stops.append(house.now_s)
            over(house, "a")
        elif "a" not in steps(house):
            begun(house, "a")

    assert len(stops) >= 2
    assert all(later - earlier >= AGAIN_AFTER_S for earlier, later in itertools.pairwise(stops))


def test_a_station_that_takes_a_limit_after_all_keeps_its_session() -> None:
    house = defiant(one_car(), "a").run(seconds=30)
    house.base_a = base(11.0)
    house.run(seconds=WAITS_S + 6)
    house.refusing.clear()
    house.run(seconds=20)

    assert steps(house) == {}


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]), st.builds(Refusing, stage=st.sampled_from([Stage.NONE, Stage.REMOTE_STOP]))
    ),
    st.lists(st.floats(0.0, 32.0), min_size=3, max_size=3),
)
def test_it_only_ever_lowers(known: dict[str, Refusing], amps: list[float]) -> None:
    wanted = {
        name: Setpoint(station_id=name, limit_a=limit_a, phases=3) for name, limit_a in zip("abc", amps, strict=True)
    }
    kept = ended(wanted, known)

    assert kept.keys() == wanted.keys()
    assert all(kept[name].limit_a <= wanted[name].limit_a and kept[name].phases == 3 for name in wanted)
    assert all(kept[name] == wanted[name] for name in wanted if name not in refusal_steps(known))
