"""One connection to a second central system: introduce the station, tell what is due, one request at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection

from ems.clock import Clock
from ems.csms.fields import text, whole
from ems.csms.lane import CallRefused, Urgency
from ems.csms.messages import Boot
from ems.csms.relay.backlog import Backlog
from ems.csms.relay.commands import Commands
from ems.csms.relay.entries import Account, Begin, Meter, Waiting
from ems.csms.relay.settings import Settings
from ems.csms.relay.shown import Shown
from ems.csms.relay.tongue import Tongue
from ems.csms.rpc import Rpc
from ems.errors import StationOffline, StationRefused

LOGGER = logging.getLogger(__name__)

ANSWER_WITHIN_S: Final = 30.0
CLOSE_WITHIN_S: Final = 1.0
"""For a polite end; then it is hung up."""

LOOK_EVERY_S: Final = 10.0
BETWEEN_S: Final = 0.05
"""Between two entries of the backlog, so that a long one leaves time for everything else."""

ATTEMPTS: Final = 4
"""An entry that is answered with an error so many times is given up."""

ATTEMPT_PAUSE_S: Final = 10.0
LEAST_BOOT_PAUSE_S: Final = 10.0
MOST_BOOT_PAUSE_S: Final = 600.0
BOOT_PAUSE_S: Final = 60.0


class Source(Protocol):
    """What there is to tell."""

    @property
    def boot(self) -> Boot | None: ...

    @property
    def backlog(self) -> Backlog: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def news(self) -> asyncio.Event:
        """Set when there may be something new."""
        ...

    def states(self) -> Mapping[int, Shown]:
        """By connector."""
        ...

    def take_wanted(self) -> frozenset[str]:
        """Reports that are due out of turn."""
        ...

    async def flush(self) -> None:
        """Have on disk what is about to be told."""
        ...

    def named(self, account: Account, theirs: int, word: str) -> None:
        """A transaction has their id, and its tag their word."""
        ...

    def registered(self) -> None:
        """They know the station now."""
        ...

    def gave_up(self, why: str) -> None: ...


class Conversation:
    """From connect to disconnect."""

    def __init__(
        self, socket: ClientConnection, source: Source, commands: Commands, tongue: Tongue, clock: Clock, *, name: str
    ) -> None:
        commands.fresh()
        self._tongue = tongue
        self._socket = socket
        self._source = source
        self._clock = clock
        self._name = name
        self._rpc = Rpc(socket, tongue.hearing(commands.answer), clock, station=name)
        self._shown: dict[int, tuple[str, str]] = {}
        self._attempts = 0
        self._heartbeat_at_s = clock.monotonic_s()
        self.is_registered = False

    async def run(self) -> None:
        """Until it ends. Raises StationError, which says why."""
        work = (self._rpc.receive(), self._rpc.lane.run(), self._report())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.is_registered = False
            for task in tasks:
                task.cancel()
            self._rpc.dismiss()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()
        raise StationOffline(f"{self._name} closed the connection")

    async def authorize(self, id_tag: str) -> str:
        """Its word for a tag. Raises StationError."""
        return self._tongue.tag_word(await self._tell("Authorize", self._tongue.authorize(id_tag), Urgency.COMMAND))

    async def vendor_data(self, payload: Mapping[str, object]) -> Mapping[str, object]:
        """Its answer to vendor data of the station. Raises StationError."""
        return await self._tell("DataTransfer", payload, Urgency.COMMAND)

    async def _close(self) -> None:
        try:
            async with self._clock.timeout(CLOSE_WITHIN_S):
                await self._rpc.close()
        except TimeoutError:
            self._socket.transport.abort()

    async def _report(self) -> None:
        await self._introduce()
        self._source.take_wanted()
        while True:
            self._source.news.clear()
            await self._tell_wanted()
            await self._tell_states()
            if not await self._tell_first():
                await self._wait()

    async def _introduce(self) -> None:
        while not self.is_registered:
            answer = await self._tell("BootNotification", self._tongue.boot(self._source.boot or Boot()))
            interval_s = whole(answer, "interval")
            self._shown.clear()
            if text(answer, "status") == "Accepted":
                self.is_registered = True
                self._source.settings.heartbeat_told(interval_s)
                self._source.registered()
            else:
                LOGGER.info("%s does not accept the station yet (%s)", self._name, text(answer, "status")[:20] or "?")
                await self._clock.sleep(max(LEAST_BOOT_PAUSE_S, min(MOST_BOOT_PAUSE_S, interval_s or BOOT_PAUSE_S)))

    async def _tell_wanted(self) -> None:
        wanted = self._source.take_wanted()
        if "BootNotification" in wanted:
            self.is_registered = False
            await self._introduce()
        if "StatusNotification" in wanted:
            self._shown.clear()
        if "Heartbeat" in wanted or self._until_heartbeat_s() <= 0:
            await self._tell("Heartbeat", {})

    async def _tell_states(self) -> None:
        for connector, state in self._source.states().items():
            if self._shown.get(connector) == (state.word, state.error):
                continue
            self._shown[connector] = (state.word, state.error)
            payload = self._tongue.status(connector, state.word, state.error, state.at)
            if payload is None:
                continue
            try:
                await self._tell("StatusNotification", payload)
            except StationRefused as err:
                LOGGER.debug("%s", err)

    async def _tell_first(self) -> bool:
        """Tell the oldest entry of the backlog; False when there is none."""
        await self._source.flush()
        waiting = self._source.backlog.first
        if waiting is None:
            return False
        try:
            await self._tell_entry(waiting)
        except CallRefused as err:
            self._attempts += 1
            if self._attempts < ATTEMPTS and not isinstance(waiting.entry, Meter):
                await self._clock.sleep(ATTEMPT_PAUSE_S * self._attempts)
                return True
            self._source.gave_up(str(err))
            self._source.backlog.given_up(waiting)
        self._attempts = 0
        await self._clock.sleep(BETWEEN_S)
        return True

    async def _tell_entry(self, waiting: Waiting) -> None:
        backlog, entry = self._source.backlog, waiting.entry
        account = backlog.account(entry.transaction)
        if account is None or (account.theirs is None and not isinstance(entry, Begin)):
            backlog.given_up(waiting)
            return
        action, payload = self._tongue.entry(entry, account, self._clock.utc_now())
        answer = await self._tell(action, payload, message_id=waiting.message_id)
        if isinstance(entry, Begin):
            self._name_begin(entry, account, answer)
        backlog.told(waiting)

    def _name_begin(self, begin: Begin, account: Account, answer: Mapping[str, object]) -> None:
        theirs = self._tongue.their_id(begin, answer)
        if theirs is None:
            raise CallRefused(f"{self._name} gave a transaction no id", "FormationViolation")
        self._source.named(account, theirs, self._tongue.tag_word(answer))

    async def _wait(self) -> None:
        try:
            async with self._clock.timeout(max(0.0, min(LOOK_EVERY_S, self._until_heartbeat_s()))):
                await self._source.news.wait()
        except TimeoutError:
            pass

    def _until_heartbeat_s(self) -> float:
        return self._heartbeat_at_s + self._source.settings.heartbeat_s - self._clock.monotonic_s()

    async def _tell(
        self,
        action: str,
        payload: Mapping[str, object],
        urgency: Urgency = Urgency.ROUTINE,
        *,
        message_id: str | None = None,
    ) -> Mapping[str, object]:
        answer = await self._rpc.lane.call(
            action, payload, urgency=urgency, within_s=ANSWER_WITHIN_S, message_id=message_id
        )
        # Every request shows that the station is there, so a heartbeat is due only after a silence.
        self._heartbeat_at_s = self._clock.monotonic_s()
        return answer.payload
