"""Sums of energy that grow: the minute that runs, today, and the lifetime counters of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

from ems.runtime.powers import Powers
from ems.runtime.station_energy import Drawn
from ems.store.entries import Counters, Day, Flows

_FLOWS: Final = tuple(each.name for each in fields(Flows) if each.name != "stations_wh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """What flowed in one cycle, in Wh; None where nobody knows."""

    flows: Flows
    unseen_wh: float = 0.0
    """Charging that a station told of afterwards; in the counters, not in the history."""

    unseen_solar_wh: float = 0.0


def energy_of(powers: Powers, drawn: Mapping[str, Drawn], seconds: float) -> Energy:
    """These powers for so long, with what the stations drew."""
    seen = {station_id: each.wh for station_id, each in drawn.items() if each.seen and each.wh > 0.0}
    known = powers.charging_w is not None or bool(seen)
    return Energy(
        flows=Flows(
            grid_import_wh=_wh(powers.grid_w, seconds),
            grid_export_wh=_wh(_turned(powers.grid_w), seconds),
            solar_wh=_wh(powers.solar_w, seconds),
            battery_charge_wh=_wh(_turned(powers.battery_w), seconds),
            battery_discharge_wh=_wh(powers.battery_w, seconds),
            home_wh=_wh(powers.home_w, seconds),
            charging_wh=sum(seen.values()) if known else None,
            charging_solar_wh=sum(each.solar_wh for each in drawn.values() if each.seen) if known else None,
            stations_wh=seen,
        ),
        unseen_wh=sum(each.wh for each in drawn.values() if not each.seen),
        unseen_solar_wh=sum(each.solar_wh for each in drawn.values() if not each.seen),
    )


@dataclass(slots=True)
class Sum:
    """Energies added up; each is None until one of its parts was known."""

    flows: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(_FLOWS))
    stations_wh: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, flows: Flows) -> Sum:
        """One to go on from."""
        return cls({name: getattr(flows, name) for name in _FLOWS}, dict(flows.stations_wh))

    def add(self, flows: Flows) -> None:
        for name in _FLOWS:
            new_wh = getattr(flows, name)
            if new_wh is not None:
                self.flows[name] = (self.flows[name] or 0.0) + new_wh
        for station_id, wh in flows.stations_wh.items():
            self.stations_wh[station_id] = self.stations_wh.get(station_id, 0.0) + wh

    def total(self) -> Flows:
        """The sums so far."""
        return Flows(**self.flows, stations_wh=dict(self.stations_wh))


def counted(counters: Counters, energy: Energy) -> Counters:
    """The counters after that energy."""
    flows = energy.flows
    return Counters(
        grid_import_kwh=_more(counters.grid_import_kwh, flows.grid_import_wh),
        grid_export_kwh=_more(counters.grid_export_kwh, flows.grid_export_wh),
        solar_kwh=_more(counters.solar_kwh, flows.solar_wh),
        battery_charge_kwh=_more(counters.battery_charge_kwh, flows.battery_charge_wh),
        battery_discharge_kwh=_more(counters.battery_discharge_kwh, flows.battery_discharge_wh),
        home_kwh=_more(counters.home_kwh, flows.home_wh),
        charging_kwh=_more(counters.charging_kwh, (flows.charging_wh or 0.0) + energy.unseen_wh),
        charging_solar_kwh=_more(
            counters.charging_solar_kwh, (flows.charging_solar_wh or 0.0) + energy.unseen_solar_wh
        ),
    )


def day_after(day: Day, energy: Energy) -> Day:
    """Today after that energy."""
    flows = energy.flows
    return replace(
        day,
        solar_wh=day.solar_wh + (flows.solar_wh or 0.0),
        charging_wh=day.charging_wh + (flows.charging_wh or 0.0) + energy.unseen_wh,
        charging_solar_wh=day.charging_solar_wh + (flows.charging_solar_wh or 0.0) + energy.unseen_solar_wh,
    )


def together(one: Counters, other: Counters) -> Counters:
    """The sum of both."""
    return Counters(**{each.name: getattr(one, each.name) + getattr(other, each.name) for each in fields(Counters)})


def day_together(one: Day, other: Day) -> Day:
    """The sum of two parts of the same day."""
    return Day(
        at_utc_s=one.at_utc_s,
        solar_wh=one.solar_wh + other.solar_wh,
        charging_wh=one.charging_wh + other.charging_wh,
        charging_solar_wh=one.charging_solar_wh + other.charging_solar_wh,
    )


def _more(kwh: float, wh: float | None) -> float:
    return kwh + (wh or 0.0) / 1000.0


def _wh(power_w: float | None, seconds: float) -> float | None:
    return None if power_w is None else max(0.0, power_w) * seconds / 3600.0


def _turned(power_w: float | None) -> float | None:
    return None if power_w is None else -power_w
