"""What stations say and are asked, in no protocol's spelling: the words between `Station` and its dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from ems.csms.capabilities import RateUnit
from ems.csms.certificate_words import HeardSecurity, SecurityDialect
from ems.csms.charging_profiles import Period, Profile, Purpose
from ems.csms.energy_words import EnergyTold
from ems.csms.lane import Answer
from ems.csms.service_words import FirmwareReport, UploadReport
from ems.csms.told_on_request import ToldOnRequest
from ems.model.station import ConnectorStatus
from ems.model.transaction import TransactionId

UNTOLD: Final = -1
"""The connector of a message that names none, at a station that has several."""


class TagStatus(StrEnum):
    """Whether an id tag may charge."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT = "ConcurrentTx"
    """It charges elsewhere, and may do so at one station only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagVerdict:
    """What a station is told of an id tag."""

    status: TagStatus = TagStatus.ACCEPTED
    expires: datetime | None = None
    parent: str | None = None
    """Its group: tags of one group may end each other's sessions."""


class Report(StrEnum):
    """What a station can be asked to send."""

    BOOT = "BootNotification"
    STATUS = "StatusNotification"
    METER_VALUES = "MeterValues"
    HEARTBEAT = "Heartbeat"
    FIRMWARE = "FirmwareStatusNotification"
    DIAGNOSTICS = "DiagnosticsStatusNotification"
    LOG = "LogStatusNotification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """Who a station says it is."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The state of one connector; 0 is the station itself."""

    connector: int
    status: ConnectorStatus | None
    """None for a state that the standard does not know."""

    error: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReport:
    """Meter values of one connector, still in the station's spelling."""

    connector: int
    transaction_id: TransactionId | None
    meter_value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReport:
    """A transaction that began."""

    connector: int
    id_tag: str
    meter_start_wh: float | None
    at: datetime | None
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReport:
    """A transaction that ended."""

    transaction_id: TransactionId | None
    meter_stop_wh: float | None
    at: datetime | None
    reason: str = "Local"
    meter_value: object = None
    """What the station kept of the meter while the transaction ran; None without any."""


class Step(StrEnum):
    """What one transaction event of OCPP 2.x tells."""

    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEvent:
    """One step of a transaction whose id is the station's own: late, twice, out of order or alone, as it may come."""

    connector: int
    transaction_id: TransactionId
    step: Step
    seq_no: int | None
    at: datetime | None
    offline: bool = False
    """Written while the station had no connection: never for control."""

    id_tag: str = ""
    reason: str = ""
    """Why it ended; empty before."""

    meter_value: object = None
    """In the spelling that `meter_values.normalise` reads; None without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One configuration key of a station."""

    value: str
    readonly: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Configuration keys that a station told, and those it does not know."""

    known: Mapping[str, Setting] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeSchedule:
    """What a station says it will allow; a hint, never a proof."""

    start: datetime | None
    unit: RateUnit | None
    periods: tuple[Period, ...]


class Heard(Protocol):
    """What a dialect tells the station object. Nothing here waits."""

    @property
    def security(self) -> HeardSecurity: ...

    @property
    def energy(self) -> EnergyTold:
        """Where limits of others and needs of cars are written down."""
        ...

    @property
    def untold_connector(self) -> int:
        """Which connector is meant where the station names none; `UNTOLD` where that cannot be known."""
        ...

    @property
    def on_request(self) -> ToldOnRequest:
        """Where it is written down what the station tells because somebody asked."""
        ...

    def booted(self, boot: Boot) -> bool:
        """False refuses the station."""
        ...

    def time_told(self) -> None:
        """The station was just told our time."""
        ...

    def status_reported(self, report: StatusReport) -> None: ...

    def metered(self, report: MeterReport) -> None: ...

    def authorize(self, id_tag: str, connector: int | None = None) -> TagVerdict:
        """None where the station asks for no connector in particular."""
        ...

    def transaction_started(self, report: StartReport) -> int:
        """The transaction's id."""
        ...

    def transaction_stopped(self, report: StopReport) -> None: ...

    def transaction_told(self, event: TransactionEvent) -> None:
        """One event of OCPP 2.x, its meter values included."""
        ...

    def firmware_reported(self, report: FirmwareReport) -> None: ...

    def upload_reported(self, report: UploadReport) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a station answered to a command."""

    done: bool
    """Whether it does it."""

    answer: str
    """In its own word, such as `Accepted`, `Rejected`, `UnlockFailed` or `NotSupported`."""


class Dialect(SecurityDialect, Protocol):
    """One protocol version's way to ask. Every method raises StationOffline, StationSilent or StationRefused."""

    async def install(self, profile: Profile) -> Answer:
        """Set a charging profile before everything else that waits."""
        ...

    async def offer(self, profile: Profile) -> None:
        """Set a profile that only repeats to a car what others limit; it waits its turn."""
        ...

    async def prepare(self) -> None:
        """Ask what this version wants to know first on each connection. Raises StationOffline only."""
        ...

    def features(self) -> Mapping[str, str]:
        """What this version tells of limits beside the keys of 1.6, by our words for it."""
        ...

    async def catch_up(self) -> None:
        """Wait until it has told what it kept of the time without connection. Raises StationOffline only."""
        ...

    async def clear_profiles(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        level: int | None = None,
    ) -> None: ...

    async def get_configuration(self, keys: tuple[str, ...]) -> Configuration: ...

    async def change_configuration(self, key: str, value: str) -> None: ...

    async def trigger(self, report: Report, connector: int | None) -> None: ...

    async def remote_start(self, id_tag: str, connector: int | None, profile: Profile | None = None) -> None:
        """None leaves the connector to the station."""
        ...

    async def remote_stop(self, transaction_id: TransactionId) -> None: ...

    async def restart(self, *, hard: bool) -> Outcome:
        """Boot anew; soft ends a transaction first, hard does not wait."""
        ...

    async def unlock(self, connector: int) -> Outcome:
        """Let go of the cable; a transaction there ends first."""
        ...

    async def composite_schedule(self, connector: int, duration_s: int) -> CompositeSchedule: ...
