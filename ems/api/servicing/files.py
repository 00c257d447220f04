"""Firmware for stations, and the logs that they bring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from ems.api.errors import NoTimeToCome, StorageOff
from ems.api.gate import LONGEST_FIRMWARE_B
from ems.api.servicing.door import FileDoor
from ems.api.servicing.folder import FileFolder, KeptFile, safe_name
from ems.api.servicing.intake import take_in
from ems.api.servicing.signature import check_signature
from ems.api.servicing.told import Telling
from ems.api.wire import CommandAnswer
from ems.api.wire_servicing import FileRecord
from ems.clock import Clock
from ems.config.schema_api import ApiSection
from ems.csms.service.operated import new_request_id
from ems.csms.service_words import FirmwareOrder, LogKind, LogOrder, SignedWith
from ems.errors import StationError

MOST_FIRMWARE: Final = 8
MOST_LOGS: Final = 20
LATEST_FETCH: Final = timedelta(hours=20)
"""Before the address of the file ends."""


class StationFiles:
    """Everything about files. Without a folder all raise StorageOff; disks raise FilesTrouble."""

    def __init__(
        self, folder: Path | None, section: ApiSection, telling: Telling, clock: Clock, *, bind_port: int | None
    ) -> None:
        """`section` says where stations fetch and bring files; `bind_port` overrides its port."""
        self._telling = telling
        self._clock = clock
        self._firmware: FileFolder | None = None
        self._logs: FileFolder | None = None
        self.door: FileDoor | None = None
        if folder is not None:
            self._firmware = FileFolder(folder / "firmware", most=MOST_FIRMWARE, drops_oldest=False)
            self._logs = FileFolder(folder / "station_logs", most=MOST_LOGS, drops_oldest=True)
            self.door = FileDoor(section, clock, self._logs, self._brought, bind_port=bind_port)

    async def run(self) -> None:
        """Keep the door for files."""
        if self.door is not None and self._firmware is not None and self._logs is not None:
            await asyncio.to_thread(self._firmware.sweep)
            await asyncio.to_thread(self._logs.sweep)
            await self.door.run()

    async def firmware(self) -> tuple[FileRecord, ...]:
        """Newest first."""
        return tuple(_record(file) for file in await asyncio.to_thread(_there(self._firmware).files))

    async def logs(self) -> tuple[FileRecord, ...]:
        """Newest first."""
        return tuple(_record(file) for file in await asyncio.to_thread(_there(self._logs).files))

    async def add_firmware(self, name: str, content: AsyncIterator[bytes], *, who: str) -> FileRecord:
        """Keep a file. Raises TooMany, TooLarge or TooSlow too."""
        folder = _there(self._firmware)
        part = await asyncio.to_thread(folder.begin)
        sha256 = await take_in(content, part, self._clock, most_b=LONGEST_FIRMWARE_B)
        at, name = self._clock.utc_now(), safe_name(name, "firmware.bin")
        about = {"kind": "firmware", "by": who}
        file = await asyncio.to_thread(folder.keep, part, name=name, sha256=sha256, at=at, about=about)
        self._telling.note_files("file_added", who, file=name)
        return _record(file)

    async def sign_firmware(self, file_id: str, certificate: str, signature: str, *, who: str) -> FileRecord:
        """Keep its maker's signature beside it. Raises UnknownFile or WrongSignature."""
        folder = _there(self._firmware)
        file = await asyncio.to_thread(folder.find, file_id)
        await asyncio.to_thread(check_signature, folder.path(file_id), certificate, signature)
        about = {**file.about, "certificate": certificate, "signature": "".join(signature.split())}
        file = replace(file, about=about)
        await asyncio.to_thread(folder.describe, file)
        self._telling.note_files("file_signed", who, file=file.name)
        return _record(file)

    async def remove_firmware(self, file_id: str, *, who: str) -> None:
        """Raises UnknownFile."""
        await self._remove(_there(self._firmware), file_id, who)

    async def remove_log(self, file_id: str, *, who: str) -> None:
        """Raises UnknownFile."""
        await self._remove(_there(self._logs), file_id, who)

    async def log_file(self, file_id: str) -> tuple[Path, str]:
        """Where it is, and its name. Raises UnknownFile."""
        folder = _there(self._logs)
        file = await asyncio.to_thread(folder.find, file_id)
        return folder.path(file_id), f"{file.about.get('station', 'station')}-{file.name}"

    async def update(self, station_id: str, file_id: str, fetch_at: datetime | None, *, who: str) -> CommandAnswer:
        """Have a station fetch and install a file. Raises NoTimeToCome, UnknownFile, NoDoor, and as `Telling` does."""
        folder, door = _there(self._firmware), _there(self.door)
        now = self._clock.utc_now()
        if fetch_at is not None and not now - timedelta(minutes=5) <= fetch_at <= now + LATEST_FETCH:
            raise NoTimeToCome("firmware is fetched within the next 20 hours")
        file = await asyncio.to_thread(folder.find, file_id)
        station = self._telling.allowed(station_id, "firmware")
        address = await door.offer(station_id, station.host_dialled, file, folder.path(file_id))
        order = FirmwareOrder(
            request_id=new_request_id(), location=address, fetch_at=fetch_at or now, signed=_signed(file)
        )
        try:
            answer = await self._telling.told(
                station_id, "firmware", station.update_firmware(order, file.name), who, file=file.name
            )
        except StationError:
            door.withdraw(address)
            raise
        if not answer.done:
            door.withdraw(address)
        return answer

    async def fetch_log(
        self, station_id: str, kind: LogKind, since: datetime | None, until: datetime | None, *, who: str
    ) -> CommandAnswer:
        """Have a station bring a log. Raises NoDoor, and as `Telling` does."""
        door = _there(self.door)
        station = self._telling.allowed(station_id, "log")
        address = await door.expect(station_id, station.host_dialled, kind.value)
        order = LogOrder(request_id=new_request_id(), location=address, kind=kind, since=since, until=until)
        try:
            answer = await self._telling.told(station_id, "log", station.send_log(order), who)
        except StationError:
            door.withdraw(address)
            raise
        if not answer.done:
            door.withdraw(address)
        return answer

    async def _remove(self, folder: FileFolder, file_id: str, who: str) -> None:
        file = await asyncio.to_thread(folder.find, file_id)
        await asyncio.to_thread(folder.remove, file_id)
        self._telling.note_files("file_removed", who, file=file.name)

    def _brought(self, station_id: str, file: KeptFile) -> None:
        self._telling.note_files("log_brought", station_id, station=station_id, file=file.name)


_T = TypeVar("_T")


def _there(part: _T | None) -> _T:
    if part is None:
        raise StorageOff("files need a folder, and the site file names none in storage.path")
    return part


def _signed(file: KeptFile) -> SignedWith | None:
    certificate, signature = file.about.get("certificate"), file.about.get("signature")
    return (
        None if certificate is None or signature is None else SignedWith(certificate=certificate, signature=signature)
    )


def _record(file: KeptFile) -> FileRecord:
    return FileRecord(
        id=file.file_id,
        name=file.name,
        size_b=file.size_b,
        sha256=file.sha256,
        at=file.at,
        station=file.about.get("station"),
        kind=file.about.get("kind", "firmware"),
        signed="signature" in file.about,
    )
