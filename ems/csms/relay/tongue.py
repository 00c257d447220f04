"""How a second central system is spoken to: what is told is the same, the words are those of a version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from ems.csms.fields import text, whole
from ems.csms.messages import Boot
from ems.csms.relay import spelling
from ems.csms.relay.entries import Account, Begin, End, Entry
from ems.csms.rpc import Answerer

Told: TypeAlias = Mapping[str, object]


class Tongue(Protocol):
    """One version's words. For the life of a relay."""

    @property
    def protocol(self) -> str:
        """As it is negotiated."""
        ...

    def boot(self, said: Boot) -> Told: ...

    def status(self, connector: int, word: str, error: str, at: datetime) -> Told | None:
        """None where the version has no word for it."""
        ...

    def authorize(self, id_tag: str) -> Told: ...

    def tag_word(self, answer: Told) -> str:
        """What it answered about a tag, in the word of OCPP 1.6; empty where it said nothing."""
        ...

    def entry(self, entry: Entry, account: Account, now: datetime) -> tuple[str, Told]:
        """Action and payload. `account` has their id for all but a begin."""
        ...

    def their_id(self, begin: Begin, answer: Told) -> int | None:
        """By which number the transaction goes there; None where there is none."""
        ...

    def hearing(self, answerer: Answerer) -> Answerer:
        """What answers its commands, by way of `answerer`, which knows those of OCPP 1.6."""
        ...


class TongueV16:
    """Implements `Tongue` for OCPP 1.6."""

    protocol: Final = spelling.PROTOCOL

    def __init__(self, own_tag: str | None) -> None:
        self._own_tag = own_tag

    def boot(self, said: Boot) -> Told:
        return spelling.boot(said)

    def status(self, connector: int, word: str, error: str, at: datetime) -> Told:
        return spelling.status(connector, word, error, at)

    def authorize(self, id_tag: str) -> Told:
        return {"idTag": id_tag[:20]}

    def tag_word(self, answer: Told) -> str:
        told = answer.get("idTagInfo")
        return text(told, "status") if isinstance(told, dict) else ""

    def entry(self, entry: Entry, account: Account, now: datetime) -> tuple[str, Told]:  # noqa: ARG002 (no word for it)
        if isinstance(entry, Begin):
            return "StartTransaction", spelling.start(entry, self._own_tag)
        if isinstance(entry, End):
            return "StopTransaction", spelling.stop(entry, account)
        return "MeterValues", spelling.meter_values(entry, account)

    def their_id(self, begin: Begin, answer: Told) -> int | None:  # noqa: ARG002 (theirs to give)
        theirs = whole(answer, "transactionId")
        return None if theirs is None or abs(theirs) > spelling.MOST_ID else theirs

    def hearing(self, answerer: Answerer) -> Answerer:
        return answerer
