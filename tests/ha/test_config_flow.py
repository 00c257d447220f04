"""All ways in, with what can go wrong on each, and that it can be mended."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_HASSIO, SOURCE_IGNORE, SOURCE_USER, SOURCE_ZEROCONF, ConfigFlowResult
from homeassistant.const import CONF_CODE, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fusewise.const import DOMAIN
from tests.ha.paper_service import CODE, TOKEN, PaperService
from tests.ha.waiting import state_of, until

NOBODY = "http://127.0.0.1:1"


async def begin(hass: HomeAssistant, source: str = SOURCE_USER, data: Any = None) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": source}, data=data)


async def answer(hass: HomeAssistant, form: ConfigFlowResult, **typed: str) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done()
    return result


def announced(service: PaperService, **properties: str | None) -> ZeroconfServiceInfo:
    address = ip_address("127.0.0.1")
    said = {"site_id": service.state["site_id"], "name": "Sunny house", "path": "", "https": "0", "api": "1"}
    return ZeroconfServiceInfo(
        ip_address=address,
        ip_addresses=[address],
        port=service.port,
        hostname="fusewise-0123456789abcdef.local.",
        type="_fusewise._tcp.local.",
        name="Sunny house 012345._fusewise._tcp.local.",
        properties=said | properties,
    )


async def unload(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


async def test_by_address_and_code(hass: HomeAssistant, service: PaperService) -> None:
    form = await begin(hass)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {})

    added = await answer(hass, form, url=f" 127.0.0.1:{service.port}/ ", code="012 345")

    assert added["type"] is FlowResultType.CREATE_ENTRY
    assert (added["title"], added["result"].unique_id) == ("Sunny house", service.state["site_id"])
    assert added["data"] == {CONF_URL: service.url, CONF_TOKEN: "fw_1"}
    assert state_of(hass, "sensor.sunny_house_state") == "optimising"
    await unload(hass)


@pytest.mark.parametrize(
    "url", ["", "two words", "ftp://house", "http://", "http://me:secret@house", "house:port", "x" * 400]
)
async def test_what_is_no_address(hass: HomeAssistant, service: PaperService, url: str) -> None:
    form = await begin(hass)

    again = await answer(hass, form, url=url, code=CODE)

    assert again["errors"] == {CONF_URL: "no_address"}
    added = await answer(hass, again, url=service.url, code=CODE)
    assert added["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


async def test_nobody_there(hass: HomeAssistant, service: PaperService) -> None:
    form = await begin(hass)

    again = await answer(hass, form, url=NOBODY, code=CODE)

    assert again["errors"] == {"base": "cannot_connect"}
    added = await answer(hass, again, url=service.url, code=CODE)
    assert added["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


@pytest.mark.parametrize(
    ("status", "code", "errors"),
    [
        (403, "wrong_code", {CONF_CODE: "wrong_code"}),
        (429, "too_many_tries", {"base": "too_many_tries"}),
        (409, "too_many", {"base": "cannot_connect"}),
        (503, "storage_trouble", {"base": "cannot_connect"}),
    ],
)
async def test_a_code_that_is_not_taken(
    hass: HomeAssistant, service: PaperService, status: int, code: str, errors: dict[str, str]
) -> None:
    form = await begin(hass)
    service.refuses = (status, code)

    again = await answer(hass, form, url=service.url, code="999999")

    assert again["errors"] == errors
    service.refuses = None
    added = await answer(hass, again, url=service.url, code=CODE)
    assert added["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


@pytest.mark.parametrize(
    ("spoken", "error"),
    [({"api_version": 9, "min_api": 8}, "integration_too_old"), ({"api_version": 0, "min_api": 0}, "service_too_old")],
)
async def test_a_service_of_another_version(
    hass: HomeAssistant, service: PaperService, spoken: dict[str, int], error: str
) -> None:
    form = await begin(hass)
    hello = service.hello
    service.hello = hello | spoken

    again = await answer(hass, form, url=service.url, code=CODE)

    assert again["errors"] == {"base": error}
    service.hello = hello
    added = await answer(hass, again, url=service.url, code=CODE)
    assert added["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


async def test_something_else_at_that_address(hass: HomeAssistant, service: PaperService) -> None:
    form = await begin(hass)
    hello, service.hello = service.hello, {"kind": "hello"}

    again = await answer(hass, form, url=service.url, code=CODE)

    assert again["errors"] == {"base": "cannot_connect"}
    service.hello = hello
    added = await answer(hass, again, url=service.url, code=CODE)
    assert added["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


async def test_the_same_house_again_takes_address_and_token_over(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    form = await begin(hass)

    aborted = await answer(hass, form, url=f"{service.url}/", code=CODE)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert house.data == {CONF_URL: service.url, CONF_TOKEN: "fw_1"}


async def test_found_on_the_network(hass: HomeAssistant, service: PaperService) -> None:
    form = await begin(hass, SOURCE_ZEROCONF, announced(service))
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "zeroconf_confirm")
    assert form["description_placeholders"] == {"name": "Sunny house", "url": service.url}

    again = await answer(hass, form, code="999999")
    assert again["errors"] == {CONF_CODE: "wrong_code"}
    added = await answer(hass, again, code=CODE)

    assert added["type"] is FlowResultType.CREATE_ENTRY
    assert added["data"][CONF_URL] == service.url
    await unload(hass)


async def test_who_announces_a_house_and_is_another_gets_no_entry(hass: HomeAssistant, service: PaperService) -> None:
    form = await begin(hass, SOURCE_ZEROCONF, announced(service, site_id="fedcba9876543210"))

    aborted = await answer(hass, form, code=CODE)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "wrong_site")


@pytest.mark.parametrize("properties", [{"site_id": ""}, {"site_id": None}, {"path": "two words"}])
async def test_an_announcement_that_makes_no_sense(
    hass: HomeAssistant, service: PaperService, properties: dict[str, str | None]
) -> None:
    aborted = await begin(hass, SOURCE_ZEROCONF, announced(service, **properties))

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "not_understood")


async def test_nobody_lures_a_connected_entry_elsewhere(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    aborted = await begin(hass, SOURCE_ZEROCONF, announced(service, path="elsewhere"))

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert house.data[CONF_URL] == service.url


async def test_a_service_that_moved_is_followed(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_URL: NOBODY})
    await hass.config_entries.async_setup(entry.entry_id)

    aborted = await begin(hass, SOURCE_ZEROCONF, announced(service))
    await hass.async_block_till_done()

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert entry.data == {CONF_URL: service.url, CONF_TOKEN: TOKEN}
    assert state_of(hass, "sensor.sunny_house_state") == "optimising"


async def test_from_https_nobody_is_lured_to_http(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_URL: "https://127.0.0.1:1"})

    aborted = await begin(hass, SOURCE_ZEROCONF, announced(service))

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert entry.data[CONF_URL] == "https://127.0.0.1:1"


async def test_a_service_that_announces_itself_again_is_tried_at_once(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.runtime_data, "_wait_s", 3600.0)
    monkeypatch.setattr("custom_components.fusewise.coordinator.SHORTEST_WAIT_S", 3600.0)
    await service.stop()
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "unavailable")
    await service.start()

    aborted = await begin(hass, SOURCE_ZEROCONF, announced(service))

    assert aborted["reason"] == "already_configured"
    await until(hass, lambda: state_of(hass, "sensor.sunny_house_state") == "optimising")


async def test_a_house_that_people_do_not_want_stays_away(hass: HomeAssistant, service: PaperService) -> None:
    MockConfigEntry(domain=DOMAIN, unique_id=service.state["site_id"], source=SOURCE_IGNORE).add_to_hass(hass)

    aborted = await begin(hass, SOURCE_ZEROCONF, announced(service))

    assert aborted["reason"] == "already_configured"


async def test_pairing_anew(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    form = await house.start_reauth_flow(hass)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "reauth_confirm")

    again = await answer(hass, form, code="999999")
    assert again["errors"] == {CONF_CODE: "wrong_code"}
    done = await answer(hass, again, code=CODE)

    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert house.data == {CONF_URL: service.url, CONF_TOKEN: "fw_1"}


async def test_pairing_anew_with_another_house(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    form = await house.start_reauth_flow(hass)
    service.state["site_id"] = "fedcba9876543210"

    aborted = await answer(hass, form, code=CODE)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "wrong_site")
    assert house.data[CONF_TOKEN] == TOKEN


async def test_another_address(hass: HomeAssistant, service: PaperService, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_URL: NOBODY})
    form = await entry.start_reconfigure_flow(hass)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "reconfigure")

    again = await answer(hass, form, url="two words")
    assert again["errors"] == {CONF_URL: "no_address"}
    again = await answer(hass, again, url=NOBODY)
    assert again["errors"] == {"base": "cannot_connect"}
    done = await answer(hass, again, url=service.url)

    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data == {CONF_URL: service.url, CONF_TOKEN: TOKEN}


async def test_another_address_that_does_not_know_us_takes_a_code(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    service.tokens.clear()
    form = await house.start_reconfigure_flow(hass)

    again = await answer(hass, form, url=service.url)
    assert again["errors"] == {CONF_CODE: "needs_code"}
    done = await answer(hass, again, url=service.url, code=CODE)

    assert done["reason"] == "reconfigure_successful"
    assert house.data[CONF_TOKEN] == "fw_0"


async def test_the_address_of_another_house(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    form = await house.start_reconfigure_flow(hass)
    service.state["site_id"] = "fedcba9876543210"

    aborted = await answer(hass, form, url=service.url)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "wrong_site")


def told_by_the_app(**config: Any) -> HassioServiceInfo:
    return HassioServiceInfo(config=config, name="Fusewise", slug="local_fusewise", uuid="0a" * 16)


async def test_an_app_beside_us(hass: HomeAssistant, service: PaperService) -> None:
    form = await begin(hass, SOURCE_HASSIO, told_by_the_app(host="127.0.0.1", port=service.port))
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "hassio_confirm")
    assert form["description_placeholders"] == {"name": "Fusewise", "url": service.url}

    again = await answer(hass, form, code="999999")
    assert again["errors"] == {CONF_CODE: "wrong_code"}

    added = await answer(hass, again, code=CODE)
    assert added["type"] is FlowResultType.CREATE_ENTRY
    assert (added["title"], added["result"].unique_id) == ("Sunny house", service.state["site_id"])
    assert added["data"] == {CONF_URL: service.url, CONF_TOKEN: "fw_1"}
    await unload(hass)


async def test_an_app_whose_house_is_here_already(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    aborted = await begin(hass, SOURCE_HASSIO, told_by_the_app(host="127.0.0.1", port=service.port))

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_an_app_that_moved_takes_the_house_with_it(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, data={CONF_URL: NOBODY, CONF_TOKEN: TOKEN})
    form = await begin(hass, SOURCE_HASSIO, told_by_the_app(host="127.0.0.1", port=service.port))

    aborted = await answer(hass, form, code=CODE)

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert entry.data == {CONF_URL: service.url, CONF_TOKEN: "fw_1"}


@pytest.mark.parametrize("config", [{}, {"host": "a b", "port": 8480}, {"host": "fusewise", "port": "many"}])
async def test_an_app_that_says_nonsense(hass: HomeAssistant, config: dict[str, Any]) -> None:
    aborted = await begin(hass, SOURCE_HASSIO, told_by_the_app(**config))

    assert (aborted["type"], aborted["reason"]) == (FlowResultType.ABORT, "not_understood")
