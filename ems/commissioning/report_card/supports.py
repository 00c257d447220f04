"""What a station says it supports: version, identity, features, settings, and what its limits may look like. Pure."""

from __future__ import annotations

from ems.commissioning.report_card.facts import CardFacts, Question, Topic
from ems.commissioning.report_card.findings import Finding, good, missing, peculiar, unknown
from ems.csms.capabilities import RateUnit
from ems.csms.constructions import FALLBACK_FORMS

LONGEST_NAMES = 300
FEATURES = "SupportedFeatureProfiles"


def version(facts: CardFacts) -> Finding:
    """What it speaks."""
    if facts.protocol is None:
        return unknown(Topic.VERSION)
    pin = facts.match.quirks.ocpp_pin
    spoken = facts.protocol.removeprefix("ocpp")
    if pin is not None and pin != spoken:
        return peculiar(Topic.VERSION, version=spoken, pin=pin)
    return good(Topic.VERSION, version=spoken)


def identity(facts: CardFacts) -> Finding:
    """Who it says it is."""
    boot = facts.boot
    if boot is None:
        return unknown(Topic.IDENTITY)
    numbers = {"vendor": boot.vendor, "model": boot.model}
    if not boot.firmware.strip():
        return peculiar(Topic.IDENTITY, "no_firmware", **numbers)
    return good(Topic.IDENTITY, firmware=boot.firmware, **numbers)


def quirks(facts: CardFacts) -> Finding:
    """Which rows are about it, and how much they say."""
    found = facts.match
    if facts.boot is None and not found.said_by:
        return unknown(Topic.QUIRKS)
    if not found.said_by:
        return good(Topic.QUIRKS, "named", rows=_listed(found.rows)) if found.rows else good(Topic.QUIRKS)
    rows = _listed(tuple(dict.fromkeys(found.said_by.values())))
    return peculiar(Topic.QUIRKS, rows=rows, count=len(found.said_by))


def features(facts: CardFacts) -> Finding:
    """Which feature profiles it lists."""
    setting = facts.answers.settings.get(FEATURES)
    listed = "" if setting is None else ", ".join(word.strip() for word in setting.value.split(",") if word.strip())
    if not listed:
        return unknown(Topic.FEATURES)
    if "smartcharging" in listed.lower().replace(" ", ""):
        return good(Topic.FEATURES, listed=listed[:LONGEST_NAMES])
    if facts.way is not None:
        return peculiar(Topic.FEATURES, listed=listed[:LONGEST_NAMES])
    return missing(Topic.FEATURES, listed=listed[:LONGEST_NAMES])


def settings(facts: CardFacts) -> Finding:
    """How many settings of the standard it knows."""
    asked = facts.answers.to(Question.SETTINGS)
    known = sum(each is not None for each in facts.answers.settings.values())
    if known:
        return good(Topic.SETTINGS, known=known, unknown=len(facts.answers.settings) - known)
    if asked is not None and asked.refused:
        return missing(Topic.SETTINGS, answer=asked.refused)
    return unknown(Topic.SETTINGS)


def limits(facts: CardFacts) -> Finding:
    """How it takes its limits."""
    way = facts.way
    if way is None:
        return missing(Topic.LIMITS, "refused") if facts.rejected_limits else unknown(Topic.LIMITS)
    numbers = {"form": way.form.value, "purpose": way.purpose.value, "unit": way.unit.value}
    if way.form in FALLBACK_FORMS:
        return peculiar(Topic.LIMITS, "fallback_only", **numbers)
    if facts.ignored_ways:
        return peculiar(Topic.LIMITS, "ignored", ignored=facts.ignored_ways, **numbers)
    if way.is_relative:
        return peculiar(Topic.LIMITS, "relative", **numbers)
    return good(Topic.LIMITS, **numbers)


def units(facts: CardFacts) -> Finding:
    """What it counts limits in."""
    found = facts.can.units
    if not found:
        return unknown(Topic.UNITS)
    if RateUnit.AMPERE not in found:
        return peculiar(Topic.UNITS, "watts_only")
    return good(Topic.UNITS, units=", ".join(unit.value for unit in found))


def levels(facts: CardFacts) -> Finding:
    """How many profiles may lie over each other."""
    most = facts.can.max_stack_level
    if most is None:
        return unknown(Topic.LEVELS)
    return good(Topic.LEVELS, most=most) if most > 0 else peculiar(Topic.LEVELS)


def periods(facts: CardFacts) -> Finding:
    """How long a schedule may be."""
    said, known = facts.can.max_periods, facts.match.quirks.periods_max
    if said is None and known is None:
        return unknown(Topic.PERIODS)
    most = min(each for each in (said, known) if each is not None)
    if most == 1:
        return peculiar(Topic.PERIODS, "one")
    if said is not None and most < said:
        return peculiar(Topic.PERIODS, "fewer", said=said, most=most)
    return good(Topic.PERIODS, most=most)


def installed(facts: CardFacts) -> Finding:
    """How many profiles it keeps, and how many of ours."""
    most = facts.can.max_installed
    if most is None:
        return unknown(Topic.PROFILES, held=facts.profiles_held)
    numbers = {"most": most, "held": facts.profiles_held}
    return good(Topic.PROFILES, **numbers) if most > 1 else peculiar(Topic.PROFILES, **numbers)


def phases(facts: CardFacts) -> Finding:
    """Whether it changes between one phase and three by command."""
    known = facts.match.quirks.phase_switch
    if known == "auto":
        return peculiar(Topic.PHASES, "by_itself")
    if known == "none":
        return missing(Topic.PHASES)
    can = facts.can.phase_switching
    if can is None and known is None:
        return unknown(Topic.PHASES)
    return missing(Topic.PHASES) if can is False else good(Topic.PHASES)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)[:LONGEST_NAMES]
