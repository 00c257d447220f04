"""What is known of one charging station: its connection, its car, its current, and the limits in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ems.model.quick import quick


class ConnectorStatus(StrEnum):
    """The OCPP 1.6 connector states, which are also the words of our pages."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


PLUGGED: Final = frozenset(
    {
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.FINISHING,
    }
)
"""States in which a car hangs on the cable."""


def is_plugged(status: ConnectorStatus | None, *, in_transaction: bool) -> bool:
    """Whether a car hangs on the cable."""
    return in_transaction or status in PLUGGED


class SendOutcome(StrEnum):
    """What became of a limit that we sent."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNANSWERED = "unanswered"
    """Timed out or the link broke: the station may or may not follow it."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SentLimit:
    """One limit on its way to a station, or arrived."""

    limit_a: float
    phases: int
    """How many phases the limit allows the car to use."""

    sent_at_s: float
    lease_ends_at_s: float
    """When the station falls back by itself unless the lease is renewed."""

    outcome: SendOutcome = SendOutcome.PENDING
    settled_at_s: float | None = None
    """When the outcome was known; None while pending."""

    def settled(self, outcome: SendOutcome, at_s: float) -> SentLimit:
        return replace(self, outcome=outcome, settled_at_s=at_s)


USES_A: Final = 1.0
"""Above this a phase counts as used."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CarReading:
    """What the station measured of its car. Currents in the station's own phase order."""

    current_a: tuple[float, ...]
    """One number per wired phase of the station, its own L1 first."""

    taken_at_s: float
    power_w: float | None = None
    energy_kwh: float | None = None
    """The station's register, lifetime or session as the station counts it."""

    every_phase_measured: bool = True
    """False where the station measures fewer phases than it has, and the currents are partly a guess."""

    @property
    def phases_drawn(self) -> int:
        """Station phases up to the last one with more than 1 A (`breakers-and-rules.md` §4 counts from there)."""
        for place in range(len(self.current_a), 0, -1):
            if self.current_a[place - 1] > USES_A:
                return place
        return 0


class StationAlarm(StrEnum):
    """What is suspicious about a station now, beside its limits; each is a notice for people."""

    LOGIN_STORM = "login_storm"
    SECOND_CONNECTION = "second_connection"
    CLOCK_JUMP = "clock_jump"
    IMPOSSIBLE_METER = "impossible_meter"
    FOREIGN_PROFILE = "foreign_profile"
    MESSAGE_FLOOD = "message_flood"
    CERTIFICATE_ENDS = "certificate_ends"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Peculiar:
    """What is known of a kind of station, and makes plans more careful than the site file would."""

    lets_go: bool = False
    """It was seen not to fall back by itself, or to let go of its limit when cut off, or takes none for the next car:
    it counts as not verified."""

    keeps_phases: bool = False
    """It does not change phases by command."""

    least_w: float = 0.0
    """With fewer watts it ends the session and starts none; 0 where it may pause."""

    away_s: float = 0.0
    """So long it may be away before that is news."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StationState:
    """Everything that control may know of one station."""

    station_id: str
    connected: bool = False
    connections: int = 0
    """Counts connections, boots, and what else makes its limits due again (a clock that was set, other phases in use);
    a new number means that they must be installed anew."""

    protocol: str | None = None
    """`ocpp1.6` and so on; None before the first connection."""

    status: ConnectorStatus | None = None
    in_transaction: bool = False
    car: CarReading | None = None
    sent: tuple[SentLimit, ...] = ()
    """Newest last; what control needs to know which limits may be in force now (see `remembered`)."""

    came_at_s: float | None = None
    """When it last connected or booted, in monotonic seconds: it may have forgotten the limits that it took before."""

    kept_a: float | None = None
    """The fallback current that it is known to have kept through that; None where it may have forgotten this too."""

    hurried: bool = False
    """Whether somebody asked at the station to charge as fast as can be (OCPP 2.1, priority charging)."""

    upstream_a: float | None = None
    """What a second central system caps it at per phase; None without such a cap."""

    upstream_overflowed: bool = False
    """Whether reports to a second central system were lost for want of room."""
    alarms: tuple[StationAlarm, ...] = ()
    """In alphabetical order."""

    outside_a: float | None = None
    """Per phase, what somebody else limits the station to (its own load management, a grid operator), as it told."""

    left_at_s: float | None = None
    """When its last connection ended, or when it was first waited for, in monotonic seconds."""

    peculiar: Peculiar | None = None
    """None for a station of which nothing peculiar is known."""

    @property
    def plugged(self) -> bool:
        return is_plugged(self.status, in_transaction=self.in_transaction)

    @property
    def accepted(self) -> SentLimit | None:
        """The newest limit that the station took."""
        return next((limit for limit in reversed(self.sent) if limit.outcome is SendOutcome.ACCEPTED), None)


def remembered(sent: Iterable[SentLimit], now_s: float, keep_s: float = 30.0) -> tuple[SentLimit, ...]:
    """The sent limits that may still matter, oldest first.

    That is: the newest one that was accepted at least `keep_s` ago and all after it, without refusals older than that.
    """
    limits = tuple(sent)
    settled = (
        i
        for i, limit in enumerate(limits)
        if limit.outcome is SendOutcome.ACCEPTED
        and limit.settled_at_s is not None
        and limit.settled_at_s <= now_s - keep_s
    )
    newest_settled = max(settled, default=0)
    return tuple(
        limit
        for limit in limits[newest_settled:]
        if limit.outcome is not SendOutcome.REJECTED or limit.sent_at_s > now_s - keep_s
    )
