"""The house now, and how its limits came about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from ems.api.errors import UnknownStation
from ems.api.explained import explained
from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, AtDesk, Homeowner, Viewer
from ems.api.wire import (
    ExplanationRecord,
    ImportCap,
    ImportCapWish,
    OptimisingWish,
    SiteRecord,
    State,
    StationPlan,
    StationState,
    StrategyWish,
)

router = APIRouter(tags=["house"], responses=GUARDED)

StationPath = Annotated[str, Path(max_length=48, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.|-]{0,47}$")]


@router.get("/state")
async def read_state(desk: AtDesk, _person: Viewer) -> State:
    """The whole house now. For more than one look, use the WebSocket."""
    return desk.house.state()


@router.get("/site")
async def read_site(desk: AtDesk, _person: Viewer) -> SiteRecord:
    """What does not change from one second to the next."""
    state = desk.house.state()
    return SiteRecord(
        site_id=state.site_id,
        name=state.name,
        version=state.version,
        optimising=state.optimising,
        condition=state.condition,
        circuits=tuple(circuit.id for circuit in state.circuits),
        stations=tuple(station.id for station in state.stations),
    )


@router.put("/optimising")
async def set_optimising(wish: OptimisingWish, desk: AtDesk, person: Homeowner) -> OptimisingWish:
    """Off: every car gets its fallback current, and the fuses are still guarded."""
    desk.house.set_optimising(optimising=wish.optimising, who=person.name)
    return wish


@router.put("/strategy", responses=documented(409))
async def set_strategy(wish: StrategyWish, desk: AtDesk, person: Homeowner) -> StrategyWish:
    """How much grid a solar car may take along for the sake of more sun; null goes back to the site file's."""
    desk.house.set_strategy(wish.strategy, who=person.name)
    return wish


@router.put("/import_cap", responses=documented(409))
async def set_import_cap(wish: ImportCapWish, desk: AtDesk, person: Homeowner) -> ImportCap:
    """What cars may bring the import of the whole house to, until then: lower than the house's own only."""
    desk.house.set_import_cap(wish, who=person.name)
    return ImportCap(limit_kw=wish.limit_kw, until=wish.until)


@router.delete("/import_cap", status_code=204)
async def end_import_cap(desk: AtDesk, person: Homeowner) -> None:
    """End it at once."""
    desk.house.set_import_cap(None, who=person.name)


@router.get("/stations")
async def read_stations(desk: AtDesk, _person: Viewer) -> tuple[StationState, ...]:
    """All charging stations now."""
    return desk.house.state().stations


@router.get("/stations/{station_id}", responses=documented(404))
async def read_station(station_id: StationPath, desk: AtDesk, _person: Viewer) -> StationState:
    """One charging station now."""
    return find_station(desk.house.state(), station_id)


@router.get("/plan")
async def read_plans(desk: AtDesk, _person: Viewer) -> tuple[StationPlan, ...]:
    """What is ahead at every charger, in quarters of an hour, without any sun."""
    return tuple(desk.house.plan(station.id) for station in desk.house.state().stations)


@router.get("/stations/{station_id}/plan", responses=documented(404))
async def read_plan(station_id: StationPath, desk: AtDesk, _person: Viewer) -> StationPlan:
    """What is ahead at one charger."""
    return desk.house.plan(station_id)


@router.get("/vehicles")
async def read_vehicles(desk: AtDesk, _person: Viewer) -> tuple[str, ...]:
    """Cars that the site file names, then others that sessions were counted for; a new one may have any name."""
    return tuple(await desk.house.vehicles())


@router.get("/explain/{station_id}", responses=documented(404, 429))
async def read_explanation(station_id: StationPath, desk: AtDesk, person: Viewer) -> ExplanationRecord:
    """Step by step, how the present limit of a station came about; ten at once for a token, then one a second."""
    desk.access.ask_why(person)
    return explained(desk.house.explain(station_id))


def find_station(state: State, station_id: str) -> StationState:
    """Raises UnknownStation."""
    found = next((station for station in state.stations if station.id == station_id), None)
    if found is None:
        raise UnknownStation(station_id)
    return found
