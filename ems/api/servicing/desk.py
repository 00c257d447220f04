"""Everything that is done to stations beside charging, for API and pages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from ems.api.commands import StationCommands
from ems.api.servicing.files import StationFiles
from ems.api.servicing.on_request import OnRequest
from ems.api.servicing.settings import Settings
from ems.api.servicing.standing import service_state
from ems.api.servicing.tags import Tags
from ems.api.sources import Shelf
from ems.api.wire import CommandAnswer
from ems.api.wire_servicing import ServiceState, VendorDataAnswer
from ems.clock import Clock
from ems.config.schema_api import ApiSection
from ems.csms.messages import Report
from ems.csms.tags import TagDesk


class Servicing:
    """`run` it beside the API."""

    def __init__(
        self,
        commands: StationCommands,
        clock: Clock,
        *,
        shelf: Shelf,
        tag_desk: TagDesk,
        folder: Path | None,
        files_at: ApiSection,
        files_port: int | None = None,
    ) -> None:
        """`folder` keeps files; stations fetch and bring them at `files_at`, whose port `files_port` overrides."""
        self._telling = commands.telling
        self._clock = clock
        self.commands: Final = commands
        self.settings: Final = Settings(self._telling)
        self.on_request: Final = OnRequest(self._telling)
        self.files: Final = StationFiles(folder, files_at, self._telling, clock, bind_port=files_port)
        self.tags: Final = Tags(tag_desk, shelf, self._telling, clock)

    async def run(self) -> None:
        """Serve stations with files and lists of tags, for ever."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.files.run(), name="files of stations")
            parts.create_task(self.tags.run(), name="lists of tags")

    def state(self, station_id: str) -> ServiceState:
        """Raises UnknownStation."""
        return service_state(station_id, self._telling.station(station_id), self._clock.monotonic_s())

    async def clear_cache(self, station_id: str, *, who: str) -> CommandAnswer:
        """Have it forget the tags that it accepted before."""
        station = self._telling.allowed(station_id, "clear_cache")
        return await self._telling.told(station_id, "clear_cache", station.clear_cache(), who)

    async def ask_for(self, station_id: str, report: Report, *, who: str) -> CommandAnswer:
        """Have it send a report."""
        station = self._telling.allowed(station_id, "report")
        return await self._telling.told(station_id, "report", station.ask_for(report), who, report=report.value)

    async def send_vendor_data(
        self, station_id: str, vendor: str, message: str | None, content: str | None, *, who: str
    ) -> VendorDataAnswer:
        """Something that only its maker understands."""
        station = self._telling.allowed(station_id, "report")
        answer = await station.send_vendor_data(vendor, message, content)
        self._telling.note(station_id, "vendor_data", answer.status, who, vendor=vendor[:60])
        return VendorDataAnswer(station=station_id, status=answer.status, content=answer.content)
