"""The rows of all sensors: what flows, what is left, and why each charger has the limit that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfElectricCurrent, UnitOfEnergy, UnitOfPower, UnitOfRatio

from .models import BatteryOrders, Circuit, House, Session, Station, percent
from .words import BatteryMode, BatteryOrder, LimitReason, SiteCondition, StationStatus

DRAWS_A: Final = 1.0
"""Less is a station's own electronics; no car charges with so little."""

Shown = str | float | int | datetime | None


@dataclass(frozen=True, kw_only=True)
class SiteSensor(SensorEntityDescription):
    """A row about the house."""

    value_fn: Callable[[House], Shown]


@dataclass(frozen=True, kw_only=True)
class PhaseSensor(SensorEntityDescription):
    """A row about one phase of the main fuse."""

    value_fn: Callable[[Circuit, int], float | None]


@dataclass(frozen=True, kw_only=True)
class StationSensor(SensorEntityDescription):
    """A row about a charging station."""

    value_fn: Callable[[Station], Shown]
    since_fn: Callable[[Station], datetime | None] | None = None
    """When what it counts began, where that is not for ever."""


@dataclass(frozen=True, kw_only=True)
class BatterySensor(SensorEntityDescription):
    """A row about the home battery."""

    value_fn: Callable[[House], Shown]


def _power(key: str, value_fn: Callable[[House], float | None]) -> SiteSensor:
    return SiteSensor(
        key=key,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=value_fn,
    )


def _energy(key: str, value_fn: Callable[[House], float]) -> SiteSensor:
    return SiteSensor(
        key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=1,
        value_fn=value_fn,
    )


SITE_SENSORS: Final = (
    SiteSensor(
        key="state",
        device_class=SensorDeviceClass.ENUM,
        options=[condition.value for condition in SiteCondition],
        value_fn=lambda house: house.condition,
    ),
    _power("grid_power", lambda house: house.powers.grid_w),
    _power("solar_power", lambda house: house.powers.solar_w),
    _power("home_power", lambda house: house.powers.home_w),
    _power("charging_power", lambda house: house.powers.charging_w),
    _power("surplus_power", lambda house: house.powers.surplus_w),
    _energy("grid_import_energy", lambda house: house.energies.grid_import_kwh),
    _energy("grid_export_energy", lambda house: house.energies.grid_export_kwh),
    _energy("solar_energy", lambda house: house.energies.solar_kwh),
    _energy("charging_energy", lambda house: house.energies.charging_kwh),
    _energy("charging_solar_energy", lambda house: house.energies.charging_solar_kwh),
    SiteSensor(
        key="solar_share_today",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda house: percent(house.today.solar_share),
    ),
    SiteSensor(
        key="next_event",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda house: None if house.next_event is None else house.next_event.at,
    ),
    SiteSensor(
        key="import_cap_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda house: None if house.import_cap is None else house.import_cap.until,
    ),
    SiteSensor(
        key="main_fuse",
        device_class=SensorDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda house: None if house.main is None else house.main.fuse_a,
    ),
)


def _phase_sensor(key: str, value_fn: Callable[[Circuit, int], float | None]) -> PhaseSensor:
    return PhaseSensor(
        key=key,
        device_class=SensorDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
    )


PHASE_SENSORS: Final = (
    _phase_sensor("headroom", lambda main, place: _at(main.headroom_a, place)),
    _phase_sensor("grid_current", lambda main, place: _at(main.measured_a, place)),
)


def _at(amps: tuple[float, ...] | None, place: int) -> float | None:
    return None if amps is None or place >= len(amps) else amps[place]


def _phases_in_use(station: Station) -> str | None:
    """As many as the car draws on: a car may have fewer than it is offered, which is what counts while none draws."""
    drawing = sum(amps >= DRAWS_A for amps in station.current_a or ())
    phases = drawing or station.phases
    return str(phases) if phases in {1, 2, 3} else None


def _session(of: Callable[[Session], Shown]) -> Callable[[Station], Shown]:
    return lambda station: None if station.session is None else of(station.session)


STATION_SENSORS: Final = (
    StationSensor(
        key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in StationStatus],
        value_fn=lambda station: station.status,
    ),
    StationSensor(
        key="limit_reason",
        device_class=SensorDeviceClass.ENUM,
        options=[reason.value for reason in LimitReason],
        value_fn=lambda station: station.reason,
    ),
    StationSensor(
        key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda station: station.power_w,
    ),
    StationSensor(
        key="current_limit",
        device_class=SensorDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda station: station.limit_a,
    ),
    StationSensor(
        key="active_phases",
        device_class=SensorDeviceClass.ENUM,
        options=["1", "2", "3"],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_phases_in_use,
    ),
    StationSensor(
        key="session_energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=_session(lambda session: session.energy_kwh),
        since_fn=lambda station: None if station.session is None else station.session.began,
    ),
    StationSensor(
        key="session_solar_share",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=_session(lambda session: percent(session.solar_share)),
    ),
    StationSensor(
        key="energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=1,
        value_fn=lambda station: station.energy_kwh,
    ),
    StationSensor(
        key="finish_time",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda station: station.finish_at,
    ),
    StationSensor(
        key="latest_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda station: station.latest_start_at,
    ),
    StationSensor(
        key="boost_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda station: station.boost_until,
    ),
    StationSensor(
        key="limit_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda station: None if station.temporary_limit is None else station.temporary_limit.until,
    ),
)


def wire_sensors(station: Station) -> list[StationSensor]:
    """The current on each phase that it is wired to, by its own numbering."""
    return [
        StationSensor(
            key=f"current_l{place + 1}",
            device_class=SensorDeviceClass.CURRENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=1,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=lambda now, place=place: _at(now.current_a, place),  # type: ignore[misc] # binds the loop's value
        )
        for place in range(len(station.wired))
    ]


def _battery_energy(key: str, value_fn: Callable[[House], float | None]) -> BatterySensor:
    return BatterySensor(
        key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=1,
        value_fn=value_fn,
    )


BATTERY_SENSORS: Final = (
    BatterySensor(
        key="battery_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda house: None if house.battery is None else house.battery.power_w,
    ),
    BatterySensor(
        key="battery_soc",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda house: None if house.battery is None else percent(house.battery.soc),
    ),
    BatterySensor(
        key="battery_mode",
        device_class=SensorDeviceClass.ENUM,
        options=[mode.value for mode in BatteryMode],
        value_fn=lambda house: None if house.battery is None else house.battery.mode,
    ),
    _battery_energy("battery_charged_energy", lambda house: house.energies.battery_charged_kwh),
    _battery_energy("battery_discharged_energy", lambda house: house.energies.battery_discharged_kwh),
)


def orders_of(house: House) -> BatteryOrders | None:
    """None while the battery is silent, and for one that is only read."""
    return None if house.battery is None else house.battery.orders


def _order_word(house: House) -> BatteryOrder | None:
    orders = orders_of(house)
    return None if orders is None else orders.word


BATTERY_ORDER: Final = BatterySensor(
    key="battery_order",
    device_class=SensorDeviceClass.ENUM,
    options=[order.value for order in BatteryOrder],
    value_fn=_order_word,
)
