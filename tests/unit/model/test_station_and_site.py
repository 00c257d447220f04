from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import ConnectorStatus, SendOutcome, SentLimit, StationState, remembered

FAST = Goal(mode=ChargeMode.FAST)


def sent(limit_a: float, at_s: float, outcome: SendOutcome = SendOutcome.ACCEPTED) -> SentLimit:
    limit = SentLimit(limit_a=limit_a, phases=3, sent_at_s=at_s, lease_ends_at_s=at_s + 60)
    return limit if outcome is SendOutcome.PENDING else limit.settled(outcome, at_s)


def circuit(circuit_id: str, parent_id: str | None = None) -> Circuit:
    return Circuit(circuit_id=circuit_id, fuse=Fuse(rating_a=25), parent_id=parent_id, phases=PHASES_OF[3])


SITE = Site(
    circuits=CircuitTree((circuit("main"), circuit("garage", "main"))),
    stations=(
        Station(station_id="drive", circuit_id="main", wiring=PHASES_OF[3]),
        Station(station_id="bay", circuit_id="garage", wiring=(Phase.L2,), goal=FAST),
    ),
)


@pytest.mark.parametrize("status", list(ConnectorStatus))
def test_car_hangs_on_the_cable_in_five_states(status: ConnectorStatus) -> None:
    plugged = {"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"}

    assert StationState(station_id="a", status=status).plugged is (status.value in plugged)


def test_transaction_means_a_car_whatever_the_status_says() -> None:
    assert StationState(station_id="a", status=ConnectorStatus.AVAILABLE, in_transaction=True).plugged
    assert not StationState(station_id="a").plugged


def test_accepted_limit_is_the_newest_one_that_the_station_took() -> None:
    limits = (sent(16, 1), sent(10, 2), sent(6, 3, SendOutcome.REJECTED), sent(8, 4, SendOutcome.PENDING))

    assert StationState(station_id="a", sent=limits).accepted == limits[1]
    assert StationState(station_id="a", sent=limits[2:]).accepted is None


def test_pending_limit_settles_once_its_outcome_is_known() -> None:
    settled = sent(6, 3, SendOutcome.PENDING).settled(SendOutcome.UNANSWERED, 33)

    assert (settled.outcome, settled.settled_at_s, settled.limit_a) == (SendOutcome.UNANSWERED, 33, 6)


def test_limits_before_the_one_long_in_force_are_forgotten() -> None:
    limits = (sent(16, 100), sent(10, 150), sent(6, 190))

    assert remembered(limits, now_s=200) == limits[1:]


def test_limit_stays_in_mind_while_the_next_one_is_new() -> None:
    limits = (sent(16, 100), sent(10, 180), sent(6, 190))

    assert remembered(limits, now_s=200) == limits


def test_old_refusal_is_forgotten_and_a_fresh_one_is_not() -> None:
    limits = (sent(16, 100), sent(10, 150, SendOutcome.REJECTED), sent(6, 190, SendOutcome.REJECTED))

    assert remembered(limits, now_s=200) == (limits[0], limits[2])


def test_unanswered_limit_stays_in_mind_until_a_later_one_is_long_in_force() -> None:
    limits = (sent(16, 1), sent(10, 100, SendOutcome.UNANSWERED), sent(6, 190))

    assert remembered(limits, now_s=200) == limits
    assert remembered(limits, now_s=220) == limits[2:]


OUTCOMES = st.sampled_from(SendOutcome)
HISTORIES = st.lists(st.tuples(st.floats(0, 100), OUTCOMES), max_size=8).map(
    lambda rows: tuple(sent(6, at_s, outcome) for at_s, outcome in sorted(rows, key=lambda row: row[0]))
)


@given(HISTORIES, st.floats(100, 300))
def test_what_is_remembered_still_holds_the_accepted_limit(history: tuple[SentLimit, ...], now_s: float) -> None:
    kept = remembered(history, now_s)

    assert StationState(station_id="a", sent=kept).accepted == StationState(station_id="a", sent=history).accepted
    assert remembered(kept, now_s) == kept


def test_station_below_a_fuse_is_one_whose_current_flows_through_it() -> None:
    assert [each.station_id for each in SITE.below("main")] == ["drive", "bay"]
    assert [each.station_id for each in SITE.below("garage")] == ["bay"]
    assert SITE.phases == PHASES_OF[3]


def test_unheard_station_is_an_unknown_one_and_no_error() -> None:
    state = Snapshot(now_s=1.0, site=SITE).state_of("drive")

    assert (state.connected, state.status, state.car, state.sent) == (False, None, None, ())


def test_goal_of_a_person_goes_before_the_one_of_the_site() -> None:
    snapshot = Snapshot(now_s=1.0, site=SITE, goals={"drive": FAST})

    assert snapshot.goal_of("drive") is FAST
    assert Snapshot(now_s=1.0, site=SITE).goal_of("bay") is FAST
    assert Snapshot(now_s=1.0, site=SITE).goal_of("drive").mode is ChargeMode.SOLAR


@given(st.floats(0, 32), st.floats(0, 32))
def test_lowering_never_raises_and_says_who_did_it(limit_a: float, wanted_a: float) -> None:
    before = Setpoint(station_id="a", limit_a=limit_a, phases=3)
    why = Reason(code=LimitReason.MAIN_FUSE)

    after = before.lowered_to(wanted_a, why)

    assert after.limit_a == min(limit_a, wanted_a)
    assert (after.reason is why) is (wanted_a < limit_a)
