"""What a second central system has yet to learn, in order, within bounds, and once each. Pure but for its own state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

from ems.csms.relay.entries import Account, Begin, End, Entry, Meter, Waiting, to_text

MOST_WAITING: Final = 2000
"""About a day of one car's meter values, or a thousand sessions."""

MOST_CLOSED: Final = 64
"""Transactions that are over on both sides and still recognised when a station repeats them."""

ACCOUNT: Final = "account:"


class Verb(Enum):
    """What is done to the copy on disk."""

    PUT = "put"
    DROP = "drop"
    KEEP = "keep"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Change:
    """One step for the copy on disk: an entry by its number, or a fact by its name."""

    verb: Verb
    key: str
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What an earlier run left."""

    waiting: tuple[Waiting, ...] = ()
    accounts: tuple[Account, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    """Others, by name."""


class Backlog:
    """Entries in order of what happened. `take_changes` tells what has to be done on disk."""

    def __init__(self, new_id: Callable[[], str], *, most: int = MOST_WAITING) -> None:
        """`new_id` gives message ids."""
        self._new_id = new_id
        self._most = most
        self._number = 0
        self._waiting: OrderedDict[int, Waiting] = OrderedDict()
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._changes: list[Change] = []
        self.lost = 0
        """Entries that were given up for want of room."""

        self.overflowed = False
        """From a loss until everything that is left was told."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> Waiting | None:
        """What is due next."""
        return next(iter(self._waiting.values()), None)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Of the transactions that are known, oldest first."""
        return tuple(self._accounts.values())

    def account(self, transaction: str) -> Account | None:
        """The one of that transaction."""
        return self._accounts.get(transaction)

    def by_their_id(self, theirs: int) -> Account | None:
        """The one of the newest transaction with that id of the second central system."""
        return next((each for each in reversed(self._accounts.values()) if each.theirs == theirs), None)

    def running_on(self, connector: int) -> Account | None:
        """The transaction that began last of those that have not ended on that connector."""
        running = [each for each in self._accounts.values() if not each.ended and each.connector == connector]
        return max(running, key=lambda each: each.began, default=None)

    def running_as(self, named: str) -> Account | None:
        """The newest transaction that has not ended by that id of the station's."""
        open_ones = (each for each in reversed(self._accounts.values()) if not each.ended)
        return next((each for each in open_ones if each.named == named), None)

    def recall(self, kept: Kept) -> None:
        """Go on where an earlier run stopped: before what was heard since."""
        newer = [each.entry for each in self._waiting.values()]
        self._changes = [each for each in self._changes if _is_other_fact(each)]
        self._waiting = OrderedDict((each.number, each) for each in kept.waiting)
        self._accounts = OrderedDict((each.transaction, each) for each in kept.accounts)
        self._number = max(self._waiting, default=0)
        for entry in newer:
            if isinstance(entry, Begin):
                self.begun(entry)
            elif isinstance(entry, Meter):
                self.metered(entry)
            else:
                self.ended(entry.transaction, entry.meter_wh, entry.at, entry.reason)

    def begun(self, begin: Begin) -> bool:
        """A transaction began; False where this is known already. One that ran before on its connector has ended."""
        if begin.transaction in self._accounts:
            return False
        before = self.running_on(begin.connector)
        if before is not None and before.began <= begin.at:
            self.ended(before.transaction, None, begin.at, "Other")
        self._set(
            Account(
                transaction=begin.transaction,
                named=begin.named,
                connector=begin.connector,
                id_tag=begin.id_tag,
                began=begin.at,
                meter_wh=begin.meter_wh,
            )
        )
        self._append(begin)
        return True

    def read(self, transaction: str, meter_wh: int) -> None:
        """The newest reading of a transaction."""
        account = self._accounts.get(transaction)
        if account is not None and not account.ended and account.meter_wh != meter_wh:
            self._set(replace(account, meter_wh=meter_wh), on_disk=False)

    def metered(self, meter: Meter) -> None:
        """Meter values of a transaction that runs; all others are left out."""
        account = self._accounts.get(meter.transaction)
        if account is None or account.ended or account.lost:
            return
        self._set(account)
        self._append(meter)

    def ended(self, transaction: str, meter_wh: int | None, at: datetime, reason: str) -> bool:
        """A transaction ended, at the newest reading where none is told; False where it is unknown or has ended."""
        account = self._accounts.get(transaction)
        if account is None or account.ended:
            return False
        last_wh = account.meter_wh if meter_wh is None else meter_wh
        self._set(replace(account, ended=True, meter_wh=last_wh))
        if not account.lost:
            self._append(End(transaction=transaction, meter_wh=last_wh, at=at, reason=reason))
        return True

    def told(self, waiting: Waiting) -> None:
        """That entry was taken."""
        self._drop(waiting.number)
        account = self._accounts.get(waiting.entry.transaction)
        if account is not None:
            self._set(replace(account, told=account.told + 1))
        if isinstance(waiting.entry, End):
            self._close()
        if not self._waiting:
            self.overflowed = False

    def named(self, transaction: str, theirs: int, *, accepted: bool) -> None:
        """The second central system gave a transaction its own id."""
        account = self._accounts.get(transaction)
        if account is not None:
            self._set(replace(account, theirs=theirs, accepted=accepted))

    def given_up(self, waiting: Waiting) -> None:
        """That entry was refused for good; with the beginning of a transaction goes everything else of it."""
        if isinstance(waiting.entry, Begin):
            self._lose(waiting.entry.transaction)
        self.told(waiting)

    def keep(self, name: str, body: str | None) -> None:
        """A fact of another kind for the next run; None forgets it."""
        self._changes.append(Change(Verb.FORGET, name) if body is None else Change(Verb.KEEP, name, body))

    def take_changes(self) -> tuple[Change, ...]:
        """What happened since the last time, in order."""
        changes, self._changes = tuple(self._changes), []
        return changes

    def _append(self, entry: Entry) -> None:
        while len(self._waiting) >= self._most:
            self._make_room()
        self._number += 1
        waiting = Waiting(number=self._number, message_id=self._new_id(), entry=entry)
        self._waiting[waiting.number] = waiting
        self._changes.append(Change(Verb.PUT, str(waiting.number), to_text(waiting)))

    def _make_room(self) -> None:
        """The oldest meter values go first, then the oldest transaction as a whole."""
        self.overflowed = True
        oldest = next((each for each in self._waiting.values() if isinstance(each.entry, Meter)), None)
        if oldest is not None:
            self.lost += 1
            self._drop(oldest.number)
            return
        first = next(iter(self._waiting.values()))
        before = len(self._waiting)
        self._lose(first.entry.transaction)
        self._drop(first.number)
        self.lost += before - len(self._waiting)

    def _lose(self, transaction: str) -> None:
        account = self._accounts.get(transaction)
        if account is not None:
            self._set(replace(account, lost=True))
        for each in [each for each in self._waiting.values() if each.entry.transaction == transaction]:
            self._drop(each.number)

    def _drop(self, number: int) -> None:
        if self._waiting.pop(number, None) is not None:
            self._changes.append(Change(Verb.DROP, str(number)))

    def _set(self, account: Account, *, on_disk: bool = True) -> None:
        self._accounts[account.transaction] = account
        if on_disk:
            self._changes.append(Change(Verb.KEEP, ACCOUNT + account.transaction, to_text(account)))

    def _close(self) -> None:
        """Forget the oldest transactions that are over on both sides."""
        waited_for = {each.entry.transaction for each in self._waiting.values()}
        over = [each for each in self._accounts.values() if each.ended and each.transaction not in waited_for]
        for account in over[: max(0, len(over) - MOST_CLOSED)]:
            del self._accounts[account.transaction]
            self._changes.append(Change(Verb.FORGET, ACCOUNT + account.transaction))


def _is_other_fact(change: Change) -> bool:
    return change.verb in {Verb.KEEP, Verb.FORGET} and not change.key.startswith(ACCOUNT)
