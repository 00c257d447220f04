"""Where the API's facts come from and what people set goes to: ports, and what stands in where nothing is stored."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn, Protocol, TypeAlias

from ems.api.errors import StorageOff
from ems.api.scene import Counted, StationFacts
from ems.api.wire import (
    AuditRecord,
    DecisionRecord,
    DeviceState,
    HistoryPoint,
    HistoryStep,
    LogRecord,
    SessionRecord,
    SourceState,
)
from ems.model.battery import BatteryStanding
from ems.model.words import Phrase

LOGGER: Final = logging.getLogger(__name__)

Json: TypeAlias = Any
"""What `json` writes and reads."""


class Books(Protocol):
    """What was counted; answers from memory."""

    def counted(self) -> Counted: ...

    def session_kwh(self, station_id: str) -> float | None:
        """Of the running session; None without one."""
        ...

    def name_vehicle(self, station_id: str, vehicle: str | None) -> None:
        """Which car hangs on that station from now on."""
        ...


class Directory(Protocol):
    """What stations say of themselves; answers from memory."""

    def facts(self) -> Mapping[str, StationFacts]: ...


class Archive(Protocol):
    """What was kept; asks a database in a thread. Raises StorageOff."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is written now; None while all is well."""
        ...

    async def sessions(
        self, *, since: datetime | None, until: datetime | None, station_id: str | None, limit: int
    ) -> Sequence[SessionRecord]: ...

    async def history(self, step: HistoryStep, since: datetime, until: datetime) -> Sequence[HistoryPoint]: ...

    async def decisions(
        self, *, since: datetime | None, station_id: str | None, text: str | None, limit: int
    ) -> Sequence[DecisionRecord]: ...

    async def vehicles(self) -> Sequence[str]:
        """Those that sessions were counted for, the newest first."""
        ...

    async def log(self, *, before_id: int | None, kind: str | None, limit: int) -> Sequence[LogRecord]: ...

    async def audit(self, *, before_id: int | None, limit: int) -> Sequence[AuditRecord]: ...


class Shelf(Protocol):
    """Small values that survive a restart. Neither call waits for a disk."""

    @property
    def forgets(self) -> bool:
        """Whether it keeps nothing over a restart."""
        ...

    def recall(self, key: str) -> Json:
        """None when there is nothing; what is there may be anything."""
        ...

    def keep(self, key: str, value: Json) -> None: ...


class Diary(Protocol):
    """Who changed what. Returns at once."""

    def note(self, kind: str, *, who: str, said: Phrase) -> None:
        """`said` is a sentence that `log_says` finds again: `log.<kind>.…`, or one of commissioning."""
        ...


class Feeds(Protocol):
    """The devices whose readings a program brings; answers from memory."""

    def sources(self) -> tuple[SourceState, ...]: ...


class Gauges(Protocol):
    """How well devices are read; answers from memory."""

    def devices(self) -> tuple[DeviceState, ...]: ...


class NoGauges:
    """Nobody reads a device."""

    def devices(self) -> tuple[DeviceState, ...]:
        return ()


class KeptBattery(Protocol):
    """A home battery that takes orders; answers from memory."""

    @property
    def standing(self) -> BatteryStanding: ...


class NoFeeds:
    """Every device is read by ourselves."""

    def sources(self) -> tuple[SourceState, ...]:
        return ()


class NoBooks:
    """Nobody counts."""

    def counted(self) -> Counted:
        return Counted()

    def session_kwh(self, station_id: str) -> float | None:  # noqa: ARG002 (nobody counts)
        return None

    def name_vehicle(self, station_id: str, vehicle: str | None) -> None:
        """Nobody asks."""


class NoDirectory:
    """Nobody says anything."""

    def facts(self) -> Mapping[str, StationFacts]:
        return {}


class NoArchive:
    """A house without storage."""

    trouble = None

    async def sessions(self, **_wanted: object) -> NoReturn:
        _refuse()

    async def history(self, *_wanted: object) -> NoReturn:
        _refuse()

    async def decisions(self, **_wanted: object) -> NoReturn:
        _refuse()

    async def vehicles(self) -> NoReturn:
        _refuse()

    async def log(self, **_wanted: object) -> NoReturn:
        _refuse()

    async def audit(self, **_wanted: object) -> NoReturn:
        _refuse()


class MemoryShelf:
    """Forgets everything at the end."""

    forgets = True

    def __init__(self) -> None:
        self._kept: dict[str, Json] = {}

    def recall(self, key: str) -> Json:
        return self._kept.get(key)

    def keep(self, key: str, value: Json) -> None:
        self._kept[key] = value


class LogDiary:
    """Writes to the service's log."""

    def note(self, kind: str, *, who: str, said: Phrase) -> None:
        LOGGER.info("%s: %s by %s", kind, said.said(), who)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where facts come from and wishes go to."""

    books: Books = NoBooks()
    directory: Directory = NoDirectory()
    archive: Archive = NoArchive()
    shelf: Shelf | None = None
    diary: Diary = LogDiary()
    feeds: Feeds = NoFeeds()
    gauges: Gauges = NoGauges()
    battery: KeptBattery | None = None
    battery_kwh: float | None = None
    """Its size, as the site file says."""


def _refuse() -> NoReturn:
    raise StorageOff("nothing is kept, since the site file names no folder in storage.path")
