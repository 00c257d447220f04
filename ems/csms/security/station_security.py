"""The security of one station over OCPP: its certificates, its password, the profile it comes by, what it tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.csms.certificate_words import CertificateAsked, Leaf, NetworkWay, Root, SecurityTold
from ems.csms.fields import printable
from ems.csms.security.admission import Profile
from ems.csms.security.alarms import Alarms
from ems.csms.security.authority import Authority, Bundle
from ems.csms.security.credentials import HashedPassword, new_key
from ems.csms.security.errors import BadCertificateRequest, NoAuthority, SecurityTrouble
from ems.csms.security.gate import Gate
from ems.csms.security.occurrences import Kind
from ems.csms.security.requests import judge, read_request
from ems.csms.visit import Visit
from ems.errors import StationOffline, StationRefused
from ems.model.station import CarReading, StationAlarm

LOGGER = logging.getLogger(__name__)

LONGEST_TOLD: Final = 200


class NotReady(SecurityTrouble):
    """What the wanted profile rests on is missing."""

    code = "security_not_ready"


class StationSecurity:
    """Implements `certificate_words.HeardSecurity`. Calls raise what `SecurityDialect` does, and SecurityTrouble."""

    def __init__(self, entry: StationEntry, gate: Gate | None, here: Callable[[], Visit], clock: Clock) -> None:
        """`here` gives the present connection or raises StationOffline."""
        self._station_id = entry.id
        most_a = entry.max_a if entry.hardware_max_a is None else entry.hardware_max_a
        self._alarms = Alarms(clock, most_a)
        self._gate = gate
        self._here = here
        self._has_certificate = False

    def certificate_asked(self, asked: CertificateAsked) -> bool:
        """Sign what a station asks for that has proven who it is; what cannot be signed is refused at once."""
        visit = self._here()
        try:
            authority = self._authority(asked.leaf)
            if visit.came_by < Profile.BASIC:
                raise BadCertificateRequest("whoever asks has proven nothing; give the station a password first")
            judge(read_request(asked.request), self._names())
        except SecurityTrouble as error:
            LOGGER.warning("%s asks for a certificate and gets none: %s", self._station_id, error)
            self._note(Kind.REQUEST_REFUSED, str(error))
            return False
        visit.spawn(self._sign(visit, authority, asked))
        return True

    def security_told(self, told: SecurityTold) -> None:
        """Keep what the station noticed."""
        about = printable(f"{told.kind}: {told.about}" if told.about else told.kind, LONGEST_TOLD)
        self._note(Kind.SAID_BY_STATION, about)

    def alarms(self, skew_s: float, came_at_s: float | None) -> tuple[StationAlarm, ...]:
        """What is suspicious now, the clock included."""
        if self._alarms.clock_seen(skew_s, came_at_s):
            self._note(Kind.CLOCK_JUMP, "")
        return self._alarms.now

    def knocked(self) -> None:
        """Somebody tries to come in as this station, too often."""
        self._alarms.ring(StationAlarm.LOGIN_STORM)

    def replaced(self, heard_at_s: float) -> None:
        """A newer connection took the place of one that was last heard then."""
        if self._alarms.replaced(heard_at_s):
            self._note(Kind.SECOND_CONNECTION, "")

    def metered(self, car: CarReading | None) -> None:
        """What the station says that its car draws."""
        if car is not None and self._alarms.metered(car.current_a):
            self._note(Kind.IMPOSSIBLE_METER, "")

    def flooded(self) -> None:
        """It says more than is read."""
        if self._alarms.ring(StationAlarm.MESSAGE_FLOOD):
            self._note(Kind.MESSAGE_FLOOD, "")

    def certificate_ends(self) -> None:
        """Its certificate, or ours that it checks, ends soon and is not renewed."""
        self._alarms.ring(StationAlarm.CERTIFICATE_ENDS)

    @property
    def is_encrypted(self) -> bool:
        """Whether its present connection is; False where it is away."""
        try:
            return self._here().came_by >= Profile.TLS
        except StationOffline:
            return False

    @property
    def shown_until(self) -> datetime | None:
        """When the certificate ends that its present connection shows; None where it shows none or is away."""
        try:
            return self._here().certificate_until
        except StationOffline:
            return None

    def foreign_profile(self, about: str) -> None:
        """It holds a charging profile or a limit that is none of ours."""
        if self._alarms.ring(StationAlarm.FOREIGN_PROFILE):
            self._note(Kind.FOREIGN_PROFILE, about)

    async def change_password(self) -> None:
        """Give the station a new password; the old one counts too until it has come with the new one.

        A station that refuses keeps the old one alone. Of one that does not answer, both count: it may have taken it.
        """
        gate, visit, key = self._required_gate(), self._here(), new_key()
        await gate.expect(self._station_id, HashedPassword.of(key))
        try:
            await visit.dialect.change_password(key)
        except (StationRefused, ValueError):
            gate.expect_no_more(self._station_id)
            raise
        LOGGER.info("%s has a new password; the old one counts until it has connected with it", self._station_id)

    async def make_password(self) -> str:
        """A new password for somebody to type into the station, told this once; the old one counts until it comes."""
        key = new_key()
        await self._required_gate().expect(self._station_id, HashedPassword.of(key))
        return key.hex()

    async def renew_certificate(self) -> None:
        """Have the station ask for a certificate of its own; the rest follows by itself."""
        self._authority(Leaf.STATION)
        await self._here().dialect.ask_to_ask(Leaf.STATION)

    async def trust_us(self) -> None:
        """Give the station the root of our authority."""
        root = await asyncio.to_thread(self._authority(Leaf.STATION).root_pem)
        await self._here().dialect.trust(root, Root.CENTRAL_SYSTEM)

    async def raise_profile(self, way: NetworkWay) -> None:
        """Have the station come by a safer profile; until it does, the one it has counts.

        Raises NotReady where that would only lock it out.
        """
        gate, visit = self._required_gate(), self._here()
        wanted = Profile(way.profile)
        if wanted < gate.least(self._station_id):
            raise NotReady(f"{self._station_id} may not come by less than it does; an installer resets that first")
        if wanted >= Profile.TLS and not gate.encrypts:
            raise NotReady("there is no encrypted door yet; add csms.tls to the site file")
        if wanted in {Profile.BASIC, Profile.TLS} and not gate.has_password(self._station_id):
            raise NotReady(f"{self._station_id} has no password yet; give it one first")
        if wanted is Profile.MUTUAL and not self._has_certificate and visit.came_by < Profile.MUTUAL:
            raise NotReady(f"{self._station_id} has no certificate of ours yet; have it renewed first")
        await visit.dialect.come_by(way)
        self._note(Kind.PROFILE_RAISED, f"{way.profile}")

    async def _sign(self, visit: Visit, authority: Authority, asked: CertificateAsked) -> None:
        try:
            bundle = await asyncio.to_thread(authority.sign, asked.request, self._names())
        except SecurityTrouble as error:
            LOGGER.warning("%s gets no certificate: %s", self._station_id, error)
            self._note(Kind.REQUEST_REFUSED, str(error))
            return
        try:
            await visit.dialect.hand_certificate(bundle.certificate_pem.decode(), asked)
        except StationRefused:
            await self._take_back(authority, bundle)
            raise
        self._has_certificate = True
        self._note(Kind.CERTIFICATE_SIGNED, bundle.serial)
        LOGGER.info("%s has a certificate of its own, serial number %s", self._station_id, bundle.serial)

    async def _take_back(self, authority: Authority, bundle: Bundle) -> None:
        """Nobody has what was signed; so nobody shall use it."""
        await asyncio.to_thread(authority.revoke, bundle.serial)

    def _authority(self, leaf: Leaf) -> Authority:
        authority = self._required_gate().authority
        if leaf is not Leaf.STATION:
            raise BadCertificateRequest("our authority signs for stations, not for what they show to cars")
        if authority is None or not authority.exists:
            raise NoAuthority("there is no certificate authority yet; make one with `ems certs init`")
        return authority

    def _required_gate(self) -> Gate:
        if self._gate is None:
            raise NotReady("this station has no door of its own")
        return self._gate

    def _names(self) -> frozenset[str]:
        return self._required_gate().names(self._station_id)

    def _note(self, kind: Kind, about: str) -> None:
        if self._gate is not None:
            self._gate.occurrences.note(kind, self._station_id, about)
