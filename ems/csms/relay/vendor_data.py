"""Vendor data on its way through (DataTransfer), both ways, within bounds: nobody here understands it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from ems.clock import Clock
from ems.csms.fields import printable, text
from ems.csms.rpc import Later, Result
from ems.csms.throttle import Throttle
from ems.errors import StationError

LOGGER = logging.getLogger(__name__)

LONGEST: Final = 4096
"""Characters of what is passed on, either way."""

LONGEST_VENDOR: Final = 255
LONGEST_MESSAGE: Final = 50
AT_ONCE: Final = 10
EVERY_S: Final = 10.0
WITHIN_S: Final = 10.0
"""A station waits no longer than this for an answer from far away."""

UNKNOWN: Final[Result] = {"status": "UnknownVendorId"}
REJECTED: Final[Result] = {"status": "Rejected"}
_STATUSES: Final = frozenset({"Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"})

Payload: TypeAlias = Mapping[str, object]
Tell = Callable[[Payload], Awaitable[Payload]]
"""Asks the far end. Raises StationError."""


class VendorData:
    """What a station says to its maker by way of a second central system."""

    def __init__(self, tell: Tell, clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._rate = Throttle(clock, burst=AT_ONCE, every_s=EVERY_S)
        self._busy = False

    def pass_on(self, payload: Payload) -> Later | None:
        """The far end's answer; None where it is not asked: another one is under way, too many, or too long."""
        data = bounded(payload)
        if data is None or self._busy or not self._rate.allows(""):
            return None
        return self._answer(data)

    async def _answer(self, data: Payload) -> Result:
        # Only once it is waited for: an answer whose connection is gone by then is never begun.
        self._busy = True
        try:
            async with self._clock.timeout(WITHIN_S):
                return answer_of(await self._tell(data))
        except (StationError, TimeoutError) as err:
            LOGGER.info("vendor data was not passed on: %s", err)
            return UNKNOWN
        finally:
            self._busy = False


def bounded(payload: Payload) -> dict[str, object] | None:
    """The three fields of it; None for one that says no vendor, or too much."""
    vendor, message, data = text(payload, "vendorId"), text(payload, "messageId"), payload.get("data")
    if not vendor or len(vendor) > LONGEST_VENDOR or len(message) > LONGEST_MESSAGE or _length(data) > LONGEST:
        return None
    kept: dict[str, object] = {"vendorId": printable(vendor, LONGEST_VENDOR)}
    if message:
        kept["messageId"] = printable(message, LONGEST_MESSAGE)
    if data is not None:
        kept["data"] = data if isinstance(data, str) else json.dumps(data)
    return kept


def answer_of(said: Payload) -> Result:
    """An answer as it may be given to the other side."""
    status, data = text(said, "status"), said.get("data")
    if status not in _STATUSES:
        return UNKNOWN
    if data is None or _length(data) > LONGEST:
        return {"status": status}
    return {"status": status, "data": data if isinstance(data, str) else json.dumps(data)}


def _length(data: object) -> int:
    return 0 if data is None else len(data) if isinstance(data, str) else len(json.dumps(data))
