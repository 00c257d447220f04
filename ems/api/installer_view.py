"""The installer's desk as one shape on the wire: what the commissioning page shows, from memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.api.installer_results import (
    PHASE_WORDS,
    at,
    charger_result,
    loss_result,
    overload_result,
    progress_state,
    says,
    sign_result,
    word,
)
from ems.api.kept_words import says_of
from ems.api.wire import Sentence
from ems.api.wire_commissioning import (
    AddedStation,
    ChangeRecord,
    CircuitLimits,
    CommissioningState,
    ConnectionDraft,
    ConnectionLimits,
    FuseProofRow,
    GridOperatorLimits,
    MeterLive,
    MeterPhase,
    Seal,
    StationBench,
    StepState,
    Stranger,
)
from ems.clock import Clock
from ems.commissioning.desk import Desk
from ems.commissioning.kept import Change
from ems.commissioning.limits import fuse_rows, larger_than_feeder, stated
from ems.commissioning.phrases import phrase
from ems.commissioning.plateau import in_force
from ems.commissioning.steps import FRESH_WITHIN_S
from ems.config.feeders import phases_by_circuit
from ems.config.schema import MeterEntry, SiteFile, StationEntry
from ems.control.fallback import FuseProof
from ems.csms.addresses import station_address
from ems.model.electrical import Phase
from ems.model.readings import GridReading

SUM_WITHIN_W: Final = 150.0
SUM_WITHIN_SHARE: Final = 0.15
"""Currents times voltages are apparent power; a house's is a little above its real one (assumed)."""

CHANGES_SHOWN: Final = 100


class InstallerView:
    """Reads one desk."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    def state(self, host: str) -> CommissioningState:
        """Everything there is to show now."""
        desk, kept = self._desk, self._desk.kept
        rows = fuse_rows(desk.file)
        progress = desk.proof
        now_s = self._clock.monotonic_s()
        return CommissioningState(
            at=self._clock.utc_now(),
            commissioned=desk.site.commissioned,
            sealed=None
            if kept.seal is None
            else Seal(
                installer=kept.seal.installer,
                at=at(kept.seal.utc_s),
                limits_hash=kept.seal.limits_hash,
                key=kept.seal.key,
            ),
            storage_trouble=desk.trouble,
            steps=tuple(
                StepState(key=each.key, condition=each.condition, says=says(each.says)) for each in desk.steps().steps
            ),
            connection=connection_limits(desk.file),
            draft=connection_draft(desk.base if kept.limits.connection is None else desk.file),
            connection_by=None
            if not desk.site.commissioned
            else ("site_file" if kept.limits.connection is None else "installer"),
            circuits=circuit_limits(desk.file),
            fuses=proof_rows(rows),
            covered=all(row.covered for row in rows),
            warnings=tuple(warnings(desk.file, rows)),
            meters=tuple(self._meter(entry, now_s) for entry in desk.file.meters),
            stations=tuple(self.bench(entry, host) for entry in desk.file.stations),
            strangers=tuple(self._strangers()),
            added=tuple(self._added()),
            proof=None if progress is None else progress_state(progress, now_s),
            overload=None if kept.record.overload is None else overload_result(kept.record.overload),
            changes=tuple(change_record(each) for each in reversed(kept.changes[-CHANGES_SHOWN:])),
        )

    def bench(self, entry: StationEntry, host: str) -> StationBench:
        """One station."""
        desk, central = self._desk, self._desk.parts.central_system
        link, state = central.links[entry.id], desk.parts.watch.state_of(entry.id)
        limit = in_force(state, self._clock.monotonic_s())
        boot, record = link.boot, desk.kept.record
        identity = central.identity_of(entry.id)
        charger, loss = record.charger.get(entry.id), record.loss.get(entry.id)
        return StationBench(
            id=entry.id,
            identity=identity,
            url=self._url(host, identity),
            needs_password=link.post.entry.password is not None,
            circuit=entry.circuit,
            wired=entry.wired,
            wiring_known=entry.wiring_known,
            max_a=entry.max_a,
            fallback_a=entry.fallback_a,
            lease_verified=entry.lease_verified,
            connected=state.connected,
            protocol=state.protocol,
            vendor=None if boot is None else boot.vendor or None,
            model=None if boot is None else boot.model or None,
            firmware=None if boot is None else boot.firmware or None,
            serials=() if boot is None else boot.serials,
            status=state.status,
            plugged=state.plugged,
            current_a=None if state.car is None else tuple(round(amps, 2) for amps in state.car.current_a),
            limit_a=None if limit is None else limit.limit_a,
            charger=None if charger is None else charger_result(charger),
            loss=None if loss is None else loss_result(loss),
        )

    def _url(self, host: str, identity: str) -> str:
        central = self._desk.parts.central_system
        port = central.port if central.listening.is_set() else self._desk.file.csms.port
        return station_address(host, identity, port, central.tls_port)

    def _added(self) -> Iterator[AddedStation]:
        """Those that were taken in, and those that were but are no more from the next start on."""
        there, plain = ({each.id for each in file.stations} for file in (self._desk.base, self._desk.plain))
        for each in self._desk.kept.added:
            if each.id not in plain:
                yield AddedStation(id=each.id, identity=each.identity, in_force=each.id in there)

    def _strangers(self) -> Iterator[Stranger]:
        refused = set(self._desk.kept.refused)
        for each in reversed(self._desk.parts.central_system.strangers):
            yield Stranger(
                identity=each.identity,
                address=each.address,
                first_at=each.first_utc,
                last_at=each.last_utc,
                times=each.times,
                refused=each.identity in refused,
                waits=each.waits,
                vendor=None if each.boot is None else each.boot.vendor,
                model=None if each.boot is None else each.boot.model,
                firmware=None if each.boot is None else each.boot.firmware,
                serials=() if each.boot is None else each.boot.serials,
            )

    def _meter(self, entry: MeterEntry, now_s: float) -> MeterLive:
        look = self._desk.parts.watch.look
        sample = None if look is None else look.meters.get(entry.circuit)
        virtual_a = None if look is None else look.virtual_a.get(entry.circuit)
        names = phases_by_circuit(self._desk.file).get(entry.circuit, PHASE_WORDS)
        sign = self._desk.kept.record.sign.get(entry.circuit)
        age_s = None if sample is None else round(max(0.0, now_s - sample.taken_at_s), 1)
        watts = None if sample is None else _phases_w(sample)
        return MeterLive(
            id=entry.id,
            circuit=entry.circuit,
            profile=entry.profile,
            period_s=entry.period_s,
            phases=() if sample is None else tuple(_phase(sample, Phase[name]) for name in names),
            power_w=None if sample is None else round(sample.power_w, 1),
            phases_w=watts,
            sum_agrees=None
            if sample is None or watts is None or virtual_a is not None
            else abs(watts - sample.power_w) <= max(SUM_WITHIN_W, SUM_WITHIN_SHARE * abs(sample.power_w)),
            age_s=age_s,
            fresh=age_s is not None and age_s < FRESH_WITHIN_S,
            virtual_a=None if virtual_a is None else tuple(virtual_a[Phase[name]] for name in names),
            sign=None if sign is None else sign_result(sign),
        )


def connection_limits(file: SiteFile) -> ConnectionLimits | None:
    """The connection that is in force."""
    limits = stated(file)
    if limits is None:
        return None
    told = limits.model_dump(exclude={"grid_operator"})
    operator = limits.grid_operator
    return ConnectionLimits(
        **told, grid_operator=None if operator is None else GridOperatorLimits(**operator.model_dump())
    )


def connection_draft(file: SiteFile) -> ConnectionDraft:
    """The connection as far as it is known."""
    section, operator = file.connection, file.grid_operator
    names = ConnectionDraft.model_fields.keys() - {"grid_operator"}
    told = {name: getattr(section, name) for name in names}
    limits = None if operator is None else GridOperatorLimits(**operator.model_dump(exclude={"signal"}))
    return ConnectionDraft(**told, grid_operator=limits)


def circuit_limits(file: SiteFile) -> tuple[CircuitLimits, ...]:
    """All circuits below the main fuse."""
    return tuple(CircuitLimits(**circuit.model_dump()) for circuit in file.circuits)


def proof_rows(rows: tuple[FuseProof, ...]) -> tuple[FuseProofRow, ...]:
    """The dead-man proof."""
    return tuple(
        FuseProofRow(
            circuit=row.circuit_id,
            phase=word(row.phase),
            stations_a=row.stations_a,
            other_load_a=row.other_load_a,
            bound_a=row.bound_a,
            covered=row.covered,
            culprits=row.culprits,
        )
        for row in rows
    )


def warnings(file: SiteFile, rows: tuple[FuseProof, ...]) -> Iterator[Sentence]:
    """What an installer should know of these limits."""
    for circuit, feeder_a in larger_than_feeder(file):
        yield says(phrase("warning.larger_than_feeder", circuit=circuit.id, fuse_a=circuit.fuse_a, feeder_a=feeder_a))
    if file.connection.largest_other_load_a is None:
        yield says(phrase("warning.other_load_unknown", circuit="main"))
    for row in rows:
        if not row.covered and row.other_load_a is not None:
            numbers = {"stations_a": row.stations_a, "other_a": row.other_load_a, "bound_a": row.bound_a}
            yield says(phrase("warning.uncovered", circuit=row.circuit_id, phase=row.phase.name, **numbers))
    for entry in file.stations:
        if not entry.lease_verified:
            hardware_a = entry.max_a if entry.hardware_max_a is None else entry.hardware_max_a
            yield says(phrase("warning.unverified", station=entry.id, hardware_a=hardware_a))


def _phase(sample: GridReading, phase: Phase) -> MeterPhase:
    volts = None if sample.voltage_v is None else round(sample.voltage_v[phase], 1)
    return MeterPhase(phase=word(phase), current_a=round(sample.current_a[phase], 2), voltage_v=volts)


def _phases_w(sample: GridReading) -> float | None:
    if sample.voltage_v is None:
        return None
    pairs = zip(sample.current_a, sample.voltage_v, strict=True)
    return round(sum(amps * volts for amps, volts in pairs), 1)


def change_record(change: Change) -> ChangeRecord:
    """A line of the audit."""
    says = None if change.says is None else says_of(change.says)
    return ChangeRecord(at=at(change.utc_s), who=change.who, what=change.what, says=says)
