"""What was kept, for those who ask a house: sessions, history, decisions, log and audit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from ems.api.sources import Archive
from ems.api.wire import AuditRecord, DecisionRecord, HistoryPoint, HistoryStep, LogRecord, SessionRecord
from ems.model.site import Station


class Asked(ABC):
    """The part of `ems.api.ports.House` that asks an archive."""

    @property
    @abstractmethod
    def _archive(self) -> Archive: ...

    @abstractmethod
    def _station(self, station_id: str) -> Station:
        """Raises UnknownStation."""

    async def sessions(
        self, *, since: datetime | None, until: datetime | None, station_id: str | None, limit: int
    ) -> Sequence[SessionRecord]:
        if station_id is not None:
            self._station(station_id)
        return await self._archive.sessions(since=since, until=until, station_id=station_id, limit=limit)

    async def history(self, step: HistoryStep, since: datetime, until: datetime) -> Sequence[HistoryPoint]:
        return await self._archive.history(step, since, until)

    async def decisions(
        self, *, since: datetime | None, station_id: str | None, text: str | None, limit: int
    ) -> Sequence[DecisionRecord]:
        if station_id is not None:
            self._station(station_id)
        return await self._archive.decisions(since=since, station_id=station_id, text=text, limit=limit)

    async def log(self, *, before_id: int | None, kind: str | None, limit: int) -> Sequence[LogRecord]:
        return await self._archive.log(before_id=before_id, kind=kind, limit=limit)

    async def audit(self, *, before_id: int | None, limit: int) -> Sequence[AuditRecord]:
        return await self._archive.audit(before_id=before_id, limit=limit)
