"""What stations tell afterwards of charging that nobody saw: sessions of their own, and what a stay lacks. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from ems.model.transaction import Transaction
from ems.runtime.recent_sun import RecentSun
from ems.runtime.station_energy import StationEnergy
from ems.runtime.terms import Terms
from ems.store.entries import SessionEntry, SessionState

MOST_STAYS: Final = 64
TOUCH_S: Final = 60.0
"""Clocks differ: what overlaps by less only follows."""

LACK_KWH: Final = 0.05
"""Registers count in steps, and a stay counts by them and by our own integration: less is no lack."""


class PastStays:
    """When cars were on the cable of one station, by what we saw and what it told."""

    def __init__(self) -> None:
        self._spans: deque[tuple[str, float, float]] = deque(maxlen=MOST_STAYS)

    def add(self, key: str, began_utc_s: float, ended_utc_s: float) -> None:
        """A stay that is over."""
        self._spans.append((key, began_utc_s, ended_utc_s))

    def covers(self, transaction: Transaction) -> bool:
        """Whether that transaction is in one of them already."""
        ended_utc_s = transaction.ended_utc_s or transaction.began_utc_s
        return any(
            key != transaction.key
            and min(ended_utc_s, until_s) - max(transaction.began_utc_s, since_s) > min(TOUCH_S, until_s - since_s)
            for key, since_s, until_s in self._spans
        )

    def last_left_utc_s(self) -> float:
        """When the last car left; -inf where nobody knows of one."""
        return max((until_s for _, _, until_s in self._spans), default=float("-inf"))


def session_of(transaction: Transaction, terms: Terms, sun: RecentSun, vehicle: str | None) -> SessionEntry:
    """The session that a transaction was which nobody saw."""
    ended_utc_s = transaction.ended_utc_s or transaction.began_utc_s
    energy_kwh = transaction.energy_kwh
    solar_kwh = energy_kwh * sun.part(transaction.began_utc_s, ended_utc_s, energy_kwh)
    return SessionEntry(
        session_id=transaction.key,
        station_id=transaction.station_id,
        vehicle=vehicle,
        began_utc_s=transaction.began_utc_s,
        ended_utc_s=ended_utc_s,
        energy_kwh=energy_kwh,
        solar_kwh=solar_kwh,
        cost=None if terms.tariff is None else terms.tariff.cost(energy_kwh, solar_kwh),
        currency=None if terms.tariff is None else terms.tariff.currency,
        reason=transaction.reason,
    )


def completed(
    stay: SessionState, transaction: Transaction, energy: StationEnergy, sun: RecentSun, *, not_before_utc_s: float
) -> SessionState:
    """The stay with what its transaction has more: it began before we saw it, or drew while its station was away."""
    began_utc_s = stay.began_utc_s
    if not_before_utc_s - TOUCH_S <= transaction.began_utc_s < began_utc_s - TOUCH_S:
        began_utc_s = transaction.began_utc_s
    elif transaction.began_utc_s < began_utc_s - TOUCH_S:
        return stay
    lack_kwh = transaction.energy_kwh - (energy.measured_wh - stay.base_wh) / 1000.0
    if lack_kwh <= LACK_KWH:
        return replace(stay, began_utc_s=began_utc_s)
    until_utc_s = transaction.last.at_utc_s if transaction.last is not None else stay.began_utc_s
    solar_kwh = lack_kwh * sun.part(began_utc_s, until_utc_s, lack_kwh)
    return replace(
        stay,
        began_utc_s=began_utc_s,
        base_wh=stay.base_wh - lack_kwh * 1000.0,
        base_solar_wh=stay.base_solar_wh - solar_kwh * 1000.0,
    )
