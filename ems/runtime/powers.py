"""What flows in the house at one instant, as all that was measured says together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.control.seen.trust import LOST_PERIODS
from ems.model.decision import Decision
from ems.model.electrical import NOMINAL_V
from ems.model.readings import GridReading
from ems.model.snapshot import Snapshot
from ems.model.station import StationState

GRID_LASTS_S: Final = 10.0
"""How long the last good sample of the grid meter stands for the present; longer for a slow meter, until it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """In watts, signs as everywhere: grid + import, solar + production, battery + discharge, cars + consumption."""

    grid_w: float | None = None
    solar_w: float | None = None
    battery_w: float | None = None
    home_w: float | None = None
    """Consumption without cars and battery."""

    charging_w: float | None = None
    surplus_w: float | None = None
    """Sun beyond what the house takes, before the cars; a battery does not count. Never negative."""

    stations_w: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def solar_part(self) -> float:
        """The share of the cars' power that comes from the sun now, 0 to 1 (design §7)."""
        if not self.charging_w or self.surplus_w is None:
            return 0.0
        return min(1.0, self.surplus_w / self.charging_w)


def powers_at(look: Snapshot, grid: GridReading | None, *, car_lasts_s: float) -> Powers:
    """What flows at that look, with the grid meter's last good sample; cars count for `car_lasts_s` after a report."""
    grid_w = None if grid is None or look.now_s - grid.taken_at_s > _grid_lasts_s(look) else grid.power_w
    solar_w = None if look.solar is None else look.solar.power_w
    battery_w = None if look.battery is None else look.battery.power_w
    stations_w = {
        station.station_id: station_power_w(look.state_of(station.station_id), look.now_s, car_lasts_s)
        for station in look.site.stations
    }
    known_w = [power_w for power_w in stations_w.values() if power_w is not None]
    charging_w = sum(known_w) if known_w else None
    beyond_w = _beyond_w(look, grid_w, solar_w, battery_w, charging_w or 0.0)
    return Powers(
        grid_w=grid_w,
        solar_w=solar_w,
        battery_w=battery_w,
        home_w=_home_w(look, beyond_w, solar_w),
        charging_w=charging_w,
        surplus_w=None if beyond_w is None else max(0.0, _bounded(beyond_w, look)),
        stations_w=stations_w,
    )


def good_sample(look: Snapshot, decision: Decision) -> GridReading | None:
    """The newest sample of the grid meter, where control took it for good."""
    main_id = look.site.circuits.main.circuit_id
    reading, load = look.meters.get(main_id), decision.circuits.get(main_id)
    if reading is None or load is None or load.meter_age_s is None:
        return None
    is_newest = abs(look.now_s - reading.taken_at_s - load.meter_age_s) < 1e-3
    return reading if is_newest and load.measured_a == reading.current_a else None


def station_power_w(state: StationState, now_s: float, lasts_s: float) -> float | None:
    """What the car takes; None when nobody knows."""
    car = state.car
    if car is not None and now_s - car.taken_at_s <= lasts_s:
        return max(0.0, sum(car.current_a) * NOMINAL_V if car.power_w is None else car.power_w)
    if state.connected and state.status is not None and not state.plugged:
        return 0.0
    return None


def _grid_lasts_s(look: Snapshot) -> float:
    site = look.site
    period_s = site.meter_period_s.get(site.circuits.main.circuit_id, site.policy.meter_period_s)
    return max(GRID_LASTS_S, LOST_PERIODS * period_s)


def _beyond_w(
    look: Snapshot, grid_w: float | None, solar_w: float | None, battery_w: float | None, charging_w: float
) -> float | None:
    """Sun less house: negative while the house takes more. None while that cannot be told."""
    if grid_w is None or (look.site.has_battery and battery_w is None) or (look.site.inverters and solar_w is None):
        return None
    return charging_w - grid_w - (battery_w or 0.0)


def _home_w(look: Snapshot, beyond_w: float | None, solar_w: float | None) -> float | None:
    if beyond_w is None or (look.solar is not None and not look.solar.complete):
        return None
    home_w = (solar_w or 0.0) - beyond_w
    # An inverter that nobody reads, or readings of different instants.
    return None if not look.site.inverters and home_w < 0.0 else max(0.0, home_w)


def _bounded(beyond_w: float, look: Snapshot) -> float:
    """Readings of different instants do not make more sun than the inverters give."""
    if look.solar is None or not look.solar.complete:
        return beyond_w
    return min(beyond_w, max(0.0, look.solar.power_w))
