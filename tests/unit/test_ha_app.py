"""The app of Home Assistant: what its Supervisor reads, and whether it goes with the service that is in it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from ems.api.forwarded import Proxies
from ems.config.loader import load_site
from ems.devices.profile_kinds import kinds_by_profile

ROOT: Final = Path(__file__).parents[2]
APP: Final = ROOT / "ha_app"
SUPERVISOR: Final = "172.30.32.2"
LANGUAGES: Final = ("de", "en", "fr", "nl", "sv")

KNOWN: Final = frozenset(
    {"name", "version", "slug", "description", "url", "arch", "startup", "boot", "stage", "homeassistant", "timeout"}
    | {"ingress", "ingress_port", "ingress_stream", "panel_icon", "panel_title", "panel_admin"}
    | {"ports", "discovery", "map", "options", "schema", "watchdog", "backup", "backup_pre"}
)
"""Of the many keys that there are: what we use. The Supervisor passes over a key that it does not know."""


def read(name: str, folder: Path = APP) -> Any:
    return YAML(typ="safe").load((folder / name).read_text())


def integration() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "custom_components/fusewise/manifest.json").read_text())
    return found


def test_the_app_describes_itself_as_the_supervisor_reads_it() -> None:
    app = read("config.yaml")

    assert set(app) == KNOWN
    assert re.fullmatch(r"[a-z0-9_]+", app["slug"])
    assert set(app["arch"]) <= {"aarch64", "amd64"}
    assert (app["startup"], app["boot"], app["stage"]) == ("application", "auto", "experimental")
    assert 10 <= app["timeout"] <= 300
    assert re.fullmatch(r"http://\[HOST\]:\[PORT:\d+\]/.*", app["watchdog"])
    assert all(re.fullmatch(r"\d+/tcp", port) for port in app["ports"])
    assert app["map"] == ["addon_config:rw"]
    assert set(app["options"]) == set(app["schema"])


def test_app_service_and_integration_are_one_version_and_one_name() -> None:
    app = read("config.yaml")

    assert app["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert app["discovery"] == [integration()["domain"]]
    assert app["homeassistant"] == json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert set(read("repository.yaml", ROOT)) == {"name", "url", "maintainer"}


def test_the_site_file_to_begin_with_runs_and_listens_where_the_app_says() -> None:
    app, site = read("config.yaml"), load_site(APP / "site.yaml", profiles=kinds_by_profile())

    assert site.api.port == app["ingress_port"]
    assert site.csms.port == 9000
    assert set(app["ports"]) == {f"{port}/tcp" for port in (site.csms.port, site.csms.files_port, site.api.port)}
    assert f"[PORT:{site.api.port}]" in app["watchdog"]
    assert site.storage is not None
    assert str(site.storage.path) == "/data"
    assert not site.api.announce


def test_the_prefix_is_believed_from_the_supervisor_alone() -> None:
    trusted = Proxies.of(load_site(APP / "site.yaml", profiles=kinds_by_profile()).api.trusted_proxies)

    assert trusted.trusts(SUPERVISOR)
    assert not trusted.trusts("172.30.32.1")
    assert not trusted.trusts("172.30.33.5")


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_and_ports_are_named_in_every_language(language: str) -> None:
    app, said = read("config.yaml"), read(f"translations/{language}.yaml")

    assert set(said["configuration"]) == set(app["options"])
    assert all({"name", "description"} == set(option) for option in said["configuration"].values())
    assert set(said["network"]) == set(app["ports"])


def test_the_image_has_what_its_start_needs() -> None:
    recipe = (APP / "Dockerfile").read_text()

    copied = set(re.findall(r"COPY (\S+) (\S+) /usr/share/fusewise/", recipe)[0])
    assert copied == {"start.py", "site.yaml"}
    assert 'io.hass.type="app"' in recipe
    assert all((APP / name).is_file() for name in copied)


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_our_mark_has_the_size_that_is_asked_for(name: str, size: tuple[int, int]) -> None:
    head = (APP / name).read_bytes()[:24]

    assert head[1:4] == b"PNG"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == size
