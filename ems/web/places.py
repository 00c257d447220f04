"""Which pages there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ems.api.wire import Role


@dataclass(frozen=True, slots=True)
class Place:
    """A page by its key, path and who may see it."""

    key: str
    path: str
    role: Role = Role.VIEWER
    in_menu: bool = True
    """Else another page leads to it."""


PLACES: Final = (
    Place("now", "/"),
    Place("history", "/history"),
    Place("sessions", "/sessions"),
    Place("log", "/log"),
    Place("settings", "/settings"),
    Place("servicing", "/station", Role.INSTALLER),
    Place("security", "/security", Role.INSTALLER, in_menu=False),
    Place("commissioning", "/commissioning", Role.INSTALLER),
)
