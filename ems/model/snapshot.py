"""One frozen look at the house: all that a decision may depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ems.model.battery import BatteryStanding
from ems.model.electrical import PerPhase
from ems.model.goals import Goal
from ems.model.quick import quick
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.model.site import Site
from ems.model.station import StationState


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Readings, station states and goals at `now_s`. A missing reading is None or absent, a stale one keeps its age."""

    now_s: float
    site: Site
    meters: Mapping[str, GridReading] = field(default_factory=dict)
    """Newest reading per metered circuit."""

    stations: Mapping[str, StationState] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    """Per station; a station without one follows the goal in its `Station`."""

    solar: SolarReading | None = None
    """Sum of the inverters."""

    battery: BatteryReading | None = None
    ordered: BatteryStanding | None = None
    """What the home battery was ordered until now, and whether it follows; None for one that is only read. No decision
    looks at this."""

    dimmed: bool | None = None
    """Whether the grid operator calls for its limit; None while nobody has said, which counts as yes."""

    import_cap_w: float | None = None
    """What cars may bring the import of the whole house to, as a person asked for a while; None without such a wish."""

    utc_s: float | None = None
    """Wall time as seconds since 1970 UTC, for tariff windows only; durations come from `now_s`."""

    virtual_a: Mapping[str, PerPhase] = field(default_factory=dict)
    """What of the meters' currents a proof added; `power_w` is without it. No decision looks at this."""

    def state_of(self, station_id: str) -> StationState:
        return self.stations.get(station_id) or StationState(station_id=station_id)

    def goal_of(self, station_id: str) -> Goal:
        return self.goals.get(station_id) or self.site.station(station_id).goal
