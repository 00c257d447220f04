"""What happened that touches security: a short list in memory, and whoever keeps it for longer.

Somebody who knocks all day wears out no disk: the same thing about the same station counts up, and is told again only
after a while.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from ems.clock import Clock
from ems.csms.fields import printable
from ems.csms.throttle import Throttle

MOST_KEPT: Final = 500
LONGEST_WORD: Final = 200
TOLD_AGAIN_S: Final = 600.0
"""The same thing about the same station is one occurrence for so long."""

AT_ONCE: Final = 20
ONE_MORE_EVERY_S: Final = 60.0
"""So many different ones of a kind about one station are noted, and then one more in this time."""


class Kind(StrEnum):
    """What kinds there are; pages and log have words for each (`log.security_…`)."""

    PASSWORD = "password"  # noqa: S105 (a word, not a secret)
    DOWNGRADE = "downgrade"
    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_EXPIRED = "certificate_expired"
    TLS_REFUSED = "tls_refused"
    UNKNOWN_STATION = "unknown_station"
    LOGIN_STORM = "login_storm"
    SECOND_CONNECTION = "second_connection"
    CLOCK_JUMP = "clock_jump"
    IMPOSSIBLE_METER = "impossible_meter"
    FOREIGN_PROFILE = "foreign_profile"
    MESSAGE_FLOOD = "message_flood"
    CERTIFICATE_SIGNED = "certificate_signed"
    REQUEST_REFUSED = "request_refused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the same)
    RENEWAL_DUE = "renewal_due"
    RENEWAL_FAILED = "renewal_failed"
    DOOR_RENEWED = "door_renewed"
    DOOR_FAILED = "door_failed"
    DOOR_ENDS = "door_ends"
    PROFILE_RAISED = "profile_raised"
    SAID_BY_STATION = "said_by_station"
    """A SecurityEventNotification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One such thing."""

    kind: Kind
    at: datetime
    """When it began."""

    last: datetime
    times: int = 1
    station_id: str | None = None
    about: str = ""
    """An address, an event's name, a reason: from outside, printable and short."""

    @property
    def facts(self) -> Mapping[str, str]:
        """For the log."""
        return {"station": self.station_id or "–", "about": self.about}


Noted = Callable[[Occurrence], None]


class Occurrences:
    """The newest ones."""

    def __init__(self, clock: Clock, noted: Noted = lambda _: None) -> None:
        """`noted` is told of each new one."""
        self._clock = clock
        self.noted = noted
        self._kept: OrderedDict[int, Occurrence] = OrderedDict()
        self._newest: OrderedDict[tuple[Kind, str | None, str], tuple[int, float]] = OrderedDict()
        self._numbers = 0
        self._room = Throttle(clock, burst=AT_ONCE, every_s=ONE_MORE_EVERY_S)

    def note(self, kind: Kind, station_id: str | None = None, about: str = "") -> None:
        """It happened now."""
        same = (kind, station_id, printable(about, LONGEST_WORD))
        number, since_s = self._newest.get(same, (0, float("-inf")))
        known = self._kept.get(number)
        if known is not None and self._clock.monotonic_s() - since_s < TOLD_AGAIN_S:
            self._kept[number] = replace(known, last=self._clock.utc_now(), times=known.times + 1)
        elif self._room.allows(f"{kind} {station_id}"):
            self._begin(*same)

    @property
    def all(self) -> tuple[Occurrence, ...]:
        """Oldest first; `MOST_KEPT` at most."""
        return tuple(self._kept.values())

    def _begin(self, kind: Kind, station_id: str | None, about: str) -> None:
        self._numbers += 1
        now = self._clock.utc_now()
        fresh = Occurrence(kind=kind, at=now, last=now, station_id=station_id, about=about)
        self._newest[kind, station_id, about] = (self._numbers, self._clock.monotonic_s())
        self._kept[self._numbers] = fresh
        for kept in (self._newest, self._kept):
            if len(kept) > MOST_KEPT:
                kept.popitem(last=False)
        self.noted(fresh)
