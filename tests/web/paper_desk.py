"""An installer's desk in memory: limits typed twice, proofs that run until told, a hand-over that locks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ems.api.wire import Sentence
from ems.api.wire_commissioning import (
    AddedStation,
    ChangeRecord,
    ChargerResult,
    CircuitLimits,
    CircuitsWish,
    CommissioningState,
    ConnectionDraft,
    ConnectionLimits,
    FoundPhase,
    FuseProofRow,
    HandOver,
    HandOverWish,
    LimitsAnswer,
    LossResult,
    LoweredStation,
    MeterLive,
    MeterPhase,
    NewStationWish,
    OverloadResult,
    PlateauFigures,
    ProofState,
    ProofWish,
    Seal,
    SignResult,
    StationBench,
    StationLimits,
    StepState,
    Stranger,
)
from ems.commissioning.errors import Sealed, StepsOpen, TypedDifferently
from ems.commissioning.findings import Verdict
from ems.commissioning.phase_map import Certainty
from ems.commissioning.steps import Condition, StepKey
from ems.model.station import ConnectorStatus
from ems.model.words import Language, Phrase


def sentence(key: str, **numbers: float | str) -> Sentence:
    phrase = Phrase(key, numbers)
    return Sentence(key=key, numbers=dict(numbers), text=phrase.said())


class PaperDesk:
    """Implements `ems.api.commissioning_port.Commissioning`."""

    def __init__(self, now: Callable[[], datetime], *, looks: int | None = None) -> None:
        """A proof ends when it was asked for `looks` times; with None only when it is told to."""
        self._now = now
        self._ends_after = looks
        self._looks = 0
        self.afresh()

    def afresh(self) -> None:
        self._connection: ConnectionLimits | None = None
        self._typed: ConnectionLimits | None = None
        self._circuits: tuple[CircuitLimits, ...] = (CircuitLimits(id="annex", fuse_a=16.0, phases=("L2",)),)
        self._wired: tuple[str, ...] = ("L1", "L2", "L3")
        self._proof: ProofState | None = None
        self._results: dict[str, object] = {}
        self._seal: Seal | None = None
        self._known: dict[str, str] = {}
        self._stranger = True
        self._added: tuple[AddedStation, ...] = ()
        self._changes: list[ChangeRecord] = []

    def state(self, host: str) -> CommissioningState:
        fuse_a = 25.0 if self._connection is None else self._connection.main_fuse_a
        return CommissioningState(
            at=self._now(),
            commissioned=self._connection is not None,
            sealed=self._seal,
            storage_trouble=None,
            steps=self._steps(),
            connection=self._connection,
            draft=ConnectionDraft(main_fuse_a=None)
            if self._connection is None
            else ConnectionDraft.model_validate(self._connection.model_dump()),
            connection_by=None if self._connection is None else "installer",
            circuits=self._circuits,
            fuses=(_row("main", "L1", fuse_a), _row("main", "L2", fuse_a), _row("annex", "L2", 16.0, covered=False)),
            covered=False,
            warnings=(sentence("commissioning.warning.unverified", station="guest", hardware_a=32.0),),
            meters=(self._meter(),),
            stations=(self._bench("garage", host), self._bench("carport", host)),
            strangers=self._strangers(),
            added=self._added,
            proof=self._proof,
            overload=self._results.get("overload"),
            changes=tuple(reversed(self._changes)),
        )

    def end_proof(self) -> None:
        """The proof that runs has measured what it wanted to; until told so it goes on."""
        proof = self._proof
        assert proof is not None
        assert proof.running
        result = self._result(proof)
        self._results[f"{proof.kind} {proof.station}" if proof.station else proof.kind] = result
        self._proof = proof.model_copy(update={"progress": 1.0, "running": False, "result": result})

    def _result(self, proof: ProofState) -> ChargerResult | LossResult | OverloadResult | SignResult:
        passed, at = Verdict.PASSED, self._now()
        if proof.kind == "charger":
            return _charger(at, proof.station or "")
        if proof.kind == "loss":
            says = sentence("commissioning.loss.passed", station=proof.station or "", after_a=6.0, fallback_a=6.0)
            return LossResult(
                verdict=passed, at=at, says=says, lease_s=120.0, fallback_a=6.0, before_a=10.1, after_a=6.0,
                meter_fell_a=4.1, fell_after_s=118.0,
            )  # fmt: skip
        if proof.kind == "sign":
            says = sentence("commissioning.sign.passed", phase="L2", change_a=8.7)
            return SignResult(
                verdict=passed, at=at, says=says, circuit="main", against="load", phase_stated=None, phase_found="L2",
                change_a=8.7,
            )  # fmt: skip
        lowered = LoweredStation(station="garage", from_a=16.0, to_a=6.0, decided_s=0.3, accepted_s=0.5)
        return OverloadResult(
            verdict=passed, at=at, says=sentence("commissioning.overload.passed", fell_s=2.1), circuit="main",
            phase="L2", fuse_a=25.0, virtual_a=14.0, lowered=(lowered,), fell_s=2.1, allowed_s=10.0,
            lowers_before_raises=True,
        )  # fmt: skip

    def _steps(self) -> tuple[StepState, ...]:
        stated = Condition.OPEN if self._connection is None else Condition.DONE
        says = sentence("commissioning.step.connection.open")
        if self._connection is not None:
            connection = self._connection
            numbers = {"fuse_a": connection.main_fuse_a, "phases": connection.phases}
            says = sentence("commissioning.step.connection.done", **numbers)
        return (
            StepState(key=StepKey.CONNECTION, condition=stated, says=says),
            StepState(
                key=StepKey.CIRCUITS,
                condition=Condition.FAILED,
                says=sentence("commissioning.step.circuits.open"),
            ),
            self._step(StepKey.METER, "sign", "commissioning.step.meter"),
            StepState(
                key=StepKey.STATIONS,
                condition=Condition.DONE,
                says=sentence("commissioning.step.stations.done"),
            ),
            self._step(StepKey.CHARGER_PROOF, "charger garage", "commissioning.step.proof", missing=2),
            self._step(StepKey.LOSS_PROOF, "loss garage", "commissioning.step.proof", missing=2),
            self._step(StepKey.OVERLOAD_PROOF, "overload", "commissioning.step.overload_proof"),
            StepState(
                key=StepKey.HAND_OVER,
                condition=Condition.OPEN if self._seal is None else Condition.DONE,
                says=sentence(f"commissioning.step.hand_over.{'open' if self._seal is None else 'done'}"),
            ),
        )

    def _step(self, key: StepKey, result: str, says: str, **numbers: int) -> StepState:
        if result in self._results:
            return StepState(key=key, condition=Condition.DONE, says=sentence(f"{says}.done"))
        return StepState(key=key, condition=Condition.OPEN, says=sentence(f"{says}.open", **numbers))

    def _meter(self) -> MeterLive:
        return MeterLive(
            id="grid",
            circuit="main",
            profile="eastron-sdm630",
            period_s=1.0,
            phases=(
                MeterPhase(phase="L1", current_a=9.4, voltage_v=229.8),
                MeterPhase(phase="L2", current_a=12.1, voltage_v=230.4),
                MeterPhase(phase="L3", current_a=-6.2, voltage_v=231.0),
            ),
            power_w=3480.0,
            phases_w=3515.0,
            sum_agrees=True,
            age_s=0.4,
            fresh=True,
            virtual_a=None,
            sign=self._results.get("sign"),
        )

    def _bench(self, name: str, host: str) -> StationBench:
        identity = self._known.get(name, name)
        return StationBench(
            id=name,
            identity=identity,
            url=f"ws://{host}:9000/ocpp/{identity}",
            needs_password=False,
            circuit="main",
            wired=self._wired if name == "garage" else ("L2",),
            wiring_known=True,
            max_a=16.0,
            fallback_a=6.0,
            lease_verified=f"loss {name}" in self._results,
            connected=True,
            protocol="ocpp1.6",
            vendor="Paper",
            model="Box",
            firmware="1.0",
            serials=("1",),
            status=ConnectorStatus.CHARGING,
            plugged=name == "garage",
            current_a=(8.0, 8.0, 8.0),
            limit_a=8.4,
            charger=self._results.get(f"charger {name}"),
            loss=self._results.get(f"loss {name}"),
        )

    def _strangers(self) -> tuple[Stranger, ...]:
        if not self._stranger:
            return ()
        at = self._now()
        return (Stranger(identity="CP_4711", address="192.0.2.7", first_at=at, last_at=at, times=3, refused=False),)

    async def set_connection(self, limits: ConnectionLimits, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        self._refuse_sealed()
        if dry_run:
            return _answer("checked")
        if self._typed is None:
            self._typed = limits
            return _answer("type_again")
        first, self._typed = self._typed, None
        if first != limits:
            self._typed = limits
            raise TypedDifferently("the second time it was different")
        self._connection = limits
        self._note(who, f"main fuse {limits.main_fuse_a:g} A")
        return _answer("applied")

    async def set_circuits(self, wish: CircuitsWish, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        self._refuse_sealed()
        if not dry_run:
            self._circuits = wish.circuits
            self._note(who, "circuits")
        return _answer("applied")

    async def set_station(
        self, station_id: str, limits: StationLimits, *, who: str, dry_run: bool = False
    ) -> LimitsAnswer:
        self._refuse_sealed()
        if not dry_run:
            self._wired = limits.wired
            self._note(who, f"{station_id}: at most {limits.max_a:g} A")
        return _answer("applied")

    async def take_found_wiring(self, station_id: str, *, who: str) -> LimitsAnswer:
        self._wired = ("L2", "L3", "L1")
        self._note(who, f"{station_id}: wired L2 L3 L1")
        return _answer("applied")

    async def adopt(self, station_id: str, identity: str, *, host: str, who: str) -> StationBench:
        self._known[station_id] = identity
        self._stranger = False
        self._note(who, f"{identity} is {station_id}")
        return self._bench(station_id, host)

    async def take_in(self, wish: NewStationWish, *, who: str, dry_run: bool = False) -> LimitsAnswer:  # noqa: ARG002
        row = _row("main", "L1", 25.0, covered=False)
        if dry_run:
            return LimitsAnswer(outcome="checked", fuses=(row,), warnings=())
        self._added = (*self._added, AddedStation(id=wish.id, identity=wish.identity, in_force=False))
        return LimitsAnswer(outcome="after_restart", fuses=(row,), warnings=())

    async def leave_out(self, station_id: str, *, who: str) -> None:  # noqa: ARG002
        self._added = tuple(each for each in self._added if each.id != station_id)

    async def refuse(self, identity: str, *, who: str) -> None:
        self._stranger = False
        self._note(who, f"{identity} refused")

    async def start(self, wish: ProofWish, *, who: str) -> ProofState:
        self._looks = 0
        self._note(who, f"proof {wish.kind}")
        stage = sentence("commissioning.begins")
        self._proof = ProofState(
            id=1, kind=wish.kind, station=wish.station, circuit=wish.circuit, began_at=self._now(), running=True,
            stage=stage, progress=0.0, remaining_s=90.0, result=None,
        )  # fmt: skip
        return self._proof

    def proof(self) -> ProofState | None:
        self._looks += 1
        if self._looks == self._ends_after:
            self.end_proof()
        return self._proof

    async def abort(self, *, who: str) -> ProofState | None:
        if self._proof is not None:
            self._proof = self._proof.model_copy(update={"running": False})
        self._note(who, "proof aborted")
        return self._proof

    async def hand_over(self, wish: HandOverWish, *, who: str) -> HandOver:
        if not wish.accept_open:
            raise StepsOpen(("circuits",))
        self._seal = Seal(installer=wish.installer, at=self._now(), limits_hash="5f" * 32, key="ab" * 32)
        self._note(who, "handed over")
        return self.last_hand_over()

    def last_hand_over(self) -> HandOver:
        return HandOver(text="{}", limits_hash="5f" * 32, signature="00", key="ab" * 32)

    def hand_over_page(self, language: Language) -> str:
        return f'<!doctype html><html lang="{language}"><title>Hand-over</title>'

    async def unlock(self, why: str, *, who: str) -> None:
        self._seal = None
        self._note(who, f"unlocked: {why}")

    def _refuse_sealed(self) -> None:
        if self._seal is not None:
            raise Sealed("the limits are locked")

    def _note(self, who: str, what: str) -> None:
        self._changes.append(ChangeRecord(at=self._now(), who=who, what=what))


def _row(circuit: str, phase: str, bound_a: float, *, covered: bool = True) -> FuseProofRow:
    return FuseProofRow.model_validate(
        {
            "circuit": circuit,
            "phase": phase,
            "stations_a": 12.0,
            "other_load_a": 8.0,
            "bound_a": bound_a,
            "covered": covered,
            "culprits": (),
        }
    )


def _answer(outcome: str) -> LimitsAnswer:
    return LimitsAnswer.model_validate({"outcome": outcome, "expires_in_s": 600.0, "fuses": (), "warnings": ()})


def _charger(at: datetime, station: str) -> ChargerResult:
    found = (("L1", "L2"), ("L2", "L3"), ("L3", "L1"))
    wiring = [
        FoundPhase.model_validate({"station_phase": own, "house_phase": house, "certainty": Certainty.CERTAIN})
        for own, house in found
    ]
    plateaus = [
        PlateauFigures(
            limit_a=limit_a,
            phases=3,
            station_a=limit_a,
            meter_a=(limit_a, limit_a, limit_a),
            obeyed=True,
            reaction_s=2.4,
        )
        for limit_a in (6.0, 10.0, 0.0)
    ]
    return ChargerResult(
        verdict=Verdict.PASSED,
        at=at,
        says=sentence("commissioning.charger.other_wiring", station=station),
        plateaus=tuple(plateaus),
        reaction_s=2.4,
        step_a=0.5,
        repeats=1,
        wiring=tuple(wiring),
        found=("L2", "L3", "L1"),
        stated=("L1", "L2", "L3"),
        agrees=False,
    )
