"""The rows of cars on all platforms: what somebody told of them, and how full people want them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntityDescription
from homeassistant.components.number import NumberEntityDescription, NumberMode
from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import UnitOfLength, UnitOfRatio

from .client import FusewiseClient
from .models import Vehicle, percent


@dataclass(frozen=True, kw_only=True)
class VehicleSensor(SensorEntityDescription):
    """A value of a car."""

    value_fn: Callable[[Vehicle], float | None]


@dataclass(frozen=True, kw_only=True)
class VehicleBinary(BinarySensorEntityDescription):
    """Something about a car that is so or not."""

    is_on_fn: Callable[[Vehicle], bool | None]


@dataclass(frozen=True, kw_only=True)
class VehicleNumber(NumberEntityDescription):
    """A number that people set for a car."""

    value_fn: Callable[[Vehicle], float | None]
    set_fn: Callable[[FusewiseClient, Vehicle, float], Awaitable[None]]


def _set_target(service: FusewiseClient, now: Vehicle, target_percent: float) -> Awaitable[None]:
    return service.set_vehicle(now.name, target_soc=_share(target_percent), minimum_soc=now.minimum_soc)


def _set_minimum(service: FusewiseClient, now: Vehicle, minimum_percent: float) -> Awaitable[None]:
    return service.set_vehicle(now.name, target_soc=now.target_soc, minimum_soc=_share(minimum_percent))


def _share(typed_percent: float) -> float | None:
    """0 asks for none."""
    return typed_percent / 100.0 if typed_percent > 0 else None


def _number(
    key: str,
    value_fn: Callable[[Vehicle], float | None],
    set_fn: Callable[[FusewiseClient, Vehicle, float], Awaitable[None]],
) -> VehicleNumber:
    return VehicleNumber(
        key=key,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.BOX,
        value_fn=value_fn,
        set_fn=set_fn,
    )


VEHICLE_SENSORS: Final = (
    VehicleSensor(
        key="vehicle_soc",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda vehicle: percent(vehicle.soc),
    ),
    VehicleSensor(
        key="vehicle_range",
        device_class=SensorDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda vehicle: vehicle.range_km,
    ),
)

VEHICLE_BINARIES: Final = (
    VehicleBinary(
        key="at_home",
        device_class=BinarySensorDeviceClass.PRESENCE,
        is_on_fn=lambda vehicle: vehicle.at_home,
    ),
)

VEHICLE_NUMBERS: Final = (
    _number("target_soc", lambda vehicle: percent(vehicle.target_soc), _set_target),
    _number("minimum_soc", lambda vehicle: percent(vehicle.minimum_soc), _set_minimum),
)
