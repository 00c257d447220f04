"""Findings of proofs as shapes on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from ems.api.wire import Sentence
from ems.api.wire_commissioning import (
    ChargerResult,
    FoundPhase,
    LossResult,
    LoweredStation,
    OverloadResult,
    PhaseWord,
    PlateauFigures,
    ProofResult,
    ProofState,
    SignResult,
)
from ems.commissioning.findings import (
    ChargerFindings,
    Findings,
    LossFindings,
    OverloadFindings,
    ProofKind,
    SignAgainst,
    SignFindings,
)
from ems.commissioning.phrases import Phrase
from ems.commissioning.proofs import Progress
from ems.model.electrical import Phase

PHASE_WORDS: tuple[PhaseWord, ...] = ("L1", "L2", "L3")


def says(phrase: Phrase) -> Sentence:
    """Key, numbers, and the English text."""
    return Sentence(key=phrase.key, numbers=dict(phrase.numbers), text=phrase.said())


def at(utc_s: float) -> datetime:
    """Seconds since 1970 as the wire has times."""
    return datetime.fromtimestamp(utc_s, UTC)


def word(phase: Phase) -> PhaseWord:
    """`L1` and so on."""
    return PHASE_WORDS[phase]


def words(phases: Iterable[Phase]) -> tuple[PhaseWord, ...]:
    """Several of them, in their order."""
    return tuple(word(phase) for phase in phases)


def progress_state(progress: Progress, now_s: float) -> ProofState:
    """A proof that runs or ran last."""
    wanted = progress.wanted
    return ProofState(
        id=progress.number,
        kind=_KINDS[wanted.kind],
        station=wanted.station_id,
        circuit=wanted.circuit_id,
        began_at=at(progress.began_utc_s),
        running=progress.running,
        stage=says(progress.stage),
        progress=round(progress.done, 3),
        remaining_s=round(progress.remaining_s(now_s), 1),
        result=None if progress.findings is None else result(progress.findings),
    )


def result(findings: Findings) -> ProofResult:
    """Whatever was found."""
    match findings:
        case ChargerFindings():
            return charger_result(findings)
        case LossFindings():
            return loss_result(findings)
        case OverloadFindings():
            return overload_result(findings)
        case SignFindings():
            return sign_result(findings)


def charger_result(findings: ChargerFindings) -> ChargerResult:
    """Of a charger proof."""
    return ChargerResult(
        verdict=findings.verdict,
        at=at(findings.utc_s),
        says=says(findings.says),
        plateaus=tuple(
            PlateauFigures(
                limit_a=row.limit_a,
                phases=row.phases,
                station_a=row.station_a,
                meter_a=tuple(row.meter_a),
                obeyed=row.obeyed,
                reaction_s=row.reaction_s,
            )
            for row in findings.plateaus
        ),
        reaction_s=findings.reaction_s,
        step_a=findings.step_a,
        repeats=findings.repeats,
        wiring=tuple(
            FoundPhase(
                station_phase=PHASE_WORDS[place],
                house_phase=None if each.house is None else word(each.house),
                certainty=each.certainty,
            )
            for place, each in enumerate(findings.wiring)
        ),
        found=None if findings.found is None else words(findings.found),
        stated=words(findings.stated),
        agrees=findings.agrees,
    )


def loss_result(findings: LossFindings) -> LossResult:
    """Of a loss proof."""
    return LossResult(
        verdict=findings.verdict,
        at=at(findings.utc_s),
        says=says(findings.says),
        lease_s=findings.lease_s,
        fallback_a=findings.fallback_a,
        before_a=findings.before_a,
        after_a=findings.after_a,
        meter_fell_a=findings.meter_fell_a,
        fell_after_s=findings.fell_after_s,
    )


def overload_result(findings: OverloadFindings) -> OverloadResult:
    """Of an overload proof."""
    return OverloadResult(
        verdict=findings.verdict,
        at=at(findings.utc_s),
        says=says(findings.says),
        circuit=findings.circuit_id,
        phase=word(findings.phase),
        fuse_a=findings.fuse_a,
        virtual_a=findings.virtual_a,
        lowered=tuple(
            LoweredStation(
                station=each.station_id,
                from_a=each.from_a,
                to_a=each.to_a,
                decided_s=each.decided_s,
                accepted_s=each.accepted_s,
            )
            for each in findings.lowered
        ),
        fell_s=findings.fell_s,
        allowed_s=findings.allowed_s,
        lowers_before_raises=findings.lowers_before_raises,
    )


def sign_result(findings: SignFindings) -> SignResult:
    """Of a sign test."""
    return SignResult(
        verdict=findings.verdict,
        at=at(findings.utc_s),
        says=says(findings.says),
        circuit=findings.circuit_id,
        against="sun" if findings.against is SignAgainst.SUN else "load",
        phase_stated=None if findings.stated is None else word(findings.stated),
        phase_found=None if findings.found is None else word(findings.found),
        change_a=findings.change_a,
    )


_KINDS: dict[ProofKind, Literal["charger", "loss", "overload", "sign"]] = {
    ProofKind.CHARGER: "charger",
    ProofKind.LOSS: "loss",
    ProofKind.OVERLOAD: "overload",
    ProofKind.SIGN: "sign",
}
