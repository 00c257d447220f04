"""What is worth a line in the log: limits and reasons that changed, stations and meters that went and came back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ems.control.battery import HOLDING, NEEDED
from ems.control.seen.trust import lost_meters
from ems.model.battery import BatteryStanding
from ems.model.decision import Decision, Escalation, LimitReason, Setpoint
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from ems.store.entries import DecisionEntry, EventEntry

CHANGE_A: Final = 0.5
"""A smaller change of a limit for the same reason is worth no line; the journal has every one."""

MOST_KEPT: Final = 1000
"""Between two pages; more than a house of thirty stations gives in a minute."""

_FUSES: Final = frozenset({LimitReason.MAIN_FUSE, LimitReason.CIRCUIT_FUSE})
_STEPS: Final = frozenset(step.value for step in Escalation)


class Happenings:
    """Compares each look with the one before; gathers lines until they are taken."""

    def __init__(self) -> None:
        self._decisions: deque[DecisionEntry] = deque(maxlen=MOST_KEPT)
        self._events: deque[EventEntry] = deque(maxlen=MOST_KEPT)
        self._told: dict[str, Setpoint] = {}
        self._facts: Mapping[tuple[str, str], Mapping[str, Any]] | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._decisions or self._events)

    def watch(self, look: Snapshot, decision: Decision, utc_s: float) -> None:
        """One cycle."""
        for station_id, setpoint in decision.setpoints.items():
            if _is_news(self._told.get(station_id), setpoint):
                self._told[station_id] = setpoint
                self._decisions.append(
                    DecisionEntry(
                        utc_s=utc_s,
                        station_id=station_id,
                        limit_a=setpoint.limit_a,
                        phases=setpoint.phases,
                        reason=setpoint.reason,
                    )
                )
        facts = dict(_facts(look, decision))
        before, self._facts = self._facts, facts
        if before is not None:
            self._compare(before, facts, utc_s)

    def note(self, event: EventEntry) -> None:
        """One that was seen elsewhere."""
        self._events.append(event)

    def decisions(self) -> tuple[DecisionEntry, ...]:
        """Take them."""
        taken = tuple(self._decisions)
        self._decisions.clear()
        return taken

    def events(self) -> tuple[EventEntry, ...]:
        """Take them."""
        taken = tuple(self._events)
        self._events.clear()
        return taken

    def _compare(
        self,
        before: Mapping[tuple[str, str], Mapping[str, Any]],
        now: Mapping[tuple[str, str], Mapping[str, Any]],
        utc_s: float,
    ) -> None:
        for kind, subject in now.keys() - before.keys():
            self._events.append(EventEntry(utc_s=utc_s, kind=f"{kind}_began", facts=now[kind, subject]))
        for kind, subject in before.keys() - now.keys():
            if kind in _STEPS:
                continue  # what was told to a station once; its obedience has a line of its own
            self._events.append(EventEntry(utc_s=utc_s, kind=f"{kind}_ended", facts=before[kind, subject]))


def _is_news(told: Setpoint | None, setpoint: Setpoint) -> bool:
    if told is None or told.reason.code is not setpoint.reason.code or told.phases != setpoint.phases:
        return True
    return (told.limit_a > 0.0) != (setpoint.limit_a > 0.0) or abs(told.limit_a - setpoint.limit_a) >= CHANGE_A


def _is_missing(state: StationState, now_s: float) -> bool:
    """Whether it is away for longer than stations of its kind are now and then."""
    if state.connected or state.peculiar is None or state.left_at_s is None:
        return not state.connected
    return now_s - state.left_at_s >= state.peculiar.away_s


def _facts(look: Snapshot, decision: Decision) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """What is out of order now, by kind and by whom it befalls."""
    for station in look.site.stations:
        station_id = station.station_id
        if _is_missing(look.state_of(station_id), look.now_s):
            yield ("station_offline", station_id), {"station": station_id}
    for notice in decision.notices:
        facts = {
            "circuit": notice.circuit_id,
            "phase": None if notice.phase is None else notice.phase.name,
            "station": notice.station_id,
            "current_a": notice.current_a,
            "limit_a": notice.limit_a,
            "energy_kwh": notice.energy_kwh,
            "expected_kwh": notice.expected_kwh,
        }
        known = {name: value for name, value in facts.items() if value is not None}
        subject = " ".join(str(facts[name]) for name in ("circuit", "phase", "station"))
        yield (notice.code.value, subject), known
    for circuit_id in lost_meters(look.site, decision):
        yield ("meter_lost", circuit_id), {"circuit": circuit_id}
    if look.site.inverters and (look.solar is None or not look.solar.complete):
        yield ("solar_silent", ""), {}
    if look.site.has_battery and look.battery is None:
        yield ("battery_silent", ""), {}
    yield from _of_battery(look.ordered)
    yield from _for_safety(look.site, decision)


def _of_battery(ordered: BatteryStanding | None) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Orders that the home battery follows, those that the house has no room for, and those that it does not take."""
    if ordered is None:
        return
    if ordered.is_refused:
        yield ("battery_refuses", ""), {"code": ordered.trouble}
    elif ordered.order.reason in HOLDING and ordered.in_force:
        yield ("battery_held", ""), {}
    elif ordered.order.reason in NEEDED:
        yield ("battery_needed", ""), {}


def _for_safety(site: Site, decision: Decision) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Cars that a fuse has no room for, and what disobedient stations are told."""
    for station_id, setpoint in decision.setpoints.items():
        reason = setpoint.reason
        if setpoint.limit_a <= 0.0 and reason.code in _FUSES:
            circuit_id = reason.circuit_id or site.circuits.main.circuit_id
            yield ("fuse_pause", station_id), {"station": station_id, "circuit": circuit_id}
    for station_id, step in decision.escalations.items():
        yield (step.value, station_id), {"station": station_id}
