"""`ems commission` against the running service: the real API on a socket, the command as a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ems.api.wire import Role
from ems.cli.commission import TOKEN_VARIABLE
from ems.config.examples import example
from ems.model.decision import LimitReason
from tests.protocol.command import ems
from tests.scenario.stage import Stage, staged
from tests.scenario.test_installer import quiet_demo, untold

PASSWORD = "correct horse battery"


@asynccontextmanager
async def served(folder: Path, monkeypatch: pytest.MonkeyPatch, role: Role = Role.INSTALLER) -> AsyncIterator[Stage]:
    """A house that nobody has commissioned, with an account, and a token of that role in the environment."""
    true = quiet_demo(folder)
    # Slowly: the commands are processes that start beside it.
    async with staged(true, told=untold(true), speed=5.0, api=True) as stage:
        await stage.service.outside_settled.wait()
        api = stage.service.api
        assert api is not None
        assert api.access.setup_code is not None
        ina, _ = await api.access.set_up(api.access.setup_code, "ina", PASSWORD, address="here")
        _, token = await api.access.add_client("command line", role, by=ina)
        monkeypatch.setenv(TOKEN_VARIABLE, token)
        yield stage


async def commission(stage: Stage, *arguments: str) -> tuple[int, str, str]:
    """The exit code of the command, what it printed, and its log."""
    assert stage.service.page is not None
    url = stage.service.page.rstrip("/")
    async with ems("commission", "--url", url, str(example("demo")), *arguments) as command:
        out, err = await command.output()
        code = command.process.returncode
    assert code is not None
    return code, out, err


async def told(stage: Stage, *arguments: str) -> tuple[int, Any]:
    code, out, err = await commission(stage, *arguments, "--json")
    assert out, err
    return code, json.loads(out)


async def test_an_installer_states_proves_and_hands_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(tmp_path, monkeypatch) as stage:
        code, status = await told(stage, "status")
        assert (code, status["commissioned"]) == (1, False)
        assert status["steps"][0]["condition"] == "open"

        code, _, err = await commission(stage, "connection", "--fuse", "25", "--again", "35")
        assert code == 1
        assert "main_fuse_a" in err
        code, answer = await told(stage, "connection", "--fuse", "25", "--again", "25", "--other-load", "13")
        assert answer["outcome"] == "applied"
        assert stage.desk.site.circuits.main.fuse.rating_a == 25.0

        await stage.until(lambda: stage.seen.state_of("drive").plugged)
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons())
        code, proof = await told(stage, "loss", "drive")
        assert (code, proof["result"]["verdict"]) == (0, "passed")
        assert stage.desk.site.station("drive").lease_verified

        page = tmp_path / "page.html"
        code, _, err = await commission(stage, "hand-over", "--installer", "Ina", "--page", str(page))
        assert code == 1
        assert "still open" in err
        code, signed = await told(stage, "hand-over", "--installer", "Ina", "--accept-open", "--page", str(page))
        assert code == 0
        assert json.loads(signed["text"])["installer"] == "Ina"
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


async def test_who_may_not_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(tmp_path, monkeypatch, Role.HOMEOWNER) as stage:
        code, _, err = await commission(stage, "status")
        assert code == 1
        assert "installer" in err

        monkeypatch.setenv(TOKEN_VARIABLE, "made up")
        code, _, err = await commission(stage, "status")
        assert code == 1
        assert "made up" not in err


async def test_nobody_there_and_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "x")
    async with ems("commission", "--url", "http://127.0.0.1:1", str(example("demo")), "status") as command:
        _, err = await command.output()
        assert command.process.returncode == 1
        assert "no service answers" in err

    monkeypatch.delenv(TOKEN_VARIABLE)
    assert TOKEN_VARIABLE not in os.environ
    async with ems("commission", str(example("demo")), "status") as command:
        _, err = await command.output()
        assert command.process.returncode == 2
        assert TOKEN_VARIABLE in err
