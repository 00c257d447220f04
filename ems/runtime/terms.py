"""What the accounting of energy goes by."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from ems.model.tariff import Tariff

CAR_LASTS_S: Final = 60.0


def _new_id() -> str:
    return secrets.token_hex(8)


def _nobody_knows(_station_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Set once, when the service starts."""

    zone: tzinfo
    """Of the house: its days end at midnight there."""

    tariff: Tariff | None = None
    vehicles: Mapping[str, str] = field(default_factory=dict)
    """The car that usually hangs on a station."""

    car_lasts_s: float = CAR_LASTS_S
    """How long a station's report stands for the present."""

    ended_because: Callable[[str], str | None] = _nobody_knows
    """Why the last session of a station ended, in the station's word."""

    new_id: Callable[[], str] = _new_id
    """A name for a session that no other has."""
