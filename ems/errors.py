"""The typed errors of Fusewise.

Each class carries a stable `code` that logs, the API and Home Assistant can translate. Low layers raise, one place per
boundary decides: the poller turns a `DeviceError` into back-off, dispatch turns a `StationError` into "the old limit
stays in force", the command line turns a `SiteFileError` into exit code 1.
"""

from __future__ import annotations

from typing import ClassVar


class EmsError(Exception):
    """Anything Fusewise can name that went wrong."""

    code: ClassVar[str] = "ems"


class DeviceError(EmsError):
    """A meter, inverter or battery did not give a usable sample."""

    code = "device"


class LinkDown(DeviceError):
    """Nobody is there: connection refused, reset or lost."""

    code = "link_down"


class UnknownHost(LinkDown):
    """The name of the host stands for no address here."""


class NoAnswer(DeviceError, TimeoutError):
    """The link stands, but the answer did not come in time."""

    code = "no_answer"


class Refused(DeviceError):
    """The device answered with an exception of its own."""

    code = "refused"


class Nonsense(DeviceError):
    """The device answered something that cannot be true."""

    code = "nonsense"


class StationError(EmsError):
    """A charging station did not take what we sent."""

    code = "station"


class StationOffline(StationError):
    """No connection to the station now, or it closed before it answered."""

    code = "station_offline"


class StationSilent(StationError, TimeoutError):
    """The station is connected but did not answer in time."""

    code = "station_silent"


class StationRefused(StationError):
    """The station answered, and the answer was no."""

    code = "station_refused"


class StationCannot(StationRefused):
    """The version of OCPP that the station speaks has no word for it; it was not asked."""

    code = "station_cannot"
