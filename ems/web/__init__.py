"""The pages: what the house does and why, and the installer's commissioning, on the same server as the API.

`mount` puts them onto the API's app · `frame` is around every page · `now`, `history`, `sessions`, `log`, `settings`,
`servicing`, `security`, `commissioning` are one page each · `push` keeps them up to date · `door` is for strangers ·
`theme` is how all looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import ui

from ems.api.commissioning_port import Commissioning
from ems.api.ports import House
from ems.api.spoken import language_of
from ems.clock import Clock, WallClock
from ems.web import history, log, now, security, servicing, sessions, settings
from ems.web.commissioning import page_of
from ems.web.door import add_doors, is_there, starting_page
from ems.web.frame import frame
from ems.web.places import PLACES, Place
from ems.web.ports import Access
from ems.web.push import Draw
from ems.web.theme import favicon
from ems.web.visit import Premises, Visit, look_of
from ems.web.voice import Voice

RECONNECT_WITHIN_S: Final = 5.0
"""A browser that comes back within this finds its page as it was; later it gets a new one."""

BUILD_WITHIN_S: Final = 10.0
KEPT_MESSAGES: Final = 200
"""For a browser that comes back."""

Show = Callable[[Visit, Draw], Awaitable[None]]

PAGES: Final[Mapping[str, Show]] = {
    "now": now.show,
    "history": history.show,
    "sessions": sessions.show,
    "log": log.show,
    "settings": settings.show,
    "servicing": servicing.show,
    "security": security.show,
}


def mount(
    app: FastAPI,
    house: House,
    access: Access[Any],
    *,
    commissioning: Commissioning | None = None,
    time_zone: tzinfo | None = None,
    clock: Clock | None = None,
) -> None:
    """Put the pages onto the app; call it once, after the app has all its own routes."""
    clock = clock or WallClock()
    local = time_zone or clock.utc_now().astimezone().tzinfo or UTC
    add_doors(app)
    pages = dict(PAGES)
    if commissioning is not None:
        pages["commissioning"] = page_of(commissioning)
    premises = Premises(
        house=house,
        access=access,
        time_zone=local,
        clock=clock,
        places=tuple(each for each in PLACES if each.key in pages),
    )
    for place in premises.places:
        _add_page(premises, place, pages[place.key])
    ui.run_with(
        app,
        title="Fusewise",
        favicon=favicon(),
        dark=None,
        tailwind=False,
        reconnect_timeout=RECONNECT_WITHIN_S,
        message_history_length=KEPT_MESSAGES,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )


def _add_page(premises: Premises, place: Place, show: Show) -> None:
    async def page(request: Request) -> Response | None:
        person = premises.access.person(request)
        root = str(request.scope.get("root_path", "")).rstrip("/")
        if person is None:
            return RedirectResponse(f"{root}/login", status_code=303)
        if not person.may(place.role):
            return RedirectResponse(f"{root}/", status_code=303)
        if not is_there(premises.house):
            return starting_page(request)
        voice = Voice(language_of(request), premises.time_zone)
        visit = Visit(premises=premises, request=request, person=person, voice=voice, look=look_of(request))
        with frame(visit, place) as draw:
            await show(visit, draw)
        return None

    ui.page(place.path, response_timeout=BUILD_WITHIN_S)(page)
