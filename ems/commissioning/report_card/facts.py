"""Everything that a report card is made of: what a station said, what came of questions, what was measured. Values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ems.commissioning.findings import ChargerFindings, LossFindings
from ems.commissioning.phrases import Phrase
from ems.csms.capabilities import UNKNOWN, Capabilities
from ems.csms.constructions import Construction
from ems.csms.messages import Boot, CompositeSchedule, Setting
from ems.csms.quirks.match import Match


class Topic(StrEnum):
    """What a line of the card is about, in the order of the page."""

    VERSION = "version"
    IDENTITY = "identity"
    QUIRKS = "quirks"
    FEATURES = "features"
    SETTINGS = "settings"
    LIMITS = "limits"
    UNITS = "units"
    LEVELS = "levels"
    PERIODS = "periods"
    PROFILES = "profiles"
    PHASES = "phases"
    COMPOSITE = "composite"
    MEASURANDS = "measurands"
    INTERVAL = "interval"
    OBEDIENCE = "obedience"
    PAUSE = "pause"
    DEAD_MAN = "dead_man"
    CLOCK = "clock"
    ANSWERS = "answers"
    REFUSALS = "refusals"


class Question(StrEnum):
    """What a station is asked for its card. None of them changes anything."""

    SETTINGS = "settings"
    COMPOSITE = "composite"
    METER_VALUES = "meter_values"
    ONE_SETTING = "one_setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and what became of it."""

    question: Question
    answered_s: float | None = None
    """Until the answer was there; None without one."""

    refused: str = ""
    """Why there is none, in the station's own words as far as it said any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came of all questions."""

    settings: Mapping[str, Setting | None] = field(default_factory=dict)
    """None for a setting that it says it does not know."""

    composite: CompositeSchedule | None = None
    asked: tuple[Asked, ...] = ()

    def to(self, question: Question) -> Asked | None:
        return next((each for each in self.asked if each.question is question), None)


class Followed(StrEnum):
    """Whether the measured current followed a limit."""

    FOLLOWS = "follows"
    KEEPS = "keeps"
    """It stays below a limit that it would exceed otherwise, as far as one can tell without a step."""

    IGNORES = "ignores"
    UNSEEN = "unseen"
    """Nothing was seen of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obeyed:
    """What was seen of its obedience now, without or with a step."""

    followed: Followed = Followed.UNSEEN
    limit_a: float = 0.0
    """The limit that was held against the current."""

    drawn_a: float = 0.0
    """The largest phase as the station measured it."""

    reaction_s: float | None = None
    """Until the house's meter showed it; None where it did not tell."""

    reported_s: float | None = None
    """Until the station's own report showed it: as late as these come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of the steps that an installer asked for."""

    obeyed: Obeyed = Obeyed()
    paused: bool | None = None
    """Whether the car drew nothing at 0 A; None where that was not tried."""

    resumed: bool | None = None
    """Whether it went on after it."""

    trouble: Phrase | None = None
    """Why the steps came to no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """Of one station at one time. What is not known is None or empty."""

    station_id: str
    utc_s: float
    protocol: str | None = None
    boot: Boot | None = None
    match: Match = Match()
    can: Capabilities = UNKNOWN
    way: Construction | None = None
    """How it takes its limits now."""

    obeyed_way: Construction | None = None
    """How its kind was seen to obey them, also in earlier times."""

    ignored_ways: int = 0
    """Ways that its kind took and did not obey."""

    profiles_held: int = 0
    limit_a: float | None = None
    """The limit in force."""

    session: bool = False
    measurands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Measurand to its phases."""

    interval_s: float | None = None
    interval_wanted_s: float = 10.0
    answers: Answers = Answers()
    seen: Obeyed = Obeyed()
    """Without any step."""

    trial: Trial | None = None
    """None where no step was asked for."""

    charger: ChargerFindings | None = None
    loss: LossFindings | None = None
    lease_verified: bool = False
    """As the limits in force say."""

    fallback_a: float | None = None
    lease_s: float = 0.0
    skew_s: float | None = None
    """Its clock less ours."""

    clock_unset: bool = False
    limit_answers_s: tuple[float, ...] = ()
    """How long it took to take limits lately."""

    rejected_limits: int = 0
    unanswered_limits: int = 0
    refused_reports: Mapping[str, str] = field(default_factory=dict)
