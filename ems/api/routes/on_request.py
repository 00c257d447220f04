"""What a station of OCPP 2 is asked only when somebody wants it; one of 1.6 has no word for it, which is said."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from ems.api.problems import documented
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Homeowner, Installer
from ems.api.servicing.on_request import OnRequest
from ems.api.wire import CommandAnswer
from ems.api.wire_on_request import (
    MOST_NUMBER,
    ComponentsWish,
    CostWish,
    CustomerWish,
    DisplayWish,
    MonitorBaseWish,
    MonitorLevelWish,
    MonitorWish,
    OnRequestState,
)
from ems.csms.on_request_words import ComponentsThat, MonitorBase

Number = Annotated[int, Path(ge=0, le=MOST_NUMBER)]


def monitor_router(asking: OnRequest) -> APIRouter:
    """What it watches and reports of itself."""
    router = _router()

    @router.get("/on_request")
    async def read_told(station_id: StationPath, _person: Installer) -> OnRequestState:
        """What it told because somebody asked, and its events."""
        return asking.state(station_id)

    @router.put("/monitor_base")
    async def set_base(station_id: StationPath, wish: MonitorBaseWish, person: Installer) -> CommandAnswer:
        """Which preset monitors are in force; monitors of one's own are dropped by that."""
        return await asking.set_base(station_id, MonitorBase(wish.base), who=person.name)

    @router.put("/monitor_level")
    async def set_level(station_id: StationPath, wish: MonitorLevelWish, person: Installer) -> CommandAnswer:
        """From which severity on it reports."""
        return await asking.set_level(station_id, wish.severity, who=person.name)

    @router.post("/monitors")
    async def set_monitor(station_id: StationPath, wish: MonitorWish, person: Installer) -> CommandAnswer:
        """Have a variable watched."""
        return await asking.set_monitor(station_id, wish, who=person.name)

    @router.delete("/monitors/{number}")
    async def stop_monitor(station_id: StationPath, number: Number, person: Installer) -> CommandAnswer:
        """Watch no more by that monitor."""
        return await asking.stop_monitor(station_id, number, who=person.name)

    @router.post("/monitor_report")
    async def ask_monitors(station_id: StationPath, person: Installer) -> CommandAnswer:
        """Have it tell its monitors, which are then in `/on_request`."""
        return await asking.ask_monitors(station_id, who=person.name)

    @router.post("/components_report")
    async def ask_components(station_id: StationPath, wish: ComponentsWish, person: Installer) -> CommandAnswer:
        """Have it tell its components that have a problem, or are active, available or enabled."""
        return await asking.ask_components(station_id, ComponentsThat(wish.that), who=person.name)

    @router.post("/curves_report")
    async def ask_curves(station_id: StationPath, person: Installer) -> CommandAnswer:
        """Have it tell the grid curves that it follows (OCPP 2.1)."""
        return await asking.ask_curves(station_id, who=person.name)

    return router


def display_router(asking: OnRequest) -> APIRouter:
    """What its display shows, and what it keeps of customers."""
    router = _router()

    @router.post("/display_report")
    async def ask_texts(station_id: StationPath, person: Installer) -> CommandAnswer:
        """Have it tell what its display shows."""
        return await asking.ask_texts(station_id, who=person.name)

    @router.put("/display/{number}")
    async def show(station_id: StationPath, number: Number, wish: DisplayWish, person: Homeowner) -> CommandAnswer:
        """Show a text on its display; one with the same number gives way."""
        return await asking.show(station_id, number, wish.content, in_session=wish.in_session, who=person.name)

    @router.delete("/display/{number}")
    async def show_no_more(station_id: StationPath, number: Number, person: Homeowner) -> CommandAnswer:
        """Take a text off its display."""
        return await asking.show_no_more(station_id, number, who=person.name)

    @router.put("/cost")
    async def tell_cost(station_id: StationPath, wish: CostWish, person: Homeowner) -> CommandAnswer:
        """Have it show what the running session has cost so far."""
        return await asking.tell_cost(station_id, wish.total, who=person.name)

    @router.post("/customer")
    async def customer(station_id: StationPath, wish: CustomerWish, person: Installer) -> CommandAnswer:
        """Have it tell or forget what it keeps of the owner of a tag."""
        return await asking.customer(station_id, wish.tag, report=wish.report, clear=wish.clear, who=person.name)

    return router


def _router() -> APIRouter:
    return APIRouter(
        prefix="/stations/{station_id}", tags=["on request"], responses={**GUARDED, **documented(404, 409, 429)}
    )
