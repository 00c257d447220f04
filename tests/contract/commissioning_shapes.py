"""One of each shape of commissioning, made by hand, so that proofs may learn without changing the contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from ems.api import wire_commissioning as wire
from ems.api.wire import Sentence
from ems.commissioning.findings import Verdict
from ems.commissioning.phase_map import Certainty
from ems.commissioning.steps import Condition, StepKey
from ems.model.electrical import FuseDevice
from ems.model.station import ConnectorStatus

THEN = datetime(2026, 6, 21, 8, 0, tzinfo=UTC)

CONNECTION = wire.ConnectionLimits(
    main_fuse_a=35.0,
    main_fuse_device=FuseDevice.SLS,
    largest_other_load_a=16.0,
    max_import_kw=22.0,
    max_imbalance_a=20.0,
    grid_operator=wire.GridOperatorLimits(rule="de14a", devices=2, large_heat_pump_kw=12.0),
)
CIRCUIT = wire.CircuitLimits(id="annex", phases=("L2",), fuse_a=16.0, largest_other_load_a=6.0, max_kw=3.7)
STATION = wire.StationLimits(circuit="annex", wired=("L2", "L3", "L1"), max_a=16.0, fallback_a=6.0)
FUSE = wire.FuseProofRow(
    circuit="annex",
    phase="L2",
    stations_a=6.0,
    other_load_a=6.0,
    bound_a=16.0,
    covered=False,
    culprits=("garage",),
)


def said(key: str, text: str) -> Sentence:
    return Sentence(key=key, numbers={}, text=text)


def charger() -> wire.ChargerResult:
    return wire.ChargerResult(
        verdict=Verdict.PASSED,
        at=THEN,
        says=said("proof.charger.passed", "obeys within 4 s"),
        plateaus=(
            wire.PlateauFigures(
                limit_a=10.0, phases=3, station_a=9.9, meter_a=(9.8, 9.9, 9.9), obeyed=True, reaction_s=3.4
            ),
        ),
        reaction_s=3.4,
        step_a=0.5,
        repeats=1,
        wiring=(wire.FoundPhase(station_phase="L1", house_phase="L2", certainty=next(iter(Certainty))),),
        found=("L2", "L3", "L1"),
        stated=("L1", "L2", "L3"),
        agrees=False,
    )


def loss() -> wire.LossResult:
    return wire.LossResult(
        verdict=Verdict.PASSED,
        at=THEN,
        says=said("proof.loss.passed", "fell to 6 A"),
        lease_s=60.0,
        fallback_a=6.0,
        before_a=10.0,
        after_a=6.0,
        meter_fell_a=4.0,
        fell_after_s=61.5,
    )


def overload() -> wire.OverloadResult:
    lowered = wire.LoweredStation(station="garage", from_a=16.0, to_a=6.0, decided_s=1.0, accepted_s=1.2)
    return wire.OverloadResult(
        verdict=Verdict.FAILED,
        at=THEN,
        says=said("proof.overload.failed", "the cars came down too late"),
        circuit="main",
        phase="L2",
        fuse_a=35.0,
        virtual_a=30.0,
        lowered=(lowered,),
        fell_s=12.0,
        allowed_s=10.0,
        lowers_before_raises=True,
    )


def sign() -> wire.SignResult:
    return wire.SignResult(
        verdict=Verdict.UNCERTAIN,
        at=THEN,
        says=said("proof.sign.uncertain", "nothing changed"),
        circuit="main",
        against="load",
        phase_stated="L1",
        phase_found=None,
        change_a=None,
    )


def meter() -> wire.MeterLive:
    return wire.MeterLive(
        id="grid",
        circuit="main",
        profile="eastron_sdm630",
        period_s=1.0,
        phases=(wire.MeterPhase(phase="L1", current_a=-1.5, voltage_v=230.5),),
        power_w=-345.75,
        phases_w=-345.75,
        sum_agrees=True,
        age_s=0.4,
        fresh=True,
        virtual_a=(0.0, 30.0, 0.0),
        sign=sign(),
    )


def station() -> wire.StationBench:
    return wire.StationBench(
        id="garage",
        identity="GARAGE-1",
        url="ws://192.0.2.7:9000/GARAGE-1",
        needs_password=True,
        circuit="annex",
        wired=("L2", "L3", "L1"),
        wiring_known=True,
        max_a=16.0,
        fallback_a=6.0,
        lease_verified=True,
        connected=True,
        protocol="ocpp1.6",
        vendor="Acme",
        model="Box 11",
        firmware="1.2",
        serials=("A-0001",),
        status=ConnectorStatus.CHARGING,
        plugged=True,
        current_a=(9.9, 9.9, 9.8),
        limit_a=10.0,
        charger=charger(),
        loss=None,
    )


def proof() -> wire.ProofState:
    return wire.ProofState(
        id=3,
        kind="charger",
        station="garage",
        circuit=None,
        began_at=THEN,
        running=True,
        stage=said("proof.stage", "holding 10 A"),
        progress=0.5,
        remaining_s=40.0,
        result=None,
    )


def commissioning() -> Any:
    """All that the installer's page shows."""
    return written(
        wire.CommissioningState(
            at=THEN,
            commissioned=True,
            sealed=wire.Seal(installer="Ines", at=THEN, limits_hash="ab" * 32, key="cd" * 32),
            storage_trouble=None,
            steps=tuple(
                wire.StepState(key=key, condition=condition, says=said(f"step.{key}", "as it is"))
                for key, condition in zip(StepKey, [*Condition, *Condition, *Condition], strict=False)
            ),
            connection=CONNECTION,
            draft=wire.ConnectionDraft(main_fuse_a=None),
            connection_by="installer",
            circuits=(CIRCUIT,),
            fuses=(FUSE,),
            covered=False,
            warnings=(said("warning.feeder", "annex is larger than what feeds it"),),
            meters=(meter(),),
            stations=(station(),),
            strangers=(
                wire.Stranger(
                    identity="NEW-7",
                    address="192.0.2.9",
                    first_at=THEN - timedelta(hours=1),
                    last_at=THEN,
                    times=3,
                    refused=False,
                    waits=True,
                    vendor="Acme",
                    model="Box",
                    firmware="1.2",
                    serials=("SN7",),
                ),
            ),
            added=(wire.AddedStation(id="yard", identity="NEW-8", in_force=False),),
            proof=proof(),
            overload=overload(),
            changes=(wire.ChangeRecord(at=THEN, who="ines", what="main fuse 35 A"),),
        )
    )


def commissioning_before() -> Any:
    """Before anybody stated anything."""
    return written(
        wire.CommissioningState(
            at=THEN,
            commissioned=False,
            sealed=None,
            storage_trouble="the disk is full",
            steps=(),
            connection=None,
            draft=wire.ConnectionDraft(main_fuse_a=None),
            connection_by=None,
            circuits=(),
            fuses=(),
            covered=False,
            warnings=(),
            meters=(),
            stations=(),
            strangers=(),
            proof=None,
            overload=None,
            changes=(),
        )
    )


def commissioning_results() -> Any:
    """What each kind of proof found."""
    return {made.kind: written(made) for made in (charger(), loss(), overload(), sign())}


def commissioning_answers() -> Any:
    """What comes back from setting limits and from the hand-over."""
    refused = wire.LimitsProblem(
        type="urn:fusewise:problem:limits_refused",
        title="These limits do not fit together",
        status=409,
        code="limits_refused",
        detail="1 problem",
        problems=(wire.FoundProblem(place="annex", problem="it feeds itself", cure="name another circuit"),),
    )
    typed_once = wire.LimitsAnswer(outcome="type_again", expires_in_s=120.0, fuses=(FUSE,), warnings=())
    handed_over = wire.HandOver(text="{}", limits_hash="ab" * 32, signature="ef" * 64, key="cd" * 32)
    return {"limits": written(typed_once), "refused": written(refused), "hand_over": written(handed_over)}


def commissioning_wishes() -> Any:
    """The bodies that installers send."""
    return {
        "connection": written(CONNECTION),
        "circuits": written(wire.CircuitsWish(circuits=(CIRCUIT,))),
        "station": written(STATION),
        "proof": written(wire.ProofWish(kind="charger", station="garage")),
        "adopt": written(wire.AdoptWish(identity="NEW-7")),
        "take_in": written(
            wire.NewStationWish(identity="NEW-7", id="yard", circuit="main", wired=("L1", "L2", "L3"), max_a=16.0)
        ),
        "refuse": written(wire.RefuseWish(identity="NEW-7")),
        "hand_over": written(wire.HandOverWish(installer="Ines", company="Amp & Co", accept_open=True)),
        "unlock": written(wire.UnlockWish(why="a new charger")),
    }


def commissioning_words() -> Any:
    """Every word that an installer's client may meet."""
    kinds = (Verdict, Certainty, StepKey, Condition, FuseDevice, ConnectorStatus)
    return {kind.__name__: [member.value for member in kind] for kind in kinds}


def written(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")


SHAPES = (
    *(commissioning, commissioning_before, commissioning_results),
    *(commissioning_answers, commissioning_wishes, commissioning_words),
)
