"""How far commissioning is: one condition per step, from what is in force and what was proven."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ems.commissioning.findings import ChargerFindings, SignFindings, Verdict
from ems.commissioning.kept import Kept
from ems.commissioning.limits import fuse_rows
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.watch import Watch
from ems.config.schema import SiteFile, StationEntry
from ems.control.fallback import is_covered

FRESH_WITHIN_S: Final = 5.0
"""A meter's value counts as fresh up to this age."""


class StepKey(StrEnum):
    """The steps, in their order."""

    CONNECTION = "connection"
    CIRCUITS = "circuits"
    METER = "meter"
    STATIONS = "stations"
    CHARGER_PROOF = "charger_proof"
    LOSS_PROOF = "loss_proof"
    OVERLOAD_PROOF = "overload_proof"
    HAND_OVER = "hand_over"


class Condition(StrEnum):
    """How far a step is."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, and what is left to do in it."""

    key: StepKey
    condition: Condition
    says: Phrase


@dataclass(frozen=True, slots=True)
class Steps:
    """All of them."""

    steps: tuple[Step, ...]

    @property
    def still_open(self) -> tuple[str, ...]:
        """Those before the hand-over that are not done."""
        before = [each for each in self.steps if each.key is not StepKey.HAND_OVER]
        return tuple(each.key for each in before if each.condition is not Condition.DONE)


def open_steps(file: SiteFile, kept: Kept, watch: Watch, now_s: float) -> Steps:
    """Every step as it is now."""
    return Steps(
        (
            _connection(file),
            _circuits(file),
            _meter(file, kept, watch, now_s),
            _stations(file, watch),
            _charger(file, kept),
            _loss(file, kept),
            _overload(kept),
            _hand_over(kept),
        )
    )


def charger_condition(entry: StationEntry, findings: ChargerFindings | None) -> Condition:
    """Of one station: proven, and wired as it is stated now."""
    if findings is None or findings.verdict is Verdict.UNCERTAIN:
        return Condition.OPEN
    if findings.verdict is Verdict.FAILED:
        return Condition.FAILED
    return Condition.DONE if _fits_wiring(entry, findings) else Condition.OPEN


def _fits_wiring(entry: StationEntry, findings: ChargerFindings) -> bool:
    stated = tuple(phase.name for phase in findings.stated)
    if entry.wired == stated:
        return findings.agrees is True
    found = findings.found or ()
    return entry.wired == tuple(phase.name for phase in found)


def _step(key: StepKey, condition: Condition, name: str, **numbers: float | str) -> Step:
    return Step(key=key, condition=condition, says=phrase(f"step.{name}.{condition}", **numbers))


def _connection(file: SiteFile) -> Step:
    connection = file.connection
    if connection.main_fuse_a is None:
        return _step(StepKey.CONNECTION, Condition.OPEN, "connection")
    numbers = {"fuse_a": connection.main_fuse_a, "phases": connection.phases}
    return _step(StepKey.CONNECTION, Condition.DONE, "connection", **numbers)


def _circuits(file: SiteFile) -> Step:
    # Stations count with all they can draw until their loss proof; that is what the loss proof is for.
    holds = file.connection.main_fuse_a is not None and is_covered(fuse_rows(_all_verified(file)))
    return _step(StepKey.CIRCUITS, Condition.DONE if holds else Condition.OPEN, "circuits")


def _all_verified(file: SiteFile) -> SiteFile:
    stations = tuple(each.model_copy(update={"lease_verified": True}) for each in file.stations)
    return file.model_copy(update={"stations": stations})


def _meter(file: SiteFile, kept: Kept, watch: Watch, now_s: float) -> Step:
    main = next(meter for meter in file.meters if meter.circuit == "main")
    sample = None if watch.look is None else watch.look.meters.get(main.circuit)
    stale = sample is None or now_s - sample.taken_at_s > max(FRESH_WITHIN_S, 2 * main.period_s)
    sign: SignFindings | None = kept.record.sign.get(main.circuit)
    if stale or (sign is not None and sign.verdict is Verdict.FAILED):
        return _step(StepKey.METER, Condition.FAILED, "meter")
    proven = sign is not None and sign.verdict is Verdict.PASSED
    return _step(StepKey.METER, Condition.DONE if proven else Condition.OPEN, "meter")


def _stations(file: SiteFile, watch: Watch) -> Step:
    missing = sum(not watch.state_of(entry.id).connected for entry in file.stations)
    if missing:
        return _step(StepKey.STATIONS, Condition.OPEN, "stations", missing=missing)
    return _step(StepKey.STATIONS, Condition.DONE, "stations")


def _charger(file: SiteFile, kept: Kept) -> Step:
    conditions = {entry.id: charger_condition(entry, kept.record.charger.get(entry.id)) for entry in file.stations}
    return _proofs(StepKey.CHARGER_PROOF, conditions)


def _loss(file: SiteFile, kept: Kept) -> Step:
    conditions = {}
    for entry in file.stations:
        findings = kept.record.loss.get(entry.id)
        failed = findings is not None and findings.verdict is Verdict.FAILED
        passed = findings is not None and findings.verdict is Verdict.PASSED and entry.lease_verified
        conditions[entry.id] = Condition.FAILED if failed else Condition.DONE if passed else Condition.OPEN
    return _proofs(StepKey.LOSS_PROOF, conditions)


def _proofs(key: StepKey, conditions: dict[str, Condition]) -> Step:
    failed = next((name for name, each in conditions.items() if each is Condition.FAILED), None)
    if failed is not None:
        return _step(key, Condition.FAILED, "proof", station=failed)
    missing = sum(each is Condition.OPEN for each in conditions.values())
    if missing:
        return _step(key, Condition.OPEN, "proof", missing=missing)
    return _step(key, Condition.DONE, "proof")


def _overload(kept: Kept) -> Step:
    findings = kept.record.overload
    if findings is None or findings.verdict is Verdict.UNCERTAIN:
        return _step(StepKey.OVERLOAD_PROOF, Condition.OPEN, "overload_proof")
    passed = findings.verdict is Verdict.PASSED
    return _step(StepKey.OVERLOAD_PROOF, Condition.DONE if passed else Condition.FAILED, "overload_proof")


def _hand_over(kept: Kept) -> Step:
    return _step(StepKey.HAND_OVER, Condition.OPEN if kept.seal is None else Condition.DONE, "hand_over")
