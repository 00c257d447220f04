"""What automations can ask of a charger beside its entities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from .const import DOMAIN
from .coordinator import SiteCoordinator, SiteEntry
from .models import Goal

LIMIT_A: Final = "limit_a"
LIMIT_KW: Final = "limit_kw"
VEHICLE: Final = "vehicle"
SOC: Final = "soc"
RANGE_KM: Final = "range_km"
AT_HOME: Final = "at_home"
CAPACITY_KWH: Final = "capacity_kwh"
DURATION: Final = "duration"
ENERGY_KWH: Final = "energy_kwh"
READY_BY: Final = "ready_by"
SINCE: Final = "since"
UNTIL: Final = "until"
MOST: Final = "most"

LONGEST: Final = timedelta(days=1)
MOST_A: Final = 80
MOST_KW: Final = 200
MOST_KWH: Final = 500
MOST_SESSIONS: Final = 1000
LONGEST_NAME: Final = 48
"""The bounds of the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """The charging station that an action is about."""

    site: SiteCoordinator
    station_id: str


Action: TypeAlias = Callable[[Charger, ServiceCall], Awaitable[ServiceResponse]]
HouseAction: TypeAlias = Callable[[SiteCoordinator, ServiceCall], Awaitable[None]]


async def _set_goal(charger: Charger, call: ServiceCall) -> None:
    ready_by = call.data.get(READY_BY)
    goal = Goal(energy_kwh=call.data.get(ENERGY_KWH), ready_by=None if ready_by is None else _with_zone(ready_by))
    await charger.site.answer_to(charger.site.client.set_goal(charger.station_id, goal))


async def _clear_goal(charger: Charger, _call: ServiceCall) -> None:
    await charger.site.answer_to(charger.site.client.set_goal(charger.station_id, None))


async def _boost(charger: Charger, call: ServiceCall) -> None:
    duration_s = call.data[DURATION].total_seconds()
    await charger.site.answer_to(charger.site.client.boost(charger.station_id, duration_s=duration_s))


async def _limit(charger: Charger, call: ServiceCall) -> None:
    await charger.site.answer_to(
        charger.site.client.set_limit(
            charger.station_id, limit_a=call.data[LIMIT_A], duration_s=call.data[DURATION].total_seconds()
        )
    )


async def _explain(charger: Charger, _call: ServiceCall) -> ServiceResponse:
    found = await charger.site.answer_to(charger.site.client.explain(charger.station_id))
    return {
        "limit_a": found.limit_a,
        "phases": found.phases,
        "because": found.because.text,
        "steps": [asdict(step) for step in found.steps],
    }


async def _get_plan(charger: Charger, _call: ServiceCall) -> ServiceResponse:
    found = await charger.site.answer_to(charger.site.client.plan(charger.station_id))
    slots = [
        {
            "begins": slot.begins.isoformat(),
            "ends": slot.ends.isoformat(),
            "kind": slot.kind,
            "power_w": slot.power_w,
            "least_w": slot.least_w,
            "because": slot.says.text,
        }
        for slot in found.slots
    ]
    return {"made_at": found.made_at.isoformat(), "slots": slots}  # type: ignore[dict-item] # plain values alone


async def _get_sessions(charger: Charger, call: ServiceCall) -> ServiceResponse:
    since, until = (call.data.get(key) for key in (SINCE, UNTIL))
    found = await charger.site.answer_to(
        charger.site.client.sessions(
            charger.station_id,
            since=None if since is None else _with_zone(since),
            until=None if until is None else _with_zone(until),
            most=call.data[MOST],
        )
    )
    return {"sessions": [_written(asdict(session)) for session in found]}


async def _set_import_cap(site: SiteCoordinator, call: ServiceCall) -> None:
    until = _with_zone(call.data[UNTIL])
    await site.answer_to(site.client.set_import_cap(limit_kw=call.data[LIMIT_KW], until=until))


async def _clear_import_cap(site: SiteCoordinator, _call: ServiceCall) -> None:
    await site.answer_to(site.client.end_import_cap())


async def _update_vehicle(site: SiteCoordinator, call: ServiceCall) -> None:
    known = {key: call.data[key] for key in (RANGE_KM, AT_HOME, CAPACITY_KWH) if key in call.data}
    if SOC in call.data:
        known[SOC] = call.data[SOC] / 100.0
    await site.answer_to(site.client.report_vehicle(call.data[VEHICLE], **known))


def _written(fields: dict[str, object]) -> JsonObjectType:
    """Times as text."""
    return {
        key: value.isoformat() if isinstance(value, datetime) else value  # type: ignore[misc] # plain values besides
        for key, value in fields.items()
    }


def _with_zone(moment: datetime) -> datetime:
    """People who name no zone mean that of their Home Assistant."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt_util.get_default_time_zone())


def _a_while(typed: object) -> timedelta:
    """Of a second to a day. Raises vol.Invalid."""
    span = cv.positive_time_period(typed)
    if not timedelta(seconds=1) <= span <= LONGEST:
        raise vol.Invalid("a while is a second to a day")
    return span


OF_DEVICE: Final = {vol.Required(ATTR_DEVICE_ID): cv.string}

ACTIONS: Final[tuple[tuple[str, Action, dict[vol.Marker, object], SupportsResponse], ...]] = (
    (
        "set_goal",
        _set_goal,
        {
            vol.Optional(ENERGY_KWH): vol.All(vol.Coerce(float), vol.Range(min=0.1, max=MOST_KWH)),
            vol.Optional(READY_BY): cv.datetime,
        },
        SupportsResponse.NONE,
    ),
    ("clear_goal", _clear_goal, {}, SupportsResponse.NONE),
    ("boost", _boost, {vol.Required(DURATION): _a_while}, SupportsResponse.NONE),
    (
        "limit",
        _limit,
        {
            vol.Required(LIMIT_A): vol.All(vol.Coerce(float), vol.Range(min=0, max=MOST_A)),
            vol.Required(DURATION): _a_while,
        },
        SupportsResponse.NONE,
    ),
    ("explain", _explain, {}, SupportsResponse.ONLY),
    ("get_plan", _get_plan, {}, SupportsResponse.ONLY),
    (
        "get_sessions",
        _get_sessions,
        {
            vol.Optional(SINCE): cv.datetime,
            vol.Optional(UNTIL): cv.datetime,
            vol.Optional(MOST, default=100): vol.All(vol.Coerce(int), vol.Range(min=1, max=MOST_SESSIONS)),
        },
        SupportsResponse.ONLY,
    ),
)


OF_HOUSE: Final[tuple[tuple[str, HouseAction, dict[vol.Marker, object]], ...]] = (
    (
        "set_import_cap",
        _set_import_cap,
        {
            vol.Required(LIMIT_KW): vol.All(vol.Coerce(float), vol.Range(min=0, max=MOST_KW)),
            vol.Required(UNTIL): cv.datetime,
        },
    ),
    ("clear_import_cap", _clear_import_cap, {}),
    (
        "update_vehicle",
        _update_vehicle,
        {
            vol.Required(VEHICLE): vol.All(str, vol.Length(min=1, max=LONGEST_NAME)),
            vol.Optional(SOC): vol.All(vol.Coerce(float), vol.Range(min=0, max=100)),
            vol.Optional(RANGE_KM): vol.All(vol.Coerce(float), vol.Range(min=0, max=5000)),
            vol.Optional(AT_HOME): cv.boolean,
            vol.Optional(CAPACITY_KWH): vol.All(vol.Coerce(float), vol.Range(min=1, max=MOST_KWH)),
        },
    ),
)


def add_actions(hass: HomeAssistant) -> None:
    """All of them, each for one charger or one house."""
    for name, house_act, fields in OF_HOUSE:
        hass.services.async_register(DOMAIN, name, _for_house(hass, house_act), vol.Schema(OF_DEVICE | fields))
    for name, act, fields, supports_response in ACTIONS:
        hass.services.async_register(
            DOMAIN, name, _for_charger(hass, act), vol.Schema(OF_DEVICE | fields), supports_response=supports_response
        )


def _for_charger(hass: HomeAssistant, act: Action) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    async def answer(call: ServiceCall) -> ServiceResponse:
        return await act(_charger(hass, call.data[ATTR_DEVICE_ID]), call)

    return answer


def _for_house(hass: HomeAssistant, act: HouseAction) -> Callable[[ServiceCall], Coroutine[Any, Any, None]]:
    async def answer(call: ServiceCall) -> None:
        site, known = _site(hass, call.data[ATTR_DEVICE_ID])
        if (DOMAIN, site.site_id) not in known:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_house")
        await act(site, call)

    return answer


def _charger(hass: HomeAssistant, device_id: str) -> Charger:
    """The station of that device. Raises ServiceValidationError."""
    site, known = _site(hass, device_id)
    for station in site.data.stations:
        if (DOMAIN, site.devices.station_key(station.id)) in known:
            return Charger(site=site, station_id=station.id)
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_charger")


def _site(hass: HomeAssistant, device_id: str) -> tuple[SiteCoordinator, set[tuple[str, str]]]:
    """The house of that device, and what the device is known by. Raises ServiceValidationError."""
    device = dr.async_get(hass).async_get(device_id)
    entries: list[SiteEntry] = hass.config_entries.async_entries(DOMAIN)
    for entry in entries:
        if device is None or entry.entry_id not in device.config_entries:
            continue
        if entry.state is not ConfigEntryState.LOADED:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_loaded")
        return entry.runtime_data, device.identifiers
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_charger")
