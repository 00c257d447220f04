"""Stations that nobody configured: who tried to come in, and those who wait to be adopted.

One that waits may say who it is. It is told that its boot is pending, is asked for nothing, and what it reports changes
nothing; transactions that it wants to tell of are refused, so that it keeps them until somebody has adopted it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from ems.clock import Clock
from ems.csms.fields import text
from ems.csms.messages import Boot
from ems.csms.rpc import Rpc
from ems.csms.throttle import Throttle
from ems.csms.visit import StationSocket
from ems.csms.waiting_room import answer_waiting

LOGGER = logging.getLogger(__name__)

MOST_STRANGERS: Final = 64
LONGEST_NAME: Final = 200
MOST_WAITING: Final = 8
"""Connections of strangers at once."""

STAYS_S: Final = 900.0
"""After this a stranger is hung up on; one that still wants to be adopted dials again."""

KNOCKS_AT_ONCE: Final = 5
KNOCK_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A station that calls itself by a name that nobody configured."""

    identity: str
    address: str
    first_utc: datetime
    last_utc: datetime
    times: int = 1
    waits: bool = False
    """Whether it is connected and waits."""

    boot: Boot | None = None
    """Who it says it is; None where it was not let in, or has not said."""


@dataclass(slots=True)
class _Guest:
    """One that waits."""

    socket: StationSocket
    since_s: float
    said: set[str] = field(default_factory=set)


class Strangers:
    """The book of those who knocked, and the room where they wait."""

    def __init__(self, clock: Clock, *, may_wait: bool) -> None:
        self._clock = clock
        self._may_wait = may_wait
        self._known: dict[str, Stranger] = {}
        self._guests: dict[str, _Guest] = {}
        self._turned_away: frozenset[str] = frozenset()
        self._told_of: set[str] = set()
        self._knocks = Throttle(clock, burst=KNOCKS_AT_ONCE, every_s=KNOCK_EVERY_S)

    @property
    def all(self) -> tuple[Stranger, ...]:
        """The newest last; `MOST_STRANGERS` at most."""
        return tuple(self._known.values())

    def knocks(self, identity: str, address: str) -> bool:
        """Remember it; whether it may come in and wait."""
        name = identity[:LONGEST_NAME]
        self._note(name, address)
        if not self._may_wait or name in self._turned_away or name != identity:
            return False
        room = len(self._guests) < MOST_WAITING or name in self._guests
        return room and self._knocks.allows(f"{address} {name}") and self._knocks.allows(address)

    def turn_away(self, identities: frozenset[str]) -> None:
        """An installer has said no to these: they do not wait any more."""
        self._turned_away = identities
        for identity in identities & self._guests.keys():
            self._hang_up(identity, "this station is not wanted here")

    def adopted(self, identity: str) -> None:
        """It is no stranger any more: it comes again, through the other door."""
        self._hang_up(identity, "adopted; connect again")
        self._known.pop(identity[:LONGEST_NAME], None)

    async def host(self, identity: str, socket: StationSocket) -> None:
        """Let it wait until it goes, or has waited long enough. A newer connection of that name takes its place."""
        self._hang_up(identity, "replaced")
        guest = self._guests[identity] = _Guest(socket, self._clock.monotonic_s())
        self._change(identity, waits=True)
        rpc = Rpc(socket, partial(self._answer, identity), self._clock, station="a stranger")
        try:
            async with self._clock.timeout(STAYS_S):
                await rpc.receive()
        except TimeoutError:
            await socket.close(1001, "nobody has adopted this station yet")
        finally:
            if self._guests.get(identity) is guest:
                del self._guests[identity]
                self._change(identity, waits=False)

    def _answer(self, identity: str, action: str, said: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        if action == "BootNotification":
            self._change(identity, boot=_boot(said))
        return answer_waiting(action, self._clock.utc_now(), "this station waits until somebody adopts it")

    def _change(self, identity: str, *, waits: bool | None = None, boot: Boot | None = None) -> None:
        known = self._known.get(identity)
        if known is not None:
            waits = known.waits if waits is None else waits
            self._known[identity] = replace(known, waits=waits, boot=boot or known.boot)

    def _hang_up(self, identity: str, why: str) -> None:
        guest = self._guests.pop(identity, None)
        if guest is not None:
            self._change(identity, waits=False)
            guest.socket.hang_up(1012, why)

    def _note(self, name: str, address: str) -> None:
        """Remember it, and say once for each identity what to do about it."""
        now = self._clock.utc_now()
        known = self._known.pop(name, None)
        if known is None:
            known = Stranger(identity=name, address=address, first_utc=now, last_utc=now, times=0)
        self._known[name] = replace(known, address=address, last_utc=now, times=known.times + 1)
        if len(self._known) > MOST_STRANGERS:
            del self._known[next(each for each in self._known if each not in self._guests)]
        if name in self._told_of or len(self._told_of) >= MOST_STRANGERS:
            return
        self._told_of.add(name)
        LOGGER.warning(
            "A charging station at %s calls itself %.60r, which is not in the site file; %s. If it is yours, "
            "adopt it on the commissioning page, or write this name as `id` or `identity` of a station.",
            address,
            name,
            "it waits and is not controlled" if self._may_wait else "refused",
        )


def _boot(said: Mapping[str, object]) -> Boot:
    """Who it says it is, in either version's words."""
    inner = said.get("chargingStation")
    if isinstance(inner, dict):
        serial = text(inner, "serialNumber")
        return Boot(
            vendor=text(inner, "vendorName"),
            model=text(inner, "model"),
            firmware=text(inner, "firmwareVersion"),
            serials=(serial,) if serial else (),
        )
    serials = (text(said, "chargePointSerialNumber"), text(said, "chargeBoxSerialNumber"))
    return Boot(
        vendor=text(said, "chargePointVendor"),
        model=text(said, "chargePointModel"),
        firmware=text(said, "firmwareVersion"),
        serials=tuple(serial for serial in serials if serial),
    )
