"""The report card of a station on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from ems.api.kept_words import says_of
from ems.api.servicing.settings import setting_state
from ems.api.wire import Sentence, Shape
from ems.api.wire.peculiarities import KnownQuirk
from ems.api.wire_servicing import SettingState
from ems.commissioning.phrases import phrase
from ems.commissioning.report_card.cards import CardProgress
from ems.commissioning.report_card.facts import CardFacts, Topic
from ems.commissioning.report_card.findings import Judgement, ReportCard
from ems.csms.quirks.match import Match

JudgementWord = Literal["good", "peculiar", "missing", "unknown"]


class CardWish(Shape):
    """Body of `POST /stations/{id}/report_card`. Without either only questions are asked."""

    try_step: bool = False
    """Lower the limit by a few amperes below what control decided, while a car charges."""

    try_pause: bool = False
    """And pause the car for a moment."""


class CardLine(Shape):
    """One line of the card."""

    topic: Topic
    judgement: Judgement
    says: Sentence


class SeenMeasurand(Shape):
    """A measurand that really came."""

    name: str
    phases: tuple[str, ...]
    """None for a total alone."""


class TrialRecord(Shape):
    """What came of a step that was asked for."""

    limit_a: float | None
    """Of the step down; null where none was reached."""

    drawn_a: float | None
    reaction_s: float | None
    """Until the house's meter showed it; null where it did not tell."""

    reported_s: float | None
    """Until the station's own report showed it."""

    paused: bool | None
    resumed: bool | None
    trouble: Sentence | None
    """Why it came to no end."""


class CardRecord(Shape):
    """A card that is finished."""

    at: datetime
    lines: tuple[CardLine, ...]
    counts: dict[JudgementWord, int]
    measurands: tuple[SeenMeasurand, ...]
    settings: tuple[SettingState, ...]
    unknown_settings: tuple[str, ...]
    quirks: tuple[KnownQuirk, ...]
    trial: TrialRecord | None
    """Null where only questions were asked."""


class KeptCard(Shape):
    """A finished card in the list of a station."""

    id: str
    at: datetime
    tried: bool
    """Whether a step was tried."""

    counts: dict[JudgementWord, int]


class ReportCardState(Shape):
    """`GET /stations/{id}/report_card`."""

    station: str
    running: bool
    stage: Sentence
    card: CardRecord | None
    """The last one that was finished."""


def card_state(progress: CardProgress) -> ReportCardState:
    """As the wire has it."""
    return ReportCardState(
        station=progress.wanted.station_id,
        running=progress.running,
        stage=says_of(progress.stage),
        card=None if progress.card is None else card_record(progress.card),
    )


def from_before(station_id: str, card: CardRecord) -> ReportCardState:
    """A card that an earlier run finished."""
    stage = says_of(phrase("card.done", station=station_id))
    return ReportCardState(station=station_id, running=False, stage=stage, card=card)


def card_record(card: ReportCard) -> CardRecord:
    """A finished one."""
    facts = card.facts
    told = {key: setting for key, setting in facts.answers.settings.items() if setting is not None}
    return CardRecord(
        at=datetime.fromtimestamp(facts.utc_s, UTC),
        lines=tuple(
            CardLine(topic=each.topic, judgement=each.judgement, says=says_of(each.says)) for each in card.findings
        ),
        counts={word.value: card.count(word) for word in Judgement},
        measurands=tuple(SeenMeasurand(name=name, phases=phases) for name, phases in facts.measurands.items()),
        settings=tuple(setting_state(key, told[key]) for key in sorted(told, key=str.lower)),
        unknown_settings=tuple(key for key in facts.answers.settings if key not in told),
        quirks=known_quirks(facts.match),
        trial=_trial(facts),
    )


def known_quirks(found: Match) -> tuple[KnownQuirk, ...]:
    """Each with who says so."""
    return tuple(
        KnownQuirk(key=key, value=value, said_by=found.said_by[key])
        for key, value in found.quirks.model_dump(exclude_none=True, mode="json").items()
    )


def _trial(facts: CardFacts) -> TrialRecord | None:
    trial = facts.trial
    if trial is None:
        return None
    seen = trial.obeyed
    reached = seen.limit_a > 0 or seen.drawn_a > 0
    return TrialRecord(
        limit_a=seen.limit_a if reached else None,
        drawn_a=round(seen.drawn_a, 2) if reached else None,
        reaction_s=seen.reaction_s,
        reported_s=None if seen.reported_s is None else round(seen.reported_s, 1),
        paused=trial.paused,
        resumed=trial.resumed,
        trouble=None if trial.trouble is None else says_of(trial.trouble),
    )
