"""The OCPP 1.6 vocabulary of the `ocpp` package: its dataclasses as requests, its schemas as judges.

Only words are taken from there; receiving, routing and waiting are ours (`ocpp-library-notes.md`, decision summary).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from decimal import Decimal
from typing import Any, Final

from ocpp.charge_point import (
    remove_nones,
    serialize_as_dict,
    snake_to_camel_case,
)
from ocpp.messages import get_validator
from ocpp.v16 import call, datatypes
from ocpp.v16.enums import Action

__all__ = ["ACTIONS", "call", "call_complaint", "datatypes", "encode", "result_complaint"]

ACTIONS: Final = frozenset(str(action.value) for action in Action)
"""Every action of OCPP 1.6 and its security extension."""

LONGEST_JUDGED_BYTES: Final = 8 * 1024
"""A schema takes a hundred times longer over a message than reading it, and its verdict only goes to the log."""

_CALL: Final = 2
_RESULT: Final = 3
# Limits have one decimal, which binary fractions cannot prove: these schemas are judged in decimals.
_IN_DECIMALS: Final = frozenset(
    {(_CALL, "SetChargingProfile"), (_CALL, "RemoteStartTransaction"), (_RESULT, "GetCompositeSchedule")}
)


def encode(request: object) -> tuple[str, dict[str, object]]:
    """Action and payload of an `ocpp.v16.call` dataclass. Raises ValueError when it breaks the OCPP schema."""
    if not is_dataclass(request) or isinstance(request, type):
        raise ValueError(f"{request!r} is not an OCPP request")
    action = type(request).__name__
    payload: dict[str, object] = snake_to_camel_case(remove_nones(serialize_as_dict(request)))
    complaint = _complaint(_CALL, action, payload)
    if complaint is not None:
        raise ValueError(f"{action} would break its schema: {complaint}")
    return action, payload


def call_complaint(action: str, payload: Mapping[str, object]) -> str | None:
    """What the schema holds against a station's request; None when nothing, or when it is too long to be judged."""
    return None if _is_long(payload) else _complaint(_CALL, action, payload)


def result_complaint(action: str, payload: Mapping[str, object]) -> str | None:
    """What the schema holds against a station's answer; None when nothing, or when it is too long to be judged."""
    return None if _is_long(payload) else _complaint(_RESULT, action, payload)


def _is_long(payload: Mapping[str, object]) -> bool:
    return len(json.dumps(payload)) > LONGEST_JUDGED_BYTES


def _complaint(kind: int, action: str, payload: Mapping[str, object]) -> str | None:
    in_decimals = (kind, action) in _IN_DECIMALS
    judge: Any = get_validator(kind, action, "1.6", parse_float=Decimal if in_decimals else float)
    value: Any = json.loads(json.dumps(payload), parse_float=Decimal) if in_decimals else dict(payload)
    error = next(iter(judge.iter_errors(value)), None)
    if error is None:
        return None
    place = "/".join(str(step) for step in error.absolute_path)
    return f"{place or 'payload'} breaks rule {error.validator!r}"
