"""What a station shows: schedule, measurands, obedience, pause, dead-man, clock, answers, refusals. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median
from typing import Final

from ems.commissioning.charger_proof import SLOWEST_S
from ems.commissioning.findings import Verdict
from ems.commissioning.report_card.facts import CardFacts, Followed, Obeyed, Question, Topic
from ems.commissioning.report_card.findings import Finding, good, missing, peculiar, unknown
from ems.csms.capabilities import RateUnit
from ems.csms.messages import CompositeSchedule

CURRENT: Final = "Current.Import"
LATE_INTERVAL: Final = 1.5
"""Values that come so many times later than asked for are late."""

SKEW_S: Final = 10.0
"""Messages dawdle by about so much: less is no fault of a clock."""

SLOW_ANSWER_S: Final = 5.0
NEAR_A: Final = 0.6
"""Stations round a limit to whole or half amperes."""


def composite(facts: CardFacts) -> Finding:
    """What it says it allows now."""
    asked = facts.answers.to(Question.COMPOSITE)
    told = facts.answers.composite
    if told is None:
        refused = asked is not None and asked.refused
        return missing(Topic.COMPOSITE, answer=asked.refused) if asked and refused else unknown(Topic.COMPOSITE)
    first = told.periods[0].limit if told.periods else None
    if first is None or told.unit is None:
        return peculiar(Topic.COMPOSITE, "empty")
    numbers = {"limit": round(first, 1), "unit": told.unit.value}
    above_a = _allows_a(told)
    if facts.limit_a is not None and above_a is not None and above_a > facts.limit_a + NEAR_A:
        return peculiar(Topic.COMPOSITE, "above", limit_a=facts.limit_a, **numbers)
    return good(Topic.COMPOSITE, **numbers)


def _allows_a(told: CompositeSchedule) -> float | None:
    """In amperes; watts cannot be compared where it is not known how many phases they are for."""
    return told.periods[0].limit if told.unit is RateUnit.AMPERE and told.periods else None


def measurands(facts: CardFacts) -> Finding:
    """What really came of meter values."""
    found = facts.measurands
    if not found:
        asked = facts.answers.to(Question.METER_VALUES)
        if asked is not None and asked.refused:
            return unknown(Topic.MEASURANDS, "refused", answer=asked.refused)
        return missing(Topic.MEASURANDS) if facts.session else unknown(Topic.MEASURANDS)
    listed = ", ".join(found)[:300]
    if CURRENT not in found:
        return peculiar(Topic.MEASURANDS, "no_current", listed=listed)
    if not found[CURRENT]:
        return peculiar(Topic.MEASURANDS, "total_only", listed=listed)
    return good(Topic.MEASURANDS, listed=listed, phases=len(found[CURRENT]))


def interval(facts: CardFacts) -> Finding:
    """How often meter values come."""
    found_s = facts.interval_s
    if found_s is None:
        return unknown(Topic.INTERVAL)
    numbers = {"interval_s": round(found_s, 1), "wanted_s": facts.interval_wanted_s}
    late = found_s > LATE_INTERVAL * facts.interval_wanted_s
    return peculiar(Topic.INTERVAL, **numbers) if late else good(Topic.INTERVAL, **numbers)


def obedience(facts: CardFacts) -> Finding:
    """Whether the measured current follows the limit: as tried now, as proven, as seen."""
    trial, proof = facts.trial, facts.charger
    seen = facts.seen if trial is None or trial.obeyed.followed is Followed.UNSEEN else trial.obeyed
    if seen.followed is Followed.IGNORES:
        return missing(Topic.OBEDIENCE, limit_a=seen.limit_a, drawn_a=round(seen.drawn_a, 1))
    if seen.followed is Followed.FOLLOWS:
        return _followed(seen)
    if proof is not None and proof.verdict is Verdict.FAILED:
        return peculiar(Topic.OBEDIENCE, "proof_failed", **_day(proof.utc_s))
    if proof is not None and proof.verdict is Verdict.PASSED and proof.reaction_s is not None:
        return good(Topic.OBEDIENCE, "proven", reaction_s=proof.reaction_s, **_day(proof.utc_s))
    if facts.way is not None and facts.obeyed_way == facts.way:
        return good(Topic.OBEDIENCE, "learnt")
    if seen.followed is Followed.KEEPS:
        return good(Topic.OBEDIENCE, "keeps", limit_a=seen.limit_a, drawn_a=round(seen.drawn_a, 1))
    if trial is not None and trial.trouble is not None:
        return unknown(Topic.OBEDIENCE, "trouble")
    return unknown(Topic.OBEDIENCE)


def _followed(seen: Obeyed) -> Finding:
    numbers = {"limit_a": seen.limit_a, "drawn_a": round(seen.drawn_a, 1)}
    if seen.reaction_s is not None:
        case = "slow" if seen.reaction_s > SLOWEST_S else "measured"
        told = {"reaction_s": seen.reaction_s, **numbers}
        return peculiar(Topic.OBEDIENCE, case, **told) if case == "slow" else good(Topic.OBEDIENCE, case, **told)
    if seen.reported_s is not None:
        return good(Topic.OBEDIENCE, "reported", reported_s=round(seen.reported_s, 1), **numbers)
    return good(Topic.OBEDIENCE, "followed", **numbers)


def pause(facts: CardFacts) -> Finding:
    """What it does at 0 A."""
    trial = facts.trial
    if trial is not None and trial.paused is False:
        return missing(Topic.PAUSE, "draws")
    if trial is not None and trial.paused and trial.resumed is False:
        return peculiar(Topic.PAUSE, "stays")
    if trial is not None and trial.paused and trial.resumed:
        return good(Topic.PAUSE)
    if facts.match.quirks.stop_style == "remote_stop":
        return peculiar(Topic.PAUSE, "remote_stop")
    least_w = facts.match.quirks.min_pause_w
    return peculiar(Topic.PAUSE, "least", least_w=least_w) if least_w else unknown(Topic.PAUSE)


def dead_man(facts: CardFacts) -> Finding:
    """Whether it falls back by itself: what the loss proof found, else what is said of its kind."""
    proof, said = facts.loss, facts.match.quirks.deadman
    current = proof is not None and facts.fallback_a is not None and proof.is_of(facts.fallback_a, facts.lease_s)
    if proof is not None and current and proof.verdict is Verdict.PASSED:
        numbers = {"fallback_a": proof.fallback_a, "lease_s": proof.lease_s}
        return good(Topic.DEAD_MAN, **numbers, **_day(proof.utc_s))
    if proof is not None and proof.verdict is Verdict.FAILED:
        return missing(Topic.DEAD_MAN, **_day(proof.utc_s))
    if said == "failed" or facts.match.quirks.persist_on_disconnect is False:
        return missing(Topic.DEAD_MAN, "kind_fails")
    if facts.lease_verified:
        return good(Topic.DEAD_MAN, "stated")
    if proof is not None and not current:
        return unknown(Topic.DEAD_MAN, "other_limits")
    return unknown(Topic.DEAD_MAN, "kind_holds" if said == "verified" else "unknown")


def clock(facts: CardFacts) -> Finding:
    """How far its clock is off."""
    if facts.clock_unset:
        return missing(Topic.CLOCK)
    if facts.skew_s is None:
        return unknown(Topic.CLOCK)
    skew_s = round(facts.skew_s)
    if abs(skew_s) <= SKEW_S:
        return good(Topic.CLOCK, skew_s=abs(skew_s))
    return peculiar(Topic.CLOCK, "ahead" if skew_s > 0 else "behind", skew_s=abs(skew_s))


def answers(facts: CardFacts) -> Finding:
    """How long it takes to answer."""
    single = (Question.COMPOSITE, Question.METER_VALUES, Question.ONE_SETTING)
    told = [each.answered_s for each in facts.answers.asked if each.question in single]
    times_s = [*facts.limit_answers_s, *(each for each in told if each is not None)]
    if not times_s:
        return unknown(Topic.ANSWERS)
    numbers = {"usual_s": round(median(times_s), 2), "slowest_s": round(max(times_s), 2), "count": len(times_s)}
    slow = max(times_s) > SLOW_ANSWER_S
    return peculiar(Topic.ANSWERS, **numbers) if slow else good(Topic.ANSWERS, **numbers)


def refusals(facts: CardFacts) -> Finding:
    """What it refused or left unanswered lately."""
    lost = facts.rejected_limits + facts.unanswered_limits
    if lost:
        numbers = {"rejected": facts.rejected_limits, "unanswered": facts.unanswered_limits}
        return peculiar(Topic.REFUSALS, "limits", **numbers)
    questions = [each for each in facts.answers.asked if each.refused]
    names = [*(each.question.value for each in questions), *facts.refused_reports]
    if names:
        last = questions[-1].refused if questions else next(reversed(tuple(facts.refused_reports.values())))
        return peculiar(Topic.REFUSALS, count=len(names), last=last)
    return good(Topic.REFUSALS)


def _day(utc_s: float) -> dict[str, str]:
    return {"day": datetime.fromtimestamp(utc_s, UTC).date().isoformat()}
