"""What waits for a second central system, and how it is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A transaction began."""

    transaction: str
    """A name that no other one has."""

    named: str
    """The id by which the station calls it."""

    connector: int
    id_tag: str
    meter_wh: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Meter values of a running transaction; what the station did not tell is None."""

    transaction: str
    connector: int
    at: datetime
    current_a: tuple[float, ...] | None = None
    power_w: float | None = None
    energy_wh: int | None = None
    soc: float | None = None
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A transaction ended."""

    transaction: str
    meter_wh: int
    at: datetime
    reason: str


Entry: TypeAlias = Begin | Meter | End

_KINDS: Final[Mapping[str, type[Begin | Meter | End]]] = {"begin": Begin, "meter": Meter, "end": End}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One entry in its place."""

    number: int
    message_id: str
    """The same at every attempt, so that one that was taken without an answer can be recognised."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of one transaction on both sides."""

    transaction: str
    named: str
    """The id by which the station calls it."""

    connector: int
    id_tag: str
    began: datetime
    meter_wh: int
    """The newest reading."""

    theirs: int | None = None
    """The id that the second central system gave it; None until then."""

    accepted: bool = False
    """Whether it accepted the tag."""

    told: int = 0
    """How many entries of it were told, or given up."""

    ended: bool = False
    lost: bool = False
    """Its beginning was never taken, so nothing else of it is told either."""


def to_text(value: Waiting | Account) -> str:
    """As JSON."""
    if isinstance(value, Account):
        return json.dumps(asdict(value), default=datetime.isoformat)
    kind = next(word for word, each in _KINDS.items() if isinstance(value.entry, each))
    facts = {"kind": kind, "message_id": value.message_id, **asdict(value.entry)}
    return json.dumps(facts, default=datetime.isoformat)


def waiting_from_text(number: int, body: str) -> Waiting:
    """Raises ValueError, KeyError or TypeError for something else."""
    facts = _facts(body)
    kind, message_id = _KINDS[facts.pop("kind")], str(facts.pop("message_id"))
    facts["at"] = datetime.fromisoformat(facts["at"])
    if facts.get("current_a") is not None:
        facts["current_a"] = tuple(facts["current_a"])
    return Waiting(number=number, message_id=message_id, entry=kind(**facts))


def account_from_text(body: str) -> Account:
    """Raises ValueError, KeyError or TypeError for something else."""
    facts = _facts(body)
    facts["began"] = datetime.fromisoformat(facts["began"])
    known = {each.name for each in fields(Account)}
    return Account(**{name: value for name, value in facts.items() if name in known})


def _facts(body: str) -> dict[str, Any]:
    facts = json.loads(body)
    if not isinstance(facts, dict):
        raise TypeError("no object")
    return facts
