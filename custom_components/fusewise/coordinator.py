"""Follows the house over the push socket, and says when it is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from contextlib import aclosing, suppress
from typing import Final, TypeAlias, TypeVar, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError, ServiceValidationError
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import FusewiseClient, FusewiseError, NotAuthorised, Refused, VersionMismatch
from .const import DOMAIN, LOGGER
from .devices import Devices
from .models import House
from .repairs import Repairs

SHORTEST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 15.0
"""Between two tries to come back: with it a house heals within half a minute."""

JITTER: Final = 0.5
"""The part of a wait that is left to chance, so that many clients of a service that restarts do not come at once."""

T = TypeVar("T")

SiteEntry: TypeAlias = "ConfigEntry[SiteCoordinator]"


class WrongSite(FusewiseError):
    """Another house answers at that address."""


class SiteCoordinator(DataUpdateCoordinator[House]):
    """The house now; nothing is polled."""

    config_entry: SiteEntry

    def __init__(self, hass: HomeAssistant, entry: SiteEntry, client: FusewiseClient) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title, update_interval=None)
        self.client: Final = client
        self.repairs: Final = Repairs(hass, self.site_id, entry.title, entry.data[CONF_URL])
        self.devices: Final = Devices(hass, entry.entry_id, self.site_id)
        self.vehicles: tuple[str, ...] = ()
        """Names of cars that the service knows, as of the last connection."""

        self.site_device_id = ""
        """Of the device that stations and battery hang on."""

        self._hurry = asyncio.Event()
        self._wait_s = SHORTEST_WAIT_S

    @property
    def site_id(self) -> str:
        """Of the house that this entry is for."""
        return self.config_entry.unique_id or ""

    @override
    async def _async_update_data(self) -> House:
        """One look, for the start."""
        try:
            async with aclosing(self.client.houses()) as houses:
                house = self._checked(await anext(houses))
            self.vehicles = await self.client.vehicles()
        except NotAuthorised as error:
            raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="not_authorised") from error
        except VersionMismatch as error:
            self.repairs.tell_mismatch(error)
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="version_mismatch") from error
        except WrongSite as error:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="wrong_site") from error
        except FusewiseError as error:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": str(error)},
            ) from error
        return house

    async def follow(self) -> None:
        """Keep the house up to date until cancelled; come back whenever the connection ends."""
        while True:
            try:
                await self._converse()
            except NotAuthorised as error:
                self._lose(error)
                self.config_entry.async_start_reauth(self.hass)
                return
            except FusewiseError as error:
                self._lose(error)
            except Exception as error:  # noqa: BLE001 (a fault of ours must not leave old values standing as new ones)
                LOGGER.exception("%s: a fault of this integration", self.name)
                self._lose(error)
            await self._pause()

    async def answer_to(self, asked: Awaitable[T]) -> T:
        """What the service answers. Raises HomeAssistantError, in words for people."""
        try:
            return await asked
        except NotAuthorised as error:
            self.config_entry.async_start_reauth(self.hass)
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_authorised") from error
        except Refused as refused:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="refused",
                translation_placeholders={"code": refused.code, "detail": refused.detail},
            ) from refused
        except FusewiseError as error:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": str(error)},
            ) from error

    @callback
    def hurry(self) -> None:
        """Somebody saw the service: try again now."""
        self._hurry.set()

    async def _converse(self) -> None:
        """One connection, from its snapshot to the error that ends it."""
        async with aclosing(self.client.houses()) as houses:
            first = await anext(houses)
            self.vehicles = await self.client.vehicles()
            self._take(first)
            async for house in houses:
                self._take(house)

    def _take(self, house: House) -> None:
        self._checked(house)
        self._wait_s = SHORTEST_WAIT_S
        if not self.last_update_success:
            LOGGER.info("%s: the service is back", self.name)
        self.devices.look(house)
        self.async_set_updated_data(house)

    def _checked(self, house: House) -> House:
        """That house, if it is ours. Raises WrongSite."""
        if house.site_id != self.site_id:
            raise WrongSite("another house answers at this address")
        self.repairs.look(house)
        return house

    def _lose(self, error: Exception) -> None:
        if isinstance(error, VersionMismatch):
            self.repairs.tell_mismatch(error)
        if not self.last_update_success:
            return
        LOGGER.warning("%s: no connection to the service (%s); trying until it is back", self.name, error)
        self.last_update_success = False
        self.last_exception = error
        self.async_update_listeners()

    async def _pause(self) -> None:
        """Longer each time, until somebody answers."""
        wait_s = self._wait_s * random.uniform(1.0 - JITTER, 1.0)
        self._wait_s = min(2.0 * self._wait_s, LONGEST_WAIT_S)
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._hurry.wait()
