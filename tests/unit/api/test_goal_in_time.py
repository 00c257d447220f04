"""A goal with a time, from the API to the charger and back."""

from __future__ import annotations

from datetime import datetime, timedelta

from ems.api.live import LiveHouse
from ems.api.wire import GoalWish, LimitWish, StationStatus
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode
from tests.live import LiveBench, sunny_house

WHO = "anna"


def bench_at_night() -> LiveBench:
    """No sun; the garage's car is learnt to use three phases after its first minutes."""
    house = sunny_house(sun_w=0.0)
    bench = LiveBench(house)
    house.utc_s = bench.clock.utc_now().timestamp()
    return bench


def by(bench: LiveBench, minutes: float) -> datetime:
    return bench.clock.utc_now() + timedelta(minutes=minutes)


def wish(bench: LiveBench, energy_kwh: float | None, minutes: float) -> LiveHouse:
    bench.live.set_goal("garage", GoalWish(energy_kwh=energy_kwh, ready_by=by(bench, minutes)), who=WHO)
    return bench.live


def test_a_car_with_time_enough_says_when_it_will_start() -> None:
    bench = bench_at_night()
    bench.run(60)
    wish(bench, 7.36, 300.0)

    bench.run(60)

    garage = bench.station("garage")
    # 7.36 kWh on one phase with 16 A: 2 h and 12 min more.
    assert garage.latest_start_at is not None
    assert timedelta(minutes=160) <= garage.latest_start_at - bench.clock.utc_now() <= timedelta(minutes=168)
    assert garage.finish_at is not None
    assert garage.finish_at <= by(bench, 300.0)
    assert (garage.status, garage.goal_at_risk, garage.goal_expected_kwh) == (StationStatus.WAITING_SUN, False, 7.4)


def test_a_car_without_time_enough_charges_and_says_what_will_come_of_it() -> None:
    bench = bench_at_night()
    bench.run(60)
    wish(bench, 30.0, 60.0)

    state = bench.run(60)

    garage = bench.station("garage")
    assert (garage.status, garage.reason) == (StationStatus.CHARGING, LimitReason.PLAN)
    assert garage.mode is ChargeMode.SOLAR
    assert garage.goal_at_risk
    assert garage.because.key == "reason.plan.missed"
    assert [(notice.code, notice.station) for notice in state.notices] == [("goal_at_risk", "garage")]


def test_energy_that_came_in_puts_the_start_off() -> None:
    bench = bench_at_night()
    wish(bench, 10.0, 600.0)
    bench.run(60)
    before = bench.station("garage").latest_start_at

    bench.ledger.charged("garage", 8.0)
    bench.run(2)

    after = bench.station("garage").latest_start_at
    assert before is not None
    assert after is not None
    assert after - before > timedelta(hours=2)


def test_a_goal_lives_on_over_a_restart() -> None:
    bench = bench_at_night()
    wish(bench, 10.0, 600.0)
    bench.run(60)

    bench.started()
    bench.run(60)

    assert bench.station("garage").latest_start_at is not None


def test_a_bound_that_ends_before_does_not_make_it_start_earlier() -> None:
    bench = bench_at_night()
    wish(bench, 10.0, 600.0)
    bench.run(60)
    before = bench.station("garage").latest_start_at

    bench.live.set_limit("garage", LimitWish(limit_a=6.0, duration_s=3600.0), who=WHO)
    bench.run(2)

    assert bench.station("garage").latest_start_at == before


def test_a_time_alone_or_in_another_age_plans_nothing() -> None:
    bench = bench_at_night()
    wish(bench, None, 60.0)
    bench.run(5)
    assert bench.station("garage").latest_start_at is None

    for year in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        bench.live.set_goal("garage", GoalWish(energy_kwh=5.0, ready_by=datetime.fromisoformat(year)), who=WHO)
        bench.run(5)
        assert bench.station("garage").latest_start_at is None
