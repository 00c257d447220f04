"""What one station of version 2 told that both directions need: those who listen write, those who ask read."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from ems.csms.messages import Heard
from ems.csms.v201.connectors import Connectors
from ems.csms.v201.device_model import DeviceModel, ReportParts
from ems.csms.v201.dynamic import DynamicLimits
from ems.csms.v201.installed import Installed
from ems.csms.v201.running import Running


class Book:
    """One for the life of a station."""

    def __init__(self, heard: Heard, *, station: str) -> None:
        self.model: Final = DeviceModel()
        """Its variables, as far as it reported them."""

        self.inventoried = False
        """Whether it was asked for all of them since its last boot."""

        self.on_request: Final = heard.on_request
        """What it tells because somebody asked."""

        self.base_report: Final = ReportParts(station)
        """The report of them that is under way."""

        self.connectors: Final = Connectors(heard)
        self.running: Final = Running()
        self.installed: Final = Installed(station, partial(_foreign, heard))
        self.dynamic: Final = DynamicLimits()
        """Limits that the station may ask for by their values alone (OCPP 2.1)."""

        self.streams: Final[dict[int, tuple[str, datetime | None]]] = {}
        """The newest value of each stream by the number of its monitor (OCPP 2.1)."""

        self.queue_waits: bool | None = None
        """Whether messages of the time without connection wait in it; None while it has not said."""

    def restarted(self) -> None:
        """It booted: what it said of its state and of its variables may have changed."""
        self.connectors.restarted()
        self.running.restarted()
        self.model.clear()
        self.dynamic.clear()
        self.streams.clear()
        self.inventoried = False


def _foreign(heard: Heard, about: str) -> None:
    heard.security.foreign_profile(about)
