"""The files that Home Assistant reads: what its own checker would say, as far as we can say it here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from homeassistant.const import Platform
from homeassistant.util.yaml import load_yaml_dict

import custom_components.fusewise as integration
from custom_components.fusewise import (
    actions,
    binary_sensor,
    button,
    number,
    options_flow,
    repairs,
    sensor_rows,
    vehicle_rows,
    words,
)
from custom_components.fusewise.const import DOMAIN

HERE: Final = Path(integration.__file__).parent
LANGUAGES: Final = ("en", "de", "fr", "nl", "sv")
SOURCES: Final = {path.name: path.read_text() for path in HERE.glob("*.py")}

ALONE: Final = {
    Platform.DATETIME: {"ready_by"},
    Platform.EVENT: {"decision", "session"},
    Platform.SELECT: {"mode", "phases", "strategy", "vehicle"},
    Platform.SWITCH: {"optimisation", "boost"},
    Platform.TEXT: {"guest"},
}
"""Keys of entities that are classes of their own."""


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name).read_text())
    return found


def leaves(tree: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}")
    else:
        yield path, str(tree)


def entity_keys() -> dict[str, set[str]]:
    """Of all platforms."""
    sensors = {row.key for row in (*sensor_rows.SITE_SENSORS, *sensor_rows.PHASE_SENSORS, *sensor_rows.STATION_SENSORS)}
    sensors |= {row.key for row in (*sensor_rows.BATTERY_SENSORS, sensor_rows.BATTERY_ORDER)}
    sensors |= {f"current_l{place}" for place in (1, 2, 3)}
    sensors |= {"headline", "because"} | {row.key for row in vehicle_rows.VEHICLE_SENSORS}
    binaries = (*binary_sensor.SITE_BINARIES, *binary_sensor.STATION_BINARIES, *vehicle_rows.VEHICLE_BINARIES)
    found = {
        Platform.BINARY_SENSOR: {row.key for row in binaries},
        Platform.BUTTON: {row.key for row in button.STATION_BUTTONS} | {"end_import_cap"},
        Platform.NUMBER: {row.key for row in (*number.STATION_NUMBERS, *vehicle_rows.VEHICLE_NUMBERS)} | {"import_cap"},
        Platform.SENSOR: sensors,
    }
    return {platform.value: keys for platform, keys in (found | ALONE).items()}


def test_the_manifest_is_complete_and_in_order() -> None:
    manifest = loaded("manifest.json")

    assert list(manifest) == ["domain", "name", *sorted(set(manifest) - {"domain", "name"})]
    assert manifest["domain"] == DOMAIN == HERE.name
    assert manifest["requirements"] == []
    assert {"codeowners", "config_flow", "documentation", "integration_type", "iot_class", "version"} <= set(manifest)
    assert manifest["zeroconf"] == ["_fusewise._tcp.local."]


def test_every_platform_has_entities_with_names() -> None:
    named = {platform: set(rows) for platform, rows in loaded("strings.json")["entity"].items()}

    assert named == entity_keys()
    assert set(named) == {platform.value for platform in integration.PLATFORMS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_blanks(language: str) -> None:
    source, translated = dict(leaves(loaded("strings.json"))), dict(leaves(loaded(f"translations/{language}.json")))

    assert set(translated) == set(source)
    for path, text in source.items():
        assert set(re.findall(r"{\w+}", translated[path])) == set(re.findall(r"{\w+}", text)), path
        assert translated[path].strip(), path


def test_strings_are_the_english_translation() -> None:
    assert loaded("strings.json") == loaded("translations/en.json")


@pytest.mark.parametrize(
    ("platform", "key", "options"),
    [
        ("sensor", "state", words.SiteCondition),
        ("sensor", "status", words.StationStatus),
        ("sensor", "limit_reason", words.LimitReason),
        ("sensor", "battery_mode", words.BatteryMode),
        ("sensor", "battery_order", words.BatteryOrder),
        ("select", "mode", words.ChargeMode),
        ("select", "strategy", words.Keenness),
    ],
)
def test_every_word_of_an_entity_is_translated(platform: str, key: str, options: type[words.ChargeMode]) -> None:
    assert set(loaded("strings.json")["entity"][platform][key]["state"]) == {option.value for option in options}


@pytest.mark.parametrize(("key", "types"), [("decision", words.SiteEvent), ("session", words.StayEvent)])
def test_every_type_of_an_event_is_translated(key: str, types: type[words.SiteEvent]) -> None:
    said = loaded("strings.json")["entity"]["event"][key]["state_attributes"]["event_type"]["state"]

    assert set(said) == {event.value for event in types}


def test_every_icon_belongs_to_an_entity_and_its_states() -> None:
    names = loaded("strings.json")["entity"]

    for platform, rows in loaded("icons.json")["entity"].items():
        for key, icon in rows.items():
            assert key in names[platform]
            assert all(text.startswith("mdi:") for _, text in leaves(icon))
            assert set(icon.get("state", ())) <= {"on", "off", *names[platform][key].get("state", ())}


def test_every_error_that_is_raised_is_said_and_none_besides() -> None:
    raised = {
        key
        for name, text in SOURCES.items()
        if name not in {"config_flow.py", "coordinator.py"}
        for key in re.findall(r'translation_domain=DOMAIN,\s+translation_key="(\w+)"', text)
    } | set(re.findall(r'translation_key="(\w+)"', SOURCES["coordinator.py"]))

    assert raised == set(loaded("strings.json")["exceptions"])


def test_every_step_error_and_abort_of_the_flow_is_said() -> None:
    said = loaded("strings.json")["config"]
    flow = SOURCES["config_flow.py"]

    assert set(said["step"]) == set(re.findall(r'step_id="(\w+)"', flow))
    errors = set(re.findall(r'FlowProblem\("(\w+)"', flow)) | {
        "wrong_code",
        "too_many_tries",
        "service_too_old",
        "integration_too_old",
    }
    assert set(said["error"]) == errors
    aborts = set(re.findall(r'reason="(\w+)"', flow))
    by_home_assistant = {"already_configured", "already_in_progress", "reauth_successful", "reconfigure_successful"}
    assert set(said["abort"]) == aborts | by_home_assistant
    for name, step in said["step"].items():
        assert set(step["data"]) == set(step["data_description"]), name


def test_every_step_field_error_and_abort_of_the_options_is_said() -> None:
    said = loaded("strings.json")["options"]
    flow = SOURCES["options_flow.py"]

    assert set(said["step"]) == {"init", *options_flow.STEPS}
    assert set(said["step"]["meter"]["data"]) == set(options_flow.CLASSES) - {"energy", "soc"}
    assert set(said["error"]) == set(re.findall(r'"(every_phase|needs_power)"', flow))
    assert set(said["abort"]) == set(re.findall(r'reason="(\w+)"', flow))
    for name, step in said["step"].items():
        assert set(step["data"]) == set(step["data_description"]), name


def test_the_page_for_people_names_every_entity_and_action() -> None:
    page = (HERE.parents[1] / "docs" / "home-assistant.md").read_text()

    for rows in loaded("strings.json")["entity"].values():
        for row in rows.values():
            name = row["name"].replace("{phase}", "L1")
            assert name in page or re.sub(r"L\d$", "L1", name) in page, name
    for name, *_ in (*actions.ACTIONS, *actions.OF_HOUSE):
        assert f"`fusewise.{name}`" in page


def test_every_action_is_described_and_nothing_besides() -> None:
    described = load_yaml_dict(HERE / "services.yaml")
    said = loaded("strings.json")["services"]

    rows = [(name, fields) for name, _, fields, _ in actions.ACTIONS]
    rows += [(name, fields) for name, _, fields in actions.OF_HOUSE]
    assert set(described) == set(said) == {name for name, _ in rows}
    assert set(loaded("icons.json")["services"]) == set(said)
    for name, fields in rows:
        assert set(described[name]["fields"]) == {"device_id", *(str(field) for field in fields)}, name
        assert set(said[name]["fields"]) == set(described[name]["fields"]), name


def test_every_line_about_the_system_is_said() -> None:
    told = set(re.findall(r'^        "(\w+)": ', SOURCES["system_health.py"], re.MULTILINE))

    assert set(loaded("strings.json")["system_health"]["info"]) == told


def test_every_repair_is_said_and_none_besides() -> None:
    told = set(re.findall(r'Repair\(key="(\w+)"', SOURCES["repairs.py"])) | set(repairs.FROM_NOTICES.values())

    assert set(loaded("strings.json")["issues"]) == told | {"service_too_old", "integration_too_old"}


def test_nothing_is_taken_from_the_service_package() -> None:
    for name, text in SOURCES.items():
        assert not re.search(r"^\s*(from|import) ems\b", text, re.MULTILINE), name


@pytest.mark.parametrize("name", ["address.py", "answers.py", "client.py", "models.py", "parsing.py", "words.py"])
def test_the_client_knows_no_home_assistant(name: str) -> None:
    assert "homeassistant" not in SOURCES[name]


def test_every_rule_of_the_quality_scale_has_an_answer() -> None:
    rules = load_yaml_dict(HERE / "quality_scale.yaml")["rules"]

    assert len(rules) == 54
    for name, answer in rules.items():
        assert answer == "done" or (answer["status"] in {"exempt", "todo"} and answer["comment"]), name


@pytest.mark.parametrize(("name", "side"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_our_mark_has_the_size_that_is_asked_for(name: str, side: int) -> None:
    head = (HERE / "brand" / name).read_bytes()[:24]

    assert head[1:4] == b"PNG"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (side, side)
