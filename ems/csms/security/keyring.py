"""What the service must remember of its stations' security: passwords that it made, and how safely each has come.

One small file of hashes beside the database, replaced as a whole. Without storage it lives in memory alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ems.csms.security import private_files
from ems.csms.security.admission import Profile
from ems.csms.security.credentials import HashedPassword
from ems.csms.security.errors import CannotKeep

LOGGER = logging.getLogger(__name__)

FILE_NAME: Final = "station-security.json"
LAYOUT: Final = 1
MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One station."""

    came_by: Profile = Profile.OPEN
    """The safest profile it ever came by; it is not let in by a lower one."""

    made: HashedPassword | None = None
    """The password we gave it; None while the site file's counts."""

    coming: HashedPassword | None = None
    """One that is on its way to the station: it counts beside the old one until the station comes with it."""

    retired: tuple[str, ...] = field(default=())
    """Marks of passwords in the site file that ours have replaced."""


NOTHING: Final = Remembered()


class Keyring:
    """By station id."""

    def __init__(self, folder: Path | None) -> None:
        self._path: Final = None if folder is None else folder / FILE_NAME
        self._stations: dict[str, Remembered] = {}
        self._saving = asyncio.Lock()
        self._unsaved = asyncio.Event()
        self.trouble: str | None = None
        """Why nothing is remembered over a restart, for people; None while all is well."""

    def open(self) -> None:
        """Read the file; blocks. One that makes no sense lets nobody in by a password that we made."""
        if self._path is None:
            return
        try:
            found = private_files.content(self._path, MOST_BYTES)
            self._stations = {} if found is None else dict(_read(found))
        except (CannotKeep, ValueError, TypeError, KeyError, AttributeError) as error:
            self.trouble = f"{FILE_NAME} cannot be used ({str(error)[:200]}); give the stations new passwords"
            LOGGER.error("%s", self.trouble)  # noqa: TRY400 (says all)

    def of(self, station_id: str) -> Remembered:
        return self._stations.get(station_id, NOTHING)

    def remember(self, station_id: str, known: Remembered) -> None:
        """Know this of it from now on, and have it on the disk soon (`keep` and `run`)."""
        if known != self.of(station_id):
            self._stations[station_id] = known
            self._unsaved.set()

    async def keep(self) -> None:
        """Have it on the disk now. Raises CannotKeep."""
        async with self._saving:
            self._unsaved.clear()
            if self._path is None:
                return
            try:
                # Whoever asked may leave meanwhile; a file that is being replaced is seen through.
                await asyncio.shield(asyncio.to_thread(_write, self._path, dict(self._stations)))
            except CannotKeep as error:
                self.trouble = str(error)
                raise
            self.trouble = None

    async def run(self) -> None:
        """Keep what changes, for ever."""
        while True:
            await self._unsaved.wait()
            try:
                await self.keep()
            except CannotKeep as error:
                LOGGER.warning("what stations came by is not kept: %s", error)


def _write(path: Path, stations: Mapping[str, Remembered]) -> None:
    told = {"layout": LAYOUT, "stations": {each: asdict(known) for each, known in stations.items()}}
    with private_files.alone(path.parent):
        private_files.replace(path, json.dumps(told, indent=1, ensure_ascii=False).encode())


def _read(found: bytes) -> Mapping[str, Remembered]:
    told: Any = json.loads(found)
    if told.get("layout") != LAYOUT:
        raise ValueError("it has another layout")
    return {
        station_id: Remembered(
            came_by=Profile(each["came_by"]),
            made=_password(each["made"]),
            coming=_password(each["coming"]),
            retired=tuple(str(mark) for mark in each["retired"]),
        )
        for station_id, each in told["stations"].items()
    }


def _password(told: Mapping[str, object] | None) -> HashedPassword | None:
    return None if told is None else HashedPassword(salt=str(told["salt"]), digest=str(told["digest"]))
