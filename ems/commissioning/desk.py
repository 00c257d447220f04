"""The installer's desk: limits that are typed, checked, kept and put in force; proofs; the hand-over.

    desk = Desk(file, folder, clock)          reads what was kept; `desk.file` is the site file with the limits over it
    desk.join(board, dispatch, central_system)
    loop = Loop(…, watchers=[desk.watch])
    …create_task(desk.run())

Limits take effect at the next decision. First they are on the disk, then in force; refused ones leave all as it was.
Only what a failed proof tightens is in force at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from ems.clock import Clock
from ems.commissioning import deeds
from ems.commissioning.errors import (
    IdentityTaken,
    NoHandOver,
    NoSuchCircuit,
    NoSuchStation,
    NoSuchStranger,
    NothingFound,
    ProofRuns,
    Sealed,
    StepsOpen,
    TypedDifferently,
)
from ems.commissioning.findings import ProofKind
from ems.commissioning.hand_over import Handing, house_key, signed
from ems.commissioning.kept import MOST_REFUSED, SealMark, Signed
from ems.commissioning.limits import (
    ConnectionLimits,
    InstallerLimits,
    StationLimits,
    differing,
    identity_in,
)
from ems.commissioning.newcomers import NewStation, check_new
from ems.commissioning.proofs import Progress, Proofs, Wanted
from ems.commissioning.report_card.cards import CardProgress, CardWanted, ReportCards
from ems.commissioning.standing import Joined, Standing
from ems.commissioning.steps import Steps, open_steps
from ems.commissioning.taken import Taken, Typed
from ems.commissioning.watch import Watch
from ems.config.schema import SiteFile, SubCircuit
from ems.csms.central_system import CentralSystem
from ems.model.decision import Decision
from ems.model.snapshot import Snapshot
from ems.model.words import Phrase
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch

TYPED_WITHIN_S: Final = 600.0
"""The second typing must follow the first within this."""

SAVES_AGAIN_S: Final = 60.0
"""A disk that did not take what a proof found is tried again after this."""


class Desk(Standing):
    """One installer's work at a time; everybody else reads."""

    def __init__(self, file: SiteFile, folder: Path | None, clock: Clock) -> None:
        super().__init__(file, folder, clock)
        self._typed: Typed | None = None
        self.cards: Final = ReportCards(self, clock)
        """What each charging station really supports and obeys."""

    def join(self, board: Board, dispatch: Dispatch, central_system: CentralSystem) -> None:
        """The parts of the running service; before it runs."""
        central_system.turn_away(frozenset(self.kept.refused))
        watch = Watch(board, self._clock)
        proofs = Proofs(
            watch,
            board,
            dispatch,
            self._clock,
            report_s=self.base.csms.meter_values_s,
            ended=self._proof_ended,
            wiring=self.wiring_of,
        )
        self._joined = Joined(board=board, dispatch=dispatch, central_system=central_system, watch=watch, proofs=proofs)

    def watch(self, look: Snapshot, decision: Decision) -> None:
        """A watcher of the loop. Never waits."""
        if self._joined is not None:
            self._joined.watch.see(look, decision)

    async def run(self) -> None:
        """Until cancelled; then ends what runs."""
        try:
            while True:
                await self._clock.sleep(SAVES_AGAIN_S)
                await self._save_again()
        finally:
            await self.cards.close()
            if self._joined is not None:
                await self._joined.proofs.close()
            if self._saving:
                await asyncio.wait(self._saving)

    @property
    def proof(self) -> Progress | None:
        """The proof that runs or ran last."""
        return self.parts.proofs.progress

    def steps(self) -> Steps:
        """How far commissioning is."""
        return open_steps(self.file, self.kept, self.parts.watch, self._clock.monotonic_s())

    async def set_connection(self, limits: ConnectionLimits, *, who: str, dry_run: bool = False) -> Taken:
        """The connection, which counts from the second time that the very same values come.

        Raises TypedDifferently, LimitsRefused, Sealed, ProofRuns or NoStorage.
        """
        file = self._checked(self.kept.limits.with_connection(limits))
        if dry_run:
            return Taken(outcome="checked", file=file)
        self._check_open()
        now_s = self._clock.monotonic_s()
        before, self._typed = self._typed, None
        if before is None or now_s - before.at_s > TYPED_WITHIN_S:
            self._typed = Typed(limits=limits, at_s=now_s)
            return Taken(outcome="type_again", file=file, expires_in_s=TYPED_WITHIN_S)
        if before.limits != limits:
            names = ", ".join(differing(before.limits, limits))
            raise TypedDifferently(f"not the same as the first time: {names}; type it twice again")
        return await self._apply(lambda kept: kept.with_connection(limits), who, deeds.connection(limits))

    async def set_circuits(self, circuits: tuple[SubCircuit, ...], *, who: str, dry_run: bool = False) -> Taken:
        """All circuits below the main fuse. Raises as `set_connection`."""
        if dry_run:
            return Taken(outcome="checked", file=self._checked(self.kept.limits.with_circuits(circuits)))
        return await self._apply(lambda kept: kept.with_circuits(circuits), who, deeds.circuits(circuits))

    async def set_station(self, station_id: str, limits: StationLimits, *, who: str, dry_run: bool = False) -> Taken:
        """Circuit, wiring, maximum and fallback of one station; another fallback makes the loss proof due again."""
        self.entry(station_id)

        def change(kept: InstallerLimits) -> InstallerLimits:
            before = kept.station(station_id)
            other = limits.fallback_a not in {None, self.entry(station_id).fallback_a}
            verified = False if other else before.lease_verified
            told = limits.model_copy(update={"identity": before.identity, "lease_verified": verified})
            return kept.with_station(station_id, told)

        if dry_run:
            return Taken(outcome="checked", file=self._checked(change(self.kept.limits)))
        return await self._apply(change, who, deeds.station(station_id, limits))

    async def take_found_wiring(self, station_id: str, *, who: str) -> Taken:
        """State the wiring that the last charger proof found. Raises NothingFound."""
        self.entry(station_id)
        findings = self.kept.record.charger.get(station_id)
        if findings is None or findings.found is None:
            raise NothingFound(f"no charger proof has found the wiring of {station_id}")
        wired = tuple(phase.name for phase in findings.found)

        def change(kept: InstallerLimits) -> InstallerLimits:
            told = kept.station(station_id).model_copy(update={"wired": wired, "wiring_known": True})
            return kept.with_station(station_id, StationLimits.model_validate(told.model_dump()))

        return await self._apply(change, who, deeds.wiring(station_id, wired))

    async def adopt(self, station_id: str, identity: str, *, who: str) -> None:
        """Let the stranger of that name in as this station, now and after restarts; its lease is not proven yet."""
        self.entry(station_id)
        if all(each.identity != identity for each in self.parts.central_system.strangers):
            raise NoSuchStranger(f"nobody called {identity[:60]!r} has tried to connect")

        def change(kept: InstallerLimits) -> InstallerLimits:
            before = identity_in(self.entry(station_id))
            if any(identity_in(each) == identity != before for each in self.file.stations):
                raise IdentityTaken(f"another station has the identity {identity[:60]!r}")
            # All connectors of a station are in the same box.
            for name in [each.id for each in self.file.stations if identity_in(each) == before]:
                proven = {} if identity == before else {"lease_verified": False}
                told = kept.station(name).model_copy(update={"identity": identity, **proven})
                kept = kept.with_station(name, StationLimits.model_validate(told.model_dump()))
            return kept

        await self._apply(change, who, deeds.adopted(station_id, identity))

    async def take_in(self, new: NewStation, *, who: str, dry_run: bool = False) -> Taken:
        """Make an entry for the stranger of that name; it counts from the next start of the service on.

        Raises NoSuchStranger, LimitsRefused, Sealed, ProofRuns or NoStorage.
        """
        if all(each.identity != new.identity for each in self.parts.central_system.strangers):
            raise NoSuchStranger(f"nobody called {new.identity[:60]!r} has tried to connect")
        if dry_run:
            check_new(self.plain, (*self.kept.added, new))
            return Taken(outcome="checked", file=self._checked_with((*self.kept.added, new), self.kept.limits))
        async with self._busy:
            self._check_open()
            added = (*self.kept.added, new)
            check_new(self.plain, added)
            file = self._checked_with(added, self.kept.limits)
            await self._keep(lambda kept: replace(kept, added=added), who, deeds.taken_in(new))
        return Taken(outcome="after_restart", file=file)

    async def leave_out(self, station_id: str, *, who: str) -> None:
        """Make no entry for a station that was taken in, from the next start on. Raises NoSuchStation."""
        async with self._busy:
            self._check_open()
            if all(each.id != station_id for each in self.kept.added):
                raise NoSuchStation(f"nobody took in a station {station_id!r} here")
            await self._keep(lambda kept: kept.without(station_id), who, deeds.left_out(station_id))

    async def refuse(self, identity: str, *, who: str) -> None:
        """Remember that this stranger is none of ours."""
        if all(each.identity != identity for each in self.parts.central_system.strangers):
            raise NoSuchStranger(f"nobody called {identity[:60]!r} has tried to connect")
        async with self._busy:
            refused = tuple(dict.fromkeys([*self.kept.refused, identity]))[-MOST_REFUSED:]
            await self._keep(lambda kept: replace(kept, refused=refused), who, deeds.refused(identity))
            self.parts.central_system.turn_away(frozenset(self.kept.refused))

    async def start(self, wanted: Wanted, *, who: str) -> Progress:
        """Begin a proof. Raises a CommissioningError where that makes no sense now."""
        if wanted.station_id is not None:
            self.entry(wanted.station_id)
        metered = [each.circuit_id for each in self.site.circuits if each.metered]
        if wanted.circuit_id is not None and wanted.circuit_id not in metered:
            raise NoSuchCircuit(f"there is no circuit {wanted.circuit_id!r} with a meter of its own")
        if wanted.kind in {ProofKind.CHARGER, ProofKind.LOSS} and wanted.station_id is None:
            raise NoSuchStation("say which station")
        # Limits that are on their way to the disk come first.
        async with self._busy:
            progress = self.parts.proofs.start(wanted, self.site)
        self.audit(who, deeds.began(wanted.kind, wanted.station_id or wanted.circuit_id or "main"))
        return progress

    def make_card(self, wanted: CardWanted, *, who: str) -> CardProgress:
        """Begin a report card. Raises a CommissioningError where that makes no sense now."""
        progress = self.cards.start(wanted)
        self.audit(who, deeds.card_began(wanted.station_id, tried=wanted.steps or wanted.pause))
        return progress

    async def abort(self, *, who: str) -> Progress | None:
        """End the proof that runs."""
        if self.parts.proofs.is_running:
            self.audit(who, deeds.aborted())
        return await self.parts.proofs.abort()

    async def hand_over(self, *, installer: str, company: str, remark: str, accept_open: bool, who: str) -> Signed:
        """Sign what is in force and proven, and lock the limits. Raises StepsOpen unless that is accepted."""
        folder = self._folder()
        async with self._busy:
            self._check_quiet()
            still_open = self.steps().still_open
            if still_open and not accept_open:
                raise StepsOpen(f"still open: {', '.join(still_open)}")
            key = await asyncio.to_thread(house_key, folder)
            handing = Handing(installer=installer, company=company, remark=remark, open_steps=still_open, account=who)
            now = self._clock.utc_now()
            document = signed(self.file, self.kept.record, handing, key, now)
            mark = SealMark(
                installer=installer, utc_s=now.timestamp(), limits_hash=document.limits_hash, key=document.key
            )
            sealed = partial(replace, hand_over=document, seal=mark)
            await self._keep(sealed, who, deeds.handed_over(installer))
        return document

    def last_hand_over(self) -> Signed:
        """The newest document. Raises NoHandOver."""
        if self.kept.hand_over is None:
            raise NoHandOver("nothing was handed over yet")
        return self.kept.hand_over

    async def unlock(self, why: str, *, who: str) -> None:
        """Let limits be changed again; the document of the hand-over stays."""
        async with self._busy:
            await self._keep(lambda kept: replace(kept, seal=None), who, deeds.unlocked(why))

    def _check_open(self) -> None:
        self._folder()
        if self.kept.seal is not None:
            raise Sealed("the limits were handed over; unlock them first")
        self._check_quiet()

    def _check_quiet(self) -> None:
        if self._joined is not None and self._joined.proofs.is_busy:
            raise ProofRuns("a proof runs, or a report card tries limits; let it end or abort it")

    async def _apply(self, change: Callable[[InstallerLimits], InstallerLimits], who: str, said: Phrase) -> Taken:
        """Change what is kept when it is our turn: others may have changed it since we were asked."""
        async with self._busy:
            self._check_open()
            wanted = change(self.kept.limits)
            file = self._checked(wanted)
            if wanted == self.kept.limits and file == self.file:
                return Taken(outcome="unchanged", file=file)
            await self._keep(lambda kept: replace(kept, limits=wanted), who, said)
            self._put_in_force(file)
            return Taken(outcome="applied", file=file)
