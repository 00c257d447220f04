"""The wire table: every value of house and stations that Home Assistant shows, a row each.

Keys are those of the integration and of the translations; a row reads like a line in the manual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

from ems.api.wire import SiteCondition, State, StationState, StationStatus
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode

Shown: TypeAlias = float | int | str | bool | None

_T = TypeVar("_T")


class Platform(StrEnum):
    """What Home Assistant makes of a row."""

    SENSOR = "sensor"
    BINARY_SENSOR = "binary_sensor"
    SELECT = "select"
    NUMBER = "number"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Generic[_T]):
    """One value."""

    key: str
    name: str
    """In English."""

    platform: Platform = Platform.SENSOR
    value: Callable[[_T], Shown]
    """None where it is unknown."""

    device_class: str | None = None
    unit: str | None = None
    state_class: str | None = None
    category: str | None = None
    """`diagnostic` or `config`; None for what everybody wants to see."""

    options: tuple[str, ...] = ()
    """Of a word."""

    command: str | None = None
    """What setting it does; None for what nobody sets."""

    bounds: Callable[[_T], Mapping[str, float]] | None = field(default=None)
    """Of a number."""


def _power(key: str, name: str, value: Callable[[State], float | None]) -> Row[State]:
    return Row(key=key, name=name, value=value, device_class="power", unit="W", state_class="measurement")


def _energy(key: str, name: str, value: Callable[[State], float]) -> Row[State]:
    return Row(key=key, name=name, value=value, device_class="energy", unit="kWh", state_class="total_increasing")


SITE_ROWS: Final[tuple[Row[State], ...]] = (
    Row(
        key="state",
        name="State",
        value=lambda state: state.condition,
        device_class="enum",
        options=tuple(condition.value for condition in SiteCondition),
    ),
    Row(key="headline", name="Headline", value=lambda state: state.headline.text[:255]),
    _power("grid_power", "Grid power", lambda state: state.powers.grid_w),
    _power("solar_power", "Solar power", lambda state: state.powers.solar_w),
    _power("home_power", "Home power", lambda state: state.powers.home_w),
    _power("charging_power", "Charging power", lambda state: state.powers.charging_w),
    _power("surplus_power", "Surplus power", lambda state: state.powers.surplus_w),
    _energy("grid_import_energy", "Grid import", lambda state: state.energies.grid_import_kwh),
    _energy("grid_export_energy", "Grid export", lambda state: state.energies.grid_export_kwh),
    _energy("solar_energy", "Solar energy", lambda state: state.energies.solar_kwh),
    _energy("charging_energy", "Charging energy", lambda state: state.energies.charging_kwh),
    Row(
        key="solar_share_today",
        name="Solar share today",
        value=lambda state: None if state.today.solar_share is None else round(100.0 * state.today.solar_share),
        unit="%",
        state_class="measurement",
    ),
    Row(
        key="problem",
        name="Problem",
        platform=Platform.BINARY_SENSOR,
        value=lambda state: bool(state.notices) or state.condition is SiteCondition.FALLBACK,
        device_class="problem",
        category="diagnostic",
    ),
    Row(
        key="optimisation",
        name="Optimisation",
        platform=Platform.SWITCH,
        value=lambda state: state.optimising,
        category="config",
        command="optimising",
    ),
)

STATION_ROWS: Final[tuple[Row[StationState], ...]] = (
    Row(
        key="status",
        name="Status",
        value=lambda station: station.status,
        device_class="enum",
        options=tuple(status.value for status in StationStatus),
    ),
    Row(
        key="limit_reason",
        name="Limit reason",
        value=lambda station: station.reason,
        device_class="enum",
        options=tuple(reason.value for reason in LimitReason),
    ),
    Row(key="because", name="Because", value=lambda station: station.because.text[:255], category="diagnostic"),
    Row(
        key="power",
        name="Power",
        value=lambda station: station.power_w,
        device_class="power",
        unit="W",
        state_class="measurement",
    ),
    Row(
        key="current_limit",
        name="Current limit",
        value=lambda station: station.limit_a,
        device_class="current",
        unit="A",
        state_class="measurement",
    ),
    Row(
        key="energy",
        name="Energy",
        value=lambda station: station.energy_kwh,
        device_class="energy",
        unit="kWh",
        state_class="total_increasing",
    ),
    Row(
        key="session_energy",
        name="Session energy",
        value=lambda station: None if station.session is None else station.session.energy_kwh,
        device_class="energy",
        unit="kWh",
        state_class="total",
    ),
    Row(
        key="plug",
        name="Plug",
        platform=Platform.BINARY_SENSOR,
        value=lambda station: station.plugged,
        device_class="plug",
    ),
    Row(
        key="connectivity",
        name="Connection",
        platform=Platform.BINARY_SENSOR,
        value=lambda station: station.connected,
        device_class="connectivity",
        category="diagnostic",
    ),
    Row(
        key="ignores_limit",
        name="Ignores limit",
        platform=Platform.BINARY_SENSOR,
        value=lambda station: station.ignores_limit,
        device_class="problem",
        category="diagnostic",
    ),
    Row(
        key="mode",
        name="Mode",
        platform=Platform.SELECT,
        value=lambda station: station.mode,
        options=tuple(mode.value for mode in ChargeMode),
        command="mode",
    ),
    Row(
        key="max_current",
        name="Maximum current",
        platform=Platform.NUMBER,
        value=lambda station: station.max_a if station.user_max_a is None else station.user_max_a,
        device_class="current",
        unit="A",
        category="config",
        command="max_a",
        bounds=lambda station: {"min": station.min_a, "max": station.max_a, "step": 0.5},
    ),
    Row(
        key="boost",
        name="Boost",
        platform=Platform.SWITCH,
        value=lambda station: station.boost_until is not None,
        command="boost",
    ),
)
