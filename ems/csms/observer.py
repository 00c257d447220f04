"""Somebody who follows a station from beside, such as the relay to a second central system.

The station tells what it hears and asks for little, never waits, and works on as before when nobody follows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from ems.csms.fields import text
from ems.csms.messages import Boot, MeterReport, StatusReport, TagVerdict, TransactionEvent
from ems.csms.ports import LeasedLimit
from ems.csms.rpc import Answerer, Later, Result
from ems.model.transaction import Transaction

Said: TypeAlias = Boot | StatusReport | MeterReport | TransactionEvent | Transaction
"""A transaction is told as it is kept: when it began, ended or was corrected, and now and then between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayState:
    """How it stands with a second central system."""

    connected: bool
    """Connected, and the station is accepted there."""

    queued: int
    """Entries that wait for it."""

    lost: int
    """Entries that were given up since the start, for want of room."""

    last_error: str | None
    """Why it was last left or not reached; None since it is connected again."""


class Consulted(Protocol):
    """Who is asked before a station is answered. Nothing here waits, and nothing raises."""

    def consult(self, id_tag: str) -> Awaitable[None] | None:
        """What to wait for, within bounds, before a station learns whether a tag may charge; None for nothing."""
        ...

    def vendor_data(self, payload: Mapping[str, object]) -> Later | None:
        """The answer of somebody else to vendor data of the station; None where nobody is asked."""
        ...


class Observer(Consulted, Protocol):
    """Nothing here waits, and nothing raises."""

    def told(self, said: Said) -> None:
        """The station said that."""
        ...

    def limited(self, lease: LeasedLimit) -> None:
        """The station took that limit."""
        ...

    def verdict(self, id_tag: str) -> TagVerdict | None:
        """What is known from elsewhere of a tag; None leaves it to us."""
        ...

    @property
    def cap_a(self) -> float | None:
        """The current per phase that somebody else caps the station at now; None without a cap."""
        ...

    @property
    def state(self) -> RelayState | None:
        """For people; None where nobody follows."""
        ...

    @property
    def overflowed(self) -> bool:
        """Whether reports were lost that somebody else was to get."""
        ...


class Nobody:
    """Follows nothing."""

    state: Final = None
    cap_a: Final = None
    overflowed: Final = False

    def told(self, said: Said) -> None: ...

    def limited(self, lease: LeasedLimit) -> None: ...

    def consult(self, id_tag: str) -> None: ...

    def vendor_data(self, payload: Mapping[str, object]) -> None: ...

    def verdict(self, id_tag: str) -> None: ...


NOBODY: Final = Nobody()


def consulting(answerer: Answerer, observer: Consulted) -> Answerer:
    """The same answers, but a station that asks for a tag, or sends vendor data, waits until somebody was consulted.

    Only its answer waits: whatever else it sends meanwhile, answers to our limits first of all, is taken as it comes.
    """

    def answer(action: str, payload: Mapping[str, object], message_id: str) -> Result | Later:
        if action == "DataTransfer" and (passed_on := observer.vendor_data(payload)) is not None:
            return passed_on
        first = observer.consult(_tag(payload)) if action == "Authorize" else None
        if first is None:
            return answerer(action, payload, message_id)
        return after(first, action, payload, message_id)

    async def after(first: Awaitable[None], action: str, payload: Mapping[str, object], message_id: str) -> Result:
        await first
        answered = answerer(action, payload, message_id)
        return answered if isinstance(answered, Mapping) else await answered

    return answer


def _tag(payload: Mapping[str, object]) -> str:
    """As OCPP 1.6 spells it, or 2.x."""
    token = payload.get("idToken")
    return text(token, "idToken") if isinstance(token, dict) else text(payload, "idTag")
