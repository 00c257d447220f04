"""What a connector is told to do and to be: begin, be out of operation, be kept for somebody."""

from __future__ import annotations

import asyncio
import secrets
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from ems.clock import Clock
from ems.config.schema_quirks import QuirkSection
from ems.csms.charging_profiles import Profile
from ems.csms.messages import Outcome
from ems.csms.service.standing import (
    OF_A_CONNECTOR,
    PostStanding,
    RemoteStart,
    Reservation,
    Standing,
    StartState,
)
from ems.csms.service_words import ReservationOrder
from ems.csms.station_calls import REMOTE_TAG, StationCalls
from ems.errors import StationRefused
from ems.model.station import ConnectorStatus
from ems.model.transaction import TransactionId

UNCHANGED: Final = "Unchanged"
"""Our own word: the station is so already, and was not bothered."""

MOST_REQUEST_ID: Final = 2**31 - 1


class ServicedConnector(Protocol):
    """Another connector of the same station."""

    def availability_changed(self, *, operative: bool, waits: bool) -> None: ...


class Operated(StationCalls):
    """Everything here raises StationOffline, StationSilent or StationRefused where the station is asked."""

    def __init__(self, clock: Clock, shared: PostStanding) -> None:
        """`shared` is what its station's connectors have in common."""
        self._clock = clock
        self._shared = shared
        self._own = Standing()
        self._ordered: asyncio.Event | None = None

    @property
    def standing(self) -> Standing:
        """What its service stands at."""
        return replace(self._shared.now, **{name: getattr(self._own, name) for name in OF_A_CONNECTOR})

    @standing.setter
    def standing(self, standing: Standing) -> None:
        self._own = self._shared.now = standing

    def when_ordered(self, changed: asyncio.Event) -> None:
        """Set that event whenever an update or an upload begins, goes on or ends."""
        self._ordered = changed

    @property
    @abstractmethod
    def quirks(self) -> QuirkSection:
        """What is peculiar about it."""

    @property
    @abstractmethod
    def siblings(self) -> Sequence[ServicedConnector]:
        """All configured connectors of its station, itself included."""

    @property
    @abstractmethod
    def statuses(self) -> tuple[ConnectorStatus | None, ...]:
        """What its station last said of what it stands for."""

    @property
    def is_installing(self) -> bool:
        """Whether it installs firmware, and may stop and boot at any moment."""
        update = self.standing.update
        return update is not None and update.is_installing(self._clock.monotonic_s())

    def _start_profile(self) -> Profile | None:
        """The limit that a transaction begins with, where limits are those of transactions."""
        return None

    async def remote_start(self, id_tag: str = REMOTE_TAG, *, any_connector: bool = False) -> None:
        """Begin a session, where the station likes for any connector. Refused while it installs firmware."""
        if self.is_installing:
            raise StationRefused(f"{self.station_id} installs firmware now; start a session when it is done")
        asked = RemoteStart(tag=id_tag, at=self._clock.utc_now(), asked_at_s=self._clock.monotonic_s())
        dialect = self._here().dialect
        # Before it is asked: the session may begin before its answer was looked at.
        self._stand(start=asked)
        try:
            if any_connector:
                # The limit of one connector must not come to another.
                await dialect.remote_start(id_tag, None, self._start_profile() if self.is_alone else None)
            else:
                await dialect.remote_start(id_tag, self.number, self._start_profile())
        except StationRefused:
            self._stand(start=replace(asked, state=StartState.REFUSED))
            raise

    async def change_availability(self, *, operative: bool, whole_station: bool = False) -> Outcome:
        """Into or out of operation, alone or with its station's other connectors; not sent where it is so (Q20)."""
        standing, whole = self.standing, whole_station or self.is_alone
        is_out = ConnectorStatus.UNAVAILABLE in self.statuses
        known = any(status is not None for status in self.statuses)
        if known and is_out is not operative and not standing.change_waits and (self.is_alone or not whole):
            self._stand(operative=operative)
            return Outcome(done=True, answer=UNCHANGED)
        if self.quirks.no_change_availability:
            raise StationRefused(f"{self.station_id} is of a kind that must not be told to be available or not")
        connector = 0 if whole else self.number
        outcome = await self._here().dialect.change_availability(connector, operative=operative)
        for each in self.siblings if whole else (self,):
            if outcome.done:
                each.availability_changed(operative=operative, waits=outcome.answer == "Scheduled")
        return outcome

    def availability_changed(self, *, operative: bool, waits: bool) -> None:
        """It is in or out of operation from now on, or from a session's end on."""
        self._stand(operative=operative, change_waits=waits)

    async def reserve(self, tag: str, until: datetime, *, parent: str | None = None) -> Outcome:
        """Keep it for that tag."""
        order = ReservationOrder(
            reservation_id=new_request_id(), connector=self.number, tag=tag, until=until, parent=parent
        )
        outcome = await self._here().dialect.reserve(order)
        if outcome.done:
            self._stand(reservation=Reservation(reservation_id=order.reservation_id, tag=tag, until=until))
        return outcome

    async def cancel_reservation(self) -> Outcome:
        """Keep it for nobody; one that the station does not know of any more is gone too."""
        reservation = self.reservation
        if reservation is None:
            return Outcome(done=False, answer="Unknown")
        outcome = await self._here().dialect.cancel_reservation(reservation.reservation_id)
        self._stand(reservation=None)
        return outcome

    @property
    def reservation(self) -> Reservation | None:
        """The one that holds now."""
        kept = self.standing.reservation
        return kept if kept is not None and kept.until > self._clock.utc_now() else None

    def service_status(self, status: ConnectorStatus | None) -> None:
        if status is ConnectorStatus.UNAVAILABLE or status is ConnectorStatus.AVAILABLE:
            waits = self.standing.change_waits and (status is ConnectorStatus.UNAVAILABLE) is self.standing.operative
            self._stand(change_waits=waits)

    def _service_started(self, id_tag: str, transaction_id: TransactionId) -> None:
        """A session began: perhaps the one that was asked for, or that a reservation was for."""
        asked, kept = self.standing.start, self.standing.reservation
        now_s = self._clock.monotonic_s()
        if asked is not None and asked.tag.lower() == id_tag.lower() and asked.state_at(now_s) is StartState.WAITING:
            self._stand(start=replace(asked, state=StartState.STARTED, transaction_id=transaction_id))
        if kept is not None and kept.tag.lower() == id_tag.lower():
            self._stand(reservation=None)

    def _stand(self, **changes: object) -> None:
        """Names of `Standing`."""
        own = {name: value for name, value in changes.items() if name in OF_A_CONNECTOR}
        shared = {name: value for name, value in changes.items() if name not in OF_A_CONNECTOR}
        self._own = replace(self._own, **own)  # type: ignore[arg-type]
        self._shared.now = replace(self._shared.now, **shared)  # type: ignore[arg-type]
        if self._ordered is not None and not changes.keys().isdisjoint({"update", "upload"}):
            self._ordered.set()


def new_request_id() -> int:
    """A number for an order that was hardly used before, also not before our restart."""
    return secrets.randbelow(MOST_REQUEST_ID) + 1
