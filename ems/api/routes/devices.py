"""How well the devices of the site file are read."""

from __future__ import annotations

from fastapi import APIRouter

from ems.api.routes.needs import GUARDED, AtDesk, Viewer
from ems.api.wire import DeviceState

router = APIRouter(tags=["devices"], responses=GUARDED)


@router.get("/devices")
async def read_devices(desk: AtDesk, _person: Viewer) -> tuple[DeviceState, ...]:
    """Age of the last good reading, latency, errors and reconnects of every meter, inverter and battery."""
    return desk.house.devices()
