"""Which transaction runs on which EVSE, and which of its events is the newest; sessions are kept elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_TRANSACTIONS: Final = 64


@dataclass(slots=True)
class _Followed:
    evse: int
    newest: int = -1
    live: bool = False
    ended: bool = False


class Running:
    """The last transactions of a station."""

    def __init__(self) -> None:
        self._followed: OrderedDict[str, _Followed] = OrderedDict()

    def evse_of(self, transaction_id: str, told: int | None, otherwise: int = 1) -> int:
        """The EVSE of a transaction, which only its first event has to tell; `otherwise` as long as none did."""
        known = self._followed.get(transaction_id)
        if known is None:
            known = self._followed[transaction_id] = _Followed(told or otherwise)
            if len(self._followed) > MOST_TRANSACTIONS:
                self._followed.popitem(last=False)
        elif told is not None and known.evse != told:
            known.evse = told
        return known.evse

    def goes_on(self, transaction_id: str, number: int | None) -> bool:
        """Take note that it runs; whether this event is newer than all before, and it has not ended."""
        followed = self._followed[transaction_id]
        if followed.ended or (number is not None and number < followed.newest):
            return False
        followed.newest = followed.newest if number is None else number
        followed.live = True
        return True

    def ends(self, transaction_id: str) -> bool:
        """Take note that it ended; whether it ran."""
        followed = self._followed[transaction_id]
        ran, followed.ended = followed.live and not followed.ended, True
        return ran

    def on(self, evse: int) -> str | None:
        """The transaction that runs on an EVSE."""
        on_it = [key for key, each in self._followed.items() if each.evse == evse and each.live and not each.ended]
        return on_it[-1] if on_it else None

    def restarted(self) -> None:
        """It booted: nothing is known to run until it is told of."""
        for each in self._followed.values():
            each.live = False
