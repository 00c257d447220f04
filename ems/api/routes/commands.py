"""What a station is told to do at once."""

from __future__ import annotations

from fastapi import APIRouter

from ems.api.commands import StationCommands
from ems.api.problems import documented
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Homeowner
from ems.api.wire import CommandAnswer, RestartWish


def commands_router(commands: StationCommands) -> APIRouter:
    """The routes `/stations/{id}/restart` and `/stations/{id}/unlock`."""
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

    return router
