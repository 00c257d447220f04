"""Firmware for stations, and the logs that they brought."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, Installer
from ems.api.servicing.files import StationFiles
from ems.api.wire_servicing import FileRecord, SignatureWish

OCTETS = "application/octet-stream"
FilePath = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


def files_router(files: StationFiles) -> APIRouter:
    """The routes `/firmware` and `/station_logs`."""
    router = APIRouter(tags=["servicing"], responses={**GUARDED, **documented(409)})

    @router.get("/firmware")
    async def list_firmware(_person: Installer) -> tuple[FileRecord, ...]:
        """Newest first."""
        return await files.firmware()

    @router.post(
        "/firmware",
        status_code=201,
        openapi_extra={"requestBody": {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    async def add_firmware(
        request: Request,
        person: Installer,
        name: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")],
    ) -> FileRecord:
        """The file itself as the body, 256 MB at most; 8 files are kept."""
        return await files.add_firmware(name, request.stream(), who=person.name)

    @router.put("/firmware/{file_id}/signature", responses=documented(404))
    async def sign_firmware(file_id: FilePath, wish: SignatureWish, person: Installer) -> FileRecord:
        """The maker's signature beside it: stations are then asked to check it. One that does not fit is refused."""
        return await files.sign_firmware(file_id, wish.certificate, wish.signature, who=person.name)

    @router.delete("/firmware/{file_id}", status_code=204, responses=documented(404))
    async def remove_firmware(file_id: FilePath, person: Installer) -> None:
        """Forget that file."""
        await files.remove_firmware(file_id, who=person.name)

    @router.get("/station_logs")
    async def list_station_logs(_person: Installer) -> tuple[FileRecord, ...]:
        """Newest first; 20 are kept."""
        return await files.logs()

    @router.get(
        "/station_logs/{file_id}",
        response_class=FileResponse,
        responses={200: {"content": {OCTETS: {}}}, **documented(404)},
    )
    async def read_station_log(file_id: FilePath, _person: Installer) -> FileResponse:
        """The file as the station brought it."""
        path, name = await files.log_file(file_id)
        return FileResponse(path, media_type=OCTETS, filename=name)

    @router.delete("/station_logs/{file_id}", status_code=204, responses=documented(404))
    async def remove_station_log(file_id: FilePath, person: Installer) -> None:
        """Forget that file."""
        await files.remove_log(file_id, who=person.name)

    return router
