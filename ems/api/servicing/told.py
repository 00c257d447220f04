"""How commands reach a station: rarely, by whom, and what it answered, written down."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Final

from ems.api.errors import TooOften, UnknownStation
from ems.api.servicing.ports import ServicedStation
from ems.api.sources import Diary
from ems.api.wire import CommandAnswer
from ems.api.wire.wishes import StationCommand
from ems.clock import Clock
from ems.csms.messages import Outcome
from ems.csms.throttle import Throttle
from ems.errors import StationError
from ems.model.words import Phrase

BURST: Final = 3
EVERY_S: Final[Mapping[StationCommand, float]] = {
    "restart": 60.0,
    "unlock": 10.0,
    "start": 10.0,
    "stop": 10.0,
    "availability": 10.0,
    "reservation": 10.0,
    "reservation_end": 10.0,
    "clear_cache": 30.0,
    "report": 5.0,
    "setting": 2.0,
    "firmware": 60.0,
    "log": 60.0,
    "tag_list": 30.0,
    "monitor": 2.0,
    "display": 5.0,
    "cost": 5.0,
    "customer": 5.0,
    "customer_clear": 5.0,
}
"""For each station, whoever asks: one that boots has other things to do, a lock is a small motor, memory wears."""


class Telling:
    """Stations that can be told something."""

    def __init__(self, stations: Mapping[str, ServicedStation], clock: Clock, diary: Diary) -> None:
        self.stations: Final = stations
        self._diary = diary
        self._throttles = {
            command: Throttle(clock, burst=BURST, every_s=every_s) for command, every_s in EVERY_S.items()
        }

    def station(self, station_id: str) -> ServicedStation:
        """Raises UnknownStation."""
        station = self.stations.get(station_id)
        if station is None:
            raise UnknownStation(station_id)
        return station

    def allowed(self, station_id: str, command: StationCommand) -> ServicedStation:
        """Raises UnknownStation or TooOften."""
        station = self.station(station_id)
        if not self._throttles[command].allows(station_id):
            every_s = EVERY_S[command]
            raise TooOften(f"{station_id} was told that too often; wait {every_s:.0f} s", wait_s=every_s)
        return station

    async def told(
        self, station_id: str, command: StationCommand, asked: Awaitable[Outcome], who: str, **facts: str
    ) -> CommandAnswer:
        """What the station answered, noted with who asked. Raises StationOffline, StationSilent or StationRefused."""
        try:
            outcome = await asked
        except StationError as error:
            self.note(station_id, command, error.code, who, **facts)
            raise
        self.note(station_id, command, outcome.answer, who, **facts)
        return CommandAnswer(station=station_id, command=command, done=outcome.done, answer=outcome.answer)

    def note(self, station_id: str, command: str, answer: str, who: str, **facts: str) -> None:
        """Write it down."""
        said = Phrase(f"log.station.{command}", {"station": station_id, "answer": answer, **facts})
        self._diary.note("station", who=who, said=said)

    def note_files(self, key: str, who: str, **facts: str) -> None:
        """Write down what happened to files or tags."""
        self._diary.note("station", who=who, said=Phrase(f"log.station.{key}", facts))


async def accepted(asked: Awaitable[None]) -> Outcome:
    """Of a request whose refusal is raised."""
    await asked
    return Outcome(done=True, answer="Accepted")
