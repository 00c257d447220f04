"""What `Transactions` are told beside the station's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """How a message stands in time."""

    utc_s: float | None
    """When the station wrote it, by our clock; None where it did not say."""

    live: bool = True
    """False for one that waited in the station while it was offline."""


NOW: Final = When(utc_s=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The register of the station's meter."""

    kwh: float
    utc_s: float | None = None
    """When the station read it, by our clock; None where it did not say."""
