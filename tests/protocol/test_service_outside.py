"""API and pages of the real service, as `ems run` starts it: set up, use, restart, and what stays when they fail."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.protocol.command import Command, ems

SITE = """
connection: {main_fuse_a: 25}
meters: [{id: grid, profile: eastron_sdm630, modbus: {host: 127.0.0.1, port: 9}}]
stations: [{id: garage, fallback_a: 6}]
storage: {path: kept}
csms: {host: 127.0.0.1}
api: {host: 127.0.0.1, announce: false}
"""
LOGIN = {"name": "ines", "password": "correct horse"}


@asynccontextmanager
async def running(folder: Path, port: int = 0) -> AsyncIterator[tuple[Command, dict[str, Any]]]:
    """The service and what it said at its start."""
    (folder / "site.yaml").write_text(SITE)
    ports = ("--ocpp-port", "0", "--api-port", str(port))
    async with ems("run", str(folder / "site.yaml"), "--json", *ports) as service:
        yield service, await service.tells("pages")


async def test_people_and_wishes_live_through_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as (service, started), httpx.AsyncClient(base_url=started["page"]) as client:
        first = await client.post("api/v1/setup", json={"code": started["setup_code"], **LOGIN})
        own = {"X-Fusewise": "1"}
        set_mode = await client.put("api/v1/stations/garage/mode", json={"mode": "fast"}, headers=own)
        state = (await client.get("api/v1/state")).json()
        health = await client.get("api/v1/health")
        service.process.terminate()
        code = await service.ends()
    async with running(tmp_path) as (_, again), httpx.AsyncClient(base_url=again["page"]) as client:
        login = await client.post("api/v1/login", json=LOGIN)
        after = (await client.get("api/v1/state")).json()
        page = await client.get("")

    assert [first.status_code, set_mode.status_code, login.status_code, code] == [200, 200, 200, 0]
    assert (health.status_code, health.json()["reasons"]) == (200, ["meter_lost"])
    assert again["setup_code"] is None
    assert after["site_id"] == state["site_id"]
    assert after["stations"][0]["mode"] == "fast"
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]


async def test_a_taken_port_leaves_control_at_work(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        async with running(tmp_path, other.getsockname()[1]) as (service, started):
            decision = await service.tells("decision")
            await service.logs("control goes on without API and pages")

    assert started["page"] is None
    assert decision["stations"]["garage"]["reason"] == "station_silent"


async def test_pages_that_cannot_even_be_imported_leave_control_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['ems.web'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    async with running(tmp_path) as (service, started):
        await service.tells("decision")

    assert started["page"] is None
