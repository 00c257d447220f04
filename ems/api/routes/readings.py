"""Readings that a program brings, such as Home Assistant from any of its sensors."""

from __future__ import annotations

from fastapi import APIRouter

from ems.api.feed import Feed
from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, Homeowner, Viewer
from ems.api.wire import Readings, ReadingsAnswer, SourceState


def readings_router(feed: Feed) -> APIRouter:
    """The route `/readings`."""
    router = APIRouter(prefix="/readings", tags=["readings"], responses=GUARDED)

    @router.get("")
    async def read_sources(_person: Viewer) -> tuple[SourceState, ...]:
        """The devices of the site file that wait for readings, and what they have heard."""
        return feed.sources()

    @router.post("", responses=documented(429))
    async def bring_readings(body: Readings, person: Homeowner) -> ReadingsAnswer:
        """Readings of such devices, with their age. Each has a verdict of its own; a refused one counts as none."""
        return ReadingsAnswer(verdicts=feed.take(body.readings, by=person))

    return router
