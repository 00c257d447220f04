"""The shapes of commissioning on the wire: what an installer sees, sets and proves (`ems.api.wire` has the rest).

Everything under `/commissioning` is for installers only. Currents are per phase, in the order of `phases`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ems.api.wire import Problem, Sentence, Shape
from ems.commissioning.findings import Verdict
from ems.commissioning.phase_map import Certainty
from ems.commissioning.steps import Condition, StepKey
from ems.model.electrical import FuseDevice
from ems.model.station import ConnectorStatus

PhaseWord = Literal["L1", "L2", "L3"]
SiteName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.|-]{0,47}$")]
"""As the site file names stations and circuits."""

FuseAmps = Annotated[float, Field(ge=6, le=125)]
Identity = Annotated[str, Field(max_length=200)]
PersonName = Annotated[str, Field(min_length=2, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Remark = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]

MOST_CIRCUITS: Final = 40


class Limits(Shape):
    """Numbers that somebody sets: real ones only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StepState(Shape):
    """One step, and what is left to do in it."""

    key: StepKey
    condition: Condition
    says: Sentence


class GridOperatorLimits(Limits):
    """A limit that the grid operator may call for; the site file has the signal."""

    rule: Literal["de14a"]
    devices: Annotated[int, Field(ge=1, le=500)]
    large_heat_pump_kw: Annotated[float, Field(gt=11, le=200)] | None = None


class ConnectionLimits(Limits):
    """The house connection, as printed on the fuse holder."""

    phases: Literal[1, 3] = 3
    main_fuse_a: FuseAmps
    main_fuse_device: FuseDevice = FuseDevice.MCB_B
    reserve_a: Annotated[float, Field(ge=0, le=20)] = 2.0
    derating: Annotated[float, Field(ge=0.5, le=1)] = 1.0
    largest_other_load_a: Annotated[float, Field(ge=0, le=125)] | None = None
    """Largest current per phase of the house without its cars; the dead-man proof needs it."""

    max_import_kw: Annotated[float, Field(ge=1, le=200)] | None = None
    max_imbalance_a: Annotated[float, Field(ge=6, le=80)] | None = None
    grid_operator: GridOperatorLimits | None = None


class ConnectionDraft(ConnectionLimits):
    """What a form for the connection starts with; the fuse is null until somebody has stated it."""

    main_fuse_a: FuseAmps | None  # type: ignore[assignment] # a draft may lack it


class CircuitLimits(Limits):
    """A part of the house behind a fuse of its own."""

    id: SiteName
    fed_from: SiteName = "main"
    phases: Annotated[tuple[PhaseWord, ...], Field(min_length=1, max_length=3)] | None = None
    """All of its feeding circuit's when null."""

    fuse_a: FuseAmps
    fuse_device: FuseDevice = FuseDevice.MCB_C
    reserve_a: Annotated[float, Field(ge=0, le=20)] = 0.0
    derating: Annotated[float, Field(ge=0.5, le=1)] = 1.0
    largest_other_load_a: Annotated[float, Field(ge=0, le=125)] = 0.0
    max_kw: Annotated[float, Field(ge=1, le=200)] | None = None


class CircuitsWish(Limits):
    """Body of `PUT /commissioning/circuits`: all circuits below the main fuse."""

    circuits: Annotated[tuple[CircuitLimits, ...], Field(max_length=MOST_CIRCUITS)]


class StationLimits(Limits):
    """Body of `PUT /commissioning/stations/{id}`: what the installer sets for one station."""

    circuit: SiteName
    wired: Annotated[tuple[PhaseWord, ...], Field(min_length=1, max_length=3)]
    """House phases behind the station's own L1, L2, L3."""

    wiring_known: bool = True
    max_a: Annotated[float, Field(ge=6, le=80)]
    """At most what the site file states."""

    fallback_a: Annotated[float, Field(ge=0, le=32)]
    """A new one makes the loss proof due again."""


class FuseProofRow(Shape):
    """One phase of one fuse when all control is gone (`ems check`)."""

    circuit: str
    phase: PhaseWord
    stations_a: float
    other_load_a: float | None
    bound_a: float
    covered: bool
    culprits: tuple[str, ...]


class LimitsAnswer(Shape):
    """What became of limits that were submitted."""

    outcome: Literal["applied", "type_again", "unchanged", "checked"]
    """`type_again`: submit the very same values a second time within `expires_in_s`. `checked`: a dry run."""

    expires_in_s: float | None = None
    fuses: tuple[FuseProofRow, ...]
    """The dead-man proof with these limits."""

    warnings: tuple[Sentence, ...]


class FoundProblem(Shape):
    """One thing that is wrong, and its cure."""

    place: str
    problem: str
    cure: str


class LimitsProblem(Problem):
    """Limits that do not fit together; code `limits_refused`. The old ones stay in force."""

    problems: tuple[FoundProblem, ...]


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


class MeterPhase(Shape):
    """One phase of a meter."""

    phase: PhaseWord
    current_a: float
    voltage_v: float | None


class MeterLive(Shape):
    """A meter as it is now."""

    id: str
    circuit: str
    profile: str | None
    period_s: float
    phases: tuple[MeterPhase, ...]
    power_w: float | None
    """The meter's total."""

    phases_w: float | None
    """The sum of current times voltage over the phases."""

    sum_agrees: bool | None
    age_s: float | None
    fresh: bool
    """Younger than 5 s."""

    virtual_a: tuple[float, ...] | None
    """Current that an overload proof adds; it is in `current_a`."""

    sign: SignResult | None


class Stranger(Shape):
    """A charging station that calls itself by a name that nobody configured."""

    identity: str
    address: str
    first_at: datetime
    last_at: datetime
    times: int
    refused: bool


class StationBench(Shape):
    """One station on the installer's bench."""

    id: str
    identity: str
    url: str
    """To paste into the charger."""

    needs_password: bool
    circuit: str
    wired: tuple[PhaseWord, ...]
    wiring_known: bool
    max_a: float
    fallback_a: float
    lease_verified: bool
    connected: bool
    protocol: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    serials: tuple[str, ...]
    status: ConnectorStatus | None
    plugged: bool
    current_a: tuple[float, ...] | None
    limit_a: float | None
    """In force, as far as we know."""

    charger: ChargerResult | None
    loss: LossResult | None


class ChangeRecord(Shape):
    """One line of the audit."""

    at: datetime
    who: str
    what: str


class Seal(Shape):
    """The hand-over that locked the limits."""

    installer: str
    at: datetime
    limits_hash: str
    key: str
    """The public key of this house, hexadecimal."""


class CommissioningState(Shape):
    """All that the commissioning page shows."""

    at: datetime
    commissioned: bool
    """Whether the main fuse is stated; until then nobody charges above 6 A on one phase."""

    sealed: Seal | None
    """While it is there limits cannot be changed; an installer may unlock."""

    storage_trouble: str | None
    """Why limits cannot be kept now; then none are taken."""

    steps: tuple[StepState, ...]
    connection: ConnectionLimits | None
    """Null until somebody states the fuse."""

    draft: ConnectionDraft
    connection_by: Literal["site_file", "installer"] | None
    circuits: tuple[CircuitLimits, ...]
    fuses: tuple[FuseProofRow, ...]
    covered: bool
    warnings: tuple[Sentence, ...]
    meters: tuple[MeterLive, ...]
    stations: tuple[StationBench, ...]
    strangers: tuple[Stranger, ...]
    proof: ProofState | None
    overload: OverloadResult | None
    changes: tuple[ChangeRecord, ...]
    """Newest first."""


class AdoptWish(Shape):
    """Body of `POST /commissioning/stations/{id}/adopt`."""

    identity: Identity


class RefuseWish(Shape):
    """Body of `POST /commissioning/strangers/refuse`: hide that one, and say no to it."""

    identity: Identity


class HandOverWish(Shape):
    """Body of `POST /commissioning/hand-over`: signs what was proven and locks the limits."""

    installer: PersonName
    company: Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    remark: Remark = ""
    accept_open: bool = False
    """Hand over although a step is open; the document then says which."""


class UnlockWish(Shape):
    """Body of `POST /commissioning/unlock`."""

    why: Annotated[str, Field(min_length=2, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class HandOver(Shape):
    """The signed document: `signature` is Ed25519 over `text`, which is the JSON of everything that was proven."""

    text: str
    limits_hash: str
    """SHA-256 of the limits in `text`."""

    signature: str
    key: str
