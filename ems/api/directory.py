"""What stations say of themselves, for the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from ems.api.scene import StationFacts
from ems.api.wire import UpstreamState
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


class BootDirectory:
    """From the stations' boot notifications."""

    def __init__(self, stations: Mapping[str, BootedStation]) -> None:
        self._stations = stations

    def facts(self) -> Mapping[str, StationFacts]:
        return {
            name: _facts(station.boot or Boot(), station.observer.state)
            for name, station in self._stations.items()
            if station.boot is not None or station.observer.state is not None
        }


def _facts(boot: Boot, relay: RelayState | None) -> StationFacts:
    return StationFacts(
        vendor=_said(boot.vendor),
        model=_said(boot.model),
        firmware=_said(boot.firmware),
        serial=_said(boot.serials[0] if boot.serials else ""),
        upstream=None if relay is None else _upstream(relay),
    )


def _upstream(relay: RelayState) -> UpstreamState:
    why = _said(relay.last_error or "", LONGEST_ERROR)
    return UpstreamState(connected=relay.connected, queued=relay.queued, lost=relay.lost, last_error=why)


def _said(text: str, longest: int = LONGEST) -> str | None:
    """Without what cannot be printed; None for nothing."""
    return "".join(letter for letter in text if letter.isprintable())[:longest].strip() or None
