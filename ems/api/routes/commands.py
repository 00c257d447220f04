"""What a station is told to do at once."""

from __future__ import annotations

from fastapi import APIRouter

from ems.api.commands import StationCommands
from ems.api.problems import documented
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Homeowner
from ems.api.wire import CommandAnswer, RestartWish
from ems.api.wire_servicing import AvailabilityWish, ReservationWish, StartWish


def commands_router(commands: StationCommands) -> APIRouter:
    """The routes below `/stations/{id}` that command."""
    router = APIRouter(
        prefix="/stations/{station_id}", tags=["stations"], responses={**GUARDED, **documented(404, 429)}
    )

    @router.post("/restart")
    async def restart_station(station_id: StationPath, wish: RestartWish, person: Homeowner) -> CommandAnswer:
        """Boot anew. It keeps to its fallback current until it has its limit again."""
        return await commands.restart(station_id, hard=wish.hard, who=person.name)

    @router.post("/unlock")
    async def unlock_station(station_id: StationPath, person: Homeowner) -> CommandAnswer:
        """Let go of the cable; a session there ends. Stations with a fixed cable answer NotSupported."""
        return await commands.unlock(station_id, who=person.name)

    @router.post("/start", responses=documented(409))
    async def start_session(station_id: StationPath, wish: StartWish, person: Homeowner) -> CommandAnswer:
        """Begin a session, for stations that do not begin by themselves."""
        return await commands.start(station_id, wish.tag, any_connector=wish.any_connector, who=person.name)

    @router.post("/stop", responses=documented(409))
    async def stop_session(station_id: StationPath, person: Homeowner) -> CommandAnswer:
        """End the session. To pause a car, set its mode instead: some cars begin no second session on their own."""
        return await commands.stop(station_id, who=person.name)

    @router.put("/availability")
    async def set_availability(station_id: StationPath, wish: AvailabilityWish, person: Homeowner) -> CommandAnswer:
        """Into or out of operation; `Scheduled` waits for the session's end."""
        return await commands.set_availability(
            station_id, operative=wish.operative, whole_station=wish.whole_station, who=person.name
        )

    @router.put("/reservation", responses=documented(409))
    async def reserve_station(station_id: StationPath, wish: ReservationWish, person: Homeowner) -> CommandAnswer:
        """Keep it for one tag, until a time within the next 7 days."""
        return await commands.reserve(station_id, wish.tag, wish.until, who=person.name)

    @router.delete("/reservation")
    async def end_reservation(station_id: StationPath, person: Homeowner) -> CommandAnswer:
        """Keep it for nobody."""
        return await commands.end_reservation(station_id, who=person.name)

    return router
