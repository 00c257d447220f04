"""A charging station that speaks OCPP over a real socket, and whose faults can be switched on.

It speaks the version that its build names, and is as difficult as its build says. `SimulatedStation.run` lives for
ever: it ticks twice a second (profiles, offer, status) and holds the connection, coming back by itself. What it offers
its car flows into the `World`, so whether a limit was obeyed is seen in amperes.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from ems.clock import Clock
from ems.devices.cancellation import end_if_cancelled
from ems.model.station import ConnectorStatus
from ems.sim.schedules import Limit, TransactionId
from ems.sim.wire.dialling import NOWHERE, Address, dial, redial_s
from ems.sim.wire.garbage import GARBAGE, Garbage
from ems.sim.wire.obedience import OBEYED_WITHIN_A, Obedience, Reaction, StationReport, reports_of
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult, CallResultError, Malformed, Send, decode
from ems.sim.wire.papers import Papers
from ems.sim.wire.station_box import Faults, Forget, LimitChange, StationBox, StationBuild
from ems.sim.wire.tongue import Misunderstood, OwnCall, ProfileFrame, Tongue
from ems.sim.wire.v2.tongue import Tongue2
from ems.sim.wire.v16.tongue import Tongue16
from ems.sim.wire.version import Version
from ems.sim.world import World

__all__ = ["OBEYED_WITHIN_A", "Garbage", "ProfileFrame", "Reaction", "SimulatedStation", "StationReport"]

LOGGER = logging.getLogger(__name__)

TICK_S: Final = 0.5
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 10.0
ANSWER_WITHIN_S: Final = 30.0
TELL_AGAIN_S: Final = 5.0


class SimulatedStation:
    """One station. Tests reach into its `faults`; figures are in `report`, frames and changes in their lists."""

    def __init__(self, build: StationBuild, world: World, clock: Clock) -> None:
        self.build: Final = build
        self._clock = clock
        self._box = StationBox(build, world, clock)
        self._tongue: Tongue = Tongue16(self._box, clock) if build.version is Version.V16 else Tongue2(self._box, clock)
        self._address: Address | None = None
        self._may_connect = asyncio.Event()
        self._dropped = False
        self._news = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._pending: tuple[str, asyncio.Future[CallResult | CallError]] | None = None
        self._numbers = itertools.count(1)
        self._connections = 0
        self._obedience = Obedience(self._box, self._tongue.log)

    @property
    def faults(self) -> Faults:
        return self._box.faults

    @property
    def papers(self) -> Papers:
        """What it shows at the door."""
        return self._tongue.papers

    @property
    def box(self) -> StationBox:
        """Its inside; a test may reach into it."""
        return self._box

    @property
    def connected(self) -> bool:
        return self._socket is not None

    @property
    def status(self) -> ConnectorStatus:
        return self._box.status

    @property
    def limit(self) -> Limit:
        """The limit in force."""
        return self._box.limit

    @property
    def transaction_id(self) -> TransactionId | None:
        return self._box.transaction.transaction_id if self._box.transaction else None

    @property
    def frames(self) -> tuple[ProfileFrame, ...]:
        """Every limit received, oldest first."""
        return tuple(self._tongue.log.frames)

    @property
    def limit_changes(self) -> tuple[LimitChange, ...]:
        """Every change of the limit in force, oldest first."""
        return tuple(self._box.limit_changes)

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """For every accepted limit that came true before the next one: when."""
        return tuple(self._obedience.reactions)

    def report(self) -> StationReport:
        """Of its first connector."""
        return self.reports()[0]

    def reports(self) -> tuple[StationReport, ...]:
        """Of each connector."""
        return reports_of(self._box, self._tongue.log, self._connections)

    def connect_to(self, host: str, port: int, tls_port: int | None = None) -> None:
        """Where its central system listens, unencrypted and encrypted; it connects from now on."""
        self._address = Address(host=host, port=port, tls_port=port if tls_port is None else tls_port)
        self._let_connect()

    def drop(self) -> None:
        """Cut its network; it stays away until `come_back`."""
        self._dropped = True
        self._let_connect()
        self._cut()

    def come_back(self) -> None:
        """Mend its network."""
        self._dropped = False
        self._let_connect()

    def reboot(self, forget: Forget = Forget.TRANSACTION_PROFILES) -> None:
        """Take its power away; it is back after its boot time."""
        self._restart(forget, "PowerLoss")

    def present_card(self, tag: str) -> None:
        """Hold a card to its reader."""
        self._box.cards.append(tag)

    async def send_garbage(self, kind: Garbage) -> None:
        """Send nonsense on the connection, if there is one."""
        if self._socket is not None:
            await self._socket.send(GARBAGE[kind])

    async def run(self) -> None:
        """Live for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tick_for_ever())
            tasks.create_task(self._stay_connected())

    async def _tick_for_ever(self) -> None:
        while True:
            self._box.tick()
            self._tongue.tick()
            self._let_connect()
            self._obedience.look(self._clock.monotonic_s())
            self._news.set()
            if self._tongue.papers.redial:
                self._tongue.papers.redial = False
                self._cut()
            reason = self._tongue.reset_wanted()
            if reason is not None:
                self._restart(Forget.TRANSACTION_PROFILES, reason)
            await self._clock.sleep(TICK_S)

    def _restart(self, forget: Forget, reason: str) -> None:
        self._box.reboot(forget, reason)
        self._tongue.power_lost()
        self._let_connect()
        self._cut()

    def _let_connect(self) -> None:
        if self._address is not None and not self._dropped and not self._box.dark:
            self._may_connect.set()
        else:
            self._may_connect.clear()

    def _cut(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    async def _stay_connected(self) -> None:
        wait_s = FIRST_RETRY_S
        while True:
            await self._may_connect.wait()
            before = self._connections
            try:
                await self._connect_once()
            except* (OSError, WebSocketException, TimeoutError) as errors:
                LOGGER.debug("%s lost its connection: %s", self.build.station_id, errors.exceptions[0])
            # A connection that broke at the same moment hides that we were told to end.
            end_if_cancelled()
            if self._connections > before:
                wait_s = FIRST_RETRY_S
            else:
                self._tongue.papers.stayed_out()
            await self._clock.sleep(redial_s(self.build.difficulty, wait_s))
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)

    async def _connect_once(self) -> None:
        papers = self._tongue.papers
        async with dial(self.build, self._address or NOWHERE, papers) as socket:
            papers.came_in()
            self._connections += 1
            self._socket = socket
            self._box.connected()
            self._tongue.connected()
            try:
                await self._converse(socket)
            finally:
                self._socket = None
                self._pending = None
                self._box.disconnected()
                self._tongue.disconnected()

    async def _converse(self, socket: ClientConnection) -> None:
        """Until the connection ends."""
        async with asyncio.TaskGroup() as tasks:
            others = {tasks.create_task(self._tell_news(socket)), tasks.create_task(self._storm())}
            async for raw in socket:
                answer = self._take(raw)
                if answer is None:
                    continue
                if self.faults.answer_delay_s <= 0:
                    await socket.send(answer.text())
                else:
                    late = tasks.create_task(self._answer_late(socket, answer, self.faults.answer_delay_s))
                    others.add(late)
                    late.add_done_callback(others.discard)
            for task in others:
                task.cancel()

    def _take(self, raw: str | bytes) -> CallResult | CallError | None:
        """Understand a frame; gives what to answer to a request."""
        try:
            frame = decode(raw)
        except Malformed:
            return None
        if isinstance(frame, Call):
            answer = self._tongue.answer(frame)
            self._news.set()
            return answer
        if isinstance(frame, CallResultError | Send):
            return None
        if self._pending is not None and self._pending[0] == frame.message_id and not self._pending[1].done():
            self._pending[1].set_result(frame)
        return None

    async def _storm(self) -> None:
        """Where that is its nature: hang up in order to dial again."""
        every_s = self.build.difficulty.storms_every_s
        if every_s > 0:
            await self._clock.sleep(every_s)
            self._cut()

    async def _answer_late(self, socket: ClientConnection, answer: CallResult | CallError, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        await socket.send(answer.text())

    async def _tell_news(self, socket: ClientConnection) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while (call := self._tongue.next_call()) is not None:
                if not await self._tell(socket, call):
                    await self._clock.sleep(TELL_AGAIN_S)

    async def _tell(self, socket: ClientConnection, own: OwnCall) -> bool:
        """Send one call and wait for its answer; False when none came or it was an error."""
        message_id = f"{self.build.station_id}-{next(self._numbers)}"
        if own.unanswered:
            await socket.send(Send(message_id=message_id, action=own.action, payload=own.payload).text())
            return True
        future: asyncio.Future[CallResult | CallError] = asyncio.get_running_loop().create_future()
        self._pending = (message_id, future)
        await socket.send(self._text(Call(message_id=message_id, action=own.action, payload=own.payload)))
        try:
            async with self._clock.timeout(ANSWER_WITHIN_S):
                answer = await future
        except TimeoutError:
            return False
        finally:
            self._pending = None
        if isinstance(answer, CallError):
            return False
        try:
            own.answered(answer.payload)
        except Misunderstood as err:
            if self.build.version is Version.V21:
                complaint = CallResultError(message_id=message_id, code="FormatViolation", description=str(err))
                await socket.send(complaint.text())
            return False
        return True

    def _text(self, call: Call) -> str:
        text = call.text()
        odd = self.build.difficulty
        return text.replace('"sampledValue":[', '"sampledValue":[,') if odd.leading_comma else text
