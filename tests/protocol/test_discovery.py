"""Others find us on the network, by real multicast on this machine."""

from __future__ import annotations

import asyncio

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from ems.api.discovery import SERVICE, Announcement, announce, announcement
from ems.api.scene import HouseName
from ems.config.schema_api import ApiSection

GUARD_S = 30.0
LOOPBACK = "127.0.0.1"
HOUSE = HouseName(site_id="0123456789abcdef", name="Haus am See. Süd", version="1.2.3")


async def test_a_browser_finds_the_house_with_what_a_client_needs() -> None:
    said = Announcement(house=HOUSE, port=8480, addresses=(LOOPBACK,), base_path="/fusewise")
    telling = asyncio.create_task(announce(said, interfaces=[LOOPBACK]))
    finding = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    names: asyncio.Queue[str] = asyncio.Queue()
    try:
        browser = AsyncServiceBrowser(finding.zeroconf, SERVICE, handlers=[lambda **found: seen(names, found)])
        async with asyncio.timeout(GUARD_S):
            info = AsyncServiceInfo(SERVICE, await names.get())
            await info.async_request(finding.zeroconf, 3000)
        await browser.async_cancel()
    finally:
        telling.cancel()
        await asyncio.wait([telling])
        await finding.async_close()

    assert (info.port, info.parsed_addresses()) == (8480, [LOOPBACK])
    assert info.name == f"Haus am See  Süd 012345.{SERVICE}"
    assert info.decoded_properties["site_id"] == HOUSE.site_id
    assert (info.decoded_properties["api"], info.decoded_properties["path"]) == ("1", "/fusewise")


def seen(names: asyncio.Queue[str], found: dict[str, object]) -> None:
    names.put_nowait(str(found["name"]))


def test_nothing_is_told_of_a_service_that_only_this_machine_reaches() -> None:
    assert announcement(ApiSection(host=LOOPBACK), HOUSE, 8480) is None


def test_nothing_is_told_where_nobody_wants_it() -> None:
    assert announcement(ApiSection(host="192.0.2.5", announce=False), HOUSE, 8480) is None


def test_a_single_address_is_told_alone() -> None:
    said = announcement(ApiSection(host="192.0.2.5"), HOUSE, 8480)

    assert said is not None
    assert (said.addresses, said.https) == (("192.0.2.5",), False)
