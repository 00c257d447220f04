"""The words of one OCPP version as the `ocpp` package knows them: its actions, and its schemas as judges.

Only words are taken from there; receiving, routing and waiting are ours (`ocpp-library-notes.md`, decision summary).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from decimal import Decimal
from typing import Any, Final

from ocpp.messages import get_validator

from ems.csms.spelling import spelled
from ems.csms.verdicts import Verdicts

LONGEST_JUDGED_BYTES: Final = 8 * 1024
"""A schema takes a hundred times longer over a message than reading it, and its verdict only goes to the log."""

CALL: Final = 2
RESULT: Final = 3
SEND: Final = 6


@dataclass(frozen=True, slots=True)
class Request:
    """A request in the spelling of the wire; fields that are None are left out.

    For versions 2: the package's own way from its dataclasses to the wire misspells what 2.1 calls `limit_L2` and such.
    """

    action: str
    payload: Mapping[str, object]


class Vocabulary:
    """One version's words."""

    def __init__(
        self,
        version: str,
        actions: Iterable[str],
        *,
        sends: Iterable[str] = (),
        in_decimals: frozenset[tuple[int, str]] = frozenset(),
    ) -> None:
        """`version` as in `2.0.1`. One decimal cannot be proven in binary: the schemas named there use decimals."""
        self.version: Final = version
        self.sends: Final = frozenset(sends)
        """Actions that nobody answers."""

        self.actions: Final = frozenset(actions) | self.sends
        """Every action of this version."""

        self._in_decimals = in_decimals
        self._verdicts = Verdicts()

    def encode(self, request: object) -> tuple[str, dict[str, object]]:
        """Action and payload of a `Request` or a dataclass of `ocpp`. Raises ValueError when the schema forbids it."""
        action, payload = _spelled(request)
        often = action == "SetChargingProfile"
        complaint = self._known(CALL, action, payload) if often else self._complaint(CALL, action, payload)
        if complaint is not None:
            raise ValueError(f"{action} would break its schema: {complaint}")
        return action, payload

    def call_complaint(self, action: str, payload: Mapping[str, object]) -> str | None:
        """What the schema holds against a station's request; None when nothing, or when it is too long to be judged."""
        return self._known(SEND if action in self.sends else CALL, action, payload)

    def result_complaint(self, action: str, payload: Mapping[str, object]) -> str | None:
        """What the schema holds against an answer; None when nothing, or when it is too long to be judged."""
        return self._known(RESULT, action, payload)

    def _known(self, kind: int, action: str, payload: Mapping[str, object]) -> str | None:
        text = json.dumps(payload)
        if len(text) > LONGEST_JUDGED_BYTES:
            return None
        return self._verdicts.of(kind, action, text, lambda: self._complaint(kind, action, payload))

    def _complaint(self, kind: int, action: str, payload: Mapping[str, object]) -> str | None:
        if action not in self.actions:
            return "there is no such action"
        in_decimals = (kind, action) in self._in_decimals
        try:
            judge: Any = get_validator(kind, action, self.version, parse_float=Decimal if in_decimals else float)
        except OSError:
            return None
        value: Any = json.loads(json.dumps(payload), parse_float=Decimal) if in_decimals else dict(payload)
        error = next(iter(judge.iter_errors(value)), None)
        if error is None:
            return None
        place = "/".join(str(step) for step in error.absolute_path)
        return f"{place or 'payload'} breaks rule {error.validator!r}"


def _spelled(request: object) -> tuple[str, dict[str, object]]:
    if isinstance(request, Request):
        return request.action, {key: _without_nones(each) for key, each in request.payload.items() if each is not None}
    if not is_dataclass(request) or isinstance(request, type):
        raise ValueError(f"{request!r} is not an OCPP request")
    return type(request).__name__, spelled(request)


def _without_nones(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_nones(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_without_nones(each) for each in value]
    return value
