"""Servicing a station: what it stands at, its settings, its logs and firmware, its list of tags."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from ems.api.problems import documented
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Installer, Viewer
from ems.api.servicing.desk import Servicing
from ems.api.wire import CommandAnswer
from ems.api.wire_servicing import (
    ConfigurationState,
    FirmwareWish,
    LogWish,
    ReportWish,
    ServiceState,
    SettingWish,
    VendorData,
    VendorDataAnswer,
)
from ems.csms.messages import Report
from ems.csms.service_words import LogKind


def servicing_router(servicing: Servicing) -> APIRouter:
    """The routes below `/stations/{id}` for those who look after a station."""
    router = APIRouter(
        prefix="/stations/{station_id}", tags=["servicing"], responses={**GUARDED, **documented(404, 429)}
    )

    @router.get("/service")
    async def read_service(station_id: StationPath, _person: Viewer) -> ServiceState:
        """Firmware, uploads, reservation, availability: what was asked and what the station said of it."""
        return servicing.state(station_id)

    @router.get("/configuration")
    async def read_configuration(
        station_id: StationPath,
        _person: Installer,
        everything: Annotated[bool, Query(description="The maker's own settings too, all at once.")] = False,
    ) -> ConfigurationState:
        """Its settings, asked in pages and explained. Some stations restart when they are asked for everything."""
        return await servicing.settings.read(station_id, everything=everything)

    @router.put("/configuration", responses=documented(409))
    async def change_setting(station_id: StationPath, wish: SettingWish, person: Installer) -> CommandAnswer:
        """Change one setting where it differs. `RebootRequired` counts after a restart."""
        return await servicing.settings.change(station_id, wish.key, wish.value, sure=wish.sure, who=person.name)

    @router.post("/report")
    async def ask_for_report(station_id: StationPath, wish: ReportWish, person: Installer) -> CommandAnswer:
        """Have it send a report; one that it cannot send is remembered in `/service`."""
        return await servicing.ask_for(station_id, Report(wish.report), who=person.name)

    @router.post("/vendor_data")
    async def send_vendor_data(station_id: StationPath, body: VendorData, person: Installer) -> VendorDataAnswer:
        """Something that only its maker understands."""
        return await servicing.send_vendor_data(station_id, body.vendor, body.message, body.content, who=person.name)

    @router.post("/clear_cache")
    async def clear_cache(station_id: StationPath, person: Installer) -> CommandAnswer:
        """Have it forget the tags that it accepted before."""
        return await servicing.clear_cache(station_id, who=person.name)

    @router.post("/tag_list")
    async def send_tag_list(station_id: StationPath, person: Installer) -> CommandAnswer:
        """Bring its own list of tags up to date."""
        return await servicing.tags.send(station_id, who=person.name)

    @router.post("/firmware", responses=documented(409))
    async def update_firmware(station_id: StationPath, wish: FirmwareWish, person: Installer) -> CommandAnswer:
        """Have it fetch and install a file of `/firmware`. It charges with its fallback current meanwhile."""
        return await servicing.files.update(station_id, wish.file, wish.fetch_at, who=person.name)

    @router.post("/log", responses=documented(409))
    async def fetch_log(station_id: StationPath, wish: LogWish, person: Installer) -> CommandAnswer:
        """Have it bring its diagnostics or its security log, which is then in `/station_logs`."""
        return await servicing.files.fetch_log(station_id, LogKind(wish.kind), wish.since, wish.until, who=person.name)

    return router
