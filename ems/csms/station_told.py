"""What is known of one configured connector from what its station says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.csms.connector import Connector
from ems.csms.energy_words import EnergyBook
from ems.csms.messages import Boot, MeterReport, StartReport, StatusReport, Step, StopReport, TagVerdict
from ems.csms.messages import TransactionEvent as Event
from ems.csms.observer import NOBODY, Observer, Said
from ems.csms.post import Post
from ems.csms.quirks.acquaintance import Acquaintance
from ems.csms.service.serviced import Serviced
from ems.csms.tags import Authorise
from ems.csms.transaction_book import Told
from ems.csms.transaction_ids import TransactionIds
from ems.model.station import ConnectorStatus
from ems.model.transaction import Transaction, TransactionId


class ToldStation(Serviced):
    """Implements `hearing.HeardConnector`."""

    known: Acquaintance
    """What its station says it is, and what that tells of it."""

    def __init__(
        self,
        entry: StationEntry,
        post: Post,
        clock: Clock,
        ids: TransactionIds,
        *,
        alone: bool,
        authorise: Authorise,
        transaction_told: Told,
    ) -> None:
        super().__init__(clock, post.standing)
        self.entry: Final = entry
        self.post: Final = post
        """The station as a whole: its connection, and its other connectors."""

        self._alone = alone
        self._ids = ids
        self._authorise = authorise
        self._transaction_told = transaction_told
        self._phases_allowed = len(entry.wired)
        self.connector: Final = self.new_connector(entry.connector)
        self.observer: Observer = NOBODY
        """Who else follows it."""

        self.energy: Final = EnergyBook(self.look_again, self._offer)
        """Limits that others set it, and what its car needs."""

    @property
    def station_id(self) -> str:
        return self.entry.id

    @property
    def number(self) -> int:
        return self.entry.connector

    @property
    def is_alone(self) -> bool:
        """Whether it stands for the whole station: nobody configured another connector of it."""
        return self._alone

    @property
    def session(self) -> Transaction | None:
        """The running transaction."""
        return self.connector.transactions.running

    @property
    def ended_sessions(self) -> Sequence[Transaction]:
        """The last transactions that ended, oldest first."""
        return self.connector.transactions.ended

    @abstractmethod
    def publish(self, *, limits_due: bool = False) -> None:
        """Tell when anything changed."""

    @abstractmethod
    def _offer(self) -> None:
        """A car waits for a schedule."""

    def look_again(self) -> None:
        """Tell when anything changed, and have the limits sent again when a clock was set meanwhile."""
        self.publish()

    def new_connector(self, number: int) -> Connector:
        """Follows a connector of its station."""
        return Connector(
            len(self.entry.wired),
            self._ids,
            self._clock,
            self.post.station_clock,
            station_id=self.entry.id,
            number=number,
            told=self._tell_of,
        )

    def observe(self, said: Said) -> None:
        """Tell those who follow it. To them it is a station of its own, so that its connector is the first."""
        self.observer.told(said if self.is_alone or isinstance(said, Boot) else _as_first(said))

    def status_beside(self, report: StatusReport) -> None:
        """The station tells a state of itself, or of a connector that nobody configured."""
        self.observe(report)
        self.service_status(report.status)
        self.publish()

    def status_reported(self, report: StatusReport) -> None:
        """Take note of its state."""
        self.observe(report)
        self.service_status(report.status)
        self.connector.status_reported(report)
        self.publish()

    def metered(self, report: MeterReport, connector: Connector | None = None) -> None:
        """Take note of meter values; those of the station itself count while its connector gives none."""
        if report.connector == 0 and self.connector.metered_at_s is not None:
            return
        meant = connector or self.connector
        meant.metered(report, active_phases=self._phases_allowed, interval_s=self.known.pace.meter_values_s)
        self.post.security.metered(meant.car)
        if connector is None or self.is_alone:
            self.observe(report)
        self.publish()

    def authorize(self, id_tag: str) -> TagVerdict:
        """Whether that tag may charge."""
        return self.observer.verdict(id_tag) or self._authorise(self.entry.id, id_tag)

    def transaction_started(self, report: StartReport, connector: Connector | None = None) -> int:
        """Begin a transaction, or find the one that the station repeats."""
        transaction_id = (connector or self.connector).started(report, self.post.connections)
        if connector is None or self.is_alone:
            self._service_started(report.id_tag, transaction_id)
        self.publish()
        return transaction_id

    def transaction_stopped(self, report: StopReport) -> bool:
        """End the transaction that is meant; whether it is one of this connector's."""
        known = self.connector.stopped(report)
        self.publish()
        return known

    def transaction_told(self, event: Event, connector: Connector | None = None) -> None:
        """Take note of one event of a transaction whose id is the station's own."""
        interval_s = self.known.pace.meter_values_s
        (connector or self.connector).told(event, active_phases=self._phases_allowed, interval_s=interval_s)
        if connector is None or self.is_alone:
            self._note_event(event)
        self.publish()

    def transaction_moved(self, transaction_id: TransactionId) -> None:
        """That transaction runs on another connector of the station, as it says now."""
        if self.session is not None and self.session.transaction_id == transaction_id:
            self.connector.transactions.end("Other")
            self.publish()

    def recall(self, transactions: Iterable[Transaction]) -> None:
        """Go on from the transactions that an earlier run kept, oldest first."""
        for each in transactions:
            if each.connector == self.number:
                self.connector.transactions.recall([each])
            else:
                self.post.hearing.recall(each)

    def assume_available(self) -> None:
        """It never told its state: take it as usable, or as charging when a transaction runs (Q5).

        Not where the station has others: then nobody knows whether it has this connector at all, nor what it draws.
        """
        if self.connector.status is None and self.is_alone:
            charging = self.session is not None
            self.connector.status = ConnectorStatus.CHARGING if charging else ConnectorStatus.AVAILABLE
            self.publish()

    def _note_event(self, event: Event) -> None:
        self.observe(event)
        if event.step is Step.STARTED and not event.offline:
            self._service_started(event.id_tag, event.transaction_id)
        if self.session is None:
            self.energy.session_over(event.connector)

    def _tell_of(self, transaction: Transaction) -> None:
        self._transaction_told(transaction)
        if self.is_alone or transaction.connector == self.number:
            self.observe(transaction)


def _as_first(said: StatusReport | MeterReport | Event | Transaction) -> Said:
    return replace(said, connector=min(said.connector, 1))
