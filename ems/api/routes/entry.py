"""Coming in and going out: login, first set-up, pairing of clients."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ems.api.cookies import end_session, give_session
from ems.api.errors import CrossSite
from ems.api.origin import is_same_origin
from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, NO_TOKEN, AtDesk, Homeowner, Viewer
from ems.api.wire_access import (
    Login,
    Me,
    NewTokenRecord,
    PairingOffer,
    PairingTrade,
    PairingWish,
    PasswordChange,
    Setup,
    SetupState,
)

router = APIRouter(tags=["access"])

OPEN_PROBLEMS = documented(400, 403, 408, 413, 422, 429, 503)


@router.post("/login", responses={**OPEN_PROBLEMS, **documented(401)}, openapi_extra=NO_TOKEN)
async def log_in(body: Login, request: Request, response: Response, desk: AtDesk) -> Me:
    """Name and password for a session cookie."""
    _from_own_page(request)
    person, token = await desk.access.log_in(body.name, body.password, address=address_of(request))
    give_session(request, response, token)
    return Me(name=person.name, role=person.role)


@router.post("/logout", status_code=204, responses=GUARDED)
async def log_out(request: Request, response: Response, desk: AtDesk, person: Viewer) -> None:
    """End this session, or give this token back."""
    await desk.access.log_out(person)
    end_session(request, response)


@router.get("/me", responses=GUARDED)
async def read_me(person: Viewer) -> Me:
    """Who asks."""
    return Me(name=person.name, role=person.role)


@router.put("/me/password", status_code=204, responses={**GUARDED, **documented(404, 409, 429)})
async def change_password(body: PasswordChange, request: Request, desk: AtDesk, person: Viewer) -> None:
    """One's own; all sessions end, this one too."""
    await desk.access.change_own_password(person, body.old, body.new, address=address_of(request))


@router.get("/setup", openapi_extra=NO_TOKEN)
async def read_setup(desk: AtDesk) -> SetupState:
    """Whether somebody must make the first account."""
    return SetupState(needed=desk.access.setup_code is not None)


@router.post("/setup", responses={**OPEN_PROBLEMS, **documented(409)}, openapi_extra=NO_TOKEN)
async def set_up(body: Setup, request: Request, response: Response, desk: AtDesk) -> Me:
    """The first account, for whoever can read the service's log."""
    _from_own_page(request)
    person, token = await desk.access.set_up(body.code, body.name, body.password, address=address_of(request))
    give_session(request, response, token)
    return Me(name=person.name, role=person.role)


@router.post("/pairing", responses=GUARDED)
async def begin_pairing(body: PairingWish, desk: AtDesk, person: Homeowner) -> PairingOffer:
    """A code of six digits that is good for three minutes, once."""
    offer = desk.access.begin_pairing(body.role, by=person)
    left_s = offer.ends_at_s - desk.clock.monotonic_s()
    return PairingOffer(code=offer.code, role=offer.role, ends_in_s=round(left_s, 1))


@router.post("/pairing/trade", responses=OPEN_PROBLEMS | documented(409), openapi_extra=NO_TOKEN)
async def trade_pairing(body: PairingTrade, request: Request, desk: AtDesk) -> NewTokenRecord:
    """The code for a token."""
    token, secret = await desk.access.pair(body.code, body.name, address=address_of(request))
    return NewTokenRecord(id=token.token_id, token=secret, name=token.label, role=token.role)


def address_of(request: Request) -> str:
    """Who knocks; all the rest of the network behind a unix socket is one."""
    return "" if request.client is None else request.client.host


def _from_own_page(request: Request) -> None:
    """Nobody logs a browser in from another site. Raises CrossSite."""
    if "origin" in request.headers and not is_same_origin(request):
        raise CrossSite("this answers to our own pages only")
