"""The Home Assistant integration's client against the real service, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from ems.api.wire import Role
from ems.model.goals import ChargeMode
from tests.api_bench import GUARD_S, ApiBench
from tests.integration_client import client as integration
from tests.integration_client import models, words

Client = integration.FusewiseClient


@asynccontextmanager
async def at_service(role: Role | None = Role.HOMEOWNER) -> AsyncIterator[tuple[ApiBench, Client]]:
    """A live house, and a client of that role."""
    api = await ApiBench().peopled()
    async with api.served() as server, ClientSession() as session:
        yield api, Client(session, f"http://127.0.0.1:{server.port}", None if role is None else api.tokens[role])


async def following(houses: AsyncIterator[models.House]) -> models.House:
    async with asyncio.timeout(GUARD_S):
        return await anext(houses)


async def test_a_house_and_what_changes_in_it() -> None:
    async with at_service() as (api, client), aclosing(client.houses()) as houses:
        first = await following(houses)
        api.bench.live.set_mode("garage", ChargeMode.OFF, who="homer")
        api.bench.run(3)
        then = await following(houses)

    assert first.station("garage") is not None
    garage = then.station("garage")
    assert garage is not None
    assert garage.mode is words.ChargeMode.OFF
    assert then.sequence == first.sequence + 1


async def test_wishes_reach_the_house() -> None:
    async with at_service() as (api, client):
        await client.set_mode("garage", words.ChargeMode.FAST)
        await client.set_settings("garage", max_a=13.0, priority=4, vehicle="family")
        await client.set_limit("garage", limit_a=8.0, duration_s=600)
        await client.boost("garage", duration_s=600)
        await client.set_goal("garage", models.Goal(energy_kwh=12.0, ready_by=None))
        await client.set_optimising(optimising=False)
        api.bench.run(1)
        asked = api.bench.live.state()
        vehicles = await client.vehicles()
        await client.end_limit("garage")
        await client.end_boost("garage")
        await client.set_goal("garage", None)
        api.bench.run(1)
        ended = api.bench.live.state()

    garage = asked.stations[0]
    assert (garage.mode, garage.user_max_a, garage.priority, garage.vehicle) == ("fast", 13.0, 4, "family")
    assert garage.temporary_limit is not None
    assert garage.boost_until is not None
    assert not asked.optimising
    assert "family" in vehicles
    assert (ended.stations[0].temporary_limit, ended.stations[0].boost_until, ended.stations[0].goal) == (None,) * 3


async def test_wishes_for_cars_and_the_house_reach_it() -> None:
    async with at_service() as (api, client):
        until = api.bench.live.state().at + timedelta(hours=1)
        await client.set_vehicle("family", target_soc=0.8, minimum_soc=None)
        await client.report_vehicle("family", soc=0.5)
        await client.set_strategy(words.Keenness.PURIST)
        await client.set_import_cap(limit_kw=3.5, until=until)
        await client.set_guest("garage", "Aunt Ida")
        api.bench.run(1)
        async with aclosing(client.houses()) as houses:
            house = await following(houses)
        await client.set_guest("garage", None)
        await client.end_import_cap()
        api.bench.run(1)
        ended = api.bench.live.state()

    family, garage = house.vehicle("family"), house.station("garage")
    assert family is not None
    assert (family.soc, family.target_soc, family.minimum_soc) == (0.5, 0.8, None)
    assert garage is not None
    assert (garage.vehicle, garage.guest) == ("Aunt Ida", True)
    assert (house.strategy, house.import_cap) == (words.Keenness.PURIST, models.ImportCap(limit_kw=3.5, until=until))
    assert (ended.stations[0].guest, ended.import_cap) == (False, None)


async def test_a_pairing_code_becomes_a_token_that_can_be_given_back() -> None:
    async with at_service(role=None) as (api, nobody):
        async with api.client(Role.HOMEOWNER) as page:
            code = (await page.post("/api/v1/pairing", json={"role": "homeowner"})).json()["code"]

        token = await nobody.pair(code, "Home Assistant")

        somebody = Client(nobody._session, nobody._api.removesuffix("/api/v1"), token)
        assert isinstance(await somebody.vehicles(), tuple)
        await somebody.give_back()
        with pytest.raises(integration.NotAuthorised):
            await somebody.vehicles()


async def test_a_wrong_code_is_refused_with_its_code() -> None:
    async with at_service(role=None) as (_, nobody):
        with pytest.raises(integration.Refused) as refused:
            await nobody.pair("000000", "Home Assistant")

    assert refused.value.code == "wrong_code"


async def test_more_than_the_installer_allows_is_refused_with_its_code() -> None:
    async with at_service() as (_, client):
        with pytest.raises(integration.Refused) as refused:
            await client.set_settings("garage", max_a=80.0, priority=None, vehicle=None)

    assert refused.value.code == "widens_installer_limit"


async def test_a_limit_is_explained() -> None:
    async with at_service() as (api, client):
        explanation = await client.explain("garage")

    assert explanation.limit_a == api.bench.live.state().stations[0].limit_a
    assert explanation.steps


async def test_sessions_that_nobody_keeps_are_refused_with_their_code() -> None:
    async with at_service() as (api, client):
        with pytest.raises(integration.Refused) as refused:
            await client.sessions("garage", since=api.bench.live.state().at)

    assert refused.value.code == "storage_off"


async def test_a_viewer_may_look_and_not_set() -> None:
    async with at_service(Role.VIEWER) as (_, client), aclosing(client.houses()) as houses:
        assert (await following(houses)).stations
        with pytest.raises(integration.Refused) as refused:
            await client.set_mode("garage", words.ChargeMode.FAST)

    assert refused.value.code == "may_not"


async def test_without_a_good_token_nothing_is_told() -> None:
    async with at_service(role=None) as (_, nobody):
        with pytest.raises(integration.NotAuthorised):
            await following(nobody.houses())


async def test_nobody_there_is_a_connection_that_failed() -> None:
    async with ClientSession() as session:
        client = Client(session, "http://127.0.0.1:1", "fw_example")
        with pytest.raises(integration.ConnectionFailed):
            await client.vehicles()
        with pytest.raises(integration.ConnectionFailed):
            await following(client.houses())
