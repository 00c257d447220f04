"""The installer's desk for routes and pages: shapes of the wire in, shapes of the wire out."""

from __future__ import annotations

from ems.api.installer_results import progress_state
from ems.api.installer_view import InstallerView, proof_rows, warnings
from ems.api.wire_commissioning import (
    CircuitsWish,
    CommissioningState,
    ConnectionLimits,
    HandOver,
    HandOverWish,
    LimitsAnswer,
    NewStationWish,
    ProofState,
    ProofWish,
    StationBench,
    StationLimits,
)
from ems.clock import Clock
from ems.commissioning import limits as engine
from ems.commissioning.desk import Desk
from ems.commissioning.findings import ProofKind, SignAgainst
from ems.commissioning.hand_over_page import page_of
from ems.commissioning.kept import Signed
from ems.commissioning.limits import fuse_rows
from ems.commissioning.newcomers import NewStation
from ems.commissioning.proofs import Wanted
from ems.commissioning.taken import Taken
from ems.config.schema import SubCircuit
from ems.model.electrical import Phase
from ems.model.words import Language


class InstallersDesk:
    """Implements `ems.api.commissioning_port.Commissioning`."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._view = InstallerView(desk, clock)

    def state(self, host: str) -> CommissioningState:
        return self._view.state(host)

    async def set_connection(self, limits: ConnectionLimits, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        told = engine.ConnectionLimits.model_validate(limits.model_dump())
        return _answer(await self._desk.set_connection(told, who=who, dry_run=dry_run))

    async def set_circuits(self, wish: CircuitsWish, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        circuits = tuple(SubCircuit.model_validate(each.model_dump()) for each in wish.circuits)
        return _answer(await self._desk.set_circuits(circuits, who=who, dry_run=dry_run))

    async def set_station(
        self, station_id: str, limits: StationLimits, *, who: str, dry_run: bool = False
    ) -> LimitsAnswer:
        told = engine.StationLimits.model_validate(limits.model_dump())
        return _answer(await self._desk.set_station(station_id, told, who=who, dry_run=dry_run))

    async def take_found_wiring(self, station_id: str, *, who: str) -> LimitsAnswer:
        return _answer(await self._desk.take_found_wiring(station_id, who=who))

    async def adopt(self, station_id: str, identity: str, *, host: str, who: str) -> StationBench:
        await self._desk.adopt(station_id, identity, who=who)
        entry = next(each for each in self._desk.file.stations if each.id == station_id)
        return self._view.bench(entry, host)

    async def take_in(self, wish: NewStationWish, *, who: str, dry_run: bool = False) -> LimitsAnswer:
        new = NewStation(
            id=wish.id, identity=wish.identity, circuit=wish.circuit, wired=tuple(wish.wired), max_a=wish.max_a
        )
        return _answer(await self._desk.take_in(new, who=who, dry_run=dry_run))

    async def leave_out(self, station_id: str, *, who: str) -> None:
        await self._desk.leave_out(station_id, who=who)

    async def refuse(self, identity: str, *, who: str) -> None:
        await self._desk.refuse(identity, who=who)

    async def start(self, wish: ProofWish, *, who: str) -> ProofState:
        kind = ProofKind(wish.kind)
        of_station = kind in {ProofKind.CHARGER, ProofKind.LOSS}
        wanted = Wanted(
            kind=kind,
            station_id=wish.station if of_station else None,
            circuit_id=None if of_station else wish.circuit,
            phase=None if wish.phase is None else Phase[wish.phase],
            against=SignAgainst(wish.against),
        )
        return progress_state(await self._desk.start(wanted, who=who), self._clock.monotonic_s())

    def proof(self) -> ProofState | None:
        progress = self._desk.proof
        return None if progress is None else progress_state(progress, self._clock.monotonic_s())

    async def abort(self, *, who: str) -> ProofState | None:
        await self._desk.abort(who=who)
        return self.proof()

    async def hand_over(self, wish: HandOverWish, *, who: str) -> HandOver:
        document = await self._desk.hand_over(
            installer=wish.installer,
            company=wish.company,
            remark=wish.remark,
            accept_open=wish.accept_open,
            who=who,
        )
        return _document(document)

    def last_hand_over(self) -> HandOver:
        return _document(self._desk.last_hand_over())

    def hand_over_page(self, language: Language) -> str:
        return page_of(self._desk.last_hand_over(), language)

    async def unlock(self, why: str, *, who: str) -> None:
        await self._desk.unlock(why, who=who)


def _answer(taken: Taken) -> LimitsAnswer:
    rows = fuse_rows(taken.file)
    return LimitsAnswer(
        outcome=taken.outcome,
        expires_in_s=taken.expires_in_s,
        fuses=proof_rows(rows),
        warnings=tuple(warnings(taken.file, rows)),
    )


def _document(signed: Signed) -> HandOver:
    return HandOver(text=signed.text, limits_hash=signed.limits_hash, signature=signed.signature, key=signed.key)
