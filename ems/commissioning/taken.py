"""Limits that somebody has typed, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ems.commissioning.limits import ConnectionLimits
from ems.config.schema import SiteFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of limits that were submitted."""

    outcome: Literal["applied", "type_again", "unchanged", "checked", "after_restart"]

    file: SiteFile
    """The site file with these limits over it."""

    expires_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Limits that wait for their second typing."""

    limits: ConnectionLimits
    at_s: float
