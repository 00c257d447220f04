"""The OCPP central system: where charging stations connect, and where limits leave as leases."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ems.clock import Clock
from ems.config.schema import CsmsSection, StationEntry
from ems.csms.listener import Listener, Stranger
from ems.csms.pace import Pace
from ems.csms.ports import StationChanged
from ems.csms.quirks.learned import LearnedBook
from ems.csms.quirks.rows import patterns
from ems.csms.station import Station
from ems.csms.tags import Authorise, free_vending
from ems.csms.transaction_book import Told, untold
from ems.csms.transaction_ids import TransactionIds
from ems.csms.visit import StationSocket
from ems.errors import EmsError
from ems.model.transaction import Transaction

LOGGER = logging.getLogger(__name__)

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 (only compared)
ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737)."""


class CannotListen(EmsError):
    """Stations cannot connect: the address is taken, or not ours."""

    code = "cannot_listen"


class CentralSystem:
    """All configured stations, and the door they come through."""

    def __init__(
        self,
        section: CsmsSection,
        stations: Sequence[StationEntry],
        clock: Clock,
        changed: StationChanged,
        passwords: Mapping[str, str],
        *,
        bind_port: int | None = None,
        pace: Pace | None = None,
        authorise: Authorise = free_vending,
        transaction_told: Told = untold,
        learned: LearnedBook | None = None,
    ) -> None:
        """`passwords` by station id. `bind_port` overrides the section's port; 0 takes any free one.

        Raises ValueError when two stations share an identity.
        """
        # The message library logs every frame, keys and id tags included.
        logging.getLogger("ocpp").setLevel(logging.WARNING)
        pace = pace or Pace.of(section)
        ids = TransactionIds()
        learned = learned or LearnedBook()
        self._section = section
        self._bind_port = section.port if bind_port is None else bind_port
        self._port: int | None = None
        self._by_identity: dict[str, Station] = {}
        for entry in stations:
            identity = _identity(entry)
            if identity in self._by_identity:
                raise ValueError(f"two stations have the identity {identity!r}; it is what tells them apart")
            self._by_identity[identity] = Station(
                entry,
                clock,
                pace,
                ids,
                changed,
                authorise=authorise,
                transaction_told=transaction_told,
                learned=learned,
            )
        by_id = {station.station_id: station for station in self._by_identity.values()}
        self.links: Final[Mapping[str, Station]] = MappingProxyType(by_id)
        self.listening: Final = asyncio.Event()
        """Set while stations can connect."""

        self._listener = Listener(
            frozenset(self._by_identity),
            {_identity(entry): passwords[entry.id] for entry in stations if entry.id in passwords},
            clock,
            self._converse,
            pin_of=lambda identity: self._by_identity[identity].entry.ocpp,
            hint_of=lambda identity: self._by_identity[identity].known.version_hint,
        )

    @property
    def port(self) -> int:
        """Where it listens. Raises RuntimeError before it does."""
        if self._port is None:
            raise RuntimeError("the central system does not listen yet")
        return self._port

    @property
    def strangers(self) -> tuple[Stranger, ...]:
        """Stations that tried to connect by a name that nobody configured, the newest last."""
        return self._listener.strangers

    def charging(self) -> tuple[tuple[str, str], ...]:
        """The stations with a running session, each with its tag."""
        sessions = ((station_id, station.session) for station_id, station in self.links.items())
        return tuple((station_id, session.id_tag) for station_id, session in sessions if session is not None)

    def identity_of(self, station_id: str) -> str:
        """The last part of the address that the station connects to."""
        station = self.links[station_id]
        return next(identity for identity, each in self._by_identity.items() if each is station)

    def rename(self, station_id: str, identity: str) -> None:
        """That station comes by another identity from now on. Raises ValueError for the identity of another one."""
        station, before = self.links[station_id], self.identity_of(station_id)
        if self._by_identity.get(identity, station) is not station:
            raise ValueError(f"another station has the identity {identity!r}; it is what tells them apart")
        del self._by_identity[before]
        self._by_identity[identity] = station
        self._listener.rename(before, identity)

    def recall(self, transactions: Iterable[Transaction]) -> None:
        """Go on from the transactions that an earlier run kept, oldest first; before any station connects."""
        for each in transactions:
            station = self.links.get(each.station_id)
            if station is not None:
                station.recall([each])

    async def serve(self) -> None:
        """Serve stations until cancelled; then close every connection. Raises CannotListen, say for a port in use."""
        # Some tenths of a second, which no boot notification has to wait for.
        await asyncio.to_thread(patterns)
        for station in self._by_identity.values():
            station.known.recall()
        try:
            server = await self._listener.start(self._section.host, self._bind_port)
        except OSError as error:
            raise CannotListen(
                f"cannot listen for stations ({error}); is another service running? End it, or set another csms.port"
            ) from error
        try:
            self._port = int(next(iter(server.sockets)).getsockname()[1])
            LOGGER.info("charging stations connect to ws://%s:%d/<identity>", door(self._section.host), self._port)
            self.listening.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.listening.clear()
            server.close()
            await server.wait_closed()

    async def _converse(self, identity: str, socket: StationSocket) -> None:
        await self._by_identity[identity].converse(socket)


def _identity(entry: StationEntry) -> str:
    return entry.id if entry.identity is None else entry.identity


def door(host: str) -> str:
    """What to type into a station: an address that stands for all of ours is none, so this machine's own instead."""
    if host in EVERYWHERE:
        return _own_address() or socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _own_address() -> str | None:
    """The IPv4 address by which this machine reaches others; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            # Sends nothing: a datagram socket that is connected only chooses where it would send from.
            asking.connect(ELSEWHERE)
        except OSError:
            return None
        address: str = asking.getsockname()[0]
    return address
