"""Limits whose value alone may be sent or asked for (OCPP 2.1), each with its end.

Pure but for what it remembers: times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from ems.csms.charging_profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    profile: Profile
    whole_at_s: float
    """When it was last sent as a whole: what ends it counts from there."""

    def ends_at_s(self) -> float:
        return self.whole_at_s + (self.profile.offline_s or 0)


class DynamicLimits:
    """The dynamic profiles that a station took on this connection."""

    def __init__(self) -> None:
        self._sent: dict[int, _Sent] = {}

    def clear(self) -> None:
        """What it holds is not known any more."""
        self._sent.clear()

    def may_be_updated(self, profile: Profile, now_s: float) -> bool:
        """Whether its value alone does: it was sent as a whole within a third of its time, and nothing else changed."""
        sent = self._sent.get(profile.profile_id)
        if sent is None or profile.offline_s is None or now_s - sent.whole_at_s >= profile.offline_s / 3.0:
            return False
        return _frame(sent.profile) == _frame(profile)

    def taken(self, profile: Profile, whole_at_s: float) -> None:
        """The station took it, or a new value of what was sent as a whole then."""
        self._sent[profile.profile_id] = _Sent(profile=profile, whole_at_s=whole_at_s)

    def forget(self, profile_id: int) -> float:
        """Nobody knows which value it holds; when it was last sent as a whole, 0 if never."""
        sent = self._sent.pop(profile_id, None)
        return 0.0 if sent is None else sent.whole_at_s

    def value(self, profile_id: int, now_s: float) -> float | None:
        """The limit of that profile in its unit; None for one that nobody renewed in time, or that is not known."""
        sent = self._sent.get(profile_id)
        if sent is None or now_s >= sent.ends_at_s():
            return None
        return sent.profile.periods[0].limit


def _frame(profile: Profile) -> tuple[object, ...]:
    """What an update of the value cannot change."""
    return (
        profile.connector,
        profile.purpose,
        profile.level,
        profile.unit,
        profile.phases,
        profile.transaction_id,
        profile.offline_s,
    )
