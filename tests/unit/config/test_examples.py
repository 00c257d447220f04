"""The committed examples and the committed schema: valid, proven, and what the code says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from ems.config.examples import example, examples
from ems.config.json_schema import DIALECT, json_schema, json_schema_text, rules_at
from ems.config.loader import load_site
from ems.config.marked import read_marked
from ems.config.problems import SiteFileError
from ems.config.translate import to_site
from ems.control.fallback import is_covered, proof
from ems.devices.library import profiles

ROOT = Path(__file__).parents[3]


def problems_by_schema(value: object) -> list[str]:
    """What any editor says of a site file, by its JSON Schema."""
    # No type hints come with the package, so it is not imported by name.
    validator = import_module("jsonschema").Draft202012Validator(json_schema())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


@pytest.mark.parametrize("name", examples())
def test_example_is_valid_and_every_fuse_covered(name: str) -> None:
    file = load_site(example(name), profiles={profile.id for profile in profiles()})

    assert is_covered(proof(to_site(file)))
    assert all(station.lease_verified for station in file.stations)


@pytest.mark.parametrize("name", examples())
def test_example_runs_on_this_machine_alone(name: str) -> None:
    file = load_site(example(name))
    devices = [*file.meters, *file.solar]

    assert {(d.modbus.host, d.modbus.port) for d in devices if d.modbus} <= {("127.0.0.1", 5020)}
    assert file.mqtt is None or (file.mqtt.host, file.mqtt.port) == ("127.0.0.1", 1884)
    assert file.csms.port == 9000
    assert file.simulation.cars


@pytest.mark.parametrize("name", examples())
def test_example_written_as_the_demo_writes_it_is_the_same_house(name: str, tmp_path: Path) -> None:
    file = load_site(example(name))
    (tmp_path / "site.yaml").write_text(file.model_dump_json(exclude_defaults=True), encoding="utf-8")

    assert load_site(tmp_path / "site.yaml") == file


@pytest.mark.parametrize("name", examples())
def test_example_names_its_schema_and_obeys_it(name: str) -> None:
    text = example(name).read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=site.schema.json\n")
    assert problems_by_schema(read_marked(text).value) == []


def test_all_kinds_of_house_are_there() -> None:
    assert set(examples()) == {"demo", "garage", "german_14a", "mqtt_meter", "one_car", "stress_35a", "two_cars"}


def test_unknown_example_names_the_known_ones() -> None:
    with pytest.raises(SiteFileError, match=r"castle\.yaml: is no example: there are demo, garage"):
        example("castle")
    with pytest.raises(SiteFileError):
        example("../config/demo")


def test_committed_schema_is_what_the_code_says() -> None:
    committed = (ROOT / "config" / "site.schema.json").read_text(encoding="utf-8")

    assert committed == json_schema_text(), "run: ems schema --output config/site.schema.json"


def test_schema_is_valid_and_closed() -> None:
    schema = json_schema()
    import_module("jsonschema").Draft202012Validator.check_schema(schema)

    assert schema["$schema"] == DIALECT
    assert not schema["additionalProperties"]
    assert not any(each["additionalProperties"] for each in schema["$defs"].values() if "properties" in each)
    assert schema["properties"]["connection"]["$ref"] == "#/$defs/Connection"


def test_schema_refuses_what_the_loader_refuses() -> None:
    value = {"connection": {"main_fuse_a": 1000}, "meters": [], "stations": [{"id": "a", "moode": "fast"}]}

    assert len(problems_by_schema(value)) == 2


def test_schema_explains_its_keys() -> None:
    definitions = json_schema()["$defs"]

    assert definitions["Connection"]["properties"]["main_fuse_a"]["title"] == "Main fuse (A)"
    assert definitions["StationEntry"]["properties"]["max_a"]["description"] == "Installer limit, never exceeded."
    assert definitions["Connection"]["description"] == "The house connection, as printed on the fuse holder."


def test_rules_are_found_at_any_place() -> None:
    assert (rules_at(("connection", "main_fuse_a")).least, rules_at(("connection", "main_fuse_a")).most) == (6, 125)
    assert rules_at(("stations", 3, "wired", 0)).allowed == ("L1", "L2", "L3")
    assert rules_at(("meters", 0, "mqtt", "points", "power")).keys == ("topic", "path", "scale", "signed", "less")
    assert rules_at(("nowhere", 0, "at", "all")).keys == ()
