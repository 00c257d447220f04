"""Tells the home network where we are (zeroconf, `_fusewise._tcp`), so that Home Assistant and others find us."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import ifaddr
from zeroconf import Error, InterfaceChoice, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from ems.api.scene import HouseName
from ems.api.wire import API_VERSION, MIN_API
from ems.config.schema_api import ApiSection

LOGGER: Final = logging.getLogger(__name__)

SERVICE: Final = "_fusewise._tcp.local."
LONGEST_NAME_B: Final = 50
"""A DNS label holds 63 bytes; our own end of it takes some."""

EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 (to recognise it)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Where we are."""

    house: HouseName
    port: int
    addresses: tuple[str, ...]
    https: bool = False
    base_path: str = ""

    def service(self) -> AsyncServiceInfo:
        """The record that others find."""
        label = self.house.name.encode()[:LONGEST_NAME_B].decode(errors="ignore").replace(".", " ").strip()
        unique = f"{label} {self.house.site_id[:6]}".strip()
        return AsyncServiceInfo(
            SERVICE,
            f"{unique}.{SERVICE}",
            port=self.port,
            parsed_addresses=list(self.addresses),
            server=f"fusewise-{self.house.site_id}.local.",
            properties={
                "site_id": self.house.site_id,
                "name": self.house.name,
                "version": self.house.version,
                "api": str(API_VERSION),
                "min_api": str(MIN_API),
                "path": self.base_path,
                "https": "1" if self.https else "0",
            },
        )


def announcement(section: ApiSection, house: HouseName, port: int) -> Announcement | None:
    """What to tell; None where nobody else could reach us, or nobody wants it told."""
    addresses = local_addresses() if section.host in EVERYWHERE else _one_address(section.host)
    if not section.announce or not addresses:
        return None
    return Announcement(
        house=house, port=port, addresses=addresses, https=section.tls is not None, base_path=section.base_path
    )


def local_addresses() -> tuple[str, ...]:
    """IPv4 addresses of this machine that others may know."""
    found = (str(each.ip) for adapter in ifaddr.get_adapters() for each in adapter.ips if each.is_IPv4)
    return tuple(address for address in found if not ip_address(address).is_loopback)


async def announce(said: Announcement, *, interfaces: Sequence[str] | None = None) -> None:
    """Tell it until cancelled. A network without multicast is said once, and costs nothing else."""
    try:
        talking = AsyncZeroconf(interfaces=interfaces or InterfaceChoice.All, ip_version=IPVersion.V4Only)
        try:
            await talking.async_register_service(said.service(), allow_name_change=True)
            LOGGER.info("announced as %s port %d", SERVICE, said.port)
            await asyncio.get_running_loop().create_future()
        finally:
            await talking.async_close()
    except (OSError, Error) as error:
        LOGGER.warning("cannot announce ourselves on the network (%s); give clients the address by hand", error)


def _one_address(host: str) -> tuple[str, ...]:
    try:
        return () if ip_address(host).is_loopback else (host,)
    except ValueError:
        return ()
