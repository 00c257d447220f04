"""Cars: what programs report of them, and how full people want them."""

from __future__ import annotations

from fastapi import APIRouter

from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, AtDesk, Homeowner, Viewer
from ems.api.vehicle_book import VehicleBook
from ems.api.wire import VehicleReports, VehicleState, VehicleWish


def vehicles_router(book: VehicleBook) -> APIRouter:
    """The routes below `/vehicles`, which itself names cars."""
    router = APIRouter(prefix="/vehicles", tags=["vehicles"], responses=GUARDED)

    @router.get("/state")
    async def read_vehicle_states(desk: AtDesk, _person: Viewer) -> tuple[VehicleState, ...]:
        """Every car that the site file names or somebody told of."""
        return desk.house.state().vehicles

    @router.post("/reports", responses=documented(409, 429))
    async def report_vehicles(body: VehicleReports, desk: AtDesk, person: Homeowner) -> tuple[VehicleState, ...]:
        """What a program knows of cars, with its age. It is kept in memory only."""
        book.report(body.reports, by=person)
        return desk.house.state().vehicles

    @router.put("/settings", responses=documented(409))
    async def set_vehicle(wish: VehicleWish, desk: AtDesk, person: Homeowner) -> tuple[VehicleState, ...]:
        """How full people want that car: where it pauses, and below what it charges at once."""
        book.set(wish, who=person.name)
        return desk.house.state().vehicles

    return router
