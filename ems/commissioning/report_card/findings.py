"""From facts to findings: a verdict and one sentence for each line of the card. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ems.commissioning.report_card.facts import CardFacts, Topic
from ems.model.words import Number, Phrase


class Judgement(StrEnum):
    """What a line of the card comes to."""

    GOOD = "good"
    PECULIAR = "peculiar"
    """Otherwise than the standard says or other stations do; we live with it."""

    MISSING = "missing"
    """It cannot do that, or does not do it."""

    UNKNOWN = "unknown"
    """It did not say, or nothing was seen of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the card."""

    topic: Topic
    judgement: Judgement
    says: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCard:
    """The card of one station at one time."""

    facts: CardFacts
    findings: tuple[Finding, ...]

    def count(self, judgement: Judgement) -> int:
        return sum(each.judgement is judgement for each in self.findings)

    def of(self, topic: Topic) -> Finding:
        """The line about that. Raises StopIteration for none, and there is one for every topic."""
        return next(each for each in self.findings if each.topic is topic)


def good(topic: Topic, case: str = "good", /, **numbers: Number) -> Finding:
    return _finding(Judgement.GOOD, topic, case, **numbers)


def peculiar(topic: Topic, case: str = "peculiar", /, **numbers: Number) -> Finding:
    return _finding(Judgement.PECULIAR, topic, case, **numbers)


def missing(topic: Topic, case: str = "missing", /, **numbers: Number) -> Finding:
    return _finding(Judgement.MISSING, topic, case, **numbers)


def unknown(topic: Topic, case: str = "unknown", /, **numbers: Number) -> Finding:
    return _finding(Judgement.UNKNOWN, topic, case, **numbers)


def _finding(judgement: Judgement, topic: Topic, case: str, /, **numbers: Number) -> Finding:
    return Finding(topic=topic, judgement=judgement, says=Phrase(f"card.{topic}.{case}", numbers))
