"""What a station's service stands at: one value for pages and API, changed by what we ask and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from ems.csms.service.firmware import FirmwareUpdate
from ems.csms.service.local_list import TagList
from ems.csms.service_words import LogKind, UploadState
from ems.model.transaction import TransactionId

LONGEST_WAIT_S: Final = 180.0
"""A car that does not begin within this after a remote start will not: stations wait 30 to 120 s for the cable."""


class StartState(StrEnum):
    """What became of a remote start."""

    WAITING = "waiting"
    """Accepted; the cable or the car is awaited."""

    STARTED = "started"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteStart:
    """A session that somebody asked for."""

    tag: str
    at: datetime
    asked_at_s: float
    state: StartState = StartState.WAITING
    transaction_id: TransactionId | None = None

    def state_at(self, now_s: float) -> StartState:
        if self.state is StartState.WAITING and now_s - self.asked_at_s > LONGEST_WAIT_S:
            return StartState.TIMED_OUT
        return self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A log that a station was asked for."""

    request_id: int
    kind: LogKind
    asked: datetime
    state: UploadState = UploadState.ASKED
    file_name: str = ""
    """As the station calls it; empty where it has not said."""

    from_before: bool = False
    """Whether it was asked for before the service started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A connector that is kept for a tag."""

    reservation_id: int
    tag: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of it."""

    operative: bool | None = None
    """What was asked last and not refused; None while nobody asked."""

    change_waits: bool = False
    """The change of availability waits for a session's end."""

    update: FirmwareUpdate | None = None
    upload: Upload | None = None
    reservation: Reservation | None = None
    start: RemoteStart | None = None
    list_version: int | None = None
    """Of its list of tags: -1 where it keeps none; None while it was not asked."""

    reboot_needed: tuple[str, ...] = ()
    """Settings that count only after a restart."""

    refused_reports: dict[str, str] = field(default_factory=dict)
    """Reports that it does not send when asked, with its answer."""


OF_A_CONNECTOR: Final = frozenset({"operative", "change_waits", "reservation", "start"})
"""What of it each connector has for itself; the rest is the whole station's."""


class PostStanding:
    """What is the whole station's, shared by its connectors."""

    def __init__(self) -> None:
        self.now = Standing()
        self.list_sent: TagList | None = None
        """Its list of tags as it was sent last."""
