"""What is known of a station's kind: shipped quirks, the site file's, and what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fastapi import APIRouter

from ems.api.errors import UnknownStation
from ems.api.problems import documented
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Viewer
from ems.api.wire.peculiarities import KnownQuirk, KnownWay, StationQuirks
from ems.csms.constructions import Construction
from ems.csms.limits import Limits
from ems.csms.quirks.acquaintance import Acquaintance
from ems.csms.quirks.learned import Kind, Learned


class KnownStation(Protocol):
    """A station as this route needs it."""

    @property
    def known(self) -> Acquaintance: ...

    @property
    def limits(self) -> Limits: ...


def peculiarities_router(stations: Mapping[str, KnownStation]) -> APIRouter:
    """The route `/stations/{id}/quirks`."""
    router = APIRouter(prefix="/stations/{station_id}", tags=["stations"], responses={**GUARDED, **documented(404)})

    @router.get("/quirks")
    async def station_quirks(station_id: StationPath, _person: Viewer) -> StationQuirks:
        """What is peculiar about it, who says so, and how it takes its limits."""
        station = stations.get(station_id)
        if station is None:
            raise UnknownStation(station_id)
        return _told(station.known, station.limits.way)

    return router


def _told(known: Acquaintance, way: Construction | None) -> StationQuirks:
    learned, found, kind = known.learned or Learned(kind=Kind()), known.match, known.kind or Kind()
    return StationQuirks(
        vendor=_said(kind.vendor),
        model=_said(kind.model),
        firmware=_said(kind.firmware),
        rows=list(found.rows),
        quirks=[
            KnownQuirk(key=key, value=value, said_by=found.said_by[key])
            for key, value in found.quirks.model_dump(exclude_none=True, mode="json").items()
        ],
        way=_way(way),
        obeyed=_way(learned.obeyed),
        ignored=[each for each in map(_way, learned.ignored) if each is not None],
    )


def _way(way: Construction | None) -> KnownWay | None:
    if way is None:
        return None
    return KnownWay(
        form=way.form.value, purpose=way.purpose.value, connector=way.connector, unit=way.unit.value, level=way.level
    )


def _said(text: str) -> str | None:
    """Without what cannot be printed; None for nothing."""
    return "".join(letter for letter in text if letter.isprintable()).strip() or None
