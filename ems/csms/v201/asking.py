"""What every family of requests to a station of version 2 has at hand."""

from __future__ import annotations

import itertools
from typing import Final

from ems.clock import Clock
from ems.csms.asking import Asking
from ems.csms.complaints import Complaints
from ems.csms.lane import CallLane
from ems.csms.pace import Pace
from ems.csms.v201.book import Book
from ems.csms.vocabulary import Vocabulary

_NUMBERS: Final = itertools.count(1)


class AskingV201(Asking):
    """Asks one connected station, and reads in its book."""

    def __init__(
        self,
        lane: CallLane,
        clock: Clock,
        pace: Pace,
        complaints: Complaints,
        vocabulary: Vocabulary,
        book: Book,
        *,
        station: str,
    ) -> None:
        super().__init__(lane, pace, complaints, vocabulary, station=station)
        self._clock = clock
        self._book = book

    def _number(self) -> int:
        """An id for a request that is answered by later messages."""
        return next(_NUMBERS)


def evse_of(connector: int | None) -> dict[str, object] | None:
    """The EVSE of a message; 0 and None mean the station itself, which is said by saying nothing."""
    return {"id": connector} if connector else None
