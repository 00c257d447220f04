"""What the ear of a station needs of the station, and of its connectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ems.csms.connector import Connector
from ems.csms.energy_words import EnergyBook
from ems.csms.messages import (
    Boot,
    MeterReport,
    StartReport,
    StatusReport,
    StopReport,
    TagVerdict,
    TransactionEvent,
)
from ems.csms.observer import Observer, Said
from ems.csms.security.station_security import StationSecurity
from ems.csms.service_words import FirmwareReport, UploadReport
from ems.csms.station_clock import StationClock
from ems.csms.told_on_request import ToldOnRequest
from ems.csms.visit import Visit
from ems.model.station import ConnectorStatus
from ems.model.transaction import Transaction, TransactionId


class HeardConnector(Protocol):
    """What the ear needs of a connector that somebody configured."""

    @property
    def station_id(self) -> str: ...

    @property
    def number(self) -> int: ...

    @property
    def is_alone(self) -> bool:
        """Whether it stands for the whole station."""
        ...

    @property
    def energy(self) -> EnergyBook: ...

    @property
    def observer(self) -> Observer: ...

    @property
    def session(self) -> Transaction | None: ...

    def new_connector(self, number: int) -> Connector:
        """Follows another connector of the station, which nobody configured."""
        ...

    def observe(self, said: Said) -> None:
        """Have those told who follow it from beside."""
        ...

    def status_beside(self, report: StatusReport) -> None:
        """The station tells a state of itself, or of a connector that nobody configured."""
        ...

    def status_reported(self, report: StatusReport) -> None: ...

    def metered(self, report: MeterReport, connector: Connector | None = None) -> None:
        """Meter values of it, or of a connector that nobody configured."""
        ...

    def authorize(self, id_tag: str) -> TagVerdict: ...

    def transaction_started(self, report: StartReport, connector: Connector | None = None) -> int: ...

    def transaction_stopped(self, report: StopReport) -> bool:
        """Whether that transaction is one of this connector's."""
        ...

    def transaction_told(self, event: TransactionEvent, connector: Connector | None = None) -> None: ...

    def transaction_moved(self, transaction_id: TransactionId) -> None:
        """That transaction runs on another connector of the station, as it says now."""
        ...

    def firmware_reported(self, report: FirmwareReport) -> None: ...

    def upload_reported(self, report: UploadReport) -> None: ...


class HeardPost(Protocol):
    """What the ear needs of the station as a whole."""

    own_status: ConnectorStatus | None

    @property
    def station_id(self) -> str: ...

    @property
    def members(self) -> Sequence[HeardConnector]: ...

    @property
    def visit(self) -> Visit | None: ...

    @property
    def station_clock(self) -> StationClock: ...

    @property
    def security(self) -> StationSecurity: ...

    @property
    def on_request(self) -> ToldOnRequest: ...

    def booted(self, boot: Boot) -> bool: ...
