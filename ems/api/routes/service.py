"""The service itself: whether it is well, and its figures."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from ems.api.metrics import Figures, exposition
from ems.api.routes.needs import GUARDED, NO_TOKEN, AtDesk, Viewer
from ems.api.wire import HealthRecord


def service_router(health: Callable[[], HealthRecord], figures: Callable[[], Figures]) -> APIRouter:
    """The routes `/health`, for anybody, and `/metrics`."""
    router = APIRouter(tags=["service"])

    @router.get(
        "/health",
        responses={503: {"model": HealthRecord, "description": "No decisions are made"}},
        openapi_extra=NO_TOKEN,
    )
    async def read_health(response: Response) -> HealthRecord:
        """For supervisors: 200 while decisions are made, 503 when not. Needs no token and tells no figures."""
        found = health()
        if found.status == "stalled":
            response.status_code = 503
        return found

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **GUARDED})
    async def read_metrics(desk: AtDesk, _person: Viewer) -> Response:
        """For Prometheus."""
        return Response(exposition(desk.house.state(), figures(), desk.house.devices()), media_type=CONTENT_TYPE_LATEST)

    return router
