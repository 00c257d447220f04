"""One charging transaction as its station told it, in no protocol's spelling: what is kept of it over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

TransactionId: TypeAlias = int | str
"""A number of ours in OCPP 1.6, a text of the station's in 2.x."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A meter's register at one place in a transaction."""

    kwh: float
    order: int
    """Where it stands before time decides: begin and end in OCPP 1.6, the sequence number in 2.x."""

    at_utc_s: float
    """When the station read it, by our clock."""

    heard_utc_s: float
    """When we learned of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Begun, running or ended."""

    key: str
    """A name that no other transaction has: stations use their ids again."""

    station_id: str
    connector: int
    transaction_id: TransactionId
    began_utc_s: float
    """By its own word where it has one, else when we learned of it."""

    started_utc_s: float | None = None
    """What its start said; None for one that was met in the middle."""

    meter_start_wh: float | None = None
    """As the start told it; a start that is repeated tells the same."""

    id_tag: str = ""
    ended_utc_s: float | None = None
    """None while it runs."""

    reason: str | None = None
    stopped: bool = False
    """Whether the station itself told of the end; one that we took for ended may still be corrected by it."""

    live: bool = False
    """Whether it ever ran before our eyes; false for one that was told only afterwards."""

    energy_kwh: float = 0.0
    first: Mark | None = None
    last: Mark | None = None
    last_seq: int | None = None
    """Of OCPP 2.x: the largest sequence number that came."""

    missing: tuple[int, ...] = ()
    """Of OCPP 2.x: the numbers below it that did not; the newest hundred."""
