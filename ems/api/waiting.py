"""While the database is not there yet: it is asked again and again, and whoever calls meanwhile is told so.

Nobody can log in without it, so there are neither pages nor an API; control runs, and `/api/v1/health` says how it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from html import escape
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ems.api.errors import StorageTrouble
from ems.api.problems import refusal
from ems.api.server import WebServer
from ems.api.spoken import language_of
from ems.api.wire import HealthRecord
from ems.clock import Clock
from ems.config.schema_api import ApiSection
from ems.model.words import say

LOGGER: Final = logging.getLogger(__name__)

OPENS_EVERY_S: Final = 5.0
HEALTH: Final = "/api/v1/health"
PAGE_POLICY: Final = "default-src 'none'; frame-ancestors 'self'"


class Waiting:
    """Waits for the database."""

    def __init__(self, clock: Clock, serve: Callable[[], WebServer] | None = None) -> None:
        """`serve` makes what answers meanwhile; None answers nobody."""
        self._clock = clock
        self._serve = serve
        self._serving: asyncio.Task[None] | None = None
        self.server: WebServer | None = None
        """While somebody is answered."""

    async def until(self, ask: Callable[[], Awaitable[None]], lacking: str) -> None:
        """Ask until the database answers. Why it does not is said once, and again when it is another reason."""
        said: str | None = None
        try:
            while True:
                try:
                    await ask()
                except StorageTrouble as error:
                    if str(error) != said:
                        LOGGER.error("%s: %s", lacking, error)  # noqa: TRY400 (the sentence is for a person)
                    said = str(error)
                    self._answer()
                    await self._clock.sleep(OPENS_EVERY_S)
                else:
                    return
        finally:
            await self._end()

    def _answer(self) -> None:
        if self._serve is not None and self._serving is None:
            self.server = self._serve()
            self._serving = asyncio.create_task(self.server.run(), name="web server without a database")

    async def _end(self) -> None:
        """Leave the port to the pages."""
        serving, self._serving, self.server = self._serving, None, None
        if serving is not None:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


def waiting_server(
    section: ApiSection, clock: Clock, health: Callable[[], HealthRecord], *, bind_port: int | None = None
) -> WebServer:
    """Answers at the place of API and pages that the database is away."""
    return WebServer(waiting_application(health), section, clock, bind_port=bind_port, what="health alone is")


def waiting_application(health: Callable[[], HealthRecord]) -> Starlette:
    """Health for everybody; all else is refused, to a browser in words of its language."""

    async def answer(request: Request) -> Response:
        if request.url.path.endswith(HEALTH):
            found = health()
            status = 503 if found.status == "stalled" else 200
            return Response(found.model_dump_json(), status_code=status, media_type="application/json")
        return _away(request)

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])


def _away(request: Request) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        response = refusal(StorageTrouble("the database is not open yet; the service's log says why"))
    else:
        language = language_of(request)
        said = escape(say("page.database_away", language))
        response = HTMLResponse(
            f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8"><title>Fusewise</title></head>\n'
            f"<body><h1>Fusewise</h1><p>{said}</p></body>\n</html>\n",
            status_code=503,
            headers={"Content-Security-Policy": PAGE_POLICY},
        )
    response.headers["Retry-After"] = f"{OPENS_EVERY_S:.0f}"
    response.headers["Cache-Control"] = "no-store"
    return response
