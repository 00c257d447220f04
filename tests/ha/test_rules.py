"""What Home Assistant's own checker (hassfest, which is no part of its package) asks of an integration's files."""

from __future__ import annotations

import json
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import voluptuous as vol
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import selector
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.fusewise as integration
from tests.ha.paper_service import PaperService

HERE: Final = Path(integration.__file__).parent
ROOT: Final = HERE.parents[1]
TEXTS: Final = ("strings.json", *sorted(f"translations/{path.name}" for path in HERE.glob("translations/*.json")))

KEY: Final = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
HTML: Final = re.compile(r"<[a-zA-Z/!]")
ADDRESS: Final = re.compile(r"(\w+://|www\.)[a-z0-9.-]+\.[a-z]{2,5}\b", re.IGNORECASE)
QUOTED_BLANK: Final = re.compile(r"'{\w+}'")
STATES: Final = re.compile(r"\.state(_attributes\..*)?\.")

CORE: Final = {"domain", "name", "codeowners", "config_flow", "documentation", "integration_type", "iot_class"}
MORE: Final = {"after_dependencies", "dependencies", "issue_tracker", "loggers", "requirements", "version", "zeroconf"}
HACS_KEYS: Final = {
    "name",
    "content_in_root",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "zip_release",
}


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def leaves(tree: object, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, dict):
        yield path, tree
        return
    for key, value in tree.items():
        yield from leaves(value, f"{path}.{key}")


def keyed(value: object) -> vol.Schema:
    """A table whose keys are translation keys."""
    return vol.Schema({vol.All(str, vol.Match(rf"^{KEY.pattern}$")): value})


STEP: Final = {
    vol.Optional("title"): str,
    vol.Optional("description"): str,
    vol.Optional("data"): keyed(str),
    vol.Optional("data_description"): keyed(str),
    vol.Optional("submit"): str,
}
FLOW: Final = {
    vol.Required("step"): keyed(STEP),
    vol.Optional("error"): keyed(str),
    vol.Optional("abort"): keyed(str),
}
NAMED: Final = {vol.Required("name"): str, vol.Required("description"): str}
TEXT: Final = vol.Schema(
    {
        "config": FLOW | {vol.Optional("flow_title"): str},
        "options": FLOW,
        "device": keyed({vol.Required("name"): str}),
        "entity": keyed(
            keyed(
                {
                    vol.Required("name"): str,
                    vol.Optional("state"): keyed(str),
                    vol.Optional("state_attributes"): keyed(
                        {vol.Required("name"): str, vol.Optional("state"): keyed(str)}
                    ),
                }
            )
        ),
        "exceptions": keyed({vol.Required("message"): str}),
        "issues": keyed({vol.Required("title"): str, vol.Required("description"): str}),
        "selector": keyed({vol.Required("options"): keyed(str)}),
        "services": keyed(NAMED | {vol.Optional("fields"): keyed(NAMED)}),
        "system_health": {vol.Required("info"): keyed(str)},
    }
)

ICON: Final = vol.All(str, vol.Match(r"^mdi:[a-z0-9]+(-[a-z0-9]+)*$"))
ENTITY_ICONS: Final = {
    vol.Optional("default"): ICON,
    vol.Optional("state"): keyed(ICON),
    vol.Optional("state_attributes"): keyed({vol.Optional("default"): ICON, vol.Optional("state"): keyed(ICON)}),
}
ICONS: Final = vol.Schema(
    {"entity": keyed(keyed(ENTITY_ICONS)), "services": keyed({vol.Required("service"): ICON})}, required=True
)
FIELD: Final = {
    vol.Optional("example"): vol.Any(str, int, float),
    vol.Optional("default"): vol.Any(str, int, float),
    vol.Optional("required"): bool,
    vol.Required("selector"): selector.validate_selector,
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_have_the_shape_that_is_asked_for(name: str) -> None:
    TEXT(loaded(HERE / name))


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_plain(name: str) -> None:
    for path, text in leaves(loaded(HERE / name)):
        blanks = [blank for _, blank, _, _ in string.Formatter().parse(text) if blank is not None]
        assert text == text.strip(), path
        assert not HTML.search(text), path
        assert not ADDRESS.search(text), path
        assert not QUOTED_BLANK.search(text), path
        assert all(blank.isidentifier() for blank in blanks), path
        assert not (blanks and STATES.search(path)), path


@pytest.mark.parametrize("language", ["de", "fr", "nl", "sv"])
def test_a_translation_is_one(language: str) -> None:
    """Words that are the same in both are few: names and units."""
    source = dict(leaves(loaded(HERE / "strings.json")))
    other = dict(leaves(loaded(HERE / f"translations/{language}.json")))

    same = [path for path, text in source.items() if other[path] == text]
    assert len(same) <= len(source) // 20, same


def test_services_are_described_as_forms_need_it() -> None:
    rows = load_yaml_dict(HERE / "services.yaml")

    for name, row in rows.items():
        assert cv.slug(name) == name
        vol.Schema({vol.Optional("fields"): {cv.slug: FIELD}})(row)


def test_choices_of_forms_are_translated() -> None:
    said = loaded(HERE / "strings.json").get("selector", {})
    used = set()
    for row in load_yaml_dict(HERE / "services.yaml").values():
        for field in row.get("fields", {}).values():
            select = field["selector"].get("select") or {}
            if key := select.get("translation_key"):
                used.add(key)
                assert set(said[key]["options"]) == set(select["options"])

    assert used == set(said)


def test_icons_have_the_shape_that_is_asked_for() -> None:
    ICONS(loaded(HERE / "icons.json"))


def test_a_state_has_an_icon_only_where_it_differs() -> None:
    for platform in loaded(HERE / "icons.json")["entity"].values():
        for key, icon in platform.items():
            assert icon.get("default") not in icon.get("state", {}).values(), key


@pytest.mark.usefixtures("all_enabled")
async def test_every_entity_has_an_icon_or_a_class_that_gives_it_one(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.state["stations"][0]["can_switch_phases"] = True
    assert await hass.config_entries.async_setup(entry.entry_id)
    icons = loaded(HERE / "icons.json")["entity"]
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    classless = {"enum", None}

    without = {
        (entity.domain, entity.translation_key)
        for entity in entities
        if entity.original_device_class in classless and entity.translation_key not in icons.get(entity.domain, {})
    }
    shown = {(platform, key) for platform, rows in icons.items() for key in rows}

    assert without == set()
    assert shown <= {(entity.domain, entity.translation_key) for entity in entities}


def test_the_manifest_is_what_is_asked_of_a_custom_integration() -> None:
    manifest = loaded(HERE / "manifest.json")

    assert CORE <= set(manifest) <= CORE | MORE
    assert manifest["integration_type"] in {"device", "hub", "service"}
    assert manifest["iot_class"] in {"calculated", "local_polling", "local_push"}
    assert manifest["documentation"].startswith("https://")
    assert manifest["issue_tracker"].startswith("https://")
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    assert all(kind.endswith("._tcp.local.") for kind in manifest["zeroconf"])


def test_integration_and_service_have_one_version() -> None:
    """AwesomeVersion raises where it is none."""
    ours = loaded(HERE / "manifest.json")["version"]

    AwesomeVersion(ours, ensure_strategy=[AwesomeVersionStrategy.SEMVER])
    assert ours == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_what_hacs_reads() -> None:
    told = loaded(ROOT / "hacs.json")

    assert set(told) <= HACS_KEYS
    assert told["name"] == loaded(HERE / "manifest.json")["name"]
    assert f"Home Assistant {told['homeassistant'].removesuffix('.0')}" in (ROOT / "docs/home-assistant.md").read_text()
    assert [path.name for path in (ROOT / "custom_components").iterdir() if path.is_dir() and path.name[0] != "_"] == [
        HERE.name
    ]
