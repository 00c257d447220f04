"""Charging transactions of one connector: each of them once, whatever comes late, twice, out of order or never.

A transaction that a station tells of afterwards, from its offline queue, is kept at its own time and never `running`,
unless the car is found to charge still. One that we took for ended is corrected when the station tells of its end.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.csms.energy_count import BEGIN, END, MIDDLE, EnergyCount
from ems.csms.fields import printable
from ems.csms.messages import StartReport, Step, StopReport, TransactionEvent
from ems.csms.sequence import sequence_after
from ems.csms.transaction_book import Told, TransactionBook, untold
from ems.csms.transaction_ids import MOST_ID, TransactionIds
from ems.csms.transaction_words import NOW, Reading, When
from ems.model.transaction import Mark, Transaction, TransactionId

NO_METER_WH: Final = 2**31 - 1
"""What a station says that does not know where its meter stood (Zaptec)."""

LIVE_WITHIN_S: Final = 120.0
"""A start that is older when it arrives was waiting in the station."""

MET_WITHIN_S: Final = 5.0
"""Clocks of stations have whole seconds, and messages take some."""

EARLIER_S: Final = 60.0
"""Readings from so long before the start of a transaction belong to another one."""

LONGEST_REASON: Final = 50


class Transactions:
    """The running transaction of one connector, and the last ones that were."""

    def __init__(
        self, ids: TransactionIds, clock: Clock, *, station_id: str = "", connector: int = 1, told: Told = untold
    ) -> None:
        self._ids = ids
        self._clock = clock
        self._station_id = station_id
        self._connector = connector
        self._book = TransactionBook(clock, told)
        self._running: str | None = None
        self._confirmed = True
        self.running_since_s = 0.0
        """Monotonic time when we learned of the running one."""

    @property
    def running(self) -> Transaction | None:
        return None if self._running is None else self._book.get(self._running)

    @property
    def known(self) -> Sequence[Transaction]:
        """All that are remembered, the one met last at the end."""
        return tuple(self._book)

    @property
    def ended(self) -> Sequence[Transaction]:
        """The last ones that ended, in the order in which they ended."""
        return sorted(
            (each for each in self._book if each.ended_utc_s is not None), key=lambda each: each.ended_utc_s or 0.0
        )

    def recall(self, earlier: Iterable[Transaction]) -> None:
        """Go on from what an earlier run kept, oldest first; what had not ended runs still, for all that we know."""
        for each in earlier:
            self._book.keep(each)
            if each.ended_utc_s is None and each.live and self._running is None:
                age_s = max(0.0, self._utc_s() - each.began_utc_s)
                self._running, self._confirmed = each.key, False
                self.running_since_s = self._clock.monotonic_s() - age_s
        self._ids.avoid(each.transaction_id for each in self._book)

    def start(self, report: StartReport, when: When = NOW, *, connection: int = 0, busy: bool = False) -> int:
        """The transaction's id: the same one when the station repeats itself.

        `connection` numbers its connections; `busy` tells that the car charges now.
        """
        repeated = self._repeated(report, connection)
        if repeated is not None:
            return int(repeated.transaction_id)
        transaction_id = self._ids.next()
        met = self.running
        if met is not None and met.started_utc_s is None and _is_before(when.utc_s, met.began_utc_s + MET_WITHIN_S):
            begun = replace(met, transaction_id=transaction_id)
        else:
            begun = self._begun(transaction_id, when, live=when.live or busy)
            if met is None or begun.began_utc_s >= met.began_utc_s:
                self._end_all("Other", begun.began_utc_s)
                self._run(begun)
        begun = replace(
            begun,
            began_utc_s=begun.began_utc_s if when.utc_s is None else when.utc_s,
            started_utc_s=_utc_s_of(report.at),
            meter_start_wh=report.meter_start_wh,
            id_tag=report.id_tag,
        )
        if report.meter_start_wh is not None and report.meter_start_wh != NO_METER_WH:
            begun = _counted(begun, self._mark(Reading(kwh=report.meter_start_wh / 1e3, utc_s=when.utc_s), BEGIN))
        self._book.note_retry(begun.key, connection, report.message_id)
        self._book.tell(begun)
        return transaction_id

    def stop(self, report: StopReport, when: When = NOW, readings: Sequence[Reading] = ()) -> bool:
        """End what the report means; any other id is answered but changes nothing, nor does a repeated stop."""
        meant = None if report.transaction_id is None else self._book.find(report.transaction_id)
        if meant is None:
            return False
        if meant.stopped:
            return True
        for reading in readings:
            meant = _counted(meant, self._mark(reading, MIDDLE))
        if report.meter_stop_wh is not None:
            mark = self._mark(Reading(kwh=report.meter_stop_wh / 1e3, utc_s=when.utc_s), END)
            meant = _with(meant, _count(meant).ended_at(mark))
        self._book.tell(self._over(meant, report.reason, when.utc_s, stopped=True))
        return True

    def event(self, event: TransactionEvent, when: When, readings: Sequence[Reading] = (), *, busy: bool) -> None:
        """One event of OCPP 2.x, whose ids are the station's own."""
        known = self._book.find(event.transaction_id)
        if known is not None and event.step is Step.STARTED and known.stopped and _is_later(when.utc_s, known):
            known = None  # the station uses its ids again
        now = self._begun(event.transaction_id, when, live=False) if known is None else known
        if now.stopped and _is_after_the_end(now, event):
            return
        now = replace(
            now,
            id_tag=now.id_tag or event.id_tag,
            began_utc_s=now.began_utc_s if when.utc_s is None else min(now.began_utc_s, when.utc_s),
            started_utc_s=(_utc_s_of(event.at) or now.began_utc_s) if event.step is Step.STARTED else now.started_utc_s,
        )
        now = sequence_after(now, event.seq_no)
        for reading in readings:
            now = _counted(now, self._mark(reading, END if event.seq_no is None else event.seq_no))
        if event.step is Step.ENDED:
            now = self._over(now, event.reason or "Local", when.utc_s, stopped=True)
        elif not now.stopped and (busy or (when.live and not event.offline)):
            now = self._taken_for_running(now)
        if known is None or event.step is not Step.UPDATED or now.live != known.live:
            self._book.tell(now)
        else:
            self._book.progress(now)

    def adopt(self, transaction_id: TransactionId, connector: int) -> bool:
        """Take over a transaction that we did not see begin; not one that the station has stopped (Q10)."""
        known = self._book.find(transaction_id)
        if self.running is not None and not self._is_another(transaction_id):
            return False
        if known is not None and known.stopped:
            return False
        self._end_all("Lost", None, but=None if known is None else known.key)
        begun = known or replace(self._begun(transaction_id, NOW, live=True), connector=connector)
        begun = replace(begun, ended_utc_s=None, reason=None, live=True)
        self._run(begun)
        self._book.tell(begun)
        return True

    def charges(self) -> None:
        """The connector says that a transaction runs: it is the newest that has not ended."""
        going = [each for each in self._book if each.ended_utc_s is None]
        if self._running is None and going:
            newest = max(going, key=lambda each: each.began_utc_s)
            self._book.tell(self._taken_for_running(newest))

    def read(self, transaction_id: TransactionId | None, reading: Reading) -> None:
        """Count a reading for the transaction that it is from.

        Odd ids count for the running one (Q9), but the id of an older transaction does not.
        """
        meant = self.running if transaction_id is None else self._book.find(transaction_id) or self.running
        if meant is None or meant.began_utc_s - EARLIER_S > (reading.utc_s or self._utc_s()):
            return
        if transaction_id == meant.transaction_id:
            self._confirmed = True
        self._book.progress(_counted(meant, self._mark(reading, MIDDLE)))

    def end(self, reason: str, utc_s: float | None = None) -> None:
        """Close whatever has not ended, with the energy known so far."""
        self._end_all(reason, utc_s)

    def _taken_for_running(self, transaction: Transaction) -> Transaction:
        """One that goes on now: what runs beside it, and began before, has ended without a word."""
        running = self.running
        if running is not None and running.key != transaction.key:
            if running.began_utc_s > transaction.began_utc_s:
                return transaction
            self._book.keep(transaction)
            self._end_all("Other", transaction.began_utc_s, but=transaction.key)
        transaction = replace(transaction, live=True, ended_utc_s=None, reason=None)
        self._run(transaction)
        return transaction

    def _run(self, transaction: Transaction) -> None:
        self._book.keep(transaction)
        if not transaction.live:
            return
        if self._running != transaction.key:
            self.running_since_s = self._clock.monotonic_s()
        self._running, self._confirmed = transaction.key, True

    def _end_all(self, reason: str, utc_s: float | None, *, but: str | None = None) -> None:
        for each in self._book.newest_first():
            if each.ended_utc_s is None and each.key != but:
                self._book.tell(self._over(each, reason, utc_s, stopped=False))

    def _over(self, transaction: Transaction, reason: str, utc_s: float | None, *, stopped: bool) -> Transaction:
        if self._running == transaction.key:
            self._running = None
        said_utc_s = transaction.ended_utc_s or self._utc_s() if utc_s is None else utc_s
        return replace(
            transaction,
            ended_utc_s=max(said_utc_s, transaction.began_utc_s),
            reason=printable(reason, LONGEST_REASON),
            stopped=stopped,
        )

    def _begun(self, transaction_id: TransactionId, when: When, *, live: bool) -> Transaction:
        return Transaction(
            key=secrets.token_hex(8),
            station_id=self._station_id,
            connector=self._connector,
            transaction_id=transaction_id,
            began_utc_s=self._utc_s() if when.utc_s is None else when.utc_s,
            live=live,
        )

    def _is_another(self, transaction_id: TransactionId) -> bool:
        """Whether that id shows that what ran before a restart of ours has ended."""
        running = self.running
        odd = isinstance(transaction_id, int) and not 0 < transaction_id <= MOST_ID
        return not self._confirmed and running is not None and running.transaction_id != transaction_id and not odd

    def _repeated(self, report: StartReport, connection: int) -> Transaction | None:
        """A retry repeats its meter reading and its timestamp; without timestamps, its message id.

        Message ids begin again with every connection of some stations, so they count within one only.
        """
        for each in self._book.newest_first():
            if each.meter_start_wh != report.meter_start_wh or not isinstance(each.transaction_id, int):
                continue
            if each.started_utc_s is not None and report.at is not None:
                if each.started_utc_s == report.at.timestamp():
                    return each
            elif self._book.is_retry(each.key, connection, report.message_id) or (
                each.key == self._running and not self._confirmed and each.id_tag == report.id_tag
            ):
                return each
        return None

    def _mark(self, reading: Reading, order: int) -> Mark:
        now_utc_s = self._utc_s()
        at_utc_s = now_utc_s if reading.utc_s is None else reading.utc_s
        return Mark(kwh=reading.kwh, order=order, at_utc_s=at_utc_s, heard_utc_s=now_utc_s)

    def _utc_s(self) -> float:
        return self._clock.utc_now().timestamp()


def _utc_s_of(stamp: datetime | None) -> float | None:
    return None if stamp is None else stamp.timestamp()


def _count(transaction: Transaction) -> EnergyCount:
    return EnergyCount(energy_kwh=transaction.energy_kwh, first=transaction.first, last=transaction.last)


def _with(transaction: Transaction, count: EnergyCount) -> Transaction:
    return replace(transaction, energy_kwh=count.energy_kwh, first=count.first, last=count.last)


def _counted(transaction: Transaction, mark: Mark) -> Transaction:
    return _with(transaction, _count(transaction).after(mark))


def _is_before(utc_s: float | None, other_utc_s: float) -> bool:
    return utc_s is not None and utc_s <= other_utc_s


def _is_later(utc_s: float | None, known: Transaction) -> bool:
    return utc_s is not None and known.ended_utc_s is not None and utc_s > known.ended_utc_s


def _is_after_the_end(known: Transaction, event: TransactionEvent) -> bool:
    return event.seq_no is None or (known.last_seq is not None and event.seq_no > known.last_seq)
