"""The whole desk as the page shows it, stations, and the hand-over."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ems.api.wire import Sentence, Shape
from ems.api.wire_commissioning.limits import CircuitLimits, ConnectionDraft, ConnectionLimits, FuseProofRow
from ems.api.wire_commissioning.results import ChargerResult, LossResult, OverloadResult, ProofState, SignResult
from ems.api.wire_commissioning.words import Identity, PersonName, PhaseWord, Remark, SiteName
from ems.commissioning.steps import Condition, StepKey
from ems.model.station import ConnectorStatus


class StepState(Shape):
    """One step, and what is left to do in it."""

    key: StepKey
    condition: Condition
    says: Sentence


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
    waits: bool = False
    """Whether it is connected and waits to be adopted; nothing controls it meanwhile."""

    vendor: str | None = None
    """Who it says it is; null where it has not said."""

    model: str | None = None
    firmware: str | None = None
    serials: tuple[str, ...] = ()


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
    """In English."""

    says: Sentence | None = None
    """The same for every language; null in what older versions kept."""


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
    added: tuple[AddedStation, ...] = ()
    """Stations that were taken in without the site file."""

    proof: ProofState | None
    overload: OverloadResult | None
    changes: tuple[ChangeRecord, ...]
    """Newest first."""


class AdoptWish(Shape):
    """Body of `POST /commissioning/stations/{id}/adopt`."""

    identity: Identity


class NewStationWish(Shape):
    """Body of `POST /commissioning/strangers/take_in`: an entry for a station that the site file does not name."""

    identity: Identity
    id: SiteName
    """What the house calls it."""

    circuit: SiteName = "main"
    wired: Annotated[tuple[PhaseWord, ...], Field(min_length=1, max_length=3)]
    """House phases that its cable leads to; their order counts once it was measured."""

    max_a: Annotated[float, Field(ge=6, le=80)]


class AddedStation(Shape):
    """A station that was taken in."""

    id: str
    identity: str
    in_force: bool
    """False until the service starts again."""


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
