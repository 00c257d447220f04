"""OCPP-J frames: from text to a typed frame and back. Types 5 and 6 exist from OCPP 2.1 on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4
CALL_RESULT_ERROR: Final = 5
SEND: Final = 6

Payload: TypeAlias = Mapping[str, Any]


class Malformed(ValueError):
    """Somebody sent something that is not OCPP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, from either side."""

    message_id: str
    action: str
    payload: Payload

    def text(self) -> str:
        return json.dumps([CALL, self.message_id, self.action, self.payload], separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """A good answer."""

    message_id: str
    payload: Payload

    def text(self) -> str:
        return json.dumps([CALL_RESULT, self.message_id, self.payload], separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallError:
    """An answer that says why there is none."""

    message_id: str
    code: str
    description: str = ""

    def text(self) -> str:
        return json.dumps([CALL_ERROR, self.message_id, self.code, self.description, {}], separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResultError:
    """The other side's answer could not be understood."""

    message_id: str
    code: str
    description: str = ""

    def text(self) -> str:
        return json.dumps([CALL_RESULT_ERROR, self.message_id, self.code, self.description, {}], separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Something told to which no answer comes."""

    message_id: str
    action: str
    payload: Payload

    def text(self) -> str:
        return json.dumps([SEND, self.message_id, self.action, self.payload], separators=(",", ":"))


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send


def decode(raw: str | bytes) -> Frame:
    """The frame in a websocket message. Raises Malformed when there is none."""
    try:
        parts = json.loads(raw)
    except (ValueError, RecursionError) as err:
        raise Malformed("not JSON") from err
    match parts:
        case [2, str(message_id), str(action), dict(payload)]:
            return Call(message_id=message_id, action=action, payload=payload)
        case [3, str(message_id), dict(payload)]:
            return CallResult(message_id=message_id, payload=payload)
        case [4, str(message_id), str(code), *rest]:
            return CallError(message_id=message_id, code=code, description=str(rest[0]) if rest else "")
        case [5, str(message_id), str(code), *rest]:
            return CallResultError(message_id=message_id, code=code, description=str(rest[0]) if rest else "")
        case [6, str(message_id), str(action), dict(payload)]:
            return Send(message_id=message_id, action=action, payload=payload)
    raise Malformed("not an OCPP-J frame")
