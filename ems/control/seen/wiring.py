"""What nobody has measured of the stations' wiring, and should."""

from __future__ import annotations

from ems.model.decision import Notice, NoticeCode
from ems.model.site import Site


def wiring_notices(site: Site) -> tuple[Notice, ...]:
    """One for every station of which nobody knows which house phases it is on."""
    return tuple(
        Notice(code=NoticeCode.WIRING_UNKNOWN, station_id=station.station_id)
        for station in site.stations
        if not station.wiring_known
    )
