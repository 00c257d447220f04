"""How a house comes into Home Assistant: found on the network, as an app, or by address; let in by a pairing code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_CODE, CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .address import announced_url, service_url
from .client import FusewiseClient, FusewiseError, NotAuthorised, Refused, VersionMismatch
from .const import DEFAULT_PORT, DOMAIN, LOGGER
from .models import House
from .options_flow import FusewiseOptionsFlow

LONGEST_LABEL: Final = 60
SHORTEST_SITE_ID: Final = 4

CODE_ONLY: Final = vol.Schema({vol.Required(CONF_CODE): str})
ADDRESS_AND_CODE: Final = vol.Schema({vol.Required(CONF_URL): str, vol.Required(CONF_CODE): str})
ADDRESS: Final = vol.Schema({vol.Required(CONF_URL): str, vol.Optional(CONF_CODE): str})


class FlowProblem(Exception):
    """Something that people can mend; `key` is that of its translation."""

    def __init__(self, key: str, where: str = "base") -> None:
        super().__init__(key)
        self.key = key
        self.where = where


class FusewiseConfigFlow(ConfigFlow, domain=DOMAIN):
    """All ways in."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> FusewiseOptionsFlow:
        """Sensors that feed the service."""
        return FusewiseOptionsFlow()

    def __init__(self) -> None:
        self._url = ""
        """As it was announced."""

        self._name = ""

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """By address and pairing code."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                url = _url_of(user_input)
                token = await self._pair(url, user_input[CONF_CODE])
                house = await self._look(url, token)
            except FlowProblem as problem:
                errors[problem.where] = problem.key
            else:
                return await self._add(house, url, token)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(ADDRESS_AND_CODE, _without_code(user_input)),
            errors=errors,
        )

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Found on the network."""
        said = discovery_info.properties
        site_id = str(said.get("site_id") or "")
        url = announced_url(discovery_info.host, discovery_info.port or DEFAULT_PORT, said)
        if url is None or len(site_id) < SHORTEST_SITE_ID:
            return self.async_abort(reason="not_understood")
        entry = await self.async_set_unique_id(site_id)
        if entry is not None:
            self._take_new_address(url)
            return self.async_abort(reason="already_configured")
        self._url, self._name = url, str(said.get("name") or url)
        self.context.update({"title_placeholders": {"name": self._name}, "configuration_url": url})
        return await self.async_step_zeroconf_confirm()

    async def async_step_zeroconf_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let in by the pairing code."""
        return await self._let_in(user_input, step_id="zeroconf_confirm", site_id=self.unique_id)

    @override
    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """Runs beside us, as an app of Home Assistant."""
        said = discovery_info.config
        url = service_url(f"http://{said.get('host', '')}:{said.get('port', '')}", DEFAULT_PORT)
        if url is None:
            return self.async_abort(reason="not_understood")
        # Which house it is we learn only when we are in; until then it goes by the app that told us.
        await self.async_set_unique_id(discovery_info.uuid)
        self._abort_if_unique_id_configured()
        self._async_abort_entries_match({CONF_URL: url})
        self._url, self._name = url, discovery_info.name
        self.context.update({"title_placeholders": {"name": self._name}})
        return await self.async_step_hassio_confirm()

    async def async_step_hassio_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let in by the pairing code."""
        return await self._let_in(user_input, step_id="hassio_confirm", site_id=None)

    async def _let_in(
        self, user_input: dict[str, Any] | None, *, step_id: str, site_id: str | None
    ) -> ConfigFlowResult:
        """To the service that was found; `site_id` is that of the house which it said it is, if it did."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                token = await self._pair(self._url, user_input[CONF_CODE])
                house = await self._look(self._url, token)
            except FlowProblem as problem:
                errors[problem.where] = problem.key
            else:
                if site_id not in {None, house.site_id}:
                    return self.async_abort(reason="wrong_site")
                return await self._add(house, self._url, token)
        return self.async_show_form(
            step_id=step_id,
            data_schema=CODE_ONLY,
            errors=errors,
            description_placeholders={"name": self._name, "url": self._url},
        )

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The service does not know our token any more."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """A new token for a new pairing code."""
        entry = self._get_reauth_entry()
        url = entry.data[CONF_URL]
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                token = await self._pair(url, user_input[CONF_CODE])
                return await self._renew(url, token)
            except FlowProblem as problem:
                errors[problem.where] = problem.key
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=CODE_ONLY,
            errors=errors,
            description_placeholders={"name": entry.title, "url": url},
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Another address of the same house; a pairing code only where the old token is not good there."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                url, code = _url_of(user_input), user_input.get(CONF_CODE)
                token = await self._pair(url, code) if code else entry.data[CONF_TOKEN]
                return await self._renew(url, token)
            except FlowProblem as problem:
                errors[problem.where] = problem.key
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(ADDRESS, _without_code(user_input) or entry.data),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    async def _add(self, house: House, url: str, token: str) -> ConfigFlowResult:
        """A new house; one that is here already takes address and token over."""
        await self.async_set_unique_id(house.site_id, raise_on_progress=False)
        found = {CONF_URL: url, CONF_TOKEN: token}
        self._abort_if_unique_id_configured(updates=found)
        return self.async_create_entry(title=house.name, data=found)

    async def _renew(self, url: str, token: str) -> ConfigFlowResult:
        """Address and token of the entry that this is about, after a look whether it is the same house."""
        house = await self._look(url, token)
        await self.async_set_unique_id(house.site_id)
        self._abort_if_unique_id_mismatch(reason="wrong_site")
        entry = self._get_reauth_entry() if self.source == SOURCE_REAUTH else self._get_reconfigure_entry()
        return self.async_update_reload_and_abort(entry, data_updates={CONF_URL: url, CONF_TOKEN: token})

    def _take_new_address(self, url: str) -> None:
        """Follow a service that moved.

        Only one that does not answer any more where it was: anybody on the network can announce anything, and the token
        goes where we connect to. From https nobody is lured to http.
        """
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, self.unique_id or "")
        if entry is None or entry.source == SOURCE_IGNORE:
            return
        now = entry.data[CONF_URL]
        is_loaded = entry.state is ConfigEntryState.LOADED
        if is_loaded and entry.runtime_data.last_update_success:
            return
        if now == url and is_loaded:
            entry.runtime_data.hurry()
        if now == url or (now.startswith("https:") and not url.startswith("https:")):
            return
        LOGGER.info("%s: announced at %s; it does not answer at %s any more", entry.title, url, now)
        self._abort_if_unique_id_configured(updates={CONF_URL: url})

    async def _pair(self, url: str, code: str) -> str:
        """A token. Raises FlowProblem."""
        label = (self.hass.config.location_name or "Home Assistant").replace("/", " ")[:LONGEST_LABEL].strip()
        try:
            return await self._client(url).pair(code.replace(" ", ""), label or "Home Assistant")
        except Refused as refused:
            key = refused.code if refused.code in {"wrong_code", "too_many_tries"} else "cannot_connect"
            raise FlowProblem(key, CONF_CODE if key == "wrong_code" else "base") from refused
        except FusewiseError as error:
            raise FlowProblem("cannot_connect") from error

    async def _look(self, url: str, token: str) -> House:
        """Which house answers there. Raises FlowProblem."""
        try:
            async with aclosing(self._client(url, token).houses()) as houses:
                return await anext(houses)
        except NotAuthorised as error:
            raise FlowProblem("needs_code", CONF_CODE) from error
        except VersionMismatch as error:
            raise FlowProblem("service_too_old" if error.service_is_older else "integration_too_old") from error
        except FusewiseError as error:
            raise FlowProblem("cannot_connect") from error

    def _client(self, url: str, token: str | None = None) -> FusewiseClient:
        return FusewiseClient(async_get_clientsession(self.hass), url, token)


def _url_of(user_input: Mapping[str, Any]) -> str:
    url = service_url(user_input[CONF_URL], DEFAULT_PORT)
    if url is None:
        raise FlowProblem("no_address", CONF_URL)
    return url


def _without_code(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was typed, less the code: it is good for one try."""
    return {key: value for key, value in (user_input or {}).items() if key != CONF_CODE}
