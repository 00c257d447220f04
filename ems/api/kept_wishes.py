"""Wishes over a restart: what is written of them, and what is believed of what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ems.api.sources import Json
from ems.api.wishes import Passing, Wishes, resumed
from ems.model.goals import ChargeMode
from ems.model.site import Keenness, Site, Station

WISHES_KEY: Final = "wishes"
MOST_STATIONS: Final = 200


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Passing(_Kept):
    until: AwareDatetime
    limit_a: Annotated[float, Field(ge=0, le=80)] | None = None


class _ImportCap(_Kept):
    until: AwareDatetime
    limit_kw: Annotated[float, Field(ge=0, le=200)]


class _Wishes(_Kept):
    mode: ChargeMode | None = None
    max_a: Annotated[float, Field(ge=6, le=80)] | None = None
    min_a: Annotated[float, Field(ge=6, le=80)] | None = None
    phases: Literal[1, 3] | None = None
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    vehicle: Annotated[str, Field(max_length=48)] | None = None
    guest: Annotated[str, Field(max_length=48)] | None = None
    energy_kwh: Annotated[float, Field(gt=0, le=500)] | None = None
    ready_by: AwareDatetime | None = None
    limit: _Passing | None = None
    boost: _Passing | None = None


class _House(_Kept):
    optimising: bool = True
    strategy: Keenness | None = None
    import_cap: _ImportCap | None = None
    stations: Annotated[dict[str, _Wishes], Field(max_length=MOST_STATIONS)] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseWishes:
    """What everybody wishes of the house."""

    optimising: bool = True
    strategy: Keenness | None = None
    """How keen on sun; None for the site file's."""

    import_cap: Passing | None = None
    stations: Mapping[str, Wishes] = field(default_factory=dict)


def written(wishes: HouseWishes) -> Json:
    """As `json` takes it."""
    stations = {station_id: _written(each) for station_id, each in wishes.stations.items() if each != Wishes()}
    cap = wishes.import_cap
    kept = None if cap is None or cap.limit_kw is None else _ImportCap(until=cap.until, limit_kw=cap.limit_kw)
    house = _House(optimising=wishes.optimising, strategy=wishes.strategy, import_cap=kept, stations=stations)
    return house.model_dump(mode="json", exclude_none=True)


def found(kept: Json, site: Site, *, now_s: float, now: datetime) -> HouseWishes | None:
    """The wishes that were kept, less those of stations that are gone and what the installer does not allow any more.

    None where nothing was kept, or nothing that makes sense.
    """
    if kept is None:
        return None
    try:
        house = _House.model_validate(kept)
    except ValidationError:
        return None
    stations = {
        station.station_id: _wishes(house.stations[station.station_id], station, now_s, now)
        for station in site.stations
        if station.station_id in house.stations
    }
    return HouseWishes(
        optimising=house.optimising,
        strategy=None if site.policy.keenness_fixed else house.strategy,
        import_cap=_cap(house.import_cap, now_s, now),
        stations=stations,
    )


def _cap(kept: _ImportCap | None, now_s: float, now: datetime) -> Passing | None:
    """It only lowers, so that one above the house's own bound does nothing."""
    if kept is None:
        return None
    return resumed(Passing(until=kept.until, ends_at_s=0.0, limit_kw=kept.limit_kw), now_s=now_s, now=now)


def _written(wishes: Wishes) -> _Wishes:
    return _Wishes(
        mode=wishes.mode,
        max_a=wishes.max_a,
        min_a=wishes.min_a,
        phases=wishes.phases,
        priority=wishes.priority,
        vehicle=wishes.vehicle,
        guest=wishes.guest,
        energy_kwh=wishes.energy_kwh,
        ready_by=wishes.ready_by,
        limit=_passing(wishes.limit),
        boost=_passing(wishes.boost),
    )


def _passing(wish: Passing | None) -> _Passing | None:
    return None if wish is None else _Passing(until=wish.until, limit_a=wish.limit_a)


def _wishes(kept: _Wishes, station: Station, now_s: float, now: datetime) -> Wishes:
    return Wishes(
        mode=kept.mode,
        max_a=None if kept.max_a is None or kept.max_a > station.max_a else kept.max_a,
        min_a=None if kept.min_a is None or not station.min_a <= kept.min_a <= station.max_a else kept.min_a,
        phases=kept.phases if station.can_switch_phases and len(station.wiring) >= (kept.phases or 0) else None,
        priority=kept.priority,
        vehicle=kept.vehicle,
        guest=kept.guest,
        energy_kwh=kept.energy_kwh,
        ready_by=kept.ready_by,
        limit=_resumed(kept.limit, now_s, now),
        boost=_resumed(kept.boost, now_s, now),
    )


def _resumed(kept: _Passing | None, now_s: float, now: datetime) -> Passing | None:
    if kept is None:
        return None
    return resumed(Passing(until=kept.until, ends_at_s=0.0, limit_a=kept.limit_a), now_s=now_s, now=now)
