"""What a car most likely drew: inside the band, and where its limit puts it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.memory import Memory, StationTimers
from ems.control.seen.draw import car_draw
from ems.control.seen.expected import expected_a
from ems.control.seen.learn import NOTHING, Learned
from ems.model.electrical import PerPhase, Phase
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState
from tests.strategies import NOW_S as LOOK_S
from tests.strategies import looks
from tests.unit.control.scene import CALM, NOW_S, STATION, limit, look, report, state

learnt = st.builds(
    Learned,
    offset_a=st.floats(-1, 1.5),
    phases=st.sampled_from([None, 1, 3]),
    takes_a=st.sampled_from([None, 7.0, 12.0]),
)


@given(looks(), learnt, st.floats(0, 30))
@settings(max_examples=60)
def test_the_likeliest_current_lies_inside_the_band(
    case: tuple[Snapshot, Memory], known: Learned, ago_s: float
) -> None:
    seen, memory = case
    for station in seen.site.stations:
        band = car_draw(seen, memory, station, LOOK_S - ago_s)
        likely_a = expected_a(station, seen.state_of(station.station_id), known, band, LOOK_S - ago_s)
        for phase in Phase:
            assert band.low_a[phase] - 1e-9 <= likely_a[phase] <= band.vouched_a[phase] + 1e-9


def expected(
    *sent: SentLimit,
    car: CarReading | None,
    station: Station = STATION,
    known: Learned = NOTHING,
    status: ConnectorStatus = ConnectorStatus.CHARGING,
    ago_s: float = 0.0,
    memory: Memory = CALM,
) -> PerPhase:
    """What the car of that station is expected to have drawn so long ago."""
    about: StationState = state(sent=sent, car=car, status=status)
    seen = look([station], [about])
    return expected_a(station, about, known, car_draw(seen, memory, station, NOW_S - ago_s), NOW_S - ago_s)


TEN_FOR_LONG = limit(10.0, ago_s=50)


def test_a_car_at_a_constant_limit_draws_what_it_said() -> None:
    assert expected(TEN_FOR_LONG, car=report(9.6, 9.7, 9.8, ago_s=6)) == (9.6, 9.7, 9.8)


@pytest.mark.parametrize("new_a", [6.0, 14.0])
def test_it_moves_to_a_new_limit_after_three_seconds_up_or_down(new_a: float) -> None:
    def after(seconds: float) -> PerPhase:
        return expected(TEN_FOR_LONG, limit(new_a, ago_s=seconds), car=report(10.0, 10.0, 10.0, ago_s=8))

    assert after(2.9) == PerPhase(10.0, 10.0, 10.0)
    assert after(3.0) == PerPhase(new_a, new_a, new_a)


def test_it_asks_what_was_known_at_the_time_of_the_sample() -> None:
    lowered = limit(6.0, ago_s=4)

    assert expected(TEN_FOR_LONG, lowered, car=report(10.0, 10.0, 10.0, ago_s=8), ago_s=0.0).l1 == 6.0
    assert expected(TEN_FOR_LONG, lowered, car=report(10.0, 10.0, 10.0, ago_s=8), ago_s=1.5).l1 == 10.0


def test_it_stays_its_learnt_distance_below_the_limit() -> None:
    raised = (limit(8.0, ago_s=50), limit(12.0, ago_s=4))

    assert expected(*raised, car=report(7.6, 7.6, 7.6, ago_s=8), known=Learned(offset_a=0.4)).l1 == pytest.approx(11.6)


def test_it_goes_no_higher_than_the_car_was_seen_to_take() -> None:
    raised = (limit(8.0, ago_s=50), limit(16.0, ago_s=4))

    assert expected(*raised, car=report(8.0, 8.0, 8.0, ago_s=8), known=Learned(takes_a=11.0)).l1 == 11.0


def test_a_car_far_below_its_limit_is_taken_at_its_word_after_a_raise() -> None:
    raised = (limit(10.0, ago_s=50), limit(14.0, ago_s=4))

    assert expected(*raised, car=report(8.2, 8.2, 8.2, ago_s=8)).l1 == pytest.approx(8.2)


def test_a_refused_limit_moves_nothing() -> None:
    refused = limit(14.0, ago_s=5, outcome=SendOutcome.REJECTED)

    assert expected(TEN_FOR_LONG, refused, car=report(10.0, 10.0, 10.0, ago_s=8)).l1 == 10.0


def test_a_paused_car_is_expected_to_have_stopped() -> None:
    paused = limit(0.0, ago_s=3.5)

    assert expected(TEN_FOR_LONG, paused, car=report(10.0, 10.0, 10.0, ago_s=8)) == PerPhase()


def test_a_car_that_wakes_up_counts_from_when_its_status_says_so() -> None:
    started = (limit(0.0, ago_s=55), limit(6.0, ago_s=10))
    silent = report(0.0, 0.0, 0.0, ago_s=9)
    just_on = replace(CALM, timers={"a": StationTimers(on_since_s=NOW_S - 10)})

    waits = expected(*started, car=silent, status=ConnectorStatus.SUSPENDED_EVSE, memory=just_on)
    begins = expected(*started, car=silent, status=ConnectorStatus.CHARGING, memory=just_on)
    assert (waits.l1, begins.l1) == (0.0, 6.0)


def test_a_one_phase_car_is_expected_on_its_one_phase_behind_a_rotated_station() -> None:
    rotated = replace(STATION, wiring=(Phase.L2, Phase.L3, Phase.L1))
    raised = (limit(8.0, ago_s=50), limit(12.0, ago_s=4))
    likely_a = expected(*raised, car=report(8.0, 0.0, 0.0, ago_s=8), station=rotated, known=Learned(phases=1))

    assert likely_a == PerPhase(0.0, 12.0, 0.0)


def test_a_limit_for_one_phase_is_expected_on_one() -> None:
    switching = replace(STATION, can_switch_phases=True)
    lowered = (limit(10.0, ago_s=50, phases=1), limit(6.0, ago_s=4, phases=1))

    assert expected(*lowered, car=report(10.0, 0.0, 0.0, ago_s=8), station=switching) == PerPhase(6.0)


def test_without_a_report_it_is_the_least_that_is_certain() -> None:
    assert expected(TEN_FOR_LONG, car=None) == PerPhase()
