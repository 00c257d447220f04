"""The states of EVSEs in the words of our pages, from what version 2 tells apart: the plug, and the charging."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ems.csms.messages import Heard, StatusReport
from ems.model.station import ConnectorStatus

MOST_CONNECTORS: Final = 32
"""Of all EVSEs together."""

_ORDER: Final = ("Occupied", "Reserved", "Available", "Faulted", "Unavailable")
"""Of several connectors of an EVSE the first of these says what the EVSE is."""

_PLAIN: Final = {
    "Available": ConnectorStatus.AVAILABLE,
    "Reserved": ConnectorStatus.RESERVED,
    "Faulted": ConnectorStatus.FAULTED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
}
_CHARGING: Final = {
    "Charging": ConnectorStatus.CHARGING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "EVConnected": ConnectorStatus.PREPARING,
}


class Connectors:
    """Follows the connectors of a station, and says what their EVSEs are."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._told: dict[tuple[int, int], str] = {}
        self._charging: dict[int, ConnectorStatus | None] = {}
        self._over: set[int] = set()

    def told(self, evse: int, connector: int, word: str, at: datetime | None) -> None:
        """A connector's state, as StatusNotification spells it; an unknown word changes nothing."""
        if word not in _ORDER or not 0 <= evse < 100:
            self._heard.status_reported(StatusReport(connector=max(evse, 0), status=None, error=word[:50], at=at))
            return
        place = (evse, connector)
        if place in self._told or len(self._told) < MOST_CONNECTORS:
            self._told[place] = word
        if self._word(evse) != "Occupied":
            self._over.discard(evse)
        self._say(evse, at)

    def charging(self, evse: int, word: str, at: datetime | None) -> None:
        """The charging state of an EVSE's running transaction; empty or unknown keeps the one before."""
        self._over.discard(evse)
        if word == "Idle":
            # No car hangs on it: before the cable comes, or after it went and before the transaction ends.
            connected = self._charging.get(evse) not in {None, ConnectorStatus.PREPARING}
            self._charging[evse] = ConnectorStatus.FINISHING if connected else ConnectorStatus.PREPARING
        else:
            self._charging[evse] = _CHARGING.get(word, self._charging.get(evse, ConnectorStatus.PREPARING))
        self._say(evse, at)

    def ended(self, evse: int, at: datetime | None) -> None:
        """The transaction of an EVSE ended; a car may still hang on its cable."""
        self._charging.pop(evse, None)
        self._over.add(evse)
        self._say(evse, at)

    def restarted(self) -> None:
        """It booted: nothing that it said before holds."""
        self._told.clear()
        self._charging.clear()
        self._over.clear()

    def _word(self, evse: int) -> str | None:
        words = {word for (of, _), word in self._told.items() if of == evse}
        return next((word for word in _ORDER if word in words), None)

    def _say(self, evse: int, at: datetime | None) -> None:
        self._heard.status_reported(StatusReport(connector=evse, status=self._status(evse), at=at))

    def _status(self, evse: int) -> ConnectorStatus:
        word = self._word(evse)
        charging = self._charging.get(evse)
        if charging is not None and word != "Faulted":
            return charging
        if word in _PLAIN:
            return _PLAIN[word]
        return ConnectorStatus.FINISHING if evse in self._over else ConnectorStatus.PREPARING
