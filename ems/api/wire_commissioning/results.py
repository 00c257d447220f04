"""Proofs: what they found, and the one that runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ems.api.wire import Sentence, Shape
from ems.api.wire_commissioning.words import PhaseWord, SiteName
from ems.commissioning.findings import Verdict
from ems.commissioning.phase_map import Certainty


class FoundPhase(Shape):
    """Which house phase is behind one phase of a station."""

    station_phase: PhaseWord
    house_phase: PhaseWord | None
    certainty: Certainty


class PlateauFigures(Shape):
    """One limit that was held for a while, and what was measured meanwhile."""

    limit_a: float
    phases: int
    station_a: float | None
    """As the station measures, its largest phase."""

    meter_a: tuple[float, ...]
    """What the meter showed more than in the pause before, per house phase; the house is in it, too."""

    obeyed: bool
    reaction_s: float | None
    """From the accepted message until the meter showed it."""


class ChargerResult(Shape):
    """What a charger proof found."""

    kind: Literal["charger"] = "charger"
    verdict: Verdict
    at: datetime
    says: Sentence
    plateaus: tuple[PlateauFigures, ...]
    reaction_s: float | None
    """The slowest way down."""

    step_a: float | None
    """The finest step that was seen: 0.5 or finer, or 1."""

    repeats: int
    wiring: tuple[FoundPhase, ...]
    found: tuple[PhaseWord, ...] | None
    """The wiring to offer as `wired`; null when it is not certain enough."""

    stated: tuple[PhaseWord, ...]
    agrees: bool | None
    """Whether what was found contradicts nothing stated; null while nothing was found."""


class LossResult(Shape):
    """What a loss proof found."""

    kind: Literal["loss"] = "loss"
    verdict: Verdict
    at: datetime
    says: Sentence
    lease_s: float
    fallback_a: float
    before_a: float | None
    """What the station measured before."""

    after_a: float | None
    """And after the lease had ended."""

    meter_fell_a: float | None
    """How far the meter's phases fell, mean of those that the car loads."""

    fell_after_s: float | None
    """From the last message to the station until the meter showed the fall."""


class LoweredStation(Shape):
    """A station that the guard lowered."""

    station: str
    from_a: float
    to_a: float
    decided_s: float
    """After the load was there."""

    accepted_s: float | None
    """Until the station took it."""


class OverloadResult(Shape):
    """What an overload proof found."""

    kind: Literal["overload"] = "overload"
    verdict: Verdict
    at: datetime
    says: Sentence
    circuit: str
    phase: PhaseWord
    fuse_a: float
    virtual_a: float
    """What was added to the meter's reading."""

    lowered: tuple[LoweredStation, ...]
    fell_s: float | None
    """Until the real meter showed that the cars had come down."""

    allowed_s: float
    lowers_before_raises: bool | None


class SignResult(Shape):
    """What a sign test found."""

    kind: Literal["sign"] = "sign"
    verdict: Verdict
    at: datetime
    says: Sentence
    circuit: str
    against: Literal["load", "sun"]
    phase_stated: PhaseWord | None
    phase_found: PhaseWord | None
    change_a: float | None
    """Signed; a load that is switched on must raise the meter."""


ProofResult = Annotated[ChargerResult | LossResult | OverloadResult | SignResult, Field(discriminator="kind")]


class ProofWish(Shape):
    """Body of `POST /commissioning/proofs`. One proof runs at a time."""

    kind: Literal["charger", "loss", "overload", "sign"]
    station: SiteName | None = None
    """Of a charger or loss proof."""

    circuit: SiteName = "main"
    """Of an overload proof or sign test."""

    phase: PhaseWord | None = None
    """Of an overload proof (null: the fullest with a charging car); the phase of the load of a sign test."""

    against: Literal["load", "sun"] = "load"
    """What a sign test compares the meter with."""


class ProofState(Shape):
    """A proof that runs or ran last."""

    id: int
    kind: Literal["charger", "loss", "overload", "sign"]
    station: str | None
    circuit: str | None
    began_at: datetime
    running: bool
    stage: Sentence
    """What happens now, or what the person is to do."""

    progress: float
    """0 to 1."""

    remaining_s: float
    """It ends by itself after this at the latest."""

    result: ProofResult | None
