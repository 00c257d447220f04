"""The routes about how safely stations come."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ems.api.routes.station_security import security_router
from ems.api.wire import Role
from ems.config.schema import CsmsSection, StationEntry
from ems.csms.central_system import CentralSystem
from ems.csms.security.admission import Admitted, Profile
from ems.csms.security.credentials import proven
from ems.csms.security.occurrences import Kind
from ems.model.words import Phrase
from tests.api_bench import ApiBench
from tests.live import LiveBench

PATH = "/api/v1/station-security"


class Place:
    """A central system that does not listen, and the API about it."""

    def __init__(self, folder: Path) -> None:
        self.house = LiveBench()
        self.audit: list[tuple[str, str]] = []
        stations = (StationEntry(id="garage"), StationEntry(id="garage_right", identity="garage", connector=2))
        self.central = CentralSystem(CsmsSection(), stations, self.house.clock, lambda _: None, {}, folder=folder)
        self.bench = ApiBench(self.house, routers=[security_router(self.central, self._note)])

    def _note(self, who: str, said: Phrase) -> None:
        self.audit.append((who, said.said()))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    asyncio.run(made.bench.peopled())
    return made


async def test_an_installer_sees_how_safely_stations_come(place: Place) -> None:
    place.central.gate.let_in("garage", Admitted(profile=Profile.MUTUAL))
    place.central.gate.occurrences.note(Kind.PASSWORD, "garage", "192.0.2.7")
    async with place.bench.client(Role.INSTALLER) as installer, place.bench.client(Role.HOMEOWNER) as homeowner:
        told = (await installer.get(PATH)).json()
        refused = await homeowner.get(PATH)
        gone = await installer.delete(f"{PATH}/garage/profile")

    assert refused.status_code == 403
    assert (told["tls_port"], told["authority"]) == (None, False)
    assert told["stations"][0]["came_by"] == 3
    assert told["happened"][0]["about"] == "192.0.2.7"
    assert gone.status_code == 204
    assert place.central.gate.least("garage") is Profile.OPEN
    assert "less safe" in place.audit[0][1]


async def test_a_new_password_is_shown_once_and_opens(place: Place) -> None:
    async with place.bench.client(Role.INSTALLER) as installer:
        answer = await installer.post(f"{PATH}/garage/password", json={"how": "show"})

    shown = answer.json()["password"]
    assert len(shown) == 40
    assert proven(place.central.gate.lock("garage").passwords, shown.encode()) is not None
    assert shown not in str(place.audit)


async def test_what_cannot_be_done_is_a_problem(place: Place) -> None:
    way = {"profile": 2, "url": "wss://192.0.2.1:9001"}
    async with place.bench.client(Role.INSTALLER) as installer:
        offline = await installer.post(f"{PATH}/garage/password", json={"how": "send"})
        unknown = await installer.post(f"{PATH}/nobody/certificate")
        no_authority = await installer.post(f"{PATH}/garage/certificate")
        no_way = await installer.post(f"{PATH}/garage/profile", json=way)

    assert [(each.status_code, each.json()["code"]) for each in (offline, unknown, no_authority, no_way)] == [
        (409, "station_offline"),
        (404, "unknown_station"),
        (409, "no_authority"),
        (409, "station_offline"),
    ]


async def test_connectors_of_one_station_are_as_safe_as_it_is(place: Place) -> None:
    place.central.gate.let_in("garage", Admitted(profile=Profile.MUTUAL))
    async with place.bench.client(Role.INSTALLER) as installer:
        before = (await installer.get(PATH)).json()["stations"]
        gone = await installer.delete(f"{PATH}/garage_right/profile")
        after = (await installer.get(PATH)).json()["stations"]

    assert gone.status_code == 204
    assert [(each["id"], each["came_by"]) for each in before] == [("garage", 3), ("garage_right", 3)]
    assert [each["came_by"] for each in after] == [0, 0]
