"""What stations say of themselves, for the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from ems.api.scene import StationFacts
from ems.api.wire import ConnectorPlace, UpstreamState
from ems.csms.messages import Boot
from ems.csms.observer import Observer, RelayState

LONGEST: Final = 80
"""Of anything that a station says of itself."""
LONGEST_ERROR: Final = 240


class BootedStation(Protocol):
    """A station that may have said who it is."""

    @property
    def boot(self) -> Boot | None: ...

    @property
    def observer(self) -> Observer:
        """Who else follows it."""
        ...

    @property
    def number(self) -> int:
        """Its connector at the station."""
        ...

    @property
    def connector_ids(self) -> tuple[str, ...]:
        """Those of its station, the first one first; empty for a station of its own."""
        ...


class BootDirectory:
    """From the stations' boot notifications."""

    def __init__(self, stations: Mapping[str, BootedStation]) -> None:
        self._stations = stations

    def facts(self) -> Mapping[str, StationFacts]:
        return {
            name: _facts(station.boot or Boot(), station.observer.state, _place(name, station))
            for name, station in self._stations.items()
            if station.boot is not None or station.observer.state is not None or station.connector_ids
        }


def _place(name: str, station: BootedStation) -> ConnectorPlace | None:
    ids = station.connector_ids
    if not ids:
        return None
    return ConnectorPlace(station=ids[0], number=station.number, others=tuple(each for each in ids if each != name))


def _facts(boot: Boot, relay: RelayState | None, place: ConnectorPlace | None) -> StationFacts:
    return StationFacts(
        vendor=_said(boot.vendor),
        model=_said(boot.model),
        firmware=_said(boot.firmware),
        serial=_said(boot.serials[0] if boot.serials else ""),
        upstream=None if relay is None else _upstream(relay),
        connector=place,
    )


def _upstream(relay: RelayState) -> UpstreamState:
    why = _said(relay.last_error or "", LONGEST_ERROR)
    return UpstreamState(connected=relay.connected, queued=relay.queued, lost=relay.lost, last_error=why)


def _said(text: str, longest: int = LONGEST) -> str | None:
    """Without what cannot be printed; None for nothing."""
    return "".join(letter for letter in text if letter.isprintable())[:longest].strip() or None
