"""What the books take down: steps of the history, sessions, decisions, events, and the state to go on from.

Wall times are seconds since 1970 (`utc_s`). Energies are what flowed in the step; None where nobody knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ems.model.decision import Reason
from ems.model.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Energies in Wh, each never negative."""

    grid_import_wh: float | None = None
    grid_export_wh: float | None = None
    solar_wh: float | None = None
    battery_charge_wh: float | None = None
    battery_discharge_wh: float | None = None
    home_wh: float | None = None
    """Consumption without cars and battery."""

    charging_wh: float | None = None
    charging_solar_wh: float | None = None
    stations_wh: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One minute, quarter of an hour or day."""

    at_utc_s: int
    length_s: int
    flows: Flows


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Lifetime energies of the house; they never run backwards."""

    grid_import_kwh: float = 0.0
    grid_export_kwh: float = 0.0
    solar_kwh: float = 0.0
    battery_charge_kwh: float = 0.0
    battery_discharge_kwh: float = 0.0
    home_kwh: float = 0.0
    charging_kwh: float = 0.0
    charging_solar_kwh: float = 0.0

    def upper(self, other: Counters) -> Counters:
        """Of each energy, the larger number."""
        return Counters(
            **{each.name: max(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEntry:
    """One stay of a car on the cable."""

    session_id: str
    station_id: str
    vehicle: str | None
    began_utc_s: float
    ended_utc_s: float | None
    """None while it runs."""

    energy_kwh: float
    solar_kwh: float
    cost: float | None = None
    currency: str | None = None
    reason: str | None = None
    """Why it ended, in the station's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionEntry:
    """A limit that changed, or its reason."""

    utc_s: float
    station_id: str
    limit_a: float
    phases: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntry:
    """Something that happened beside the limits."""

    utc_s: float
    kind: str
    who: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A meter's own counter when it was last read."""

    kwh: float
    utc_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A running session, to go on from."""

    session_id: str
    vehicle: str | None
    began_utc_s: float
    base_wh: float
    """What the station's measure stood at when it began."""

    base_solar_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StationBook:
    """What was counted of one station."""

    counted_wh: float = 0.0
    """Lifetime; never runs backwards."""

    counted_solar_wh: float = 0.0
    told_wh: float = 0.0
    """By the station's register, and by our own integration where it has none."""

    told_solar_wh: float = 0.0
    since_wh: float = 0.0
    """What we integrated since the register last rose."""

    since_solar_wh: float = 0.0
    register: Register | None = None
    step_wh: float | None = None
    """The smallest rise of the register so far; None while it has none that can be relied on."""

    session: SessionState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Today so far."""

    at_utc_s: int
    """Midnight of the house's time zone."""

    solar_wh: float = 0.0
    charging_wh: float = 0.0
    charging_solar_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """All that the accounting of energy goes on from after a restart."""

    utc_s: float
    counters: Counters
    stations: Mapping[str, StationBook]
    day: Day
    minute: Step | None = None
    """The minute that is not over."""

    grid_import: Register | None = None
    grid_export: Register | None = None
    goes_on: bool = True
    """Whether what earlier runs counted is in it; false while the database that knows it is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is written together."""

    minutes: tuple[Step, ...] = ()
    sessions: tuple[SessionEntry, ...] = ()
    decisions: tuple[DecisionEntry, ...] = ()
    events: tuple[EventEntry, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    state: LedgerState | None = None
    """None where nothing but decisions and events is new."""
