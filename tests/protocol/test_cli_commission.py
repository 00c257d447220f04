"""`ems commission` on a real socket: a desk on paper for the whole story, and the real service for a real proof."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ems.api.routes.commissioning import installer_router
from ems.api.wire import Role
from ems.cli.commission import TOKEN_VARIABLE
from ems.config.examples import example
from ems.model.decision import LimitReason
from tests.api_bench import ApiBench
from tests.live import LiveBench
from tests.protocol.command import ems
from tests.scenario.stage import staged
from tests.scenario.test_installer import quiet_demo
from tests.web.paper_desk import PaperDesk

SPEED = 2.0
PASSWORD = "correct horse battery"


@asynccontextmanager
async def paper_service(monkeypatch: pytest.MonkeyPatch, role: Role = Role.INSTALLER) -> AsyncIterator[str]:
    """Where an API with a desk on paper listens; a token of that role is in the environment."""
    house = LiveBench()
    bench = await ApiBench(house, routers=[installer_router(PaperDesk(house.clock.utc_now, looks=3))]).peopled()
    monkeypatch.setenv(TOKEN_VARIABLE, bench.tokens[role])
    async with bench.served() as server:
        yield f"http://127.0.0.1:{server.port}"


async def commission(url: str, *arguments: str) -> tuple[int, str, str]:
    """The exit code of the command, what it printed, and its log."""
    async with ems("commission", "--url", url, str(example("demo")), *arguments) as command:
        out, err = await command.output()
        code = command.process.returncode
    assert code is not None
    return code, out, err


async def told(url: str, *arguments: str) -> tuple[int, Any]:
    code, out, err = await commission(url, *arguments, "--json")
    assert out, err
    return code, json.loads(out)


async def test_an_installer_states_proves_and_hands_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with paper_service(monkeypatch) as url:
        _, answer = await told(url, "connection", "--fuse", "25", "--again", "25", "--other-load", "13")
        assert answer["outcome"] == "applied"

        code, out, err = await commission(url, "station", "garage", "--take-wiring")
        assert code == 0, err
        assert "of the house" in out

        page = tmp_path / "page.html"
        code, signed = await told(url, "hand-over", "--installer", "Ina", "--accept-open", "--page", str(page))
        assert (code, bool(signed["signature"])) == (0, True)
        assert page.exists()


async def test_who_may_not_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with paper_service(monkeypatch, Role.HOMEOWNER) as url:
        code, _, err = await commission(url, "status")
        assert (code, "installer" in err) == (1, True)
        monkeypatch.setenv(TOKEN_VARIABLE, "made up")
        code, _, err = await commission(url, "status")
        assert code == 1
        assert "made up" not in err


async def test_nobody_there_and_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "x")
    code, _, err = await commission("http://127.0.0.1:1", "status")
    assert code == 1
    assert "no service answers" in err

    monkeypatch.delenv(TOKEN_VARIABLE)
    assert TOKEN_VARIABLE not in os.environ
    code, _, err = await commission("http://127.0.0.1:1", "status")
    assert code == 2
    assert TOKEN_VARIABLE in err


async def test_a_real_proof_of_a_real_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not so fast: the command is a process that starts beside it.
    async with staged(quiet_demo(tmp_path), speed=SPEED, api=True) as stage:
        await stage.service.outside_settled.wait()
        api, page = stage.service.api, stage.service.page
        assert api is not None
        assert page is not None
        assert api.access.setup_code is not None
        ina, _ = await api.access.set_up(api.access.setup_code, "ina", PASSWORD, address="here")
        _, token = await api.access.add_client("command line", Role.INSTALLER, by=ina)
        monkeypatch.setenv(TOKEN_VARIABLE, token)
        await stage.until(lambda: stage.seen.state_of("drive").plugged)
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons())

        code, proof = await told(page, "loss", "drive")

        assert (code, proof["result"]["verdict"]) == (0, "passed")
        assert stage.desk.kept.record.loss["drive"].after_a == proof["result"]["after_a"]
