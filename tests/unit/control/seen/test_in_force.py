"""Who may follow which limit when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.seen.in_force import (
    Bounds,
    ceiling_a,
    commanded,
    commanded_since_s,
    is_stuck,
    limits_within,
    phases_allowed,
)
from ems.model.electrical import PerPhase, Phase
from ems.model.site import Station
from ems.model.station import SendOutcome, SentLimit, StationState
from tests.strategies import NOW_S as THEN_S
from tests.strategies import sent_limits
from tests.unit.control.scene import NOW_S, STATION, limit, state

PENDING, REJECTED, UNANSWERED = SendOutcome.PENDING, SendOutcome.REJECTED, SendOutcome.UNANSWERED
UNVERIFIED = replace(STATION, lease_verified=False)
STRONG = replace(UNVERIFIED, hardware_max_a=32.0)


def within(
    station: Station, *sent: SentLimit, ago_s: float = 0.0, for_s: float = 0.0, connected: bool = True
) -> tuple[float, float]:
    bounds = limits_within(
        station,
        state(sent=sent, connected=connected),
        NOW_S - ago_s - for_s,
        NOW_S - ago_s,
        unknown_until_s=NOW_S - 100,
    )
    return bounds.low_a, bounds.high_a


def test_an_accepted_limit_is_in_force_and_what_it_replaced_is_not() -> None:
    assert within(STATION, limit(10.0, ago_s=40), limit(8.0, ago_s=20)) == (8.0, 8.0)


def test_a_limit_on_its_way_may_be_in_force_or_not() -> None:
    assert within(STATION, limit(10.0, ago_s=40), limit(6.0, ago_s=1, outcome=PENDING)) == (6.0, 10.0)


def test_an_unanswered_limit_may_be_in_force_or_not() -> None:
    assert within(STATION, limit(6.0, ago_s=40), limit(10.0, ago_s=30, outcome=UNANSWERED)) == (6.0, 10.0)


@pytest.mark.parametrize("outcome", [REJECTED, UNANSWERED, PENDING])
def test_a_station_that_never_took_a_limit_counts_with_all_it_can_draw(outcome: SendOutcome) -> None:
    """FoxESS in OCPP 2.0.1 refuses every limit, and Timxon answers to none that begins at a time of day."""
    tried = [limit(0.0, ago_s=ago_s, outcome=outcome) for ago_s in (95, 60, 30, 1)]

    assert within(STATION, *tried, for_s=5.0)[1] == STATION.hardware_max_a
    assert is_stuck(state(sent=tried[:-1]), NOW_S, 1.0)


def test_a_rejected_limit_never_was_in_force() -> None:
    assert within(STATION, limit(10.0, ago_s=40), limit(6.0, ago_s=1, outcome=REJECTED)) == (10.0, 10.0)


def test_a_stretch_of_time_holds_every_limit_of_it() -> None:
    sent = limit(10.0, ago_s=40), limit(16.0, ago_s=20), limit(8.0, ago_s=2)

    assert within(STATION, *sent, for_s=5.0) == (8.0, 16.0)
    assert within(STATION, *sent, ago_s=10.0) == (16.0, 16.0)


def test_a_limit_replaces_its_predecessor_when_it_is_known_to_be_taken() -> None:
    slow = limit(6.0, ago_s=20, took_s=8.0)

    assert within(STATION, limit(16.0, ago_s=50), slow, ago_s=13.0) == (6.0, 16.0)
    assert within(STATION, limit(16.0, ago_s=50), slow, ago_s=11.0) == (6.0, 6.0)


def test_a_verified_station_falls_back_within_ten_seconds_of_its_lease() -> None:
    assert within(STATION, limit(12.0, ago_s=65)) == (6.0, 12.0)
    assert within(STATION, limit(12.0, ago_s=75)) == (6.0, 6.0)


def test_an_unverified_station_may_do_anything_once_its_lease_is_over() -> None:
    assert within(STRONG, limit(10.0, ago_s=59)) == (10.0, 10.0)
    assert within(STRONG, limit(10.0, ago_s=61)) == (0.0, 32.0)


def test_a_station_that_has_taken_nothing_yet_may_do_anything() -> None:
    assert within(STRONG) == (0.0, 32.0)
    assert within(STATION, limit(8.0, ago_s=3, outcome=PENDING)) == (0.0, 16.0)


def test_before_the_first_limit_was_taken_anything_may_have_been_in_force() -> None:
    assert within(STRONG, limit(8.0, ago_s=3)) == (8.0, 8.0)
    assert within(STRONG, limit(8.0, ago_s=3), for_s=5.0) == (0.0, 32.0)


def test_a_verified_station_that_never_connected_has_fallen_back_long_ago() -> None:
    assert within(STATION, connected=False) == (6.0, 6.0)
    assert within(STATION, connected=False, ago_s=150) == (0.0, 16.0)
    assert within(UNVERIFIED, connected=False) == (0.0, 16.0)


def came(*sent: SentLimit, ago_s: float, kept_a: float | None, station: Station = STRONG) -> tuple[float, float]:
    """Within the last five seconds, of a station that came so long ago."""
    known = replace(state(sent=sent), came_at_s=NOW_S - ago_s, kept_a=kept_a)
    bounds = limits_within(station, known, NOW_S - 5.0, NOW_S, unknown_until_s=NOW_S - 100)
    return bounds.low_a, bounds.high_a


def test_a_station_that_booted_may_do_anything_until_it_takes_a_limit_again() -> None:
    tested = replace(STRONG, lease_verified=True)

    assert came(limit(8.0, ago_s=30), ago_s=10, kept_a=None) == (0.0, 32.0)
    assert came(limit(8.0, ago_s=30), ago_s=10, kept_a=None, station=tested) == (0.0, 32.0)
    assert came(limit(8.0, ago_s=30), limit(7.0, ago_s=9, outcome=PENDING), ago_s=10, kept_a=None) == (0.0, 32.0)
    assert came(limit(8.0, ago_s=30), limit(7.0, ago_s=9, outcome=REJECTED), ago_s=10, kept_a=None) == (0.0, 32.0)
    assert came(limit(8.0, ago_s=30), limit(8.0, ago_s=3), ago_s=4, kept_a=None) == (0.0, 32.0)
    assert came(limit(8.0, ago_s=30), limit(8.0, ago_s=7), ago_s=9, kept_a=None) == (8.0, 8.0)


def test_an_answer_to_what_was_sent_before_the_boot_proves_nothing() -> None:
    assert came(limit(8.0, ago_s=12, took_s=3.0), ago_s=10, kept_a=None) == (0.0, 32.0)


def test_a_boot_says_nothing_of_the_time_before_it() -> None:
    known = replace(state(sent=[limit(8.0, ago_s=30)]), came_at_s=NOW_S - 2)
    bounds = limits_within(STRONG, known, NOW_S - 8, NOW_S - 3, unknown_until_s=NOW_S - 100)

    assert (bounds.low_a, bounds.high_a) == (8.0, 8.0)


def test_a_tested_station_that_comes_back_has_its_limit_or_the_fallback_that_it_kept() -> None:
    tested = replace(STRONG, lease_verified=True)

    assert came(limit(8.0, ago_s=30), ago_s=10, kept_a=6.0, station=tested) == (6.0, 8.0)
    assert came(limit(0.0, ago_s=30), ago_s=10, kept_a=6.0, station=tested) == (0.0, 6.0)
    assert came(limit(8.0, ago_s=30), ago_s=10, kept_a=6.0) == (0.0, 32.0)


@given(
    sent=sent_limits(3),
    came_ago_s=st.floats(min_value=0.0, max_value=120.0),
    kept_a=st.sampled_from([None, 0.0, 6.0]),
    verified=st.booleans(),
    for_s=st.floats(min_value=0.0, max_value=60.0),
)
def test_coming_anew_only_widens_what_may_be_in_force(
    sent: tuple[SentLimit, ...], came_ago_s: float, kept_a: float | None, verified: bool, for_s: float
) -> None:
    station = replace(STRONG, lease_verified=verified)
    known = state(sent=sent)
    stayed, anew = (
        limits_within(station, each, THEN_S - for_s, THEN_S, unknown_until_s=THEN_S - 100)
        for each in (known, replace(known, came_at_s=THEN_S - came_ago_s, kept_a=kept_a))
    )

    assert anew.low_a <= stayed.low_a
    assert anew.high_a >= stayed.high_a
    assert anew.phases >= stayed.phases


def test_no_limit_counts_for_more_than_the_hardware_can() -> None:
    assert within(replace(STATION, hardware_max_a=10.0), limit(16.0, ago_s=20)) == (10.0, 10.0)


def test_the_ceiling_remembers_what_the_car_may_still_be_reacting_to() -> None:
    sent = limit(16.0, ago_s=40), limit(6.0, ago_s=4)

    assert _ceiling(state(sent=sent)) == PerPhase(16.0, 16.0, 16.0)
    assert _ceiling(state(sent=sent), reacts_within_s=3.0) == PerPhase(6.0, 6.0, 6.0)


def test_the_ceiling_is_on_the_phases_that_the_limit_allows() -> None:
    rotated = replace(STATION, wiring=(Phase.L2, Phase.L3, Phase.L1))
    one = state(sent=[limit(16.0, ago_s=40, phases=1)])

    assert _ceiling(one, rotated) == PerPhase(0.0, 16.0, 0.0)
    assert _ceiling(one, replace(rotated, wiring_known=False)) == PerPhase(16.0, 16.0, 16.0)


def _ceiling(known: StationState, station: Station = STATION, *, reacts_within_s: float = 5.0) -> PerPhase:
    return ceiling_a(station, known, NOW_S, reacts_within_s=reacts_within_s, unknown_until_s=0.0)


def test_unknown_wiring_means_every_wired_phase() -> None:
    assert phases_allowed(STATION, 1) == (Phase.L1,)
    assert phases_allowed(replace(STATION, wiring_known=False), 1) == tuple(Phase)


@pytest.mark.parametrize(
    ("sent", "expected_a"),
    [
        ([], None),
        ([limit(10.0, ago_s=5)], 10.0),
        ([limit(10.0, ago_s=5), limit(6.0, ago_s=1, outcome=PENDING)], 6.0),
        ([limit(10.0, ago_s=5), limit(6.0, ago_s=1, outcome=REJECTED)], 10.0),
        ([limit(10.0, ago_s=61)], None),
    ],
)
def test_commanded_is_the_newest_that_may_be_followed(sent: list[SentLimit], expected_a: float | None) -> None:
    newest = commanded(state(sent=sent), NOW_S)

    assert (newest.limit_a if newest else None) == expected_a


def test_a_renewal_is_no_change() -> None:
    renewed = [limit(6.0, ago_s=50), limit(10.0, ago_s=30), limit(10.0, ago_s=10)]

    assert commanded_since_s(state(sent=renewed)) == NOW_S - 30
    assert commanded_since_s(state(sent=renewed[1:])) is None


def test_a_station_is_deaf_when_its_newest_limit_did_not_arrive() -> None:
    assert not is_stuck(state(), NOW_S, 1.0)
    assert not is_stuck(state(sent=[limit(6.0, ago_s=1)]), NOW_S, 1.0)
    assert is_stuck(state(sent=[limit(6.0, ago_s=1, outcome=REJECTED)]), NOW_S, 1.0)
    assert is_stuck(state(sent=[limit(6.0, ago_s=3, outcome=UNANSWERED)]), NOW_S, 1.0)
    assert not is_stuck(state(sent=[limit(6.0, ago_s=1.5, outcome=PENDING)]), NOW_S, 1.0)
    assert is_stuck(state(sent=[limit(6.0, ago_s=2.5, outcome=PENDING)]), NOW_S, 1.0)


def test_a_connection_that_just_broke_under_a_limit_does_not_make_the_station_deaf() -> None:
    assert not is_stuck(state(sent=[limit(6.0, ago_s=1, outcome=UNANSWERED)]), NOW_S, 1.0)


def test_a_station_that_is_overtaken_by_ever_newer_limits_is_deaf_all_the_same() -> None:
    overtaken = [
        limit(amps, ago_s=ago_s, outcome=UNANSWERED, took_s=0.9) for amps, ago_s in ((9.0, 3), (8.0, 2), (7.0, 1))
    ]

    assert is_stuck(state(sent=[limit(16.0, ago_s=40), *overtaken]), NOW_S, 1.0)
    assert is_stuck(state(sent=[limit(16.0, ago_s=40), *overtaken, limit(6.0, ago_s=0, outcome=PENDING)]), NOW_S, 1.0)
    assert not is_stuck(state(sent=[*overtaken, limit(6.0, ago_s=0)]), NOW_S, 1.0)


def test_a_station_that_came_back_is_not_deaf_for_what_it_missed() -> None:
    broken = limit(8.0, ago_s=20, outcome=UNANSWERED, took_s=1.0)

    assert not is_stuck(state(sent=[broken, limit(6.0, ago_s=1, outcome=PENDING)]), NOW_S, 1.0)


@given(sent_limits(3), st.booleans(), st.booleans(), st.floats(0, 100), st.floats(0, 30))
def test_a_longer_stretch_never_knows_more(
    sent: tuple[SentLimit, ...], verified: bool, connected: bool, ago_s: float, longer_s: float
) -> None:
    station = replace(STATION, lease_verified=verified, hardware_max_a=32.0)
    known = state(sent=sent, connected=connected)

    def bounds(from_s: float) -> Bounds:
        return limits_within(station, known, from_s, THEN_S, unknown_until_s=THEN_S - 100)

    short, long = bounds(THEN_S - ago_s), bounds(THEN_S - ago_s - longer_s)

    assert long.low_a <= short.low_a <= short.high_a <= long.high_a
    assert long.phases >= short.phases
