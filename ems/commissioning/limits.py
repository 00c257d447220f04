"""The installer's limits: an overlay over the site file, in the site file's own words, checked as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from ems.config.cross_checks import findings_across
from ems.config.kinds import Amps, Number, PhaseName, Section, Whole
from ems.config.problems import Finding
from ems.config.schema import Connection, GridOperatorSection, SiteFile, StationEntry, SubCircuit
from ems.config.translate import to_site
from ems.control.fallback import FuseProof, proof
from ems.model.electrical import FuseDevice


class OperatorLimits(Section):
    """A limit that the grid operator may call for; the signal stays the site file's."""

    rule: Literal["de14a"]
    devices: Annotated[Whole, Field(ge=1, le=500)]
    large_heat_pump_kw: Annotated[Number, Field(gt=11, le=200)] | None = None


class ConnectionLimits(Section):
    """The house connection as the installer read it off the fuse holder."""

    phases: Literal[1, 3] = 3
    main_fuse_a: Annotated[Number, Field(ge=6, le=125)]
    main_fuse_device: FuseDevice = FuseDevice.MCB_B
    reserve_a: Annotated[Number, Field(ge=0, le=20)] = 2.0
    derating: Annotated[Number, Field(ge=0.5, le=1)] = 1.0
    largest_other_load_a: Amps | None = None
    max_import_kw: Annotated[Number, Field(ge=1, le=200)] | None = None
    max_imbalance_a: Annotated[Number, Field(ge=6, le=80)] | None = None
    grid_operator: OperatorLimits | None = None


class StationLimits(Section):
    """What the installer set for one station; None leaves the site file's."""

    circuit: str | None = None
    wired: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] | None = None
    wiring_known: bool | None = None
    max_a: Annotated[Number, Field(ge=6, le=80)] | None = None
    fallback_a: Annotated[Number, Field(ge=0, le=32)] | None = None
    lease_verified: bool | None = None
    identity: Annotated[str, Field(max_length=200)] | None = None


class InstallerLimits(Section):
    """All of them. What is None, or a station that is not named, is as the site file has it."""

    connection: ConnectionLimits | None = None
    circuits: tuple[SubCircuit, ...] | None = None
    stations: dict[str, StationLimits] = Field(default_factory=dict)

    def station(self, station_id: str) -> StationLimits:
        return self.stations.get(station_id) or StationLimits()

    def with_connection(self, limits: ConnectionLimits) -> InstallerLimits:
        """The same with another connection."""
        return self.model_copy(update={"connection": limits})

    def with_circuits(self, circuits: tuple[SubCircuit, ...]) -> InstallerLimits:
        """The same with these circuits below the main fuse."""
        return self.model_copy(update={"circuits": circuits})

    def with_station(self, station_id: str, limits: StationLimits) -> InstallerLimits:
        """The same with other limits for one station."""
        return self.model_copy(update={"stations": {**self.stations, station_id: limits}})


def overlaid(file: SiteFile, limits: InstallerLimits) -> SiteFile:
    """The site file with the installer's limits over it, not checked yet."""
    changes: dict[str, object] = {
        "stations": tuple(_station(entry, limits.stations.get(entry.id)) for entry in file.stations)
    }
    if limits.circuits is not None:
        changes["circuits"] = limits.circuits
    if limits.connection is not None:
        changes["connection"] = _connection(file.connection, limits.connection)
        changes["grid_operator"] = _operator(file.grid_operator, limits.connection.grid_operator)
    return file.model_copy(update=changes)


def findings_of(file: SiteFile, limits: InstallerLimits) -> tuple[Finding, ...]:
    """Everything that keeps these limits from being used with that site file."""
    return (*_beyond_site_file(file, limits), *findings_across(overlaid(file, limits)))


def larger_than_feeder(file: SiteFile) -> Iterator[tuple[SubCircuit, float]]:
    """Circuits whose fuse is rated above the one that feeds them, with that rating."""
    ratings_a = {"main": file.connection.main_fuse_a, **{each.id: each.fuse_a for each in file.circuits}}
    for circuit in file.circuits:
        feeder_a = ratings_a.get(circuit.fed_from)
        if feeder_a is not None and circuit.fuse_a > feeder_a:
            yield circuit, feeder_a


def fuse_rows(file: SiteFile) -> tuple[FuseProof, ...]:
    """The dead-man proof of a checked file."""
    return proof(to_site(file))


def stated(file: SiteFile) -> ConnectionLimits | None:
    """The connection that is in force; None while nobody has stated the main fuse."""
    section, operator = file.connection, file.grid_operator
    if section.main_fuse_a is None:
        return None
    names = ConnectionLimits.model_fields.keys() - {"grid_operator"}
    told = {name: getattr(section, name) for name in names}
    limits = None if operator is None else _operator_limits(operator)
    return ConnectionLimits(**told, grid_operator=limits)


def limits_in_force(file: SiteFile) -> dict[str, object]:
    """What the hash and the hand-over are about: every limit that keeps a fuse, as plain JSON values."""
    return {
        "connection": file.connection.model_dump(mode="json"),
        "grid_operator": None if file.grid_operator is None else file.grid_operator.model_dump(mode="json"),
        "circuits": [each.model_dump(mode="json") for each in file.circuits],
        "stations": [
            each.model_dump(
                mode="json",
                include={
                    "id",
                    "circuit",
                    "wired",
                    "wiring_known",
                    "min_a",
                    "max_a",
                    "hardware_max_a",
                    "fallback_a",
                    "lease_verified",
                    "phase_switching",
                },
            )
            for each in file.stations
        ],
        "lease_s": file.policy.lease_s,
    }


def hash_of(limits: Mapping[str, object]) -> str:
    """SHA-256 over the limits, keys sorted, without blanks."""
    text = json.dumps(limits, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def covers(signed: object, now: object) -> bool:
    """Whether limits in force are those that were signed; what only a newer Fusewise knows to say is passed over."""
    if isinstance(signed, dict) and isinstance(now, dict):
        return all(covers(value, now[key]) for key, value in signed.items() if key in now)
    if isinstance(signed, list) and isinstance(now, list | tuple):
        return len(signed) == len(now) and all(covers(one, other) for one, other in zip(signed, now, strict=True))
    return signed == now


def identity_in(entry: StationEntry) -> str:
    """The name by which the station connects."""
    return entry.id if entry.identity is None else entry.identity


def uncommissioned(file: SiteFile) -> SiteFile:
    """The same house, but nobody has stated its fuse."""
    return file.model_copy(update={"connection": file.connection.model_copy(update={"main_fuse_a": None})})


def differing(one: ConnectionLimits, other: ConnectionLimits) -> list[str]:
    """The names of what is not the same in both."""
    return [name for name in ConnectionLimits.model_fields if getattr(one, name) != getattr(other, name)]


def _connection(section: Connection, limits: ConnectionLimits) -> Connection:
    told = limits.model_dump(exclude={"grid_operator"})
    return section.model_copy(update=told)


def _operator(section: GridOperatorSection | None, limits: OperatorLimits | None) -> GridOperatorSection | None:
    if limits is None:
        return None
    signal = None if section is None else section.signal
    return GridOperatorSection(
        rule=limits.rule, devices=limits.devices, large_heat_pump_kw=limits.large_heat_pump_kw, signal=signal
    )


def _operator_limits(section: GridOperatorSection) -> OperatorLimits:
    return OperatorLimits(rule=section.rule, devices=section.devices, large_heat_pump_kw=section.large_heat_pump_kw)


def _station(entry: StationEntry, limits: StationLimits | None) -> StationEntry:
    return entry if limits is None else entry.model_copy(update=limits.model_dump(exclude_none=True))


def _beyond_site_file(file: SiteFile, limits: InstallerLimits) -> Iterator[Finding]:
    """Stations that do not exist, and maximums above the site file's."""
    entries = {entry.id: (i, entry) for i, entry in enumerate(file.stations)}
    for station_id, each in limits.stations.items():
        if station_id not in entries:
            yield Finding(place=("stations",), problem=f"names {station_id}", cure="there is no such station")
            continue
        place, entry = entries[station_id]
        if each.max_a is not None and each.max_a > entry.max_a:
            yield Finding(
                place=("stations", place, "max_a"),
                problem=f"is {each.max_a:g} A, more than the site file's {entry.max_a:g} A",
                cure="that stays the ceiling; change the site file first",
            )
        if each.wired is not None and len(each.wired) != len(entry.wired):
            yield Finding(
                place=("stations", place, "wired"),
                problem=f"has {len(each.wired)} phases, the site file {len(entry.wired)}",
                cure="how many phases a station has stays the site file's; change it there",
            )
