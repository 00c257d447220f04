"""What the cars drew: the band, and how much of it is credited."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from ems.control.memory import Memory, StationTimers
from ems.control.seen.draw import Draw, car_draw, cars_draw
from ems.model.electrical import PerPhase, Phase
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState
from tests.strategies import looks
from tests.unit.control.scene import CALM, NOW_S, STATION, limit, look, report, state

WAKING = replace(CALM, timers={"a": StationTimers(on_since_s=NOW_S - 20)})
ONE_PHASE_CAR = (16.0, 0.0, 0.0)


def draw(
    *sent: SentLimit,
    car: CarReading | None = None,
    station: Station = STATION,
    memory: Memory = CALM,
    status: ConnectorStatus | None = ConnectorStatus.CHARGING,
    connected: bool = True,
) -> Draw:
    known = state(sent=sent, car=car, status=status, connected=connected)
    return car_draw(look([station], [known]), memory, station, NOW_S)


def all_three(amps: float) -> PerPhase:
    return PerPhase(amps, amps, amps)


def test_a_car_at_a_constant_limit_draws_what_it_reported() -> None:
    drawn = draw(limit(16.0, ago_s=50), car=report(15.6, 15.6, 15.6))

    assert drawn.low_a == drawn.vouched_a == drawn.proven_a == all_three(15.6)
    assert drawn.high_a == all_three(16.6)


def test_no_car_is_credited_with_more_than_its_limit() -> None:
    drawn = draw(limit(6.0, ago_s=50), car=report(15.6, 15.6, 15.6))

    assert drawn.low_a == drawn.vouched_a == all_three(6.0)


def test_a_car_that_followed_is_taken_to_follow_a_change() -> None:
    drawn = draw(limit(16.0, ago_s=50), limit(8.0, ago_s=2), car=report(15.6, 15.6, 15.6, ago_s=5))

    assert drawn.low_a == all_three(8.0)
    assert drawn.high_a == drawn.vouched_a == drawn.proven_a == all_three(16.0)


def test_a_car_that_reports_the_lower_limit_has_come_down_for_good() -> None:
    drawn = draw(limit(16.0, ago_s=50), limit(8.0, ago_s=3), car=report(7.7, 7.7, 7.7, ago_s=1))

    assert drawn.low_a == drawn.high_a == drawn.vouched_a == all_three(7.7)


def test_a_car_that_draws_far_below_its_limit_is_credited_with_no_more_than_it_reported() -> None:
    drawn = draw(limit(10.0, ago_s=50), limit(16.0, ago_s=2), car=report(6.0, 6.0, 6.0, ago_s=5))

    assert drawn.high_a == all_three(16.0)
    assert drawn.low_a == drawn.vouched_a == drawn.proven_a == all_three(6.0)


def test_a_car_that_idles_may_start_but_nobody_counts_on_it() -> None:
    drawn = draw(limit(16.0, ago_s=50), car=report(0.0, 0.0, 0.0, ago_s=5))

    assert drawn.high_a == all_three(16.0)
    assert drawn.low_a == drawn.vouched_a == PerPhase()


def test_a_car_that_was_just_allowed_to_start_is_credited_for_the_fuse_but_not_for_raises() -> None:
    drawn = draw(limit(10.0, ago_s=20), car=report(0.0, 0.0, 0.0, ago_s=5), memory=WAKING)

    assert drawn.vouched_a == all_three(10.0)
    assert drawn.proven_a == PerPhase()


def test_a_waking_car_that_reports_nothing_drawn_in_this_instant_draws_nothing() -> None:
    drawn = draw(limit(10.0, ago_s=20), car=report(0.0, 0.0, 0.0, ago_s=0.5), memory=WAKING)

    assert drawn == Draw()


def test_a_waking_car_that_reached_its_limit_is_awake() -> None:
    drawn = draw(limit(10.0, ago_s=20), car=report(9.8, 9.8, 9.8), memory=WAKING)

    assert drawn.low_a == drawn.vouched_a == all_three(9.8)


def test_without_a_report_nothing_is_credited_once_the_car_had_its_time() -> None:
    assert draw(limit(10.0, ago_s=50)).vouched_a == PerPhase()
    assert draw(limit(10.0, ago_s=50)).high_a == all_three(10.0)
    assert draw(limit(10.0, ago_s=20), memory=WAKING).vouched_a == all_three(10.0)


def test_right_after_the_start_of_the_service_cars_are_not_taken_for_house_load() -> None:
    drawn = draw(limit(10.0, ago_s=10), memory=Memory.fresh(NOW_S - 12))

    assert drawn.vouched_a == all_three(10.0)
    assert drawn.proven_a == PerPhase()


def test_a_report_of_half_a_minute_ago_says_nothing() -> None:
    drawn = draw(limit(10.0, ago_s=50), car=report(9.8, 9.8, 9.8, ago_s=36))

    assert drawn.low_a == drawn.vouched_a == PerPhase()
    assert drawn.high_a == all_three(10.0)


def test_a_lost_station_is_credited_with_its_fallback_and_no_more() -> None:
    drawn = draw(limit(10.0, ago_s=100), car=report(9.8, 9.8, 9.8, ago_s=90), connected=False)

    assert drawn.low_a == drawn.vouched_a == all_three(6.0)


def test_a_car_that_left_before_the_sample_drew_nothing_in_it() -> None:
    gone = draw(
        limit(0.0, ago_s=50), car=report(0.0, 0.0, 0.0, ago_s=2), status=ConnectorStatus.AVAILABLE, memory=WAKING
    )

    assert gone == Draw()


def test_a_car_that_left_after_the_sample_may_have_drawn_in_it() -> None:
    known = state(sent=[limit(16.0, ago_s=50)], car=report(0.0, 0.0, 0.0, ago_s=1), status=ConnectorStatus.AVAILABLE)
    drawn = car_draw(look([STATION], [known]), CALM, STATION, NOW_S - 3)

    assert drawn.high_a == all_three(16.0)
    assert drawn.vouched_a == PerPhase()


def test_after_a_reboot_nobody_knows_whether_a_car_charges() -> None:
    drawn = draw(limit(16.0, ago_s=50), status=None)

    assert drawn.high_a == all_three(16.0)
    assert drawn.low_a == PerPhase()


def test_currents_arrive_on_the_house_phases_behind_a_rotated_station() -> None:
    rotated = replace(STATION, wiring=(Phase.L2, Phase.L3, Phase.L1))
    drawn = draw(limit(16.0, ago_s=50), car=report(*ONE_PHASE_CAR), station=rotated)

    assert drawn.low_a == PerPhase(0.0, 16.0, 0.0)


def test_a_one_phase_car_at_a_three_phase_station_is_credited_where_it_draws() -> None:
    drawn = draw(limit(7.0, ago_s=50), limit(10.0, ago_s=2), car=report(6.8, 0.0, 0.0, ago_s=5))

    assert drawn.high_a == all_three(10.0)
    assert drawn.vouched_a == drawn.proven_a == PerPhase(10.0, 0.0, 0.0)


def test_a_report_of_one_phase_says_nothing_once_more_phases_were_allowed() -> None:
    drawn = draw(limit(7.0, phases=1, ago_s=50), limit(10.0, ago_s=2), car=report(6.8, 0.0, 0.0, ago_s=5))

    assert drawn.vouched_a == all_three(10.0)


def test_a_car_that_still_ramps_up_may_come_on_all_phases() -> None:
    sent = limit(7.0, ago_s=50), limit(10.0, ago_s=2)
    drawn = draw(*sent, car=report(3.0, 0.0, 0.0, ago_s=5), memory=WAKING)

    assert drawn.vouched_a == all_three(10.0)


def test_with_unknown_wiring_a_one_phase_car_is_credited_nowhere() -> None:
    unknown = replace(STATION, wiring_known=False)

    assert draw(limit(16.0, ago_s=50), car=report(*ONE_PHASE_CAR), station=unknown).vouched_a == PerPhase()
    assert draw(limit(16.0, ago_s=50), car=report(15.5, 15.6, 15.7), station=unknown).vouched_a == all_three(15.5)


def test_a_report_with_fewer_currents_than_wires_counts_the_missing_as_none() -> None:
    assert draw(limit(16.0, ago_s=50), car=report(16.0)).low_a == PerPhase(16.0, 0.0, 0.0)


def test_a_disturbed_report_with_no_currents_at_all_is_harmless() -> None:
    assert draw(limit(16.0, ago_s=50), car=report()).low_a == PerPhase()


def test_a_reported_limit_on_its_way_widens_the_band() -> None:
    pending = limit(16.0, ago_s=1, outcome=SendOutcome.PENDING)
    drawn = draw(limit(10.0, ago_s=50), pending, car=report(9.8, 9.8, 9.8))

    assert (drawn.low_a, drawn.high_a) == (all_three(9.8), all_three(16.0))


@given(looks())
def test_the_credit_lies_inside_the_band(case: tuple[Snapshot, Memory]) -> None:
    seen, memory = case
    for station in seen.site.stations:
        drawn = car_draw(seen, memory, station, seen.now_s - 1)
        for phase in Phase:
            assert 0.0 <= drawn.low_a[phase] <= drawn.proven_a[phase] <= drawn.vouched_a[phase] + 1e-9
            assert drawn.vouched_a[phase] <= drawn.high_a[phase] + 1e-9


@given(looks())
def test_several_cars_add_up(case: tuple[Snapshot, Memory]) -> None:
    seen, memory = case
    together = cars_draw(seen, memory, seen.site.stations, seen.now_s)
    alone = [car_draw(seen, memory, station, seen.now_s) for station in seen.site.stations]

    assert abs(together.high_a.total - sum(each.high_a.total for each in alone)) < 1e-6


def test_a_car_that_waits_in_a_station_of_unknown_state_keeps_its_report() -> None:
    drawn = draw(limit(16.0, ago_s=50), car=report(15.6, 15.6, 15.6), status=None)

    assert drawn.low_a == all_three(15.6)


def test_a_station_that_nobody_heard_of_may_draw_anything() -> None:
    drawn = car_draw(look([STATION], [StationState(station_id="a", connected=True)]), CALM, STATION, NOW_S)

    assert drawn.high_a == all_three(16.0)
