"""Messages as they may stand in a log: without id tags, keys and passwords."""

from __future__ import annotations

import json
from typing import Final

HIDDEN: Final = "***"
_SECRET_FIELDS: Final = frozenset({"idtag", "parentidtag", "password"})
_SECRET_KEYS: Final = frozenset({"authorizationkey", "basicauthpassword", "cpopassword"})
_LONGEST: Final = 2000


def redacted(message: object) -> str:
    """One line for the log; `message` must not be nested deeper than `wire_json.MAX_DEPTH`."""
    return json.dumps(_hidden(message), separators=(",", ":"))[:_LONGEST]


def is_secret(key: str) -> bool:
    """Whether the value of that setting must not be shown."""
    return key.rpartition(".")[2].lower() in _SECRET_KEYS


def _hidden(value: object) -> object:
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    if not isinstance(value, dict):
        return value
    names_secret = str(value.get("key", "")).lower() in _SECRET_KEYS
    return {
        key: HIDDEN if key.lower() in _SECRET_FIELDS or (names_secret and key == "value") else _hidden(each)
        for key, each in value.items()
    }
