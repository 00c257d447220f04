"""Disobedient stations: who is caught, when, what follows, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.seen.obedience import (
    FORGIVEN_AFTER_S,
    HELPS_WITHIN_S,
    SOUND,
    Obedience,
    Stage,
    escalations,
    judge,
    judge_all,
    notices,
    suspended,
    tolerated_a,
)
from ems.model.decision import Escalation, LimitReason, NoticeCode, Setpoint
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState
from tests.unit.control.scene import NOW_S, STATION, limit, look, report, state

CAUGHT = Obedience(
    judged_at_s=0.0,
    suspect_since_s=-10.0,
    ignoring_since_s=0.0,
    stage=Stage.LOWER_OTHERS,
    drawn_a=16.0,
    limit_a=6.0,
    offences=1,
)
DRAWS = Callable[[float], float]


def sent_at(amps: float, at_s: float, *, took_s: float = 0.2) -> SentLimit:
    pending = SentLimit(limit_a=amps, phases=3, sent_at_s=at_s, lease_ends_at_s=at_s + 100_000.0)
    return pending.settled(SendOutcome.ACCEPTED, at_s + took_s)


@dataclass(frozen=True)
class Charger:
    """A station whose car draws by the clock, whatever its limits say."""

    draws_a: DRAWS
    sent: tuple[SentLimit, ...]
    interval_s: float = 10.0
    status: ConnectorStatus = ConnectorStatus.CHARGING
    in_transaction: bool = True

    def at(self, now_s: float) -> Snapshot:
        taken_at_s = now_s - now_s % self.interval_s
        seen = StationState(
            station_id="a",
            connected=True,
            status=self.status,
            in_transaction=self.in_transaction,
            sent=tuple(each for each in self.sent if each.sent_at_s <= now_s),
            car=CarReading(current_a=(self.draws_a(taken_at_s),) * 3, taken_at_s=taken_at_s),
        )
        return replace(look([STATION], [seen]), now_s=now_s)

    def judged(self, from_s: float, to_s: float, known: Obedience = SOUND) -> Obedience:
        for step in range(int(to_s - from_s) + 1):
            known = judge(self.at(from_s + step), STATION, known)
        return known


def test_car_that_stays_at_16_a_is_caught_after_its_limit_fell_to_6_a() -> None:
    charger = Charger(lambda _: 16.0, (sent_at(16.0, -100.0), sent_at(6.0, 100.0)))

    assert not charger.judged(0.0, 109.0).is_ignoring

    caught = charger.judged(0.0, 120.0)

    assert (caught.stage, caught.ignoring_since_s) == (Stage.LOWER_OTHERS, 120.0)
    assert (caught.drawn_a, caught.limit_a, caught.offences) == (16.0, 6.0, 1)


def test_half_an_ampere_and_ten_per_cent_are_tolerated() -> None:
    sent = (sent_at(10.0, -100.0),)

    assert tolerated_a(10.0) == pytest.approx(11.55)
    assert Charger(lambda _: 11.5, sent).judged(0.0, 200.0).suspect_since_s is None
    assert Charger(lambda _: 11.6, sent).judged(0.0, 200.0).is_ignoring


def test_one_report_alone_proves_nothing() -> None:
    sent = (sent_at(6.0, -100.0),)
    charger = Charger(lambda at_s: 16.0 if at_s == 50.0 else 6.0, sent)

    assert charger.judged(0.0, 55.0).suspect_since_s == 50.0
    assert charger.judged(0.0, 70.0).suspect_since_s is None


def test_slow_report_of_before_the_change_is_no_evidence() -> None:
    now = look([STATION], [state(sent=[limit(16, ago_s=50), limit(6, ago_s=9)], car=report(16.0, 16.0, 16.0, ago_s=5))])

    assert judge(now, STATION, SOUND).suspect_since_s is None


def test_limit_that_was_refused_is_not_ignored() -> None:
    refused = limit(6, ago_s=30, outcome=SendOutcome.REJECTED)
    now = look([STATION], [state(sent=[limit(16, ago_s=50), refused], car=report(16.0, 16.0, 16.0))])

    assert judge(now, STATION, SOUND).suspect_since_s is None


def test_station_that_took_no_limit_yet_ignores_none() -> None:
    assert Charger(lambda _: 16.0, ()).judged(0.0, 100.0).suspect_since_s is None


def test_steps_follow_each_other_while_nothing_helps() -> None:
    charger = Charger(lambda _: 16.0, (sent_at(6.0, -100.0),), interval_s=1.0)
    stages: dict[Stage, int] = {}
    known = SOUND
    for second in range(100):
        known = judge(charger.at(float(second)), STATION, known)
        stages.setdefault(known.stage, second)

    assert stages == {
        Stage.NONE: 0,
        Stage.LOWER_OTHERS: 7,
        Stage.SUSPEND: 17,
        Stage.REMOTE_STOP: 37,
        Stage.OPEN_CONTACTOR: 67,
    }


def test_relapse_within_the_same_stage_needs_seven_seconds_again() -> None:
    charger = Charger(lambda at_s: 6.0 if 20.0 <= at_s < 100.0 else 16.0, (sent_at(6.0, -100.0),), interval_s=1.0)
    known = charger.judged(0.0, 99.0)

    assert known.stage is Stage.SUSPEND
    assert charger.judged(100.0, 106.0, known).stage is Stage.SUSPEND
    assert charger.judged(100.0, 107.0, known).stage is Stage.REMOTE_STOP


def test_ten_minutes_below_what_it_drew_clear_it() -> None:
    charger = Charger(lambda _: 6.0, (sent_at(6.0, -100.0),))

    assert charger.judged(10.0, FORGIVEN_AFTER_S - 1.0, CAUGHT).is_ignoring

    cleared = charger.judged(10.0, FORGIVEN_AFTER_S, CAUGHT)

    assert (cleared.is_ignoring, cleared.stage, cleared.offences) == (False, Stage.NONE, 1)


def test_relapsed_station_is_cleared_later() -> None:
    charger = Charger(lambda _: 6.0, (sent_at(6.0, -100.0),))
    twice = replace(CAUGHT, offences=2)

    assert charger.judged(10.0, 2 * FORGIVEN_AFTER_S - 1.0, twice).is_ignoring
    assert not charger.judged(10.0, 2 * FORGIVEN_AFTER_S, twice).is_ignoring


@pytest.mark.parametrize(
    "idle",
    [
        Charger(lambda _: 6.0, (sent_at(16.0, -100.0),)),
        Charger(lambda _: 0.0, (sent_at(6.0, -100.0),), status=ConnectorStatus.SUSPENDED_EV),
        Charger(lambda _: 0.0, (sent_at(6.0, -100.0),), status=ConnectorStatus.AVAILABLE, in_transaction=False),
    ],
    ids=["limit above what it drew", "car that wants nothing", "no car"],
)
def test_time_in_which_it_could_not_disobey_clears_nothing(idle: Charger) -> None:
    assert idle.judged(10.0, 2 * FORGIVEN_AFTER_S, CAUGHT).obeyed_s == 0.0


def test_car_whose_transaction_we_ended_proves_nothing_by_standing_still() -> None:
    stopped = Charger(lambda _: 0.0, (sent_at(0.0, -100.0),), status=ConnectorStatus.FINISHING, in_transaction=False)
    known = replace(CAUGHT, stage=Stage.REMOTE_STOP)

    assert stopped.judged(10.0, 2 * FORGIVEN_AFTER_S, known).obeyed_s == 0.0
    assert not replace(stopped, in_transaction=True).judged(10.0, 2 * FORGIVEN_AFTER_S, known).is_ignoring


def test_suspension_holds_while_its_stage_lasts_and_never_raises() -> None:
    wanted = Setpoint(station_id="a", limit_a=10.0, phases=3)
    held = suspended(wanted, replace(CAUGHT, stage=Stage.SUSPEND))

    assert (held.limit_a, held.reason.code) == (0.0, LimitReason.IGNORES_LIMIT)
    assert suspended(replace(wanted, limit_a=0.0), replace(CAUGHT, stage=Stage.SUSPEND)).reason == held.reason
    assert suspended(wanted, CAUGHT) == wanted


def test_each_stage_has_its_step_and_its_notice() -> None:
    known = {"a": replace(CAUGHT, stage=Stage.REMOTE_STOP), "b": SOUND, "c": CAUGHT}

    assert escalations(known) == {"a": Escalation.REMOTE_STOP}
    assert [(n.code, n.station_id, n.current_a, n.limit_a) for n in notices(known)] == [
        (NoticeCode.IGNORES_LIMIT, "a", 16.0, 6.0),
        (NoticeCode.IGNORES_LIMIT, "c", 16.0, 6.0),
    ]
    assert set(HELPS_WITHIN_S) == set(Stage) - {Stage.NONE, Stage.OPEN_CONTACTOR}


def test_a_station_that_kept_its_limits_and_then_draws_more_again_seems_to_have_a_second_controller() -> None:
    takes_turns = Charger(lambda at_s: 6.0 if 100.0 <= at_s < 800.0 else 16.0, (sent_at(6.0, -100.0),))
    stubborn = Charger(lambda _: 16.0, (sent_at(6.0, -100.0),))

    kept = takes_turns.judged(0.0, 790.0)
    again = takes_turns.judged(800.0, 820.0, kept)

    assert notices({"a": kept}) == ()
    assert [notice.code for notice in notices({"a": again})] == [
        NoticeCode.IGNORES_LIMIT,
        NoticeCode.SECOND_CONTROLLER,
    ]
    assert [notice.code for notice in notices({"a": stubborn.judged(0.0, 820.0)})] == [NoticeCode.IGNORES_LIMIT]


def test_all_stations_are_judged_the_unknown_ones_as_sound() -> None:
    now = look([STATION], [state(sent=[limit(6, ago_s=100)], car=report(16.0, 16.0, 16.0))])

    assert judge_all(now, {})["a"].suspect_since_s == NOW_S - 1.0
    assert judge_all(now, {"a": CAUGHT})["a"].is_ignoring


@dataclass(frozen=True)
class Step:
    """A limit, when it is sent, when the station has it, and when it says so."""

    at_s: float
    amps: float
    arrives_s: float
    answered_s: float | None

    def seen_at(self, now_s: float) -> SentLimit:
        pending = SentLimit(limit_a=self.amps, phases=3, sent_at_s=self.at_s, lease_ends_at_s=self.at_s + 100_000.0)
        if self.answered_s is None:
            return pending if now_s < self.at_s + 5.0 else pending.settled(SendOutcome.UNANSWERED, self.at_s + 5.0)
        return pending if now_s < self.answered_s else pending.settled(SendOutcome.ACCEPTED, self.answered_s)


AMPS = st.one_of(st.just(0.0), st.floats(6.0, 16.0))


@st.composite
def commands(draw: st.DrawFn) -> tuple[Step, ...]:
    """Limits whenever, answered within a second or never; a station without an answer may follow it all the same."""
    at_s = 0.0
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 12))):
        at_s += draw(st.floats(0.1, 25.0))
        arrives_s = at_s + draw(st.floats(0.0, 0.5))
        answered = not steps or draw(st.booleans())
        steps.append(Step(at_s, draw(AMPS), arrives_s, arrives_s + draw(st.floats(0.0, 0.5)) if answered else None))
    return tuple(steps)


def most_a(steps: tuple[Step, ...], at_s: float) -> float:
    """The highest limit that the station held in the five seconds before; its hardware maximum at the start."""
    before = [step for step in steps if step.arrives_s <= at_s - 5.0]
    during = [step.amps for step in steps if at_s - 5.0 < step.arrives_s <= at_s]
    return max([before[-1].amps if before else STATION.hardware_max_a, *during])


@settings(max_examples=60, deadline=None)
@given(commands(), st.floats(0.7, 12.0), st.floats(0.0, 1.0), st.floats(-1.0, 0.5), st.floats(0.0, 1.0))
def test_car_that_follows_within_five_seconds_is_never_suspected(
    steps: tuple[Step, ...], interval_s: float, late_s: float, offset_a: float, share: float
) -> None:
    known = SOUND
    for step in range(int(300.0 / interval_s)):
        now_s = step * interval_s
        drawn_a = max(0.0, share * most_a(steps, now_s - late_s) + offset_a)
        seen = StationState(
            station_id="a",
            connected=True,
            status=ConnectorStatus.CHARGING,
            sent=tuple(each.seen_at(now_s) for each in steps if each.at_s <= now_s),
            car=CarReading(current_a=(drawn_a, drawn_a, drawn_a), taken_at_s=now_s),
        )
        known = judge(replace(look([STATION], [seen]), now_s=now_s), STATION, known)

        assert known.suspect_since_s is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.5, 8.0), AMPS), min_size=1, max_size=12),
    st.floats(1.0, 10.0),
    st.floats(0.05, 5.0),
)
def test_car_that_draws_more_than_all_its_limits_is_caught_within_thirty_seconds(
    gaps: list[tuple[float, float]], interval_s: float, over_a: float
) -> None:
    at_s, sent = 100.0, []
    for gap_s, amps in gaps:
        sent.append(sent_at(amps, at_s, took_s=0.9))
        at_s += gap_s
    drawn_a = tolerated_a(max(each.limit_a for each in sent)) + over_a
    charger = Charger(lambda _: drawn_a, tuple(sent), interval_s=interval_s)

    assert charger.judged(90.0, 130.0).is_ignoring


def test_a_car_on_more_phases_than_it_may_is_caught() -> None:
    station = replace(STATION, can_switch_phases=True)
    known = SOUND
    for ago_s in (20.0, 10.0, 0.0):
        drawn = state("a", sent=[limit(6.0, ago_s=100, phases=1)], car=report(6.0, 6.0, 6.0, ago_s=ago_s))
        lasting = replace(drawn, sent=tuple(replace(each, lease_ends_at_s=NOW_S + 60) for each in drawn.sent))
        known = judge(look([station], [lasting]), station, known)

    assert known.is_ignoring


def test_a_station_that_is_changing_its_phases_has_a_minute() -> None:
    station = replace(STATION, can_switch_phases=True)
    sent = [limit(6.0, ago_s=100), limit(6.0, ago_s=40, phases=1)]
    known = SOUND
    for ago_s in (20.0, 10.0, 0.0):
        known = judge(look([station], [state("a", sent=sent, car=report(6.0, 6.0, 6.0, ago_s=ago_s))]), station, known)

    assert not known.is_ignoring
