"""People, their accounts and tokens, as values."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ems.api.wire import Role

_REACH: Final[Mapping[Role, int]] = {Role.VIEWER: 0, Role.HOMEOWNER: 1, Role.INSTALLER: 2}


def covers(role: Role, needed: Role) -> bool:
    """Whether that role may do what needs the other: viewer, then homeowner, then installer."""
    return _REACH[role] >= _REACH[needed]


def folded(name: str) -> str:
    """One spelling of a name, whatever case and form it is typed in."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is in, for the length of one request or page."""

    name: str
    role: Role
    token_id: int
    """What opened the door."""

    is_session: bool
    """True for a browser's cookie, false for a client's token."""

    def may(self, needed: Role) -> bool:
        """Whether this person may do what needs that role."""
        return covers(self.role, needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who logs in by name and password."""

    name: str
    role: Role
    password_hash: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without itself: its digest is all that is kept."""

    token_id: int
    digest: str
    """SHA-256, hexadecimal."""

    label: str
    role: Role
    made_at: datetime
    owner: str | None = None
    """Whose session it is, or who made this client; None where nobody knows."""

    ends_at: datetime | None = None
    """Set for the sessions of browsers."""

    used_at: datetime | None = None
    """When it last opened something, as it was written down; `ems.api.access.uses` knows better."""

    @property
    def is_session(self) -> bool:
        return self.owner is not None and self.ends_at is not None

    def is_good(self, now: datetime) -> bool:
        """Whether its time is not over."""
        return self.ends_at is None or now < self.ends_at
