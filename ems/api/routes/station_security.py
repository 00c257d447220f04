"""How safely stations come: by which profile, what happened, new passwords and certificates. For installers only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from ems.api.problems import documented, problem, problem_response
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Installer
from ems.api.wire_security import (
    Happened,
    PasswordAnswer,
    PasswordWish,
    ProfileWish,
    SecurityState,
    StationSafety,
)
from ems.commissioning import deeds
from ems.csms.central_system import CentralSystem
from ems.csms.certificate_words import NetworkWay
from ems.csms.security.authority import Issued
from ems.csms.security.errors import CannotKeep, SecurityTrouble
from ems.csms.security.renewal import newest_of
from ems.csms.station import Station
from ems.errors import EmsError, StationError
from ems.model.words import Phrase

Audit = Callable[[str, Phrase], None]
"""Who did what."""


class UnknownHere(EmsError):
    """There is no such station."""

    code = "unknown_station"


class SecurityRoute(APIRoute):
    """Answers what cannot be done as problem objects."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answering(request: Request) -> Response:
            try:
                return await answer(request)
            except UnknownHere as error:
                return _refusal(404, error)
            except CannotKeep as error:
                return _refusal(503, error)
            except (SecurityTrouble, StationError) as error:
                return _refusal(409, error)

        return answering


def security_router(central: CentralSystem, audit: Audit) -> APIRouter:
    """All routes below `/station-security`."""
    router = APIRouter(
        prefix="/station-security",
        tags=["station security"],
        route_class=SecurityRoute,
        responses={**GUARDED, **documented(404, 409)},
    )

    @router.get("")
    async def security(_person: Installer) -> SecurityState:
        """How safely each station comes, and what happened at the door."""
        return await _state(central)

    @router.post("/{station_id}/password")
    async def password(station_id: StationPath, wish: PasswordWish, person: Installer) -> PasswordAnswer:
        """Give a station a new password."""
        station = _station(central, station_id)
        shown = None
        if wish.how == "send":
            await station.security.change_password()
        else:
            shown = await station.security.make_password()
        audit(person.name, deeds.secured("password", station_id))
        return PasswordAnswer(password=shown)

    @router.post("/{station_id}/certificate", status_code=204)
    async def certificate(station_id: StationPath, person: Installer) -> None:
        """Have a station trust our root and ask for a certificate of its own, which is then signed."""
        station = _station(central, station_id)
        await station.security.trust_us()
        await station.security.renew_certificate()
        audit(person.name, deeds.secured("certificate", station_id))

    @router.post("/{station_id}/profile", status_code=204)
    async def profile(station_id: StationPath, wish: ProfileWish, person: Installer) -> None:
        """Have a station come by a safer profile from now on."""
        way = NetworkWay(url=wish.url, profile=wish.profile, interface=wish.interface)
        await _station(central, station_id).security.raise_profile(way)
        audit(person.name, deeds.secured("profile", station_id, profile=wish.profile))

    @router.delete("/{station_id}/profile", status_code=204)
    async def forget_profile(station_id: StationPath, person: Installer) -> None:
        """Let a station come by what the site file asks for, however safely it came before."""
        central.gate.forget_profile(_station(central, station_id).post.station_id)
        audit(person.name, deeds.secured("profile_forgotten", station_id))

    return router


async def _state(central: CentralSystem) -> SecurityState:
    gate = central.gate
    issued = () if gate.authority is None else await asyncio.to_thread(gate.authority.issued)
    # Connectors of one station share all of it, under the name of the first one.
    posts = {name: station.post.station_id for name, station in central.links.items()}
    newest = {name: newest_of(issued, gate.names(post)) for name, post in posts.items()}
    stations = [
        StationSafety(
            id=name,
            least_profile=gate.least(posts[name]),
            came_by=gate.keyring.of(posts[name]).came_by,
            has_password=gate.has_password(posts[name]),
            password_coming=gate.keyring.of(posts[name]).coming is not None,
            alarms=tuple(alarm.value for alarm in station.state.alarms),
            encrypted=station.security.is_encrypted,
            certificate_until=station.security.shown_until or _until(newest[name]),
            serial=_serial(newest[name]),
        )
        for name, station in central.links.items()
    ]
    happened = [
        Happened(
            kind=each.kind.value,
            at=each.at,
            last=each.last,
            times=each.times,
            station=each.station_id,
            about=each.about,
        )
        for each in reversed(gate.occurrences.all)
    ]
    return SecurityState(
        tls_port=central.tls_port,
        door_until=await asyncio.to_thread(gate.door_until) if gate.encrypts else None,
        authority=gate.authority is not None and gate.authority.exists,
        stations=tuple(stations),
        happened=tuple(happened),
    )


def _until(issued: Issued | None) -> datetime | None:
    return None if issued is None else datetime.fromtimestamp(issued.until_utc_s, UTC)


def _serial(issued: Issued | None) -> str | None:
    return None if issued is None else issued.serial


def _station(central: CentralSystem, station_id: str) -> Station:
    station = central.links.get(station_id)
    if station is None:
        raise UnknownHere(f"there is no station {station_id[:60]!r} in this house")
    return station


def _refusal(status: int, error: EmsError) -> Response:
    return problem_response(problem(status, error.code, "That cannot be done now", str(error)))
