"""Messages as they may stand in a log: without id tags, keys and passwords."""

from __future__ import annotations

import json
from typing import Final

HIDDEN: Final = "***"
_SECRET_FIELDS: Final = frozenset(
    {"idtag", "parentidtag", "password", "basicauthpassword", "apnpassword", "simpin", "idtoken"}
)
_SECRET_KEYS: Final = frozenset({"authorizationkey", "basicauthpassword", "cpopassword"})
_VALUES: Final = frozenset({"value", "attributeValue"})
_LONGEST: Final = 2000


def redacted(message: object) -> str:
    """One line for the log; `message` must not be nested deeper than `wire_json.MAX_DEPTH`."""
    return json.dumps(_hidden(message), separators=(",", ":"))[:_LONGEST]


def is_secret(key: str) -> bool:
    """Whether a setting of that name, perhaps with its component before a dot, holds a password."""
    return key.rpartition(".")[2].strip().lower() in _SECRET_KEYS


def _hidden(value: object) -> object:
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    if not isinstance(value, dict):
        return value
    variable = value.get("variable")
    name = variable.get("name", "") if isinstance(variable, dict) else value.get("key", "")
    names_secret = is_secret(str(name))
    return {
        key: HIDDEN if key.lower() in _SECRET_FIELDS or (names_secret and key in _VALUES) else _hidden(each)
        for key, each in value.items()
    }
