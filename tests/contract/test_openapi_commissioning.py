"""The installer's routes over a real desk: asked with sense and with nonsense, and answered as promised."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from ems.api.installer import InstallersDesk
from ems.api.routes.commissioning import installer_router
from ems.api.routes.report_card import report_card_router
from ems.api.servicing.cards import CardShelf
from ems.api.wire import Role
from ems.commissioning.desk import Desk
from ems.config.examples import example
from ems.config.loader import load_site
from ems.csms.central_system import CentralSystem
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch
from tests.api_bench import ApiBench
from tests.contract.test_openapi import ask_all_ways
from tests.live import LiveBench

ROUTES = 18


def desk_in(folder: Path, house: LiveBench) -> Desk:
    """The desk of the demo house, with nobody connected and no meter heard yet."""
    file = load_site(example("demo"))
    desk = Desk(file, folder, house.clock)
    board = Board(desk.site, house.clock)
    central = CentralSystem(file.csms, file.stations, house.clock, board.post_station, {})
    desk.join(board, Dispatch(desk.site, central.links, board, house.clock), central)
    return desk


@pytest.fixture
def api(tmp_path: Path) -> ApiBench:
    house = LiveBench()
    desk = desk_in(tmp_path, house)
    routers = [installer_router(InstallersDesk(desk, house.clock)), report_card_router(desk, CardShelf(None))]
    return asyncio.run(ApiBench(house, routers=routers).peopled())


def test_answers_are_as_the_document_says(api: ApiBench) -> None:
    headers = dict(api.bearer(Role.INSTALLER))
    document: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", api.app, headers=headers)
    ours = [found.ok() for found in document.include(path_regex="/commissioning|/report_card").get_all_operations()]
    for operation in ours:
        ask_all_ways(api, operation)

    assert len(ours) >= ROUTES


async def test_only_installers_may_even_look(api: ApiBench) -> None:
    async with api.client(Role.HOMEOWNER) as homeowner, api.client() as nobody, api.client(Role.INSTALLER) as installer:
        assert (await homeowner.get("/api/v1/commissioning")).status_code == 403
        assert (await nobody.get("/api/v1/commissioning")).status_code == 401
        answer = await installer.get("/api/v1/commissioning")

    assert answer.status_code == 200
    assert answer.json()["stations"][0]["url"] == "ws://fusewise.test:9000/drive"


async def test_refused_limits_come_with_their_cures(api: ApiBench) -> None:
    wish = {"circuits": [{"id": "garage", "fuse_a": 20, "fed_from": "garage"}]}
    async with api.client(Role.INSTALLER) as installer:
        answer = await installer.put("/api/v1/commissioning/circuits", json=wish)

    assert answer.status_code == 409
    assert answer.json()["code"] == "limits_refused"
    assert answer.json()["problems"][0]["cure"]


async def test_report_card_of_a_station_that_is_away_or_unknown(api: ApiBench) -> None:
    """Refused with a code, and nothing is kept."""
    async with api.client(Role.INSTALLER) as installer, api.client(Role.HOMEOWNER) as homeowner:
        away = await installer.post("/api/v1/stations/drive/report_card", json={})
        unknown = await installer.post("/api/v1/stations/nobody/report_card", json={})
        none = await installer.get("/api/v1/stations/drive/report_card")
        page = await installer.get("/api/v1/stations/drive/report_card.html")
        may_not = await homeowner.post("/api/v1/stations/drive/report_card", json={})

    assert (away.status_code, away.json()["code"]) == (409, "station_offline")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_station")
    assert (none.status_code, none.json()["code"]) == (404, "no_report_card")
    assert page.status_code == 404
    assert may_not.status_code == 403
