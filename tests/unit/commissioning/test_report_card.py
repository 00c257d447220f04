"""Report cards: from facts to findings, whether a car was seen to follow, and steps that only lower. No station."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.commissioning.findings import ChargerFindings, LossFindings, Verdict
from ems.commissioning.report_card.card import LINES, report_card
from ems.commissioning.report_card.facts import (
    Answers,
    Asked,
    CardFacts,
    Followed,
    Obeyed,
    Question,
    Topic,
    Trial,
)
from ems.commissioning.report_card.findings import Judgement
from ems.commissioning.report_card.page import card_page
from ems.commissioning.report_card.seeing import seen_now
from ems.commissioning.report_card.trying import step_down_a, tightened
from ems.csms.capabilities import Capabilities, RateUnit
from ems.csms.charging_profiles import Period
from ems.csms.constructions import Construction, Form, Purpose
from ems.csms.messages import Boot, CompositeSchedule, Setting
from ems.csms.quirks.match import match
from ems.model.electrical import Phase
from ems.model.goals import ChargeMode, Deadline, Goal
from ems.model.site import Station
from ems.model.station import CarReading, SendOutcome, SentLimit, StationState
from ems.model.words import Language, Phrase

WAY = Construction(
    form=Form.TWO_PERIODS_OVER_FALLBACK, purpose=Purpose.STATION_MAX, connector=0, unit=RateUnit.AMPERE, level=1
)
PHASES = (Phase.L1, Phase.L2, Phase.L3)
LOSS = LossFindings(
    verdict=Verdict.PASSED, utc_s=0.0, says=Phrase("x"), station_id="garage", lease_s=60.0, fallback_a=6.0
)
CHARGER = ChargerFindings(
    verdict=Verdict.PASSED, utc_s=0.0, says=Phrase("x"), station_id="garage", stated=PHASES, reaction_s=4.0
)
WELL = CardFacts(
    station_id="garage",
    utc_s=1_782_000_000.0,
    protocol="ocpp1.6",
    boot=Boot(vendor="Acme <b>", model="Box", firmware="1.2"),
    can=Capabilities(
        units=(RateUnit.AMPERE,), max_stack_level=8, max_periods=24, max_installed=10, phase_switching=True
    ),
    way=WAY,
    profiles_held=2,
    limit_a=10.0,
    session=True,
    measurands={"Current.Import": ("L1", "L2", "L3"), "Voltage": ("L1",)},
    interval_s=10.0,
    answers=Answers(
        settings={
            "SupportedFeatureProfiles": Setting(value="Core,SmartCharging", readonly=True),
            "AuthorizationKey": Setting(value="not to be shown", readonly=False),
            "BlinkRepeat": None,
        },
        composite=CompositeSchedule(start=None, unit=RateUnit.AMPERE, periods=(Period(start_s=0, limit=10.0),)),
        asked=(Asked(question=Question.COMPOSITE, answered_s=0.2), Asked(question=Question.SETTINGS, answered_s=9.0)),
    ),
    trial=Trial(
        obeyed=Obeyed(followed=Followed.FOLLOWS, limit_a=7.0, drawn_a=6.8, reaction_s=3.0), paused=True, resumed=True
    ),
    loss=LOSS,
    fallback_a=6.0,
    lease_s=60.0,
    skew_s=-2.0,
    limit_answers_s=(0.1, 0.3),
)
BLANK = CardFacts(station_id="garage", utc_s=0.0)
GARAGE = Station(
    station_id="garage",
    circuit_id="main",
    wiring=PHASES,
    min_a=6.0,
    max_a=16.0,
    fallback_a=6.0,
    lease_verified=True,
    goal=Goal(),
)


def line(facts: CardFacts, topic: Topic) -> tuple[Judgement, str]:
    """Verdict and case of one line."""
    found = report_card(facts).of(topic)
    return found.judgement, found.says.key.removeprefix(f"card.{topic}.")


def test_every_topic_has_its_line_and_every_sentence_its_words() -> None:
    for facts in (WELL, BLANK):
        card = report_card(facts)
        assert [each.topic for each in card.findings] == list(Topic) == list(LINES)
        assert all(each.says.said(language) for each in card.findings for language in Language)


def test_station_that_does_everything_is_all_good() -> None:
    assert {each.judgement for each in report_card(WELL).findings} == {Judgement.GOOD}


def test_nothing_is_made_up_about_a_station_that_said_nothing() -> None:
    card = report_card(BLANK)
    others = {each.topic for each in card.findings if each.judgement is not Judgement.UNKNOWN}

    assert others == {Topic.REFUSALS}


@pytest.mark.parametrize(
    ("topic", "changes", "expected"),
    [
        (Topic.UNITS, {"can": Capabilities(units=(RateUnit.WATT,))}, (Judgement.PECULIAR, "watts_only")),
        (Topic.LEVELS, {"can": Capabilities(max_stack_level=0)}, (Judgement.PECULIAR, "peculiar")),
        (Topic.PERIODS, {"can": Capabilities(max_periods=1)}, (Judgement.PECULIAR, "one")),
        (Topic.PROFILES, {"can": Capabilities(max_installed=1)}, (Judgement.PECULIAR, "peculiar")),
        (Topic.PHASES, {"can": Capabilities(phase_switching=False)}, (Judgement.MISSING, "missing")),
        (Topic.LIMITS, {"way": replace(WAY, form=Form.FALLBACK)}, (Judgement.PECULIAR, "fallback_only")),
        (Topic.LIMITS, {"way": replace(WAY, form=Form.RELATIVE)}, (Judgement.PECULIAR, "relative")),
        (Topic.LIMITS, {"ignored_ways": 1}, (Judgement.PECULIAR, "ignored")),
        (Topic.LIMITS, {"way": None, "rejected_limits": 3}, (Judgement.MISSING, "refused")),
        (Topic.MEASURANDS, {"measurands": {"Current.Import": ()}}, (Judgement.PECULIAR, "total_only")),
        (Topic.MEASURANDS, {"measurands": {"Voltage": ()}}, (Judgement.PECULIAR, "no_current")),
        (Topic.MEASURANDS, {"measurands": {}}, (Judgement.MISSING, "missing")),
        (Topic.INTERVAL, {"interval_s": 60.0}, (Judgement.PECULIAR, "peculiar")),
        (Topic.CLOCK, {"skew_s": -7200.0}, (Judgement.PECULIAR, "behind")),
        (Topic.CLOCK, {"clock_unset": True}, (Judgement.MISSING, "missing")),
        (Topic.ANSWERS, {"limit_answers_s": (0.1, 12.0)}, (Judgement.PECULIAR, "peculiar")),
        (Topic.REFUSALS, {"refused_reports": {"Heartbeat": "no"}}, (Judgement.PECULIAR, "peculiar")),
        (Topic.REFUSALS, {"unanswered_limits": 1}, (Judgement.PECULIAR, "limits")),
        (Topic.COMPOSITE, {"limit_a": 6.0}, (Judgement.PECULIAR, "above")),
        (Topic.FEATURES, {"answers": Answers()}, (Judgement.UNKNOWN, "unknown")),
        (Topic.PAUSE, {"trial": Trial(paused=False)}, (Judgement.MISSING, "draws")),
        (Topic.PAUSE, {"trial": Trial(paused=True, resumed=False)}, (Judgement.PECULIAR, "stays")),
        (Topic.DEAD_MAN, {"loss": replace(LOSS, verdict=Verdict.FAILED)}, (Judgement.MISSING, "missing")),
        (Topic.DEAD_MAN, {"fallback_a": 8.0}, (Judgement.UNKNOWN, "other_limits")),
        (Topic.DEAD_MAN, {"loss": None, "lease_verified": True}, (Judgement.GOOD, "stated")),
    ],
)
def test_what_is_peculiar_or_missing_is_said(
    topic: Topic, changes: dict[str, object], expected: tuple[Judgement, str]
) -> None:
    assert line(replace(WELL, **changes), topic) == expected  # type: ignore[arg-type]


def test_disobedience_now_outweighs_what_was_proven_before() -> None:
    ignores = Obeyed(followed=Followed.IGNORES, limit_a=7.0, drawn_a=16.0)

    assert line(replace(WELL, trial=None, charger=CHARGER), Topic.OBEDIENCE) == (Judgement.GOOD, "proven")
    assert line(replace(WELL, trial=None, charger=CHARGER, seen=ignores), Topic.OBEDIENCE)[0] is Judgement.MISSING


def test_hearsay_of_a_kind_never_proves_that_it_falls_back() -> None:
    """deadman: `failed` counts, `verified` does not replace a proof."""
    go_e = match(Boot(vendor="go-e", model="go-eCharger_V4", firmware="56.2"))

    assert line(replace(WELL, loss=None, match=go_e), Topic.DEAD_MAN) == (Judgement.MISSING, "kind_fails")
    assert line(replace(WELL, match=go_e), Topic.QUIRKS)[0] is Judgement.PECULIAR


def test_page_hides_secrets_and_escapes_what_a_station_says() -> None:
    page = card_page(report_card(WELL), Language.GERMAN)

    assert "Zeugnis: garage" in page
    assert "not to be shown" not in page
    assert "<b>" not in page
    assert "Acme &lt;b&gt;" in page


def state_with(*limits: SentLimit) -> StationState:
    return StationState(station_id="garage", connected=True, in_transaction=True, sent=limits)


def taken(limit_a: float, at_s: float) -> SentLimit:
    return SentLimit(
        limit_a=limit_a,
        phases=3,
        sent_at_s=at_s,
        lease_ends_at_s=at_s + 60,
        outcome=SendOutcome.ACCEPTED,
        settled_at_s=at_s,
    )


def drew(amps: float, at_s: float) -> CarReading:
    return CarReading(current_a=(amps,) * 3, taken_at_s=at_s)


def test_current_that_came_down_with_the_limit_follows_it() -> None:
    seen = seen_now(
        state_with(taken(16, 0), taken(10, 100)), [drew(15.8, 98), drew(9.8, 106), drew(9.8, 116)], now_s=120
    )

    assert (seen.followed, seen.limit_a, seen.reported_s) == (Followed.FOLLOWS, 10, 6)


def test_current_above_the_limit_ignores_it_and_below_proves_nothing() -> None:
    limits = state_with(taken(10, 100))

    assert seen_now(limits, [drew(15.8, 98), drew(15.8, 112)], now_s=120).followed is Followed.IGNORES
    assert seen_now(limits, [drew(9.5, 98), drew(9.5, 112)], now_s=120).followed is Followed.KEEPS
    assert seen_now(limits, [drew(6, 98), drew(6, 112)], now_s=120).followed is Followed.UNSEEN
    assert seen_now(limits, [drew(15.8, 98), drew(15.8, 103)], now_s=105).followed is Followed.UNSEEN
    assert seen_now(state_with(), [], now_s=0).followed is Followed.UNSEEN


amps = st.floats(min_value=0.0, max_value=32.0, allow_nan=False)
maybe_amps = st.one_of(st.none(), st.floats(min_value=6.0, max_value=32.0))


@given(limit_a=amps, max_a=maybe_amps, min_a=maybe_amps, mode=st.sampled_from(ChargeMode))
def test_a_step_only_tightens_the_goal_that_counts(
    limit_a: float, max_a: float | None, min_a: float | None, mode: ChargeMode
) -> None:
    before = Goal(mode=mode, max_a=max_a, min_a=min_a, deadline=Deadline(by_utc_s=9e9, left_kwh=3.0))
    after = tightened(before, limit_a, 5.0)

    if limit_a <= 0:
        assert after.mode is ChargeMode.OFF
        return
    assert after.mode is before.mode
    assert after.max_a is not None
    assert after.max_a <= min(limit_a, before.max_a or limit_a)
    assert after.min_a is None or after.min_a <= after.max_a
    # No hurry because of it: it plans with what a person allows afterwards.
    assert after.deadline is not None
    assert (after.deadline.eases_utc_s, after.deadline.lasting_max_a) == (5.0, max_a)


@given(limit_a=amps, drawn_a=amps, step_a=st.sampled_from([0.1, 1.0]))
def test_a_step_goes_down_far_enough_to_show_and_never_below_the_minimum(
    limit_a: float, drawn_a: float, step_a: float
) -> None:
    low_a = step_down_a(replace(GARAGE, step_a=step_a), limit_a, drawn_a)

    if low_a is not None:
        assert GARAGE.min_a <= low_a <= drawn_a - 1.5
        assert low_a <= limit_a


def test_no_step_where_there_is_no_room_for_one() -> None:
    assert step_down_a(GARAGE, 16, 15.8) == pytest.approx(12.8)
    assert step_down_a(GARAGE, 6, 6) is None
    assert step_down_a(GARAGE, 16, 0) is None
