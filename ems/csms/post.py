"""One charging station as a whole: its connection, its clock, who it says it is. Its connectors are `Station`s."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.csms.attendant import Attendant, AttendedConnector
from ems.csms.hearing import Hearing
from ems.csms.hearing_ports import HeardConnector
from ems.csms.messages import Boot, Configuration
from ems.csms.observer import consulting
from ems.csms.pace import Pace
from ems.csms.quickness import Quickness
from ems.csms.quirks.acquaintance import Acquaintance
from ems.csms.rpc import Rpc
from ems.csms.security.gate import Gate
from ems.csms.security.station_security import StationSecurity
from ems.csms.service.standing import PostStanding
from ems.csms.station_clock import StationClock
from ems.csms.told_on_request import ToldOnRequest
from ems.csms.versions import Speech, Versions
from ems.csms.visit import StationSocket, Visit
from ems.errors import StationOffline
from ems.model.station import ConnectorStatus

LOGGER = logging.getLogger(__name__)


class PostConnector(AttendedConnector, HeardConnector, Protocol):
    """What the station as a whole needs of each of its connectors."""

    @property
    def known(self) -> Acquaintance: ...

    def publish(self, *, limits_due: bool = False) -> None:
        """Tell when anything changed."""
        ...

    def came(self) -> None:
        """The station connected, or booted."""
        ...

    def left(self) -> None:
        """Its connection ended."""
        ...

    def forget(self) -> None:
        """It may hold nothing that it was told."""
        ...

    def restarted(self) -> None:
        """It booted: nothing that it said before holds."""
        ...

    def service_booted(self, boot: Boot) -> None: ...

    def availability_changed(self, *, operative: bool, waits: bool) -> None: ...


class Post:
    """The same object over all connections of a station."""

    def __init__(self, entry: StationEntry, clock: Clock, pace: Pace, gate: Gate | None = None) -> None:
        self.entry: Final = entry
        self.pace: Final = pace
        self._clock = clock
        self._visit: Visit | None = None
        self._protocol: str | None = None
        self._members: list[PostConnector] = []
        self.connections = 0
        self.came_at_s: float | None = None
        self.left_at_s = clock.monotonic_s()
        self.station_clock: Final = StationClock(clock)
        """Its own clock, as seen from here."""

        self.hearing: Final = Hearing(self)
        self.security: Final = StationSecurity(entry, gate, self.here, clock)
        """Its passwords and certificates."""

        self.versions: Final = Versions(self.hearing, clock, pace, station=entry.id, pin=entry.ocpp)
        self.quickness: Final = Quickness()
        """How quickly it answers, whichever connector it is about."""

        self.standing: Final = PostStanding()
        """What the service of the whole station stands at."""

        self.on_request: Final = ToldOnRequest(clock)
        """What it told in answer to special requests."""

        self.boot: Boot | None = None
        """Who it said it is; None until its first boot notification."""

        self.own_status: ConnectorStatus | None = None
        """What it last said of itself rather than of its connectors."""

        self.configuration: Configuration | None = None
        """What it told of its settings; None until asked and since its last boot."""

    @property
    def station_id(self) -> str:
        return self.entry.id

    @property
    def members(self) -> Sequence[PostConnector]:
        """Its connectors that somebody configured."""
        return self._members

    @property
    def visit(self) -> Visit | None:
        """The present connection."""
        return self._visit

    @property
    def protocol(self) -> str | None:
        """What it speaks, or spoke last."""
        return self._protocol if self._visit is None else self._visit.speech.protocol

    @property
    def quirks(self) -> QuirkSection:
        """What is peculiar about it."""
        return self._known.match.quirks

    @property
    def version_hint(self) -> str | None:
        """The OCPP version that it should speak."""
        return self._known.version_hint

    def join(self, member: PostConnector) -> None:
        """One more of its connectors."""
        self._members.append(member)
        member.limits.search.quickness = self.quickness

    def look_again(self) -> None:
        """Have what is known of its connectors told when it changed."""
        for member in self._members:
            member.look_again()

    def here(self) -> Visit:
        """The present connection. Raises StationOffline."""
        if self._visit is None:
            raise StationOffline(f"{self.entry.id} is not connected")
        return self._visit

    async def converse(self, socket: StationSocket) -> None:
        """Serve one connection until it closes. A newer one of the same station takes over at once."""
        before, visit = self.protocol, self._new_visit(socket)
        previous, self._visit = self._visit, visit
        if previous is not None:
            LOGGER.info("%s connected again; closing its older connection", self.entry.id)
            self.security.replaced(previous.heard_at_s)
            previous.dismiss(1000, "replaced")
        self.connections += 1
        if before not in {None, visit.speech.protocol}:
            self._forget()
        self._came()
        for member in self._members:
            member.limits.refresh()
            member.publish(limits_due=True)
        self._adapt(visit)
        attendant = Attendant(self, visit, self._clock)
        visit.spawn(attendant.watch())
        visit.start_set_up(attendant.set_up())
        await visit.run()

    def booted(self, boot: Boot) -> bool:
        """Take note of a boot; False for a station that is not the one whose serial number is configured."""
        visit = self.here()
        if not self._is_ours(boot):
            LOGGER.warning("%s: refused a station with serial %s; another is configured", self.entry.id, boot.serials)
            visit.spawn(visit.close(1008, "another station is expected here"))
            return False
        self.boot = boot
        for member in self._members:
            member.observe(boot)
            member.service_booted(boot)
            member.known.meet(boot)
        self._adapt(visit)
        asked_until_s, visit.boot_asked_until_s = visit.boot_asked_until_s, None
        visit.boot_heard = True
        other_version = visit.speech.take_change()
        if other_version or asked_until_s is None or self._clock.monotonic_s() > asked_until_s:
            self._restarted(visit)
        return True

    @property
    def _known(self) -> Acquaintance:
        """All its connectors were told the same of it."""
        return self._members[0].known

    def _new_visit(self, socket: StationSocket) -> Visit:
        speech = self.versions.speech(socket.subprotocol)
        rpc = Rpc(
            socket,
            consulting(partial(self._heard, speech), self.hearing),
            self._clock,
            station=self.entry.id,
            give_way_s=self.pace.give_way_s,
            flooded=self.security.flooded,
        )
        speech.speak_on(rpc.lane)
        return Visit(socket, rpc, speech, self._clock, self.pace, station=self.entry.id, ended=self._ended)

    def _heard(
        self, speech: Speech, action: str, payload: Mapping[str, object], message_id: str
    ) -> Mapping[str, object]:
        self.station_clock.glance(payload)
        return speech.answer(action, payload, message_id)

    def _adapt(self, visit: Visit) -> None:
        """Treat that connection as suits the station, as far as it is known by now."""
        visit.pace = self._known.pace
        self.station_clock.in_local_time = bool(self.quirks.time_zone_bug)
        visit.rpc.lane.patience_s = self.quirks.call_timeout_s or 0.0
        visit.rpc.lane.quickness = self.quickness

    def _ended(self, visit: Visit) -> None:
        if self._visit is visit:
            self._protocol = visit.speech.protocol
            self._visit = None
            self.left_at_s = self._clock.monotonic_s()
            for member in self._members:
                member.left()

    def _restarted(self, visit: Visit) -> None:
        """Forget what the station has forgotten, and let everybody know that its limits are due again."""
        self.hearing.restarted()
        for member in self._members:
            member.restarted()
        self._forget()
        self._came()
        visit.begin_anew()
        # A station in the middle of its boot may never answer what it got before.
        visit.rpc.lane.hurry(even_limits=True)
        visit.start_set_up(Attendant(self, visit, self._clock).set_up())
        for member in self._members:
            member.publish(limits_due=True)

    def _forget(self) -> None:
        """It may hold nothing that it was told: it booted, or speaks another version, which may have its own limits."""
        self.configuration = None
        for member in self._members:
            member.forget()

    def _came(self) -> None:
        self.came_at_s = self._clock.monotonic_s()
        for member in self._members:
            member.came()

    def _is_ours(self, boot: Boot) -> bool:
        expected = self.entry.serial
        return expected is None or expected.lower() in {serial.lower() for serial in boot.serials}
