"""The gate: locks of all stations, the papers of the encrypted door, our own authority, and what happened there."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ems.clock import Clock
from ems.config.schema import CsmsTlsSection, StationEntry
from ems.csms.security.admission import Admitted, Lock, Profile, Refusal, Shown, admit
from ems.csms.security.authority import FOLDER, Authority
from ems.csms.security.credentials import HashedPassword, Password, SitePassword
from ems.csms.security.errors import SecurityTrouble
from ems.csms.security.keyring import Keyring
from ems.csms.security.occurrences import Kind, Occurrences
from ems.csms.security.requests import Marked
from ems.csms.security.tls import CannotEncrypt, TlsDoor, TlsFiles, certificate_until, papers_of, revoked_in

LOGGER = logging.getLogger(__name__)

LOOKS_EVERY_S: Final = 5.0
"""How soon a new certificate or a revocation counts."""

HOUSE: Final = "Fusewise"
MOST_RETIRED: Final = 8
RENEWS_BEFORE: Final = timedelta(days=30)
"""Our own certificate of the door is made anew so long before it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A configured station, as the gate knows it."""

    entry: StationEntry
    password: SitePassword | None


class Gate:
    """Judges who comes in. Its rules are `admission`'s; this holds what they rest on."""

    def __init__(
        self,
        stations: Mapping[str, StationEntry],
        passwords: Mapping[str, str],
        clock: Clock,
        *,
        tls: CsmsTlsSection | None = None,
        names: Callable[[], tuple[str, ...]] = lambda: ("localhost",),
        folder: Path | None = None,
    ) -> None:
        """`stations` by identity, `passwords` by station id; without `folder` nothing outlasts a restart.

        `names` gives the names and addresses by which stations may call this machine now.
        """
        self._clock = clock
        self._tls = tls
        self._names = names
        self._marks: dict[str, str] = {}
        self._residents = {
            identity: Resident(
                entry=entry, password=SitePassword(passwords[entry.id]) if entry.id in passwords else None
            )
            for identity, entry in stations.items()
        }
        self.keyring: Final = Keyring(folder)
        self.occurrences: Final = Occurrences(clock)
        self.authority: Final = None if folder is None else Authority(folder / FOLDER, clock)
        self.revoked: frozenset[Marked] = frozenset()
        self._door: TlsDoor | None = None
        self._stamps: tuple[object, ...] = ()
        self._trouble: str | None = None

    def station_id(self, identity: str) -> str:
        """Whose identity that is. Raises KeyError."""
        return self._residents[identity].entry.id

    @property
    def encrypts(self) -> bool:
        """Whether stations can come encrypted."""
        return self._door is not None

    def least(self, station_id: str) -> Profile:
        """The lowest profile that a station is let in by."""
        return self.lock(self._identity(station_id)).least

    def names(self, station_id: str) -> frozenset[str]:
        """What a certificate of it may call it."""
        return self.lock(self._identity(station_id)).names

    def has_password(self, station_id: str) -> bool:
        return bool(self.lock(self._identity(station_id)).passwords)

    def rename(self, before: str, identity: str) -> None:
        """A configured station comes by another identity, with everything that it had."""
        resident = self._residents.pop(before, None)
        if resident is not None:
            self._residents[identity] = resident

    def judge(self, identity: str, shown: Shown) -> Admitted | Refusal:
        """Whether that one may come in."""
        return admit(self.lock(identity), shown, self.revoked, self._clock.utc_now())

    def let_in(self, identity: str, admitted: Admitted) -> None:
        """It came in: from now on never less safely, and a new password that it proved replaces the old one."""
        station_id = self._residents[identity].entry.id
        known = self.keyring.of(station_id)
        if admitted.profile >= Profile.TLS and admitted.profile > known.came_by:
            self.keyring.remember(station_id, replace(known, came_by=admitted.profile))
        if known.coming is not None and admitted.password == known.coming:
            self._promote(identity)

    def forget_profile(self, station_id: str) -> None:
        """An installer lets a station come by what the site file asks for, however safely it came before."""
        self.keyring.remember(station_id, replace(self.keyring.of(station_id), came_by=Profile.OPEN))

    def lock(self, identity: str) -> Lock:
        """What that identity has to show. Raises KeyError for one that nobody configured."""
        resident = self._residents[identity]
        entry, passwords = resident.entry, self._passwords(resident)
        usual = Profile.BASIC if passwords else Profile.OPEN
        stated = usual if entry.security_profile is None else Profile(entry.security_profile)
        return Lock(
            identity=identity,
            names=frozenset({identity, entry.serial or ""} - {""}),
            passwords=passwords,
            least=max(stated, self.keyring.of(entry.id).came_by),
        )

    def refused(self, identity: str, refusal: Refusal, address: str) -> None:
        """Take note of one that was turned away."""
        self.occurrences.note(Kind(refusal.value), self._residents[identity].entry.id, address)

    async def prepare(self) -> None:
        """Read what is remembered."""
        await asyncio.to_thread(self.keyring.open)
        await asyncio.to_thread(self._mark_passwords)

    async def papers(self) -> TlsDoor:
        """What the encrypted listener is given. Raises CannotEncrypt."""
        tls = self._tls or CsmsTlsSection()
        try:
            await self._renew(tls)
            self._door = TlsDoor(await asyncio.to_thread(self._fresh_papers, tls))
        except SecurityTrouble as error:
            raise CannotEncrypt(f"the encrypted door (csms.tls) cannot open: {error}") from error
        return self._door

    async def watch(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Take new papers and revocations as they come, for ever; `changed` is told of them."""
        while True:
            await self._clock.sleep(LOOKS_EVERY_S)
            if self._tls is not None and self._door is not None and await self._look_again(self._tls, self._door):
                await changed()

    async def expect(self, station_id: str, password: HashedPassword) -> None:
        """From now on this password opens too, restarts included. Raises CannotKeep."""
        resident = self._residents[self._identity(station_id)]
        if resident.password is not None and station_id not in self._marks:
            self._marks[station_id] = await asyncio.to_thread(lambda given: given.mark, resident.password)
        self.keyring.remember(station_id, replace(self.keyring.of(station_id), coming=password))
        await self.keyring.keep()

    def expect_no_more(self, station_id: str) -> None:
        """The new password came to nothing; the old one stays."""
        self.keyring.remember(station_id, replace(self.keyring.of(station_id), coming=None))

    def _identity(self, station_id: str) -> str:
        return next(each for each, resident in self._residents.items() if resident.entry.id == station_id)

    def _promote(self, identity: str) -> None:
        """The station has come with its new password: the old one opens nothing any more."""
        station_id = self._residents[identity].entry.id
        known, mark = self.keyring.of(station_id), self._marks.get(station_id)
        retired = known.retired if mark is None else tuple(dict.fromkeys([*known.retired, mark]))[-MOST_RETIRED:]
        self.keyring.remember(station_id, replace(known, made=known.coming, coming=None, retired=retired))
        self.occurrences.note(Kind.PASSWORD_CHANGED, station_id)

    def _passwords(self, resident: Resident) -> tuple[Password, ...]:
        station_id = resident.entry.id
        known = self.keyring.of(station_id)
        from_site = None if self._marks.get(station_id, "") in known.retired else resident.password
        return tuple(each for each in (from_site, known.made, known.coming) if each is not None)

    def _mark_passwords(self) -> None:
        """Blocks."""
        for resident in self._residents.values():
            if resident.password is not None and self.keyring.of(resident.entry.id).retired:
                self._marks[resident.entry.id] = resident.password.mark

    async def _look_again(self, tls: CsmsTlsSection, door: TlsDoor) -> bool:
        """Whether there are new papers."""
        try:
            await self._renew(tls)
            if await asyncio.to_thread(self._files(tls).stamps) == self._stamps:
                return False
            door.papers = await asyncio.to_thread(self._fresh_papers, tls)
        except SecurityTrouble as error:
            if str(error) != self._trouble:
                LOGGER.warning("the encrypted door keeps its old papers: %s", error)
                self.occurrences.note(Kind.DOOR_FAILED, None, str(error))
            self._trouble = str(error)
            return False
        self._trouble = None
        LOGGER.info("the encrypted door has new papers; connections that run stay as they are")
        return True

    def _fresh_papers(self, tls: CsmsTlsSection) -> ssl.SSLContext:
        """Blocks."""
        files = self._files(tls)
        # Noted first: files that cannot be used are tried again when they have changed, and not before.
        self._stamps = files.stamps()
        revoked = revoked_in(files.revoked)
        papers = papers_of(files, self._handshake_failed)
        self.revoked = revoked
        return papers

    def _handshake_failed(self, reason: str) -> None:
        self.occurrences.note(Kind.TLS_REFUSED, None, reason)

    def _files(self, tls: CsmsTlsSection) -> TlsFiles:
        own = self.authority
        from_site = () if tls.client_ca is None else (Path(tls.client_ca),)
        ours = () if own is None else (own.root_file,)
        lists = () if own is None else (own.revoked_file,)
        if tls.certificate is not None:
            certificate = Path(tls.certificate)
        elif own is not None:
            certificate = own.server_file
        else:
            raise CannotEncrypt("there is no certificate, and no folder (storage.path) for one of our own")
        key = None if tls.key is None else Path(tls.key)
        return TlsFiles(
            certificate=certificate, key=key, client_roots=(*ours, *from_site), revoked=(*lists, *from_site)
        )

    def door_until(self) -> datetime | None:
        """When the certificate of the door ends; None where there is none that can be read. Blocks."""
        tls, own = self._tls, self.authority
        if tls is not None and tls.certificate is not None:
            return certificate_until(Path(tls.certificate))
        return None if own is None else own.server_until()

    async def _renew(self, tls: CsmsTlsSection) -> None:
        renewed = await asyncio.to_thread(self._renew_own_papers, tls)
        if renewed is not None:
            self.occurrences.note(Kind.DOOR_RENEWED, None, f"{renewed:%Y-%m-%d}")

    def _renew_own_papers(self, tls: CsmsTlsSection) -> datetime | None:
        """Make what our own authority is to give the door, when it is missing, ends soon or lacks a name. Blocks.

        When the new certificate ends; None where the old one stays.
        """
        own = self.authority
        if own is None or tls.certificate is not None:
            return None
        names = tls.names or self._names()
        if not own.exists:
            own.begin(HOUSE, names)
        until = own.server_until()
        soon = self._clock.utc_now() + RENEWS_BEFORE
        if until is None or until < soon or not set(names) <= own.server_names():
            own.rotate_server(names)
            return own.server_until()
        return None
