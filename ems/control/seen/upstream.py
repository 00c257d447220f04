"""What second central systems did not get."""

from __future__ import annotations

from collections.abc import Iterator

from ems.model.decision import Notice, NoticeCode
from ems.model.snapshot import Snapshot


def upstream_notices(now: Snapshot) -> Iterator[Notice]:
    """One for every station whose reports were given up."""
    for station in now.site.stations:
        if now.state_of(station.station_id).upstream_overflowed:
            yield Notice(code=NoticeCode.UPSTREAM_OVERFLOW, station_id=station.station_id)
