"""Site files for device tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from ems.clock import Clock, WallClock
from ems.config.schema import SiteFile
from ems.devices.catalog import Devices, connect_devices
from tests.protocol.modbus_bench import LOOPBACK

Section = Mapping[str, object]


def site(*, meters: list[Section], phases: int = 3, **more: object) -> SiteFile:
    """A site with one station and the given devices behind a fuse of 35 A."""
    content = {
        "connection": {"phases": phases, "main_fuse_a": 35},
        "meters": meters,
        "stations": [{"id": "garage"}],
        **more,
    }
    return SiteFile.model_validate(content)


def modbus(port: int, *, unit: int = 1, timeout_s: float = 10.0) -> Section:
    """An address on loopback, with a time-out that no test waits for."""
    return {"host": LOOPBACK, "port": port, "unit": unit, "timeout_s": timeout_s}


def sdm(port: int, **more: object) -> Section:
    """An SDM630 at the main fuse."""
    return {"id": "grid", "profile": "eastron_sdm630", "modbus": modbus(port), **more}


@asynccontextmanager
async def devices_of(file: SiteFile, clock: Clock | None = None) -> AsyncIterator[Devices]:
    """The site's devices, closed again at the end."""
    devices = connect_devices(file, clock or WallClock())
    try:
        yield devices
    finally:
        await devices.close()
