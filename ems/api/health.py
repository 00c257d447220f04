"""Whether the service is well: for supervisors, which start it anew when it is not."""

from __future__ import annotations

from typing import Final

from ems.api.errors import NotYet
from ems.api.live import LiveHouse
from ems.api.wire import HealthRecord, SiteCondition
from ems.clock import Clock

STALLED_AFTER_S: Final = 10.0
"""A decision is made every 2 s at least; the watchdog ends the process after 20 s."""


def health(house: LiveHouse, clock: Clock, *, experimental: tuple[str, ...] = ()) -> HealthRecord:
    """From the age of the last decision, and what the state says of meters and storage.

    `experimental` are the devices that are read by a profile nobody should rely on yet.
    """
    found = _told(house.cycle_at_s, clock, _reasons(house))
    return found.model_copy(update={"experimental": experimental})


def health_without_database(cycle_at_s: float | None, clock: Clock) -> HealthRecord:
    """While the database is not there yet: decisions are made all the same."""
    return _told(cycle_at_s, clock, ("storage",))


def _told(at_s: float | None, clock: Clock, reasons: tuple[str, ...]) -> HealthRecord:
    if at_s is None:
        return HealthRecord(status="stalled", cycle_age_s=None, reasons=("starting",))
    age_s = round(clock.monotonic_s() - at_s, 1)
    if age_s > STALLED_AFTER_S:
        return HealthRecord(status="stalled", cycle_age_s=age_s, reasons=("stalled", *reasons))
    return HealthRecord(status="degraded" if reasons else "ok", cycle_age_s=age_s, reasons=reasons)


def _reasons(house: LiveHouse) -> tuple[str, ...]:
    try:
        state = house.state()
    except NotYet:
        return ()
    found = []
    if state.condition is SiteCondition.FALLBACK:
        found.append("meter_lost")
    if state.condition is SiteCondition.NOT_COMMISSIONED:
        found.append("not_commissioned")
    if any(source.silent for source in state.sources):
        found.append("source_silent")
    if any(source.refused is not None for source in state.sources):
        found.append("source_refused")
    if state.storage_trouble is not None:
        found.append("storage")
    return tuple(found)
