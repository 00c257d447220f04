"""The site file's JSON Schema: editors complete and check with it, and our own messages quote its bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ems.config.problems import Place
from ems.config.schema import SiteFile

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> Mapping[str, Any]:
    """The schema of a whole site file, draft 2020-12; descriptions are the docstrings of `ems.config.schema`."""
    return {"$schema": DIALECT, **_generated(), "title": "Fusewise site file"}


def json_schema_text() -> str:
    """The same as text, ending in a line end; `config/site.schema.json` is exactly this."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the schema says of one place."""

    keys: tuple[str, ...] = ()
    """The keys a section knows; empty for anything but a section."""

    required: tuple[str, ...] = ()
    kind: str | None = None
    """`number`, `integer`, `string`, `boolean`, `array` or `object`."""

    allowed: tuple[Any, ...] = ()
    """The values of a choice."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    """Exclusive lower bound."""


def rules_at(place: Place) -> Rules:
    """The rules of a place; empty ones for a place that no site file has."""
    node: Mapping[str, Any] | None = _generated()
    for step in place:
        node = _resolved(_inside(node, step))
    if node is None:
        return Rules()
    return Rules(
        keys=tuple(node.get("properties", ())),
        required=tuple(node.get("required", ())),
        kind=node.get("type"),
        allowed=tuple(node.get("enum", [node["const"]] if "const" in node else ())),
        least=node.get("minimum"),
        most=node.get("maximum"),
        above=node.get("exclusiveMinimum"),
    )


def sections_with(key: str) -> tuple[str, ...]:
    """The top-level keys whose section or list entries know `key`."""
    tops = rules_at(()).keys
    return tuple(top for top in tops if key in (*rules_at((top,)).keys, *rules_at((top, 0)).keys))


@cache
def _generated() -> Mapping[str, Any]:
    return SiteFile.model_json_schema()


def _inside(node: Mapping[str, Any] | None, step: str | int) -> Mapping[str, Any] | None:
    if node is None:
        return None
    if isinstance(step, int):
        return node.get("items")
    return node.get("properties", {}).get(step) or node.get("additionalProperties") or None


def _resolved(node: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Follows a reference, and takes the choice beside null."""
    while node is not None and ("$ref" in node or "anyOf" in node):
        if "$ref" in node:
            node = _generated()["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        else:
            node = next(choice for choice in node["anyOf"] if choice.get("type") != "null")
    return node
