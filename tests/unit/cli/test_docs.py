"""The pages under `docs/` keep up with the code: every key, range and default, every command and option."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from ems.cli import app
from ems.cli.check import checked_site
from ems.config import schema
from ems.devices.library import profiles
from ems.devices.profile import parse_profile
from ems.model.decision import LimitReason
from ems.sim.demo_figures import Figures, StationFigures

DOCS = Path(__file__).parents[3] / "docs"
SECTIONS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "site": (schema.Naming,),
    "connection": (schema.Connection,),
    "peak_tariff": (schema.PeakTariffSection,),
    "circuits": (schema.SubCircuit,),
    "meters, solar, battery": (schema.MeterEntry, schema.SolarEntry, schema.BatteryEntry),
    "modbus": (schema.ModbusAddress,),
    "http of a device": (schema.HttpSource,),
    "p1 of a meter": (schema.P1Address,),
    "sml of a meter": (schema.SmlSource,),
    "speedwire of a meter": (schema.SpeedwireSource,),
    "rct of a device": (schema.RctSource,),
    "mqtt of a device": (schema.MqttSource,),
    "One MQTT rule": (schema.MqttRule,),
    "stations": (schema.StationEntry,),
    "upstream of a station": (schema.UpstreamSection,),
    "vehicles": (schema.VehicleEntry,),
    "policy": (schema.PolicySection,),
    "grid_operator": (schema.GridOperatorSection,),
    "tariff": (schema.TariffSection,),
    "storage": (schema.StorageSection,),
    "mqtt": (schema.BrokerSection,),
    "publish of the broker": (schema.MqttPublishSection,),
    "csms": (schema.CsmsSection,),
    "tls of the stations": (schema.CsmsTlsSection,),
    "api": (schema.ApiSection,),
    "tls of the API": (schema.TlsSection,),
    "simulation": (schema.SimulationSection,),
    "simulation.cars": (schema.SimulatedCar,),
    "simulation.stations": (schema.SimulatedStation,),
    "home of a simulated car": (schema.HomeTime,),
    "simulation.battery": (schema.SimulatedBattery,),
    "password": (schema.Secret,),
}
RANGE_FREE = {"boolean": "true, false", "object": "section", "array": "list"}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of the first table under every heading, heads left out."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").replace("`", "")
        elif line.startswith("| `"):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def rows_of(models: tuple[type[BaseModel], ...]) -> Iterator[list[str]]:
    """Key, range and default as the page must show them."""
    seen = set()
    for model in models:
        properties = model.model_json_schema()["properties"]
        for key, field in model.model_fields.items():
            if key not in seen:
                seen.add(key)
                default = field.get_default(call_default_factory=True)
                yield [f"`{key}`", range_of(properties[key]), default_of(default)]


def range_of(rules: dict[str, Any]) -> str:
    rules = next((each for each in rules.get("anyOf", ()) if each.get("type") != "null"), rules)
    if "const" in rules:
        return str(rules["const"])
    if "enum" in rules:
        return ", ".join(str(each) for each in rules["enum"])
    if "$ref" in rules:
        name = rules["$ref"].rsplit("/", 1)[1]
        choices = getattr(schema, name)
        return "section" if issubclass(choices, BaseModel) else ", ".join(choices)
    if rules["type"] in RANGE_FREE:
        return RANGE_FREE[rules["type"]]
    if rules["type"] == "string":
        return "text"
    return bounds_of(rules)


def bounds_of(rules: dict[str, Any]) -> str:
    least, most, above = (rules.get(key) for key in ("minimum", "maximum", "exclusiveMinimum"))
    if above is not None:
        return f"above {above:g}" + (f", at most {most:g}" if most is not None else "")
    if least is None:
        return "whole number" if rules["type"] == "integer" else "number"
    return f"{least:g} or more" if most is None else f"{least:g} to {most:g}"


def default_of(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None or default in ({}, (), ""):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return f"[{', '.join(default)}]"
    return f"{default:g}" if isinstance(default, int | float) else str(default)


@pytest.mark.parametrize(("heading", "models"), SECTIONS.items())
def test_every_key_of_the_site_file_stands_with_its_range_and_default(
    heading: str, models: tuple[type[BaseModel], ...]
) -> None:
    shown = [[row[0], row[2], row[3]] for row in tables(page("site-file.md"))[heading]]

    assert shown == list(rows_of(models))


def test_every_section_of_the_site_file_has_its_heading() -> None:
    headings = " ".join(tables(page("site-file.md")))

    assert all(key in headings for key in schema.SiteFile.model_fields)


def test_every_command_with_every_option_is_described() -> None:
    text = page("commands.md")
    group = typer.main.get_command(app)
    missing = [word for word in words_of(group, "ems") if f"`{word}" not in text and f" {word}" not in text]

    assert missing == []


def words_of(command: Any, path: str) -> Iterator[str]:
    """Full names of commands, and their options."""
    if path != "ems":
        yield path
    for option in command.params:
        if option.param_type_name == "option" and not option.hidden and option.name not in {"help", "_"}:
            yield option.opts[0]
    children = getattr(command, "commands", {})
    # What a group asks for stands before its commands: `ems commission SITE status`.
    asked = [each.metavar for each in command.params if each.param_type_name == "argument"] if children else []
    for name, child in children.items():
        yield from words_of(child, " ".join([path, *asked, name]))


def test_every_figure_of_the_demo_and_every_reason_is_described() -> None:
    text = page("commands.md")
    keys = {*Figures.model_fields, *StationFigures.model_fields, *(reason.value for reason in LimitReason)}

    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_json_examples_are_json() -> None:
    examples = fenced("commands.md", "json")

    assert examples
    for example in examples:
        for line in example.strip().splitlines():
            json.loads(line)


def fenced(name: str, language: str) -> list[str]:
    """The examples of that language on a page."""
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)


def test_site_file_examples_are_valid(tmp_path: Path) -> None:
    whole = fenced("site-file.md", "yaml")[0]
    part = "connection: {main_fuse_a: 25}\nstations: [{id: garage}]\n" + fenced("devices.md", "yaml")[0]
    for i, text in enumerate((whole, part)):
        path = tmp_path / f"{i}.yaml"
        path.write_text(text, encoding="utf-8")

        assert checked_site(path).rows


def test_profile_example_is_valid() -> None:
    examples = [text for text in fenced("devices.md", "yaml") if text.startswith("id: ")]

    assert [parse_profile(text).id for text in examples] == ["maker_model"]


def test_every_profile_is_listed() -> None:
    text = page("devices.md")

    assert [each.id for each in profiles() if f"`{each.id}`" not in text] == []
