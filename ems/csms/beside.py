"""Connectors that nobody configured, as part of the station's first one: what they draw must be seen somewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from ems.csms.connector import Connector
from ems.model.station import CarReading, ConnectorStatus, is_plugged

DRAWS_A: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What control is told of a charger."""

    status: ConnectorStatus | None
    in_transaction: bool
    car: CarReading | None


def seen(own: Connector, strays: Iterable[Connector]) -> Seen:
    """Of the first configured connector with those that nobody configured: their cars count as one."""
    busy = [stray for stray in strays if _is_busy(stray)]
    cars = busy if busy and _is_empty(own) else (own, *busy)
    plugged = is_plugged(own.status, in_transaction=own.transactions.running is not None)
    return Seen(
        status=own.status if plugged or not busy else (busy[0].status or ConnectorStatus.CHARGING),
        in_transaction=any(each.transactions.running is not None for each in (own, *busy)),
        car=reduce(_together, (each.car for each in cars)),
    )


def _is_empty(own: Connector) -> bool:
    """Whether no car hangs there. It said so long ago, perhaps, which must not make the reading of another one old."""
    free = own.status in {ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED} and own.transactions.running is None
    return free and own.car is not None and max(own.car.current_a, default=0.0) == 0.0


def _is_busy(stray: Connector) -> bool:
    running = stray.transactions.running is not None
    draws = stray.car is not None and max(stray.car.current_a, default=0.0) > DRAWS_A
    return draws or is_plugged(stray.status, in_transaction=running)


def _together(one: CarReading | None, other: CarReading | None) -> CarReading | None:
    """Both cars as one reading, as old as the older of the two; unknown where one of them is."""
    if one is None or other is None:
        return None
    return replace(
        one,
        current_a=tuple(mine + theirs for mine, theirs in zip(one.current_a, other.current_a, strict=True)),
        power_w=None if one.power_w is None or other.power_w is None else one.power_w + other.power_w,
        taken_at_s=min(one.taken_at_s, other.taken_at_s),
        every_phase_measured=one.every_phase_measured and other.every_phase_measured,
    )
