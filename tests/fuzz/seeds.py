"""Requests as the schemas of the `ocpp` package allow them, made up by chance."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import ocpp

FOLDERS: Final = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
STAMPS: Final = ("2026-06-21T10:00:00Z", "2026-06-21T09:00:00.123+02:00", "1970-01-01T00:00:00Z", "2026-06-21 10:00:05")
TEXTS: Final = ("", "1", "0.5", "16", "Sample.Periodic", "T1", "garage", "230.1", "-1", "Energy.Active.Import.Register")
DEEPEST: Final = 8


@cache
def requests(version: str) -> Mapping[str, Mapping[str, Any]]:
    """The schema of every request, by action."""
    folder = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas"
    found = {}
    for path in sorted(folder.glob("*.json")):
        name = path.stem
        if name.endswith("Response"):
            continue
        action = name.removesuffix("Request")
        found[action] = json.loads(path.read_text(encoding="utf-8-sig"))
    return found


def made_up(version: str, action: str, dice: random.Random) -> Any:
    """A payload that the schema may allow."""
    schema = requests(version)[action]
    return _value(schema, schema.get("definitions", {}), dice, DEEPEST)


def _value(schema: Mapping[str, Any], definitions: Mapping[str, Any], dice: random.Random, depth: int) -> Any:
    if "$ref" in schema:
        schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    if "enum" in schema:
        return dice.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        properties, needed = schema.get("properties", {}), set(schema.get("required", ()))
        return {
            name: _value(each, definitions, dice, depth - 1)
            for name, each in properties.items()
            if name in needed or (depth > 0 and dice.random() < 0.5)
        }
    if kind == "array":
        count = dice.randint(schema.get("minItems", 0), 3) if depth > 0 else schema.get("minItems", 0)
        return [_value(schema.get("items", {}), definitions, dice, depth - 1) for _ in range(count)]
    if kind == "integer":
        return dice.choice((0, 1, 2, 3, 60, 1000, 2**31 - 1, -1))
    if kind == "number":
        return dice.choice((0, 1, 0.1, 6.0, 16.0, 230.4, 3000.0, -1.5))
    if kind == "boolean":
        return dice.random() < 0.5
    return dice.choice(STAMPS) if schema.get("format") == "date-time" else dice.choice(TEXTS)
