"""How the app tells Home Assistant where it is, and the folder in which it is built: real processes, real sockets."""

from __future__ import annotations

import asyncio
import json
import runpy
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import gethostname
from typing import Final

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from tests.protocol.command import Command

ROOT: Final = Path(__file__).parents[2]
START: Final = ROOT / "ha_app" / "start.py"
TOKEN: Final = "supervisors-token"


class PaperSupervisor:
    """The Supervisor's discovery, and the health of a service beside it."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.told: list[tuple[str | None, object]] = []
        self.app = FastAPI()
        self.app.get("/api/v1/health")(self.health)
        self.app.post("/discovery")(self.discovery)

    def health(self) -> Response:
        return Response(status_code=503)  # it answers, whatever it says

    async def discovery(self, request: Request) -> Response:
        self.told.append((request.headers.get("authorization"), await request.json()))
        return Response(status_code=self._statuses.pop(0))

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        server = uvicorn.Server(uvicorn.Config(self.app, port=0, log_level="warning", lifespan="off"))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup()
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            await server.shutdown()


async def announced(address: str) -> tuple[int, str]:
    """Exit code and log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(START), "announce", f"{address}/api/v1/health", address),
        env={"SUPERVISOR_TOKEN": TOKEN},
        stderr=asyncio.subprocess.PIPE,
    )
    command = Command(process)
    return await command.ends(), command.log


async def test_the_supervisor_is_told_once_the_service_answers() -> None:
    supervisor = PaperSupervisor(200)
    async with supervisor.served() as address:
        code, log = await announced(address)

    assert (code, "knows where we are" in log) == (0, True)
    where = {"host": gethostname(), "port": 8480}
    assert supervisor.told == [(f"Bearer {TOKEN}", {"service": "fusewise", "config": where})]


async def test_a_supervisor_that_is_busy_is_told_again() -> None:
    supervisor = PaperSupervisor(502, 200)
    async with supervisor.served() as address:
        code, _ = await announced(address)

    assert (code, len(supervisor.told)) == (0, 2)


async def test_a_supervisor_that_refuses_is_left_alone() -> None:
    supervisor = PaperSupervisor(403)
    async with supervisor.served() as address:
        code, log = await announced(address)

    assert (code, len(supervisor.told)) == (1, 1)
    assert "add the integration by hand" in log


def test_the_folder_of_the_app_has_the_service_in_it(tmp_path: Path) -> None:
    command = [str(ROOT / "packaging" / "ha-app"), str(tmp_path)]
    subprocess.run(command, check=True, env={"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}, capture_output=True)

    names = {path.name for path in tmp_path.iterdir()}
    assert {"config.yaml", "Dockerfile", "start.py", "site.yaml", "requirements.txt", "icon.png"} <= names
    assert len([name for name in names if name.endswith(".whl")]) == 1
    assert json.dumps(sorted(names)).count("fusewise-0.1.0") == 1


def test_a_site_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    start = runpy.run_path(str(START))
    site = tmp_path / "site.yaml"

    start["place_template"](site)
    assert site.read_text() == (ROOT / "ha_app" / "site.yaml").read_text()

    site.write_text("mine")
    start["place_template"](site)
    assert site.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "much"), [('{"verbose": true}', True), ('{"verbose": false}', False), ("[]", False), ("broken", False)]
)
def test_what_people_chose_on_the_apps_page(tmp_path: Path, options: str, much: bool) -> None:
    (tmp_path / "options.json").write_text(options)

    assert runpy.run_path(str(START))["wants_much_said"](tmp_path / "options.json") is much
