"""The pages around the paper house, as a process of its own: `python -m tests.web.paper_server`.

It says its port on the first line, then serves until it is ended. `POST /paper/{what}` plays what a house may do.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import Body, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from ems.api.commands import StationCommands
from ems.api.part import service_routers
from ems.api.problems import answer_problems
from ems.api.routes.commands import commands_router
from ems.api.routes.report_card import report_card_router
from ems.api.routes.station_security import security_router
from ems.api.servicing.cards import CardShelf
from ems.api.servicing.desk import Servicing
from ems.api.sources import LogDiary, MemoryShelf
from ems.api.wire import Role
from ems.clock import WallClock
from ems.commissioning.desk import Desk
from ems.commissioning.phrases import phrase
from ems.commissioning.report_card.card import report_card
from ems.commissioning.report_card.cards import CardProgress, CardWanted
from ems.commissioning.report_card.findings import ReportCard
from ems.config.schema import CsmsSection, StationEntry
from ems.config.schema_api import ApiSection
from ems.csms.central_system import CentralSystem
from ems.csms.on_request_words import EventTold, Monitor, ShownText
from ems.csms.security.admission import Admitted, Profile
from ems.csms.security.occurrences import Kind
from ems.csms.service.firmware import FirmwareStep, FirmwareUpdate
from ems.csms.service.standing import Standing
from ems.csms.service_words import FirmwareState
from ems.csms.tags import TagDesk
from ems.csms.told_on_request import ToldOnRequest
from ems.web import mount
from tests.paper_station import PaperStation
from tests.unit.commissioning.test_report_card import WELL
from tests.web.paper_desk import PaperDesk
from tests.web.paper_house import PaperHouse

COOKIE = "fusewise_session"
CODE = "1234-5678"
RANK = {Role.VIEWER: 0, Role.HOMEOWNER: 1, Role.INSTALLER: 2}


class PaperPerson:
    """Somebody who is logged in."""

    def __init__(self, name: str, role: Role) -> None:
        self.name = name
        self.role = role

    def may(self, needed: Role) -> bool:
        return RANK[self.role] >= RANK[needed]


class PaperAccess:
    """Passwords in the open: nothing to protect here."""

    def __init__(self) -> None:
        self.sessions: dict[str, PaperPerson] = {}
        self.people: dict[str, tuple[str, Role]] = {
            "Anna": ("correct horse", Role.HOMEOWNER),
            "Ines": ("battery staple", Role.INSTALLER),
            "Vito": ("only looking", Role.VIEWER),
        }

    def person(self, connection: HTTPConnection) -> PaperPerson | None:
        return self.sessions.get(connection.cookies.get(COOKIE, ""))

    def ask_why(self, person: PaperPerson) -> None:
        """Nobody asks too often."""

    def is_still_in(self, person: PaperPerson) -> bool:
        return person in self.sessions.values()

    def enter(self, name: str, response: Response) -> dict[str, str]:
        key = f"session-{len(self.sessions)}"
        self.sessions[key] = PaperPerson(name, self.people[name][1])
        response.set_cookie(COOKIE, key, httponly=True, samesite="lax")
        return {"name": name, "role": self.people[name][1]}


def build() -> FastAPI:
    """The whole app."""
    house, access, clock = PaperHouse(), PaperAccess(), WallClock()
    desk = PaperDesk(house.now)

    async def live() -> None:
        while True:
            await clock.sleep(1.0)
            await house.step()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(live())
        yield
        task.cancel()

    app = FastAPI(lifespan=lifespan)
    _add_entry(app, access)
    _add_people(app, access)

    @app.post("/paper/{what}")
    def play(what: str) -> None:
        if what == "afresh":
            house.afresh()
            desk.afresh()
        elif what == "proof":
            desk.end_proof()
        house.trouble = what == "trouble"

    @app.get("/paper/deeds")
    def deeds() -> list[tuple[str, str, str]]:
        return house.deeds

    @app.get("/api/v1/sessions.{kind}")
    async def export(kind: str) -> Response:
        rows = await house.sessions(since=None, until=None, station_id=None, limit=5)
        lines = "\n".join(f"{row.station},{row.energy_kwh}" for row in rows)
        disposition = {"Content-Disposition": f'attachment; filename="fusewise-sessions.{kind}"'}
        return Response(lines, media_type="text/csv", headers=disposition)

    _add_servicing(app, access)
    mount(app, house, access, commissioning=desk, time_zone=ZoneInfo("Europe/Berlin"))
    return app


def _add_servicing(app: FastAPI, access: PaperAccess) -> None:
    """The real routes of servicing, with stations of paper behind them."""
    clock, folder = WallClock(), Path(mkdtemp(prefix="paper"))
    atexit.register(rmtree, folder, ignore_errors=True)
    stations = {name: PaperStation(standing=standing(clock.utc_now())) for name in ("garage", "carport", "guest")}
    tell_on_request(stations["garage"].on_request, clock.utc_now())
    commands = StationCommands(stations, clock, LogDiary())
    servicing = Servicing(
        commands,
        clock,
        shelf=MemoryShelf(),
        tag_desk=TagDesk(clock),
        folder=folder,
        files_at=ApiSection(host="127.0.0.1"),
        files_port=0,
    )
    app.state.desk = SimpleNamespace(access=access)
    answer_problems(app)
    security = security_router(secured(folder, clock), lambda _who, _said: None)
    cards = report_card_router(cast("Desk", PaperCards()), CardShelf(folder))
    for router in (commands_router(commands), *service_routers(servicing), security, cards):
        app.include_router(router, prefix="/api/v1")


class PaperCards:
    """The part of a desk that makes report cards: each is there at once."""

    def __init__(self) -> None:
        self.cards = self
        self.finished: Callable[[ReportCard], None] = lambda _: None
        self._made: dict[str, CardProgress] = {}

    def entry(self, station_id: str) -> None:
        """Every station is one."""

    def progress(self, station_id: str) -> CardProgress:
        return self._made[station_id]

    def make_card(self, wanted: CardWanted, *, who: str) -> CardProgress:  # noqa: ARG002
        card = report_card(replace(WELL, station_id=wanted.station_id))
        stage = phrase("card.done", station=wanted.station_id)
        made = self._made[wanted.station_id] = CardProgress(wanted=wanted, running=False, stage=stage, card=card)
        self.finished(card)
        return made


def secured(folder: Path, clock: WallClock) -> CentralSystem:
    """A central system that does not listen: one station with a certificate, and somebody who guessed."""
    entries = tuple(StationEntry(id=name) for name in ("garage", "carport", "guest"))
    central = CentralSystem(CsmsSection(), entries, clock, lambda _: None, {"garage": "Correct-Horse"}, folder=folder)
    gate = central.gate
    assert gate.authority is not None
    gate.authority.begin("Paper", ("localhost",))
    gate.authority.issue("garage")
    gate.let_in("garage", Admitted(profile=Profile.TLS))
    gate.occurrences.note(Kind.PASSWORD, "carport", "192.0.2.7")
    gate.occurrences.note(Kind.RENEWAL_FAILED, "garage", "2026-12-24: it did not ask")
    return central


def tell_on_request(told: ToldOnRequest, now: datetime) -> None:
    """What somebody asked it for, and an event."""
    variable = "Connector.Temperature#1"
    told.monitors.put(Monitor(number=7, variable=variable, kind="UpperThreshold", value=70.0, severity=3))
    told.happened(
        EventTold(at=now, variable=variable, value="81", trigger="Alerting", cleared=False, about="hot", monitor=7)
    )
    told.texts.put(ShownText(number=1, content="Ends at noon", priority="NormalCycle", transaction_id="tx-1"))


def standing(now: datetime) -> Standing:
    """An update that is under way."""
    states = (FirmwareState.ASKED, FirmwareState.DOWNLOADING, FirmwareState.DOWNLOADED, FirmwareState.INSTALLING)
    steps = tuple(
        FirmwareStep(state=state, at=now - timedelta(minutes=9 - 2 * number)) for number, state in enumerate(states)
    )
    update = FirmwareUpdate(request_id=1, file="box-2.1.bin", told_at_s=0.0, steps=steps)
    return Standing(update=update, reboot_needed=("LightIntensity",))


def _add_entry(app: FastAPI, access: PaperAccess) -> None:
    @app.post("/api/v1/login")
    def log_in(body: Annotated[dict[str, str], Body()], response: Response) -> Any:
        if access.people.get(body["name"], ("", None))[0] != body["password"]:
            return JSONResponse({"code": "wrong_password", "detail": "no"}, status_code=401)
        return access.enter(body["name"], response)

    @app.post("/api/v1/setup")
    def set_up(body: Annotated[dict[str, str], Body()], response: Response) -> Any:
        if body["code"] != CODE:
            return JSONResponse({"code": "wrong_code", "detail": "no"}, status_code=401)
        access.people[body["name"]] = (body["password"], Role.INSTALLER)
        return access.enter(body["name"], response)

    @app.post("/api/v1/logout", status_code=204)
    def log_out(request: Request, response: Response) -> None:
        access.sessions.pop(request.cookies.get(COOKIE, ""), None)
        response.delete_cookie(COOKIE)


def _add_people(app: FastAPI, access: PaperAccess) -> None:
    @app.get("/api/v1/users")
    def users() -> list[dict[str, str]]:
        return [{"name": name, "role": role, "made_at": ""} for name, (_, role) in access.people.items()]

    @app.post("/api/v1/users", status_code=201)
    def add(body: Annotated[dict[str, str], Body()]) -> dict[str, str]:
        access.people[body["name"]] = (body["password"], Role(body["role"]))
        return {"name": body["name"], "role": body["role"]}

    @app.delete("/api/v1/users/{name}", status_code=204)
    def remove(name: str) -> None:
        access.people.pop(name, None)

    @app.get("/api/v1/tokens")
    def tokens() -> list[dict[str, object]]:
        times = {"made_at": "2026-06-20T10:00:00Z", "used_at": "2026-06-21T10:00:00Z"}
        return [{"id": 1, "name": "Home Assistant", "role": "homeowner", **times}]

    @app.post("/api/v1/pairing")
    def pair() -> dict[str, object]:
        return {"code": "482913", "role": "homeowner", "ends_in_s": 180.0}


class Prefixed:
    """A proxy that serves us below a path, and says so in a header."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            prefix = dict(scope["headers"]).get(b"x-ingress-path", b"").decode()
            scope = {**scope, "root_path": prefix, "path": prefix + scope["path"]}
        await self._app(scope, receive, send)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, default=0)
    given = asked.parse_args()
    listener = socket.create_server(("127.0.0.1", given.port))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server = uvicorn.Server(uvicorn.Config(Prefixed(build()), log_level="warning", ws="websockets-sansio"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
