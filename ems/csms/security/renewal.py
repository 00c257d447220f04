"""Certificates are renewed by themselves before they end: a line in the log before and after, a notice where it fails.

Nobody is hung up on for any of this: a connection that runs goes on whatever its certificate says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from ems.clock import Clock
from ems.csms.security.admission import Profile
from ems.csms.security.authority import Issued
from ems.csms.security.errors import SecurityTrouble
from ems.csms.security.gate import RENEWS_BEFORE, Gate
from ems.csms.security.occurrences import Kind
from ems.errors import StationError, StationOffline

LOGGER = logging.getLogger(__name__)

LOOKS_EVERY_S: Final = 300.0
TRIES_EVERY_S: Final = 24 * 3600.0
"""A station is asked once a day: making a key is work for it."""

ASKS_WITHIN_S: Final = 3600.0
"""A station that was told to ask for a certificate and has not by then has failed to."""

RINGS_BEFORE: Final = timedelta(days=14)
"""What is not renewed by then is a notice."""


class RenewedSecurity(Protocol):
    """What renewal needs of a station's security."""

    async def renew_certificate(self) -> None: ...

    def certificate_ends(self) -> None:
        """Somebody should see to it."""
        ...


class RenewedStation(Protocol):
    """What renewal needs of a station."""

    @property
    def security(self) -> RenewedSecurity: ...

    def look_again(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """The last time that a station was told to ask."""

    at_s: float
    serial: str
    """Of the certificate that it was to replace."""

    failed: bool = False


class Renewals:
    """`run` it beside the door."""

    def __init__(self, gate: Gate, stations: Mapping[str, RenewedStation], clock: Clock) -> None:
        self._gate = gate
        self._stations = stations
        self._clock = clock
        self._tries: dict[str, _Try] = {}

    async def run(self) -> None:
        """Look now and then, for ever."""
        while True:
            try:
                await self.look()
            except SecurityTrouble as error:
                LOGGER.warning("certificates cannot be looked at: %s; trying again", error)
            await self._clock.sleep(LOOKS_EVERY_S)

    async def look(self) -> None:
        """Renew what ends soon, and ring for what cannot be renewed. Raises SecurityTrouble."""
        authority = self._gate.authority
        issued = () if authority is None else await asyncio.to_thread(authority.issued)
        for station_id in self._stations:
            newest = newest_of(issued, self._gate.names(station_id))
            if newest is not None:
                await self._look_at(station_id, newest)
        await self._look_at_door()

    async def _look_at(self, station_id: str, newest: Issued) -> None:
        left = datetime.fromtimestamp(newest.until_utc_s, UTC) - self._clock.utc_now()
        if left > RENEWS_BEFORE:
            self._tries.pop(station_id, None)
            return
        now_s, last = self._clock.monotonic_s(), self._tries.get(station_id)
        if last is not None and last.serial != newest.serial:
            last = None
        if last is None or now_s - last.at_s >= TRIES_EVERY_S:
            await self._try(station_id, newest)
        elif not last.failed and now_s - last.at_s >= ASKS_WITHIN_S:
            self._failed(station_id, newest, last.at_s, "it was told to ask for a certificate and did not")
        tried = self._tries.get(station_id)
        if left <= RINGS_BEFORE or (tried is not None and tried.failed):
            self._ring(station_id)

    async def _try(self, station_id: str, newest: Issued) -> None:
        now_s = self._clock.monotonic_s()
        try:
            await self._stations[station_id].security.renew_certificate()
        except StationOffline:
            # It is asked when it is here; until then only the time left counts.
            return
        except (StationError, SecurityTrouble) as error:
            self._failed(station_id, newest, now_s, str(error))
            return
        self._tries[station_id] = _Try(at_s=now_s, serial=newest.serial)
        self._gate.occurrences.note(Kind.RENEWAL_DUE, station_id, _day(newest.until_utc_s))
        LOGGER.info("the certificate of %s ends on %s; it is asked to renew it", station_id, _day(newest.until_utc_s))

    def _failed(self, station_id: str, newest: Issued, at_s: float, why: str) -> None:
        self._tries[station_id] = _Try(at_s=at_s, serial=newest.serial, failed=True)
        self._gate.occurrences.note(Kind.RENEWAL_FAILED, station_id, f"{_day(newest.until_utc_s)}: {why}")
        LOGGER.warning(
            "the certificate of %s ends on %s and is not renewed: %s; trying again in a day",
            station_id, _day(newest.until_utc_s), why,
        )  # fmt: skip

    async def _look_at_door(self) -> None:
        """Our own certificate is renewed by the gate; one that ends all the same, or is somebody else's, rings."""
        until = await asyncio.to_thread(self._gate.door_until) if self._gate.encrypts else None
        if until is None or until - self._clock.utc_now() > RINGS_BEFORE:
            return
        self._gate.occurrences.note(Kind.DOOR_ENDS, None, f"{until:%Y-%m-%d}")
        for station_id in self._stations:
            if self._gate.keyring.of(station_id).came_by >= Profile.TLS:
                self._ring(station_id)

    def _ring(self, station_id: str) -> None:
        station = self._stations[station_id]
        station.security.certificate_ends()
        station.look_again()


def newest_of(issued: Collection[Issued], names: Collection[str]) -> Issued | None:
    """The certificate of ours that a station of these names shows most likely; None where it has none."""
    own = [each for each in issued if each.kind == "station" and each.name in names and each.revoked_utc_s is None]
    return max(own, key=lambda each: (each.until_utc_s, each.from_utc_s), default=None)


def _day(utc_s: float) -> str:
    return f"{datetime.fromtimestamp(utc_s, UTC):%Y-%m-%d}"
