"""What stations say of themselves, for the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from ems.api.scene import StationFacts
from ems.csms.messages import Boot

LONGEST: Final = 80
"""Of anything that a station says of itself."""


class BootedStation(Protocol):
    """A station that may have said who it is."""

    @property
    def boot(self) -> Boot | None: ...


class BootDirectory:
    """From the stations' boot notifications."""

    def __init__(self, stations: Mapping[str, BootedStation]) -> None:
        self._stations = stations

    def facts(self) -> Mapping[str, StationFacts]:
        return {name: _facts(station.boot) for name, station in self._stations.items() if station.boot is not None}


def _facts(boot: Boot) -> StationFacts:
    return StationFacts(
        vendor=_said(boot.vendor),
        model=_said(boot.model),
        firmware=_said(boot.firmware),
        serial=_said(boot.serials[0] if boot.serials else ""),
    )


def _said(text: str) -> str | None:
    """Without what cannot be printed; None for nothing."""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST].strip() or None
