"""The words of an answer that all requests of OCPP 2.x share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

Body: TypeAlias = dict[str, Any]


class Unspeakable(Exception):
    """A request that gets an error of the protocol instead of an answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def status(word: str, reason: StrEnum | str | None = None) -> Body:
    """An answer with a status, and the reason where one is known."""
    return {"status": word} if reason is None else {"status": word, "statusInfo": {"reasonCode": str(reason)}}
