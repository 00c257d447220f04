"""What flows, what is left, and why each charger has the limit that it has."""

from __future__ import annotations

from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SiteCoordinator, SiteEntry
from .entity import BatteryEntity, SiteEntity, StationEntity, VehicleEntity, add_as_they_come
from .sensor_rows import (
    BATTERY_ORDER,
    BATTERY_SENSORS,
    PHASE_SENSORS,
    SITE_SENSORS,
    STATION_SENSORS,
    BatterySensor,
    PhaseSensor,
    Shown,
    SiteSensor,
    StationSensor,
    orders_of,
    wire_sensors,
)
from .sentences import Because, Headline
from .vehicle_rows import VEHICLE_SENSORS, VehicleSensor

PARALLEL_UPDATES = 0


async def async_setup_entry(_hass: HomeAssistant, entry: SiteEntry, add: AddConfigEntryEntitiesCallback) -> None:
    """All rows above."""
    site = entry.runtime_data
    add([Headline(site), *(SiteSensorEntity(site, row) for row in SITE_SENSORS)])
    main = site.data.main
    phases = () if main is None else main.phases
    add(PhaseSensorEntity(site, row, phase) for phase in phases for row in PHASE_SENSORS)
    add_as_they_come(
        entry,
        add,
        lambda station: [
            Because(site, station),
            *(StationSensorEntity(site, station, row) for row in (*STATION_SENSORS, *wire_sensors(station))),
        ],
        lambda vehicle: [VehicleSensorEntity(site, vehicle, row) for row in VEHICLE_SENSORS],
        lambda: [BatterySensorEntity(site, row) for row in BATTERY_SENSORS],
        lambda: [BatteryOrderEntity(site, BATTERY_ORDER)],
    )


class SiteSensorEntity(SiteEntity, SensorEntity):
    """A value of the house."""

    entity_description: SiteSensor

    @property
    @override
    def native_value(self) -> Shown:
        return self.entity_description.value_fn(self.house)


class PhaseSensorEntity(SiteEntity, SensorEntity):
    """A value of one phase of the main fuse."""

    entity_description: PhaseSensor

    def __init__(self, site: SiteCoordinator, row: PhaseSensor, phase: str) -> None:
        super().__init__(site, row)
        self._phase = phase
        self._attr_unique_id = f"{self._attr_unique_id}_{phase.lower()}"
        self._attr_translation_placeholders = {"phase": phase}

    @property
    @override
    def native_value(self) -> float | None:
        main = self.house.main
        if main is None or self._phase not in main.phases:
            return None
        return self.entity_description.value_fn(main, main.phases.index(self._phase))


class StationSensorEntity(StationEntity, SensorEntity):
    """A value of a charging station."""

    entity_description: StationSensor

    @property
    @override
    def native_value(self) -> Shown:
        return self.entity_description.value_fn(self.station)

    @property
    @override
    def last_reset(self) -> datetime | None:
        since_fn = self.entity_description.since_fn
        return None if since_fn is None else since_fn(self.station)


class VehicleSensorEntity(VehicleEntity, SensorEntity):
    """A value of a car."""

    entity_description: VehicleSensor

    @property
    @override
    def native_value(self) -> float | None:
        return self.entity_description.value_fn(self.vehicle)


class BatterySensorEntity(BatteryEntity, SensorEntity):
    """A value of the home battery."""

    entity_description: BatterySensor

    @property
    @override
    def native_value(self) -> Shown:
        return self.entity_description.value_fn(self.house)


class BatteryOrderEntity(BatterySensorEntity):
    """What the home battery is told, and whether it has taken it."""

    @property
    @override
    def available(self) -> bool:
        return super().available and orders_of(self.house) is not None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        orders = orders_of(self.house)
        if orders is None:
            return {}
        return {
            "reason": orders.reason,
            "since": orders.since,
            "in_force": orders.in_force,
            "charge_at_most_w": orders.charge_at_most_w,
            "discharge_at_most_w": orders.discharge_at_most_w,
        }
