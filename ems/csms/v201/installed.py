"""The charging profiles that a station says it holds, ours and those of others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ems.csms.charging_profiles import is_own_id
from ems.csms.fields import text, whole

LOGGER = logging.getLogger(__name__)

MOST_PROFILES: Final = 100
OUTSIDE: Final = "ChargingStationExternalConstraints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One profile in a station."""

    profile_id: int
    evse: int
    purpose: str
    level: int
    source: str

    @property
    def is_ours(self) -> bool:
        """Whether we put it there. What limits from outside is nobody's to change."""
        return is_own_id(self.profile_id) or self.purpose == OUTSIDE


class Installed:
    """Gathers one answer to GetChargingProfiles, which comes in several messages."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._request_id: int | None = None
        self._held: dict[int, Held] = {}
        self._said: set[int] = set()
        self.complete: Final = asyncio.Event()

    @property
    def held(self) -> tuple[Held, ...]:
        return tuple(self._held.values())

    @property
    def foreign(self) -> tuple[Held, ...]:
        """Profiles that somebody else left there (Q24)."""
        return tuple(each for each in self._held.values() if not each.is_ours)

    def expect(self, request_id: int) -> None:
        """Begin anew."""
        self._request_id = request_id
        self._held.clear()
        self.complete.clear()

    def take(self, payload: Mapping[str, object]) -> None:
        """Take note of one message; of another request it says what is held all the same."""
        evse, source = whole(payload, "evseId") or 0, text(payload, "chargingLimitSource")[:20]
        listed = payload.get("chargingProfile")
        for each in listed[:MOST_PROFILES] if isinstance(listed, list) else []:
            profile_id = whole(each, "id") if isinstance(each, dict) else None
            if profile_id is None or (profile_id not in self._held and len(self._held) >= MOST_PROFILES):
                continue
            self._held[profile_id] = Held(
                profile_id=profile_id,
                evse=evse,
                purpose=text(each, "chargingProfilePurpose")[:50],
                level=whole(each, "stackLevel") or 0,
                source=source,
            )
        if payload.get("tbc") is not True and whole(payload, "requestId") == self._request_id:
            self._tell()
            self.complete.set()

    def _tell(self) -> None:
        for each in self.foreign:
            if each.profile_id not in self._said and len(self._said) < MOST_PROFILES:
                self._said.add(each.profile_id)
                LOGGER.warning(
                    "%s holds a charging profile that is not ours and may limit or raise the car: id %d, %s, level %d",
                    self._station, each.profile_id, each.purpose, each.level,
                )  # fmt: skip
