"""The whole card: one line for every topic. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ems.commissioning.report_card import shows, supports
from ems.commissioning.report_card.facts import CardFacts, Topic
from ems.commissioning.report_card.findings import Finding, ReportCard

LINES: Final[Mapping[Topic, Callable[[CardFacts], Finding]]] = {
    Topic.VERSION: supports.version,
    Topic.IDENTITY: supports.identity,
    Topic.QUIRKS: supports.quirks,
    Topic.FEATURES: supports.features,
    Topic.SETTINGS: supports.settings,
    Topic.LIMITS: supports.limits,
    Topic.UNITS: supports.units,
    Topic.LEVELS: supports.levels,
    Topic.PERIODS: supports.periods,
    Topic.PROFILES: supports.installed,
    Topic.PHASES: supports.phases,
    Topic.COMPOSITE: shows.composite,
    Topic.MEASURANDS: shows.measurands,
    Topic.INTERVAL: shows.interval,
    Topic.OBEDIENCE: shows.obedience,
    Topic.PAUSE: shows.pause,
    Topic.DEAD_MAN: shows.dead_man,
    Topic.CLOCK: shows.clock,
    Topic.ANSWERS: shows.answers,
    Topic.REFUSALS: shows.refusals,
}


def report_card(facts: CardFacts) -> ReportCard:
    """The card of these facts."""
    return ReportCard(facts=facts, findings=tuple(line(facts) for line in LINES.values()))
