"""Stations are serviced over the API: settings, tags, availability, reservations, reports."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from ems.api.wire import Role
from ems.csms.messages import Outcome
from ems.csms.tags import KnownTag
from ems.errors import StationOffline
from tests.api_bench import ApiBench

GARAGE = "/api/v1/stations/garage"


@pytest.fixture
async def api() -> ApiBench:
    return await ApiBench(seconds=20).peopled()


async def test_a_homeowner_starts_and_stops_a_session(api: ApiBench) -> None:
    """X02, X03, X04."""
    async with api.client(Role.HOMEOWNER) as client:
        await client.post(f"{GARAGE}/start", json={})
        await client.post(f"{GARAGE}/start", json={"tag": "ANNA", "any_connector": True})
        stopped = await client.post(f"{GARAGE}/stop")

    assert stopped.json() == {"station": "garage", "command": "stop", "done": True, "answer": "Accepted"}
    assert api.stations["garage"].told == ["start FUSEWISE 1", "start ANNA None", "stop"]


async def test_a_start_that_the_station_refuses_is_a_problem(api: ApiBench) -> None:
    api.stations["garage"].answers = Outcome(done=False, answer="Rejected")
    async with api.client(Role.HOMEOWNER) as client:
        answer = await client.post(f"{GARAGE}/start", json={})

    assert (answer.status_code, answer.json()["code"]) == (503, "station_refused")


async def test_a_station_is_taken_out_of_operation_and_kept_for_somebody(api: ApiBench) -> None:
    """B13, F04."""
    until = (api.clock.utc_now() + timedelta(hours=2)).isoformat()
    far = (api.clock.utc_now() + timedelta(days=8)).isoformat()
    async with api.client(Role.HOMEOWNER) as client:
        out = await client.put(f"{GARAGE}/availability", json={"operative": False})
        kept = await client.put(f"{GARAGE}/reservation", json={"tag": "ANNA", "until": until})
        late = await client.put(f"{GARAGE}/reservation", json={"tag": "ANNA", "until": far})
        ended = await client.delete(f"{GARAGE}/reservation")

    assert [each.status_code for each in (out, kept, late, ended)] == [200, 200, 409, 200]
    assert api.stations["garage"].told == ["operative False", "reserve ANNA", "cancel reservation"]


async def test_settings_are_explained_and_secrets_stay_where_they_are(api: ApiBench) -> None:
    """B07."""
    async with api.client(Role.INSTALLER) as client:
        told = (await client.get(f"{GARAGE}/configuration")).json()
        everything = (await client.get(f"{GARAGE}/configuration?everything=true")).json()

    settings = {each["key"]: each for each in told["settings"]}
    assert settings["HeartbeatInterval"] == {
        "key": "HeartbeatInterval",
        "value": "60",
        "readonly": False,
        "kind": "whole",
        "unit": "s",
        "meaning": {"key": "setting.HeartbeatInterval", "numbers": {}, "text": "Time between its signs of life."},
        "danger": "connection",
    }
    assert (settings["AuthorizationKey"]["value"], settings["AuthorizationKey"]["readonly"]) == (None, True)
    assert "secret of the station" not in str(told) + str(everything)
    assert "BlinkRepeat" in told["unknown"]
    assert [each["meaning"] for each in everything["settings"] if each["key"] == "acmeGlow"] == [None]


async def test_a_setting_that_can_do_harm_needs_somebody_who_is_sure(api: ApiBench) -> None:
    """B07, B09."""
    api.stations["garage"].answers = Outcome(done=True, answer="RebootRequired")
    wishes = {
        ("BlinkRepeat", "3", False): None,
        ("acmeGlow", "red", False): None,
        ("BlinkRepeat", "often", False): "wrong_value",
        ("LocalAuthorizeOffline", "maybe", False): "wrong_value",
        ("HeartbeatInterval", "600", False): "dangerous_setting",
        ("HeartbeatInterval", "600", True): None,
        ("AuthorizationKey", "0123456789abcdef", True): "kept_setting",
        ("SecurityProfile", "3", True): "kept_setting",
        ("securityprofile", "3", True): "kept_setting",
        ("SecurityCtrlr.SecurityProfile", "3", True): "kept_setting",
        ("SecurityCtrlr.BasicAuthPassword", "0123456789abcdef", True): "kept_setting",
        ("OCPPCommCtrlr.NetworkConfigurationPriority", "1", False): "dangerous_setting",
    }
    codes = {}
    async with api.client(Role.INSTALLER) as client:
        for key, value, sure in wishes:
            wish = {"key": key, "value": value, "sure": sure}
            codes[key, value, sure] = (await client.put(f"{GARAGE}/configuration", json=wish)).json().get("code")

    assert codes == wishes
    assert api.stations["garage"].told == ["BlinkRepeat 3", "acmeGlow red", "HeartbeatInterval 600"]


async def test_tags_are_kept_are_in_force_at_once_and_go_to_every_station(api: ApiBench) -> None:
    """A01, A05."""
    async with api.client(Role.INSTALLER) as client:
        await client.put("/api/v1/tags", json={"only_known": True})
        written = await client.post("/api/v1/tags", json={"tag": "Anna", "name": "Anna's card", "group": "HOME"})
        blocked = await client.post("/api/v1/tags", json={"tag": "LOST", "blocked": True})
        gone = await client.delete("/api/v1/tags/lost")
        unknown = await client.delete("/api/v1/tags/lost")
    await asyncio.gather(*api.servicing.tags._sending)

    assert [each["tag"] for each in written.json()["tags"]] == ["Anna"]
    assert [each["tag"] for each in blocked.json()["tags"]] == ["Anna", "LOST"]
    assert [each["tag"] for each in gone.json()["tags"]] == ["Anna"]
    assert unknown.json()["code"] == "unknown_tag"
    assert api.tag_desk.book.find("ANNA") == KnownTag(tag="Anna", name="Anna's card", group="HOME")
    assert api.tag_desk.authorise("garage", "nobody").status.value == "Invalid"
    assert [line.tag for line in api.stations["garage"].lists[-1].tags] == ["FUSEWISE", "Anna"]
    assert api.stations["garage"].lists[-1].version == gone.json()["version"]


async def test_a_station_that_is_away_does_not_keep_a_tag_from_being_written(api: ApiBench) -> None:
    for station in api.stations.values():
        station.answers = StationOffline("it is away")
    async with api.client(Role.INSTALLER) as client:
        written = await client.post("/api/v1/tags", json={"tag": "Anna"})
        sent = await client.post(f"{GARAGE}/tag_list")

    assert written.status_code == 200
    assert sent.json()["code"] == "station_offline"


async def test_a_station_that_comes_back_gets_the_list_that_it_missed(api: ApiBench) -> None:
    """A05."""
    garage = api.stations["garage"]
    garage.state = replace(garage.state, connected=False)
    async with api.client(Role.INSTALLER) as client:
        await client.post("/api/v1/tags", json={"tag": "Anna"})
    await asyncio.gather(*api.servicing.tags._sending)
    garage.lists.clear()
    counts = []
    for connected, connections in ((False, 0), (True, 1), (True, 1), (True, 2)):
        garage.state = replace(garage.state, connected=connected, connections=connections)
        await api.servicing.tags.look()
        counts.append(len(garage.lists))

    assert counts == [0, 1, 1, 2]


async def test_reports_caches_and_makers_data(api: ApiBench) -> None:
    """A07, F05, F06."""
    async with api.client(Role.INSTALLER) as client:
        await client.post(f"{GARAGE}/report", json={"report": "MeterValues"})
        await client.post(f"{GARAGE}/report", json={"report": "BootNotification"})
        await client.post(f"{GARAGE}/clear_cache")
        answer = await client.post(f"{GARAGE}/vendor_data", json={"vendor": "com.acme", "content": "x"})

    assert answer.json() == {"station": "garage", "status": "Accepted", "content": ""}
    assert api.stations["garage"].told == [
        "MeterValues",
        "BootNotification",
        "clear cache",
        "com.acme None x",
    ]


async def test_what_a_service_stands_at_is_for_everybody_and_changes_are_not(api: ApiBench) -> None:
    async with api.client(Role.VIEWER) as viewer, api.client(Role.HOMEOWNER) as homeowner:
        stands = await viewer.get(f"{GARAGE}/service")
        refused = [
            await viewer.post(f"{GARAGE}/start", json={}),
            await homeowner.get(f"{GARAGE}/configuration"),
            await homeowner.get("/api/v1/tags"),
            await homeowner.get("/api/v1/firmware"),
            await homeowner.post(f"{GARAGE}/log", json={}),
        ]

    assert stands.json()["update"] is None
    assert [each.status_code for each in refused] == [403] * 5


async def test_without_a_folder_there_are_no_files(api: ApiBench) -> None:
    async with api.client(Role.INSTALLER) as client:
        answers = [await client.get("/api/v1/firmware"), await client.post(f"{GARAGE}/log", json={})]

    assert [each.json()["code"] for each in answers] == ["storage_off"] * 2


async def test_who_serviced_what_is_audited_without_values(api: ApiBench) -> None:
    async with api.client(Role.INSTALLER) as client:
        await client.put(f"{GARAGE}/configuration", json={"key": "BlinkRepeat", "value": "3"})
        await client.post("/api/v1/tags", json={"tag": "ANNA", "name": "Anna's card"})

    assert [note[2] for note in api.bench.diary.notes if note[0] == "station"] == [
        "garage is told to change BlinkRepeat: Accepted",
        "The tag Anna's card is written down",
    ]
