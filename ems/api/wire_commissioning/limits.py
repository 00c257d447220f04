"""What an installer sets, and what comes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ems.api.wire import Problem, Sentence, Shape
from ems.api.wire_commissioning.words import MOST_CIRCUITS, FuseAmps, Limits, PhaseWord, SiteName
from ems.model.electrical import FuseDevice


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

    outcome: Literal["applied", "type_again", "unchanged", "checked", "after_restart"]
    """`type_again`: submit the very same values a second time within `expires_in_s`. `checked`: a dry run.

    `after_restart`: kept, and in force from the next start of the service on.
    """

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
