"""The order in a station's transaction events: which came before, which are missing, which came twice."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

MOST_TRANSACTIONS: Final = 64
MOST_MISSING: Final = 500
MOST_RECENT: Final = 64


@dataclass(slots=True)
class Sequence:
    """Sequence numbers of one transaction, wherever they begin."""

    first: int | None = None
    newest: int | None = None
    missing: set[int] = field(default_factory=set)
    """At most `MOST_MISSING` of the numbers between the first and the newest that have not come."""

    def take(self, number: int) -> bool:
        """Take note of a number; True when it is the newest so far."""
        if self.first is None or self.newest is None:
            self.first = self.newest = number
            return True
        if number > self.newest:
            self._miss(self.newest + 1, number)
            self.newest = number
            return True
        if number < self.first:
            self._miss(number + 1, self.first)
            self.first = number
        self.missing.discard(number)
        return number == self.newest

    def _miss(self, start: int, end: int) -> None:
        room = MOST_MISSING - len(self.missing)
        self.missing.update(range(start, min(end, start + max(room, 0))))


@dataclass(slots=True)
class Followed:
    """What is known of one transaction."""

    transaction_id: str
    evse: int
    sequence: Sequence = field(default_factory=Sequence)
    started: bool = False
    """Whether its beginning was told."""

    live: bool = False
    """Whether it is the session of its EVSE, or was; else it is one of the past."""

    ended: bool = False
    id_tag: str = ""
    started_at: datetime | None = None
    meter_start_wh: float | None = None
    recent: deque[tuple[int | None, str, str]] = field(default_factory=lambda: deque(maxlen=MOST_RECENT))

    def repeats(self, number: int | None, kind: str, stamp: str) -> bool:
        """Whether that event came before: a station that lost our answer sends it again, number and time the same."""
        key = (number, kind, stamp)
        if key in self.recent:
            return True
        self.recent.append(key)
        return False


class EventLog:
    """The last transactions of a station."""

    def __init__(self) -> None:
        self._followed: OrderedDict[str, Followed] = OrderedDict()

    def of(self, transaction_id: str, evse: int | None) -> Followed:
        """What is known of that transaction. Its EVSE is the one that was told first; 1 as long as none was."""
        known = self._followed.get(transaction_id)
        if known is None:
            known = self._followed[transaction_id] = Followed(transaction_id, evse or 1)
            self._make_room(known)
        return known

    def running(self, evse: int) -> str | None:
        """The transaction that runs on an EVSE."""
        live = (each for each in self._followed.values() if each.evse == evse and each.live and not each.ended)
        return next((each.transaction_id for each in live), None)

    def restarted(self) -> None:
        """It booted: what ran is no session here any more until it is told of again."""
        for each in self._followed.values():
            each.live = False

    def _make_room(self, newest: Followed) -> None:
        if len(self._followed) <= MOST_TRANSACTIONS:
            return
        others = [each for each in self._followed.values() if each is not newest]
        victim = next((each for each in others if each.ended), others[0])
        del self._followed[victim.transaction_id]
