"""What a station says, given to the connector that it is about. Implements `messages.Heard` for the dialects.

A station with one configured connector is taken to mean that one wherever it could. Of one with several, nothing counts
for a connector but what names it: a report given to the wrong one would hide what a car draws.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ems.csms.connector import Connector
from ems.csms.energy_hearing import EnergyHearing
from ems.csms.hearing_ports import HeardConnector, HeardPost
from ems.csms.messages import (
    UNTOLD,
    Boot,
    MeterReport,
    StartReport,
    StatusReport,
    StopReport,
    TagVerdict,
    TransactionEvent,
)
from ems.csms.rpc import Later
from ems.csms.security.station_security import StationSecurity
from ems.csms.service_words import FirmwareReport, UploadReport
from ems.csms.told_on_request import ToldOnRequest
from ems.model.transaction import Transaction, TransactionId

LOGGER = logging.getLogger(__name__)

MOST_CONNECTORS: Final = 8
MOST_UNPLACED: Final = 16
"""Transactions that wait until the station tells of which connector they are."""


class Hearing:
    """One for the life of a station."""

    def __init__(self, post: HeardPost) -> None:
        self._post = post
        self._strays: dict[int, Connector] = {}
        self._unplaced: OrderedDict[TransactionId, TransactionEvent] = OrderedDict()
        self._said: set[str] = set()
        self.energy: Final = EnergyHearing(self)
        """Limits that others set it, and what its cars need."""

    @property
    def members(self) -> Sequence[HeardConnector]:
        return self._post.members

    @property
    def security(self) -> StationSecurity:
        return self._post.security

    @property
    def strays(self) -> Sequence[Connector]:
        """Connectors that nobody configured, as far as the station told of them."""
        return tuple(self._strays.values())

    @property
    def on_request(self) -> ToldOnRequest:
        return self._post.on_request

    @property
    def untold_connector(self) -> int:
        """Which connector is meant where the station names none; `UNTOLD` where that cannot be known."""
        return 1 if self._lone is not None else UNTOLD

    def booted(self, boot: Boot) -> bool:
        """False refuses the station."""
        return self._post.booted(boot)

    def time_told(self) -> None:
        """It was told our time."""
        self._post.station_clock.told()

    def consult(self, id_tag: str) -> Awaitable[None] | None:
        """What to wait for before the station learns whether a tag may charge; None for nothing."""
        waits = [each for member in self.members if (each := member.observer.consult(id_tag)) is not None]
        return _all(waits) if len(waits) > 1 else next(iter(waits), None)

    def vendor_data(self, payload: Mapping[str, object]) -> Later | None:
        """See `Observer.vendor_data`: of those who follow its connectors the first that takes it."""
        answers = (member.observer.vendor_data(payload) for member in self.members)
        return next((each for each in answers if each is not None), None)

    def authorize(self, id_tag: str, connector: int | None = None) -> TagVerdict:
        """Whether that tag may charge: at that connector, or where its session runs already."""
        member = None if connector is None else self.member(connector)
        same = (each for each in self.members if each.session is not None and each.session.id_tag == id_tag)
        return (member or next(same, self.members[0])).authorize(id_tag)

    def status_reported(self, report: StatusReport) -> None:
        """Take note of a connector's state."""
        self._post.station_clock.heard(report.at)
        if report.connector == 0:
            self._post.own_status = report.status or self._post.own_status
            for each in self.members:
                each.status_beside(report)
            return
        member = self.member(report.connector)
        if member is None:
            self._stray(report.connector).status_reported(report)
            self._beside(report)
            self.members[0].look_again()
            return
        if self._post.visit is not None:
            self._post.visit.statuses_heard.add(member.number)
        member.status_reported(report)

    def metered(self, report: MeterReport) -> None:
        """Take note of meter values; those of the station as a whole are no connector's where there are several."""
        number = self._metered_at(report)
        if number is None or (number == 0 and self._lone is None):
            return
        member = self._lone if number == 0 else self.member(number)
        if member is not None:
            member.metered(report)
        else:
            self.members[0].metered(report, self._stray(number))

    def transaction_started(self, report: StartReport) -> int:
        """Begin a transaction, or find the one that the station repeats."""
        self._post.station_clock.heard(report.at)
        member = self.member(report.connector or self.untold_connector)
        if member is not None:
            return member.transaction_started(report)
        return self.members[0].transaction_started(report, self._stray(report.connector))

    def transaction_stopped(self, report: StopReport) -> None:
        """End the transaction that is meant, if it runs."""
        self._post.station_clock.heard(report.at)
        known = [member.transaction_stopped(report) for member in self.members]
        beside = any(stray.stopped(report) for stray in self._strays.values())
        self.members[0].look_again()
        if not (any(known) or beside):
            LOGGER.info("%s stopped a transaction that does not run here", self._post.station_id)

    def transaction_told(self, event: TransactionEvent) -> None:
        """Take note of one event of a transaction whose id is the station's own."""
        if not event.offline:
            self._post.station_clock.heard(event.at)
        for each in self._placed(event):
            member = self.member(each.connector or self.untold_connector)
            if member is None:
                self.members[0].transaction_told(each, self._stray(each.connector))
                continue
            for other in self.members:
                if other is not member:
                    other.transaction_moved(each.transaction_id)
            member.transaction_told(each)

    def firmware_reported(self, report: FirmwareReport) -> None:
        """Firmware is the whole station's."""
        self.members[0].firmware_reported(report)

    def upload_reported(self, report: UploadReport) -> None:
        """So are its logs."""
        self.members[0].upload_reported(report)

    def recall(self, transaction: Transaction) -> None:
        """Go on from a transaction on a connector that nobody configured."""
        self._stray(transaction.connector).transactions.recall([transaction])

    def restarted(self) -> None:
        """It booted: nothing that it said before holds."""
        self._unplaced.clear()
        for stray in self._strays.values():
            stray.restarted()

    def member(self, number: int) -> HeardConnector | None:
        """The configured connector of that number; None where nobody configured it."""
        return next((each for each in self.members if each.number == number), None)

    @property
    def _lone(self) -> HeardConnector | None:
        """The only configured one, where it stands for the whole station."""
        return self.members[0] if self.members[0].is_alone else None

    def _metered_at(self, report: MeterReport) -> int | None:
        """The connector of meter values; None where what they tell of it contradicts itself, or is missing."""
        number, running = report.connector, self._running(report.transaction_id)
        if self._lone is not None:
            return number
        if number == UNTOLD:
            number = UNTOLD if running is None else running.number
        if number == UNTOLD or (running is not None and running.number != number and number != 0):
            self._say("gives meter values and not of which connector; they count for none")
            return None
        return number

    def _running(self, transaction_id: TransactionId | None) -> HeardConnector | None:
        """Where that transaction runs."""
        if transaction_id is None:
            return None
        running = ((each, each.session) for each in self.members)
        return next((each for each, session in running if session and session.transaction_id == transaction_id), None)

    def _placed(self, event: TransactionEvent) -> Iterator[TransactionEvent]:
        """The event, after the first one of its transaction where that came without its connector."""
        running = self._running(event.transaction_id)
        if event.connector == UNTOLD and running is not None:
            # Known from before our restart: a station names the connector once.
            event = replace(event, connector=running.number)
        if event.connector != UNTOLD:
            first = self._unplaced.pop(event.transaction_id, None)
            if first is not None:
                yield replace(first, connector=event.connector)
            yield event
            return
        self._unplaced.setdefault(event.transaction_id, event)
        if len(self._unplaced) > MOST_UNPLACED:
            self._unplaced.popitem(last=False)

    def _stray(self, number: int) -> Connector:
        """A connector that nobody configured."""
        number = min(max(number, 0), MOST_CONNECTORS)
        if number not in self._strays:
            self._strays[number] = self.members[0].new_connector(number)
        if self._lone is None:
            self._say(
                f"tells of connector {number}, which nobody configured: nothing limits it; add it to the site file"
            )
        return self._strays[number]

    def _beside(self, report: StatusReport) -> None:
        if self._lone is not None:
            self._lone.status_beside(report)

    def _say(self, what: str) -> None:
        """Once."""
        if what not in self._said:
            self._said.add(what)
            LOGGER.warning("%s %s", self._post.station_id, what)


async def _all(waits: Sequence[Awaitable[None]]) -> None:
    await asyncio.gather(*waits)
