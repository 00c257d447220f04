"""Servicing a station: what its service stands at, settings, tags, firmware, logs, and what people ask."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from ems.api.wire import Sentence, Shape

MOST_TAGS_GIVEN: Final = 500

TagText = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9*\-_=:+|@.]+$")]
"""An id tag as OCPP 1.6 writes it."""

Plain = r"^[^\x00-\x1f\x7f]*$"
SettingKey = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9._\-\[\]/:@#, ]+$")]


class StartWish(Shape):
    """Body of `POST /stations/{id}/start`."""

    tag: TagText | None = None
    """For whom; null for the house itself."""

    any_connector: bool = False
    """Leave the connector to the station."""


class AvailabilityWish(Shape):
    """Body of `PUT /stations/{id}/availability`."""

    operative: bool
    whole_station: bool = False
    """With the other connectors of its station, where that has several."""


class ReservationWish(Shape):
    """Body of `PUT /stations/{id}/reservation`."""

    tag: TagText
    until: AwareDatetime
    """Within the next 7 days."""


class ReportWish(Shape):
    """Body of `POST /stations/{id}/report`."""

    report: Literal[
        "BootNotification",
        "StatusNotification",
        "MeterValues",
        "Heartbeat",
        "FirmwareStatusNotification",
        "DiagnosticsStatusNotification",
        "LogStatusNotification",
    ]


class VendorData(Shape):
    """Body of `POST /stations/{id}/vendor_data`: what only its maker understands."""

    vendor: Annotated[str, Field(min_length=1, max_length=255, pattern=Plain)]
    message: Annotated[str, Field(max_length=50, pattern=Plain)] | None = None
    content: Annotated[str, Field(max_length=2000)] | None = None


class VendorDataAnswer(Shape):
    """What a station answered to that."""

    station: str
    status: str
    content: str


class SettingWish(Shape):
    """Body of `PUT /stations/{id}/configuration`."""

    key: SettingKey
    value: Annotated[str, Field(max_length=500, pattern=Plain)]
    sure: bool = False
    """Needed for a setting that can do harm."""


class SettingState(Shape):
    """One setting of a station."""

    key: str
    value: str | None
    """Null where the station did not say, or where it must not be shown."""

    readonly: bool
    kind: Literal["whole", "truth", "list", "text"]
    unit: str | None
    meaning: Sentence | None
    """Null for a setting of the maker's own."""

    danger: Literal["connection", "limits", "readings", "sessions", "kept"] | None
    """What changing it can harm; `kept` ones are not changed here."""


class ConfigurationState(Shape):
    """`GET /stations/{id}/configuration`."""

    station: str
    settings: tuple[SettingState, ...]
    unknown: tuple[str, ...]
    """Keys of the standard that this station does not know."""

    reboot_needed: tuple[str, ...]
    """Changed, but in force only after a restart."""


class FirmwareStep(Shape):
    """One state of an update, in the words of OCPP 2."""

    state: str
    at: datetime


class FirmwareProgress(Shape):
    """An update of firmware."""

    file: str
    """Empty for one that somebody else ordered."""

    state: str
    failed: bool
    ended: bool
    steps: tuple[FirmwareStep, ...]
    from_before: bool = False
    """Ordered before the service started; whether the file can still be fetched, the station will tell."""


class UploadProgress(Shape):
    """A log that a station was asked for."""

    kind: str
    state: str
    failed: bool
    ended: bool
    asked: datetime
    file_name: str
    """As the station calls it; empty where it has not said."""

    from_before: bool = False
    """Asked for before the service started."""


class ReservationState(Shape):
    """For whom a station is kept."""

    tag: str
    until: datetime


class StartState(Shape):
    """What became of the last remote start."""

    tag: str
    at: datetime
    state: Literal["waiting", "started", "refused", "timed_out"]


class ServiceState(Shape):
    """`GET /stations/{id}/service`: what its service stands at."""

    station: str
    operative: bool | None
    """As it was asked to be; null while nobody asked."""

    change_waits: bool
    """The change of availability waits for a session's end."""

    installing: bool
    """It installs firmware now, keeps to its fallback current, and is expected to boot."""

    update: FirmwareProgress | None
    upload: UploadProgress | None
    reservation: ReservationState | None
    start: StartState | None
    list_version: int | None
    """Of its own list of tags: -1 where it keeps none; null while it was not asked."""

    reboot_needed: tuple[str, ...]
    refused_reports: dict[str, str]
    """Reports that it does not send when asked, with its answer."""


class FileRecord(Shape):
    """A file that is kept: firmware for stations, or a log that one brought."""

    id: str
    name: str
    size_b: int
    sha256: str
    at: datetime
    station: str | None
    """Which one brought it; null for firmware."""

    kind: str
    """`firmware`, `DiagnosticsLog` or `SecurityLog`."""

    signed: bool
    """A signature that fits was given beside it."""


class SignatureWish(Shape):
    """Body of `PUT /firmware/{id}/signature`: as its maker gives them."""

    certificate: Annotated[str, Field(min_length=1, max_length=5500)]
    """Of the maker, PEM."""

    signature: Annotated[str, Field(min_length=1, max_length=800, pattern=r"^[A-Za-z0-9+/=\s]+$")]
    """Over the file, base64."""


class FirmwareWish(Shape):
    """Body of `POST /stations/{id}/firmware`."""

    file: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    fetch_at: AwareDatetime | None = None
    """Null for now; within the next day."""


class LogWish(Shape):
    """Body of `POST /stations/{id}/log`."""

    kind: Literal["DiagnosticsLog", "SecurityLog"] = "DiagnosticsLog"
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class TagRecord(Shape):
    """A tag that somebody wrote down; also body of `POST /tags`."""

    tag: TagText
    name: Annotated[str, Field(max_length=48, pattern=Plain)] = ""
    blocked: bool = False
    expires: AwareDatetime | None = None
    group: TagText | None = None
    """Tags of one group may end each other's sessions."""

    one_at_a_time: bool = False
    """It may not charge at two stations at once."""


class TagBookState(Shape):
    """`GET /tags`."""

    only_known: bool
    """Whether a tag that is not written down may not charge."""

    version: int
    tags: tuple[TagRecord, ...]


class TagPolicyWish(Shape):
    """Body of `PUT /tags`."""

    only_known: bool
