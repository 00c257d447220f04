"""What stands: limits and findings, on the disk first and then in force.

Limits that cannot be trusted make the house one that nobody has commissioned. Only what a failed proof tightens is in
force before it is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ems.clock import Clock
from ems.commissioning.deeds import proof_name
from ems.commissioning.errors import (
    LimitsRefused,
    NoStorage,
    NoSuchStation,
)
from ems.commissioning.findings import Findings, LossFindings, ProofKind, Verdict
from ems.commissioning.hand_over import fits_seal
from ems.commissioning.kept import Change, Kept, KeptFile, still_proven
from ems.commissioning.limits import (
    InstallerLimits,
    findings_of,
    identity_in,
    overlaid,
    uncommissioned,
)
from ems.commissioning.newcomers import NewStation, with_new
from ems.commissioning.proofs import Progress, Proofs
from ems.commissioning.watch import Watch
from ems.config.schema import SiteFile, StationEntry
from ems.config.translate import to_site
from ems.csms.central_system import CentralSystem
from ems.model.electrical import Wiring
from ems.model.site import Site
from ems.model.words import Phrase
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch

LOGGER: Final = logging.getLogger(__name__)

Audit = Callable[[str, Phrase], None]
"""Hears who did what; returns at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The running parts."""

    board: Board
    dispatch: Dispatch
    central_system: CentralSystem
    watch: Watch
    proofs: Proofs


class Standing:
    """The site file with the installer's limits over it, what proofs found, and where both are kept."""

    def __init__(self, file: SiteFile, folder: Path | None, clock: Clock) -> None:
        self._clock = clock
        self._kept_file = None if folder is None else KeptFile(folder)
        self.audit: Audit = lambda _who, _said: None
        """Hears of every change; whoever keeps a log sets it."""

        self._joined: Joined | None = None
        self._busy = asyncio.Lock()
        self._saving: set[asyncio.Task[None]] = set()
        self._unsaved: tuple[str, Phrase] | None = None
        """What a proof found last that is not on the disk yet."""

        opened = None if self._kept_file is None else self._kept_file.open()
        told = Kept() if opened is None else opened.kept
        self.plain: Final = file
        """The site file alone."""

        self.base, left_out = _with_newcomers(file, told)
        """The same with the stations that an installer took in before this start."""

        self.kept: Kept = still_proven(told, self.base)
        self.trouble: str | None = "no storage folder is set" if opened is None else opened.trouble or left_out
        """Why limits cannot be kept, or those that were kept could not be read."""

        self._lost: Final = None if opened is None else opened.trouble
        """Why earlier limits are lost: until the connection is stated again, the site file's does not count either."""

        self.file: SiteFile = self._usable()
        """The site file with the installer's limits over it: what is in force."""

        self.site: Site = to_site(self.file)
        """The same as control sees it."""

    @property
    def parts(self) -> Joined:
        """The running parts. Raises RuntimeError before `join`."""
        if self._joined is None:
            raise RuntimeError("the desk is not part of a service yet")
        return self._joined

    def _usable(self) -> SiteFile:
        """The file to start with. Limits that cannot be trusted make the house one that nobody has commissioned."""
        if self._lost is not None:
            LOGGER.error("the installer's limits cannot be used, so nobody charges above 6 A: %s", self._lost)
        findings = findings_of(self.base, self.kept.limits)
        if findings:
            self.trouble = f"the installer's limits do not fit the site file any more: {LimitsRefused(findings)}"
            LOGGER.error("%s; so nobody charges above 6 A", self.trouble)
            return uncommissioned(self.base)
        file = self._overlaid(self.kept.limits)
        if self.kept.seal is not None and not fits_seal(file, self.kept.seal, self.kept.hand_over):
            self.trouble = "the limits are not those that were handed over; unlock them and prove them anew"
            LOGGER.error("%s; so nobody charges above 6 A", self.trouble)
            return uncommissioned(file)
        return file

    def _checked(self, wanted: InstallerLimits) -> SiteFile:
        """The site file with these limits. Raises LimitsRefused."""
        findings = findings_of(self.base, wanted)
        if findings:
            raise LimitsRefused(findings)
        return self._overlaid(wanted)

    def _checked_with(self, added: Sequence[NewStation], limits: InstallerLimits) -> SiteFile:
        """As the house will be after the next start, with these stations. Raises LimitsRefused."""
        base = with_new(self.plain, added)
        findings = findings_of(base, limits)
        if findings:
            raise LimitsRefused(findings)
        return overlaid(base, limits)

    def _overlaid(self, limits: InstallerLimits) -> SiteFile:
        """The site file with these limits; nobody has commissioned a house whose earlier limits are lost."""
        file = overlaid(self.base, limits)
        return file if self._lost is None or limits.connection is not None else uncommissioned(file)

    def _folder(self) -> Path:
        if self._kept_file is None:
            raise NoStorage("the site file names no storage folder (storage.path), so limits would be lost")
        return self._kept_file.folder

    async def _keep(self, change: Callable[[Kept], Kept], who: str, said: Phrase) -> None:
        """On the disk first, then here. Raises NoStorage."""
        kept_file = self._kept_file
        if kept_file is None:
            raise NoStorage("the site file names no storage folder (storage.path), so nothing can be kept")
        line = Change(utc_s=self._clock.utc_now().timestamp(), who=who, what=said.said(), says=said)
        # Whoever asked may leave meanwhile; a file that is being replaced is seen through.
        await asyncio.shield(asyncio.to_thread(kept_file.save, change(self.kept).changed(line)))
        # A proof may have ended meanwhile; what it found stays.
        self.kept = change(self.kept).changed(line)
        self.audit(who, said)

    def _put_in_force(self, file: SiteFile) -> None:
        self.file = file
        site = self.site = to_site(file)
        self.trouble = self._lost if self.kept.limits.connection is None else None
        if self._joined is None:
            return
        self._joined.board.set_site(site)
        self._joined.dispatch.set_site(site)
        for entry in file.stations:
            if self._joined.central_system.identity_of(entry.id) != identity_in(entry):
                self._joined.central_system.rename(entry.id, identity_in(entry))
        LOGGER.info("the installer's limits are in force")

    def _proof_ended(self, progress: Progress) -> None:
        """Keep what was found; a loss proof that passed verifies the lease, one that failed takes that back."""
        findings = progress.findings
        if findings is None or findings.verdict is Verdict.ABORTED:
            return
        self.kept = replace(self.kept, record=self.kept.record.with_new(findings))
        if isinstance(findings, LossFindings) and findings.verdict is Verdict.FAILED:
            self._distrust(findings.station_id)
        task = asyncio.create_task(self._keep_findings(findings, progress.wanted.kind), name="keep findings")
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    def _distrust(self, station_id: str) -> None:
        """Its lease counts no more, whatever the disk says; these limits are not those that were handed over."""
        if not self.entry(station_id).lease_verified:
            return
        limits = self._with_lease(station_id, verified=False)
        self.kept = replace(self.kept, limits=limits, seal=None)
        self._put_in_force(self._overlaid(limits))

    async def _keep_findings(self, findings: Findings, kind: ProofKind) -> None:
        who, said = proof_name(kind), findings.says
        try:
            async with self._busy:
                if not isinstance(findings, LossFindings) or not self._verifies(findings):
                    await self._keep(lambda kept: kept, who, said)
                    return
                limits = self._with_lease(findings.station_id, verified=True)
                await self._keep(lambda kept: replace(kept, limits=limits), who, said)
                self._put_in_force(self._overlaid(limits))
        except NoStorage as error:
            LOGGER.warning("what the proof found is not kept yet: %s", error)
            self._unsaved = who, said

    async def _save_again(self) -> None:
        """What the disk did not take when a proof ended."""
        async with self._busy:
            unsaved, self._unsaved = self._unsaved, None
            if unsaved is None or self._kept_file is None:
                return
            try:
                await self._keep(lambda kept: kept, *unsaved)
            except NoStorage:
                self._unsaved = unsaved

    def _verifies(self, findings: LossFindings) -> bool:
        """Whether the lease of the station counts from now on: a passed proof of the very limits that are in force."""
        entry = self.entry(findings.station_id)
        proven = findings.verdict is Verdict.PASSED and findings.is_of(entry.fallback_a, self.file.policy.lease_s)
        return proven and not entry.lease_verified and self.kept.seal is None

    def _with_lease(self, station_id: str, *, verified: bool) -> InstallerLimits:
        told = self.kept.limits.station(station_id).model_copy(update={"lease_verified": verified})
        return self.kept.limits.with_station(station_id, told)

    def entry(self, station_id: str) -> StationEntry:
        """As it is in force. Raises NoSuchStation."""
        for entry in self.file.stations:
            if entry.id == station_id:
                return entry
        raise NoSuchStation(f"there is no station {station_id!r} in this house")

    def wiring_of(self, station_id: str) -> Wiring:
        """The house phases behind a station, as a charger proof found them, else as they are stated."""
        stated = self.site.station(station_id).wiring
        findings = self.kept.record.charger.get(station_id)
        return stated if findings is None else findings.found or stated


def _with_newcomers(file: SiteFile, kept: Kept) -> tuple[SiteFile, str | None]:
    """The site file with what an installer took in, or without where that does not fit it any more, and why."""
    try:
        base = with_new(file, kept.added)
    except LimitsRefused as error:
        return file, f"stations that were taken in make no sense: {error}"
    findings = findings_of(base, kept.limits)
    if not kept.added or not findings or findings_of(file, kept.limits):
        return base, None
    why = f"stations that were taken in do not fit the site file any more: {LimitsRefused(findings)}"
    LOGGER.error("%s; they are strangers again", why)
    return file, why
