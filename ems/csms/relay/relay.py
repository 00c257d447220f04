"""The relay of one station to a second central system: what happens here is told there, and nothing waits for it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Final, Protocol

from ems.clock import Clock
from ems.config.schema_upstream import UpstreamCommand, UpstreamSection
from ems.csms.messages import Boot, MeterReport, StatusReport, TagStatus, TagVerdict, TransactionEvent
from ems.csms.observer import RelayState, Said
from ems.csms.ports import LeasedLimit
from ems.csms.relay.backlog import Backlog, Kept
from ems.csms.relay.cap_book import CapBook
from ems.csms.relay.caps import Running
from ems.csms.relay.commands import Commands
from ems.csms.relay.conversation import Conversation
from ems.csms.relay.desk import Commanded, Payload
from ems.csms.relay.door import Door
from ems.csms.relay.entries import Account
from ems.csms.relay.line import Line
from ems.csms.relay.sessions import Sessions
from ems.csms.relay.settings import Settings
from ems.csms.relay.shelf import Shelf
from ems.csms.relay.shown import Shown, ShownStates
from ems.csms.relay.tags import Tags
from ems.csms.relay.tongue import Tongue
from ems.csms.relay.vendor_data import VendorData
from ems.csms.rpc import Later
from ems.errors import StationOffline
from ems.model.station import StationState

LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
MOST_EARLY: Final = 500
"""Reports that wait until the disk was read."""

HEARTBEAT_S: Final = 300
TRIGGERS: Final = frozenset({"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"})
BOOT: Final = "boot"


class RelayedStation(Commanded, Protocol):
    """What the relay needs of a station."""

    @property
    def station_id(self) -> str: ...

    @property
    def state(self) -> StationState: ...

    def look_again(self) -> None: ...


class Relay:
    """Implements `observer.Observer` for the station, `desk.Desk` for the commands, `Source` for the conversation."""

    def __init__(
        self,
        station: RelayedStation,
        section: UpstreamSection,
        clock: Clock,
        tongue: Tongue,
        door: Door,
        shelf: Shelf,
        *,
        phases: int,
        new_id: Callable[[], str],
        jitter: Callable[[], float],
    ) -> None:
        """`phases` is how many are wired. `jitter` gives a factor for a pause, from 0.5 to 1."""
        self._station = station
        self._section = section
        self._clock = clock
        self._shelf = shelf
        self._name = f"{station.station_id}'s second central system"
        self.backlog: Final = Backlog(new_id)
        self.caps: Final = CapBook(self.backlog.keep, phases=phases)
        self.settings: Final = Settings(
            self.backlog.keep, meter_values_s=section.meter_values_s, heartbeat_s=HEARTBEAT_S
        )
        self.news: Final = asyncio.Event()
        self.boot: Boot | None = None
        self.allowed_a: float | None = None
        self._sessions = Sessions(self.backlog, self.settings, clock, phases=phases)
        self._commands = Commands(self, station, section, clock, phases=phases)
        self._tags = Tags(station, section, clock, self._authorize, name=self._name)
        self._vendor_data = VendorData(self._tell_vendor, clock)
        self._promised: tuple[str, Payload] | None = None
        self._shown = ShownStates(clock)
        self._early: list[Said] | None = []
        self._introduced = asyncio.Event()
        self._wanted: set[str] = set()
        talk = partial(Conversation, source=self, commands=self._commands, tongue=tongue, clock=clock, name=self._name)
        self._line = Line(door, talk, clock, jitter, name=self._name)

    @property
    def state(self) -> RelayState:
        """For people."""
        return RelayState(
            connected=self._line.is_registered,
            queued=len(self.backlog),
            lost=self.backlog.lost,
            last_error=self._line.last_error,
        )

    async def run(self) -> None:
        """For ever."""
        if self._early is not None:
            self._recall(await self._shelf.recall())
        keeping = asyncio.create_task(self._look_after())
        try:
            # It is the station that is presented there, so the station has to have come once.
            await self._introduced.wait()
            await self._line.keep()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._tags.end()
            await self._shelf.leave(self.backlog.take_changes())

    # What the station tells and asks.

    def told(self, said: Said) -> None:
        """See `Observer.told`. What comes before the disk was read is taken after it."""
        if self._early is None:
            self._take(said)
        elif len(self._early) < MOST_EARLY:
            self._early.append(said)

    def limited(self, lease: LeasedLimit) -> None:
        """See `Observer.limited`."""
        self.allowed_a = lease.limit_a

    def consult(self, id_tag: str) -> asyncio.Task[None] | None:
        """See `Observer.consult`."""
        return self._tags.consult(id_tag)

    def vendor_data(self, payload: Payload) -> Later | None:
        """See `Observer.vendor_data`."""
        is_allowed = UpstreamCommand.DATA in self._section.allow and self._line.is_registered
        return self._vendor_data.pass_on(payload) if is_allowed else None

    def verdict(self, id_tag: str) -> TagVerdict | None:
        """See `Observer.verdict`."""
        return self._tags.verdict(id_tag)

    @property
    def cap_a(self) -> float | None:
        """See `Observer.cap_a`."""
        if self._section.limits == "ignore" or not len(self.caps):
            return None
        return self.caps.cap_a(self._clock.utc_now(), self.running)

    @property
    def overflowed(self) -> bool:
        """See `Observer.overflowed`."""
        return self.backlog.overflowed

    # What the second central system's commands need.

    @property
    def running(self) -> Running | None:
        """The session of connector 1."""
        session = self._station.session
        if session is None:
            return None
        account = self.backlog.account(session.key)
        began = datetime.fromtimestamp(session.began_utc_s, UTC)
        return Running(transaction_id=None if account is None else account.theirs, began=began)

    def caps_changed(self) -> None:
        """Have control know at once."""
        self._station.look_again()

    def asked_for(self, report: str) -> bool:
        """See `Desk.asked_for`."""
        if report not in TRIGGERS:
            return False
        if report == "MeterValues":
            self._sessions.meter_soon()
        else:
            self._wanted.add(report)
        self.news.set()
        return True

    def trusts(self, id_tag: str, profile: Payload | None) -> None:
        """See `Desk.trusts`."""
        self._tags.trust(id_tag)
        self._promised = None if profile is None else (id_tag, profile)

    def forget_tags(self) -> None:
        """See `Desk.forget_tags`."""
        self._tags.forget()

    # What the conversation tells.

    def states(self) -> Mapping[int, Shown]:
        """See `Source.states`."""
        return self._shown.now()

    def take_wanted(self) -> frozenset[str]:
        """See `Source.take_wanted`."""
        wanted, self._wanted = frozenset(self._wanted), set()
        return wanted

    async def flush(self) -> None:
        """See `Source.flush`."""
        await self._shelf.save(self.backlog.take_changes())

    def named(self, account: Account, theirs: int, word: str) -> None:
        """See `Source.named`."""
        accepted = word == TagStatus.ACCEPTED.value
        self.backlog.named(account.transaction, theirs, accepted=accepted)
        self._tags.heard(account.id_tag, word)
        promised, self._promised = self._promised, None
        running = self.running
        if promised is not None and promised[0] == account.id_tag and running and running.transaction_id == theirs:
            payload = {**promised[1], "transactionId": theirs}
            self.caps.set(payload, account.connector, self._clock.utc_now(), running)
            self.caps_changed()

    def registered(self) -> None:
        """See `Source.registered`."""
        self._line.last_error = None
        LOGGER.info("%s knows the station; %d entries wait for it", self._name, len(self.backlog))

    def gave_up(self, why: str) -> None:
        """See `Source.gave_up`."""
        LOGGER.warning("%s; given up", why)
        self._line.last_error = why

    async def _authorize(self, id_tag: str) -> str | None:
        conversation = self._line.conversation
        return None if conversation is None else await conversation.authorize(id_tag)

    async def _tell_vendor(self, payload: Payload) -> Payload:
        conversation = self._line.conversation
        if conversation is None:
            raise StationOffline(f"{self._name} is not connected")
        return await conversation.vendor_data(payload)

    def _take(self, said: Said) -> None:
        try:
            self._pass_on(said)
        except Exception:
            LOGGER.exception("%s: a report could not be passed on", self._name)
        self.news.set()

    def _pass_on(self, said: Said) -> None:
        if isinstance(said, Boot):
            self.boot = said
            self._introduced.set()
            self._wanted.add("BootNotification")
            self.backlog.keep(BOOT, json.dumps(asdict(said)))
        elif isinstance(said, StatusReport):
            self._shown.told(said)
        elif isinstance(said, MeterReport):
            self._sessions.metered(said)
        elif isinstance(said, TransactionEvent):
            self._sessions.metered(
                MeterReport(connector=said.connector, transaction_id=said.transaction_id, meter_value=said.meter_value)
            )
        else:
            self._sessions.followed(said)

    def _recall(self, kept: Kept) -> None:
        self.backlog.recall(kept)
        self.caps.recall(kept.facts)
        self.settings.recall(kept.facts)
        if self.boot is None and BOOT in kept.facts:
            with suppress(ValueError, TypeError):
                facts = json.loads(kept.facts[BOOT])
                self.boot = Boot(**{**facts, "serials": tuple(facts["serials"])})
                self._introduced.set()
        early, self._early = self._early or [], None
        for said in early:
            self._take(said)

    async def _look_after(self) -> None:
        while True:
            connected = self._station.state.connected
            self._shown.seen(connected=connected)
            self._sessions.close_gone(self._station.session, connected=connected)
            open_ids = (each.theirs for each in self.backlog.accounts if not each.ended)
            self.caps.prune(self._clock.utc_now(), frozenset(each for each in open_ids if each is not None))
            await self.flush()
            await self._clock.sleep(LOOK_EVERY_S)
