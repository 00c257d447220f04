"""What people tell a station to do at once: restart, or let go of the cable. Rarely, and written down."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Final, Literal, Protocol

from ems.api.errors import TooOften, UnknownStation
from ems.api.sources import Diary
from ems.api.wire import CommandAnswer
from ems.clock import Clock
from ems.csms.messages import Outcome
from ems.csms.throttle import Throttle
from ems.errors import StationError
from ems.model.words import Phrase

Command = Literal["restart", "unlock"]

BURST: Final = 3
EVERY_S: Final[Mapping[Command, float]] = {"restart": 60.0, "unlock": 10.0}
"""For each station, whoever asks: one that boots has other things to do, and a lock is a small motor."""


class Commanded(Protocol):
    """A station that takes commands. All raise StationOffline, StationSilent or StationRefused."""

    async def restart(self, *, hard: bool = False) -> Outcome: ...

    async def unlock(self) -> Outcome: ...


class StationCommands:
    """Hands commands to stations."""

    def __init__(self, stations: Mapping[str, Commanded], clock: Clock, diary: Diary) -> None:
        self._stations = stations
        self._diary = diary
        self._throttles = {
            command: Throttle(clock, burst=BURST, every_s=every_s) for command, every_s in EVERY_S.items()
        }

    async def restart(self, station_id: str, *, hard: bool, who: str) -> CommandAnswer:
        """Its answer. Raises UnknownStation, TooOften, StationOffline, StationSilent or StationRefused."""
        station = self._allowed(station_id, "restart")
        return await self._told(station_id, "restart", station.restart(hard=hard), who)

    async def unlock(self, station_id: str, *, who: str) -> CommandAnswer:
        """Its answer. Raises the same."""
        station = self._allowed(station_id, "unlock")
        return await self._told(station_id, "unlock", station.unlock(), who)

    def _allowed(self, station_id: str, command: Command) -> Commanded:
        station = self._stations.get(station_id)
        if station is None:
            raise UnknownStation(station_id)
        if not self._throttles[command].allows(station_id):
            every_s = EVERY_S[command]
            raise TooOften(f"{station_id} was told to {command} too often; wait {every_s:.0f} s", wait_s=every_s)
        return station

    async def _told(self, station_id: str, command: Command, asked: Awaitable[Outcome], who: str) -> CommandAnswer:
        try:
            outcome = await asked
        except StationError as error:
            self._note(station_id, command, error.code, who)
            raise
        self._note(station_id, command, outcome.answer, who)
        return CommandAnswer(station=station_id, command=command, done=outcome.done, answer=outcome.answer)

    def _note(self, station_id: str, command: Command, answer: str, who: str) -> None:
        said = Phrase(f"log.station.{command}", {"station": station_id, "answer": answer})
        self._diary.note("station", who=who, said=said)
