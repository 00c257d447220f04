"""What people tell a station to do at once: start, stop, restart, let go of the cable, out of operation, be kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ems.api.errors import NoTimeToCome
from ems.api.servicing.ports import ServicedStation
from ems.api.servicing.told import BURST, EVERY_S, Telling, accepted
from ems.api.sources import Diary
from ems.api.wire import CommandAnswer
from ems.clock import Clock
from ems.csms.station_calls import REMOTE_TAG

__all__ = ["BURST", "EVERY_S", "StationCommands"]

LONGEST_RESERVATION: Final = timedelta(days=7)


class StationCommands:
    """Hands commands to stations. All raise UnknownStation, TooOften, StationOffline, StationSilent, StationRefused."""

    def __init__(self, stations: Mapping[str, ServicedStation], clock: Clock, diary: Diary) -> None:
        self.telling: Final = Telling(stations, clock, diary)
        self._clock = clock

    async def restart(self, station_id: str, *, hard: bool, who: str) -> CommandAnswer:
        """Boot anew."""
        station = self.telling.allowed(station_id, "restart")
        return await self.telling.told(station_id, "restart", station.restart(hard=hard), who)

    async def unlock(self, station_id: str, *, who: str) -> CommandAnswer:
        """Let go of the cable."""
        station = self.telling.allowed(station_id, "unlock")
        return await self.telling.told(station_id, "unlock", station.unlock(), who)

    async def start(self, station_id: str, tag: str | None, *, any_connector: bool, who: str) -> CommandAnswer:
        """Begin a session."""
        station = self.telling.allowed(station_id, "start")
        asked = station.remote_start(tag or REMOTE_TAG, any_connector=any_connector)
        return await self.telling.told(station_id, "start", accepted(asked), who)

    async def stop(self, station_id: str, *, who: str) -> CommandAnswer:
        """End the session."""
        station = self.telling.allowed(station_id, "stop")
        return await self.telling.told(station_id, "stop", accepted(station.remote_stop()), who)

    async def set_availability(
        self, station_id: str, *, operative: bool, whole_station: bool, who: str
    ) -> CommandAnswer:
        """Into or out of operation, alone or with the other connectors of its station."""
        station = self.telling.allowed(station_id, "availability")
        asked = station.change_availability(operative=operative, whole_station=whole_station)
        return await self.telling.told(station_id, "availability", asked, who)

    async def reserve(self, station_id: str, tag: str, until: datetime, *, who: str) -> CommandAnswer:
        """Keep it for that tag. Raises NoTimeToCome too."""
        now = self._clock.utc_now()
        if not now < until <= now + LONGEST_RESERVATION:
            raise NoTimeToCome("a reservation ends within the next 7 days")
        station = self.telling.allowed(station_id, "reservation")
        return await self.telling.told(station_id, "reservation", station.reserve(tag, until), who, tag=tag)

    async def end_reservation(self, station_id: str, *, who: str) -> CommandAnswer:
        """Keep it for nobody."""
        station = self.telling.allowed(station_id, "reservation_end")
        return await self.telling.told(station_id, "reservation_end", station.cancel_reservation(), who)
