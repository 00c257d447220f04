"""What is suspicious about stations, as notices."""

from __future__ import annotations

from collections.abc import Iterator

from ems.model.decision import Notice, NoticeCode
from ems.model.snapshot import Snapshot


def alarm_notices(now: Snapshot) -> Iterator[Notice]:
    """One for each alarm of each station."""
    for station in now.site.stations:
        for alarm in now.state_of(station.station_id).alarms:
            yield Notice(code=NoticeCode(alarm.value), station_id=station.station_id)
