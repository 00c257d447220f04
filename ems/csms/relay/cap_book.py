"""The charging profiles that a second central system has set, kept over restarts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from ems.csms.charging_profiles import Purpose
from ems.csms.relay.caps import CapProfile, Running, Segment, cap_a, segments
from ems.csms.relay.profiles import MOST_PROFILES, read_profile

LOGGER = logging.getLogger(__name__)

PREFIX: Final = "profile:"

Keep = Callable[[str, str | None], None]
"""Keeps a fact by its name for the next run; None forgets it."""


class CapBook:
    """What is set now, for a station with so many wired phases."""

    def __init__(self, keep: Keep, *, phases: int) -> None:
        self._keep = keep
        self._phases = phases
        self._profiles: dict[int, CapProfile] = {}

    def __len__(self) -> int:
        return len(self._profiles)

    def recall(self, facts: Mapping[str, str]) -> None:
        """Take up what an earlier run kept."""
        for name, body in facts.items():
            if not name.startswith(PREFIX):
                continue
            try:
                kept = json.loads(body)
                profile = read_profile(kept["payload"], int(kept["connector"]), datetime.fromisoformat(kept["at"]))
            except (ValueError, KeyError, TypeError):
                LOGGER.warning("a charging profile that was kept makes no sense; left out")
                continue
            if profile is not None and len(self._profiles) < MOST_PROFILES:
                self._profiles[profile.profile_id] = profile

    def set(self, payload: Mapping[str, object], connector: int, at: datetime, running: Running | None) -> bool:
        """Take a profile in the place of those that it replaces; False for one that is refused.

        A session's own profile needs the session that it is for.
        """
        profile = read_profile(payload, connector, at)
        if profile is None:
            return False
        theirs = None if running is None else running.transaction_id
        if profile.purpose is Purpose.TX:
            if theirs is None or profile.transaction_id not in {None, theirs}:
                return False
            payload = {**payload, "transactionId": theirs}
            profile = read_profile(payload, connector, at) or profile
        replaced = [each for each in self._profiles.values() if profile.takes_place_of(each)]
        if len(self._profiles) - len(replaced) >= MOST_PROFILES:
            return False
        for each in replaced:
            self._drop(each)
        self._profiles[profile.profile_id] = profile
        body = {"payload": payload, "connector": connector, "at": at.isoformat()}
        self._keep(f"{PREFIX}{profile.profile_id}", json.dumps(body))
        return True

    def clear(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        level: int | None = None,
    ) -> bool:
        """Drop those that match all that is given; whether there were any."""
        matching = [
            each
            for each in self._profiles.values()
            if (profile_id is None or each.profile_id == profile_id)
            and (connector is None or each.connector == connector)
            and (purpose is None or each.purpose is purpose)
            and (level is None or each.level == level)
        ]
        for each in matching:
            self._drop(each)
        return bool(matching)

    def prune(self, at: datetime, open_ids: frozenset[int]) -> None:
        """Drop what can never hold again: profiles of sessions that are over, and those whose time is up."""
        for each in list(self._profiles.values()):
            is_over = each.purpose is Purpose.TX and each.transaction_id not in open_ids
            if is_over or (each.valid_to is not None and each.valid_to <= at):
                self._drop(each)

    def cap_a(self, at: datetime, running: Running | None) -> float | None:
        """The cap per phase at that instant; None without one."""
        return cap_a(self._profiles.values(), at, running, phases=self._phases) if self._profiles else None

    def segments(self, at: datetime, duration_s: int, running: Running | None) -> tuple[Segment, ...]:
        """The caps of the time ahead."""
        return segments(self._profiles.values(), at, duration_s, running, phases=self._phases)

    def _drop(self, profile: CapProfile) -> None:
        self._profiles.pop(profile.profile_id, None)
        self._keep(f"{PREFIX}{profile.profile_id}", None)
