"""The OCPP central system: where charging stations connect, and where limits leave as leases."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from websockets.asyncio.server import Server

from ems.clock import Clock
from ems.config.connectors import is_alone, of_the_station, together
from ems.config.schema import CsmsSection, StationEntry, Unknown
from ems.config.schema_csms import BootAnswer
from ems.csms.addresses import door, own_names
from ems.csms.listener import Listener
from ems.csms.pace import Pace
from ems.csms.ports import StationChanged
from ems.csms.post import Post
from ems.csms.quirks.learned import LearnedBook
from ems.csms.quirks.rows import patterns
from ems.csms.security.gate import Gate
from ems.csms.security.renewal import Renewals
from ems.csms.security.tls import CannotEncrypt
from ems.csms.station import Station
from ems.csms.strangers import Stranger, Strangers
from ems.csms.tags import Authorise, free_vending
from ems.csms.transaction_book import Told, untold
from ems.csms.transaction_ids import TransactionIds
from ems.csms.visit import StationSocket
from ems.csms.waiting_room import WaitingRoom
from ems.errors import EmsError
from ems.model.transaction import Transaction

LOGGER = logging.getLogger(__name__)

TRIES_PAPERS_EVERY_S: Final = 60.0
ALARMS_EVERY_S: Final = 30.0


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
        folder: Path | None = None,
        transaction_told: Told = untold,
        learned: LearnedBook | None = None,
    ) -> None:
        """`passwords` by station id. `bind_port` overrides the section's port; 0 takes any free one, for TLS too.

        `folder` keeps what must be remembered of the stations' security. Raises ValueError when two entries share an
        identity and a connector.
        """
        # The message library logs every frame, keys and id tags included.
        logging.getLogger("ocpp").setLevel(logging.WARNING)
        pace = pace or Pace.of(section)
        ids = TransactionIds()
        learned = learned or LearnedBook()
        self._section = section
        self._clock = clock
        self._bind_port = section.port if bind_port is None else bind_port
        self._port: int | None = None
        self._tls_port: int | None = None
        groups = together(stations)
        self._by_identity: dict[str, Post] = {}
        self.gate: Final = Gate(
            {identity: group[0] for identity, group in groups.items()},
            _post_passwords(groups, passwords),
            clock,
            tls=section.tls,
            names=partial(own_names, section.host),
            folder=folder,
        )
        by_id: dict[str, Station] = {}
        for identity, group in groups.items():
            post = self._by_identity[identity] = Post(of_the_station(group), clock, pace, self.gate)
            for entry in group:
                by_id[entry.id] = Station(
                    entry,
                    post,
                    clock,
                    ids,
                    changed,
                    alone=is_alone(group),
                    authorise=authorise,
                    transaction_told=transaction_told,
                    learned=learned,
                )
        in_order = {entry.id: by_id[entry.id] for entry in stations}
        self.links: Final[Mapping[str, Station]] = MappingProxyType(in_order)
        self._waiting_room = WaitingRoom(clock)
        self.listening: Final = asyncio.Event()
        """Set while stations can connect."""

        self._listener = Listener(
            frozenset(self._by_identity),
            self.gate,
            Strangers(clock, may_wait=section.unknown is Unknown.WAIT),
            clock,
            self._converse,
            pin_of=self._pin_of,
            hint_of=self._hint_of,
            stormed=self._stormed,
        )

    @property
    def port(self) -> int:
        """Where it listens. Raises RuntimeError before it does."""
        if self._port is None:
            raise RuntimeError("the central system does not listen yet")
        return self._port

    @property
    def tls_port(self) -> int | None:
        """Where it listens for encrypted connections; None where the site file wants none, and before it does."""
        return self._tls_port

    @property
    def strangers(self) -> tuple[Stranger, ...]:
        """Stations that tried to connect by a name that nobody configured, the newest last."""
        return self._listener.strangers.all

    def turn_away(self, identities: frozenset[str]) -> None:
        """None of these strangers may wait here any more."""
        self._listener.strangers.turn_away(identities)

    def charging(self) -> tuple[tuple[str, str], ...]:
        """The stations with a running session, each with its tag."""
        sessions = ((station_id, station.session) for station_id, station in self.links.items())
        return tuple((station_id, session.id_tag) for station_id, session in sessions if session is not None)

    def identity_of(self, station_id: str) -> str:
        """The last part of the address that the station connects to."""
        post = self.links[station_id].post
        return next(identity for identity, each in self._by_identity.items() if each is post)

    def rename(self, station_id: str, identity: str) -> None:
        """That station, with all its connectors, comes by another identity from now on.

        Raises ValueError for the identity of another one.
        """
        post, before = self.links[station_id].post, self.identity_of(station_id)
        if self._by_identity.get(identity, post) is not post:
            raise ValueError(f"another station has the identity {identity!r}; it is what tells them apart")
        del self._by_identity[before]
        self._by_identity[identity] = post
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
        for station in self.links.values():
            station.known.recall()
        servers: list[Server] = []
        try:
            await self.gate.prepare()
            self._port = await self._open(servers, self._bind_port)
            LOGGER.info("charging stations connect to ws://%s:%d/<identity>", door(self._section.host), self._port)
            await self._open_encrypted(servers)
            self.listening.set()
            async with asyncio.TaskGroup() as watches:
                watches.create_task(self.gate.watch(self._listener.check_again), name="papers")
                watches.create_task(self.gate.keyring.run(), name="keyring")
                watches.create_task(self._open_late(servers), name="encrypted door")
                watches.create_task(self._follow_alarms(), name="alarms")
                posts = {post.station_id: post for post in self._by_identity.values()}
                watches.create_task(Renewals(self.gate, posts, self._clock).run(), name="renewals")
        finally:
            self.listening.clear()
            for server in servers:
                server.close()
            await asyncio.gather(*(server.wait_closed() for server in servers))

    async def _open_encrypted(self, servers: list[Server]) -> None:
        """Let stations come encrypted. Papers that cannot be used do not keep the others out."""
        tls = self._section.tls
        if tls is None:
            return
        try:
            encrypted = await self.gate.papers()
        except CannotEncrypt as error:
            LOGGER.error("%s; stations can only connect unencrypted meanwhile", error)  # noqa: TRY400 (says all)
            return
        self._tls_port = await self._open(servers, tls.port if self._bind_port else 0, encrypted)
        host = door(self._section.host)
        LOGGER.info("charging stations connect encrypted to wss://%s:%d/<identity>", host, self._tls_port)

    async def _open_late(self, servers: list[Server]) -> None:
        """Try again until the encrypted door is open."""
        while self._section.tls is not None and self._tls_port is None:
            await self._clock.sleep(TRIES_PAPERS_EVERY_S)
            try:
                await self._open_encrypted(servers)
            except CannotListen as error:
                LOGGER.error("%s; trying again", error)  # noqa: TRY400 (says all)

    async def _open(self, servers: list[Server], port: int, encrypted: ssl.SSLContext | None = None) -> int:
        """The port that one door got. Raises CannotListen."""
        try:
            server = await self._listener.start(self._section.host, port, encrypted)
        except OSError as error:
            key = "csms.port" if encrypted is None else "csms.tls.port"
            raise CannotListen(
                f"cannot listen for stations ({error}); is another service running? End it, or set another {key}"
            ) from error
        servers.append(server)
        return int(next(iter(server.sockets)).getsockname()[1])

    def _stormed(self, identity: str) -> None:
        post = self._by_identity[identity]
        post.security.knocked()
        post.look_again()

    async def _follow_alarms(self) -> None:
        """Alarms of stations that are away end too."""
        while True:
            await self._clock.sleep(ALARMS_EVERY_S)
            for station in self.links.values():
                if station.state.alarms:
                    station.look_again()

    def _pin_of(self, identity: str) -> str | None:
        post = self._by_identity.get(identity)
        return None if post is None else post.entry.ocpp

    def _hint_of(self, identity: str) -> str | None:
        post = self._by_identity.get(identity)
        return None if post is None else post.version_hint

    async def _converse(self, identity: str, socket: StationSocket) -> None:
        post = self._by_identity[identity]
        if post.entry.boot is BootAnswer.ACCEPT:
            await post.converse(socket)
        else:
            await self._waiting_room.host(post.station_id, post.entry.boot, socket)


def _post_passwords(groups: Mapping[str, Sequence[StationEntry]], passwords: Mapping[str, str]) -> Mapping[str, str]:
    """By the id of each station's first entry, whichever of its entries has the password."""
    found = {
        group[0].id: next((passwords[e.id] for e in group if e.id in passwords), None) for group in groups.values()
    }
    return {station_id: password for station_id, password in found.items() if password is not None}
