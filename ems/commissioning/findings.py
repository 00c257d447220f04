"""What proofs find: verdicts with the figures that were measured. Kept beside the limits, signed at the hand-over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from ems.commissioning.phase_map import FoundPhase
from ems.commissioning.phrases import Phrase
from ems.model.electrical import PerPhase, Phase, Wiring


class Verdict(StrEnum):
    """How a proof ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """Nothing is proven: noise, no room, a car that does not draw."""

    ABORTED = "aborted"


class ProofKind(StrEnum):
    """What can be proven."""

    CHARGER = "charger"
    LOSS = "loss"
    OVERLOAD = "overload"
    SIGN = "sign"


class SignAgainst(StrEnum):
    """What a sign test compares the meter with."""

    LOAD = "load"
    SUN = "sun"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateauFigures:
    """One limit that was held for a while, and what was measured meanwhile."""

    limit_a: float
    phases: int
    station_a: float | None
    """As the station measures, its largest phase."""

    meter_a: PerPhase
    """What the meter showed more than in the pause before; the house is in it, too."""

    obeyed: bool
    reaction_s: float | None
    """From the message until the meter showed it, less than a period of the meter too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerFindings:
    """Of a charger proof."""

    verdict: Verdict
    utc_s: float
    says: Phrase
    station_id: str
    stated: Wiring
    plateaus: tuple[PlateauFigures, ...] = ()
    reaction_s: float | None = None
    """The slowest way down."""

    step_a: float | None = None
    """The finest step that was seen: 0.5 or finer, or 1."""

    repeats: int = 0
    wiring: tuple[FoundPhase, ...] = ()
    found: Wiring | None = None
    """The whole wiring, presumed phases included."""

    agrees: bool | None = None
    """Whether the stated wiring fits all that is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFindings:
    """Of a loss proof."""

    verdict: Verdict
    utc_s: float
    says: Phrase
    station_id: str
    lease_s: float
    fallback_a: float
    before_a: float | None = None
    """What the station measured, its largest phase."""

    after_a: float | None = None
    meter_fell_a: float | None = None
    fell_after_s: float | None = None
    """From the last message until the meter showed the fall."""

    def is_of(self, fallback_a: float, lease_s: float) -> bool:
        """Whether it tells anything about a station with these limits."""
        return (self.fallback_a, self.lease_s) == (fallback_a, lease_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredStation:
    """A station that the guard lowered; times from when the load was there."""

    station_id: str
    from_a: float
    to_a: float
    decided_s: float
    accepted_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadFindings:
    """Of an overload proof."""

    verdict: Verdict
    utc_s: float
    says: Phrase
    circuit_id: str
    phase: Phase
    fuse_a: float
    virtual_a: float = 0.0
    allowed_s: float = 0.0
    lowered: tuple[LoweredStation, ...] = ()
    fell_s: float | None = None
    """Until the real meter showed that the cars had come down."""

    lowers_before_raises: bool | None = None
    """None when nothing was raised meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFindings:
    """Of a sign test."""

    verdict: Verdict
    utc_s: float
    says: Phrase
    circuit_id: str
    against: SignAgainst
    stated: Phase | None = None
    found: Phase | None = None
    change_a: float | None = None
    """Signed; a load that is switched on must raise the meter."""


Findings: TypeAlias = ChargerFindings | LossFindings | OverloadFindings | SignFindings


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The newest findings of every kind, for every station and circuit."""

    charger: dict[str, ChargerFindings] = field(default_factory=dict)
    loss: dict[str, LossFindings] = field(default_factory=dict)
    overload: OverloadFindings | None = None
    sign: dict[str, SignFindings] = field(default_factory=dict)

    def without(self, station_id: str) -> Record:
        """Without what was found of that station, since another one may get its name."""
        charger = {name: each for name, each in self.charger.items() if name != station_id}
        loss = {name: each for name, each in self.loss.items() if name != station_id}
        return replace(self, charger=charger, loss=loss)

    def with_new(self, findings: Findings) -> Record:
        """With these in place of older ones; an aborted proof leaves the older ones."""
        if findings.verdict is Verdict.ABORTED:
            return self
        charger, loss, overload, sign = dict(self.charger), dict(self.loss), self.overload, dict(self.sign)
        match findings:
            case ChargerFindings():
                charger[findings.station_id] = findings
            case LossFindings():
                loss[findings.station_id] = findings
            case OverloadFindings():
                overload = findings
            case SignFindings():
                sign[findings.circuit_id] = findings
        return Record(charger=charger, loss=loss, overload=overload, sign=sign)
