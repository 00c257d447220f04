"""One configured charging station, whatever it speaks: the same object over all its connections."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.csms.attendant import Attendant
from ems.csms.charging_profiles import Moment, Profile, Purpose, open_offer
from ems.csms.connector import Connector
from ems.csms.energy_words import EnergyBook
from ems.csms.limits import Limits
from ems.csms.messages import (
    Boot,
    Configuration,
    MeterReport,
    Setting,
    StartReport,
    StatusReport,
    Step,
    StopReport,
    TagVerdict,
    TransactionEvent,
)
from ems.csms.observer import NOBODY, Observer, consulting
from ems.csms.pace import Pace
from ems.csms.ports import LeasedLimit, LimitReceipt, StationChanged
from ems.csms.quirks.acquaintance import Acquaintance
from ems.csms.quirks.learned import LearnedBook
from ems.csms.recount import Basis, Recount
from ems.csms.rpc import Rpc
from ems.csms.security.gate import Gate
from ems.csms.security.station_security import StationSecurity
from ems.csms.service.serviced import Serviced
from ems.csms.station_clock import StationClock
from ems.csms.tags import Authorise, free_vending
from ems.csms.transaction_book import Told, untold
from ems.csms.transaction_ids import TransactionIds
from ems.csms.versions import Speech, Versions
from ems.csms.visit import StationSocket, Visit
from ems.errors import StationOffline
from ems.model.station import ConnectorStatus, StationState
from ems.model.transaction import Transaction

LOGGER = logging.getLogger(__name__)

MOST_CONNECTORS: Final = 8


class Station(Serviced):
    """Implements `ports.StationLink`, and `messages.Heard` for the dialects."""

    def __init__(
        self,
        entry: StationEntry,
        clock: Clock,
        pace: Pace,
        ids: TransactionIds,
        changed: StationChanged,
        *,
        authorise: Authorise = free_vending,
        transaction_told: Told = untold,
        learned: LearnedBook | None = None,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(clock)
        self.entry: Final = entry
        self._pace = pace
        self._ids = ids
        self._changed = changed
        self._authorise = authorise
        self._transaction_told = transaction_told
        self._state = StationState(station_id=entry.id)
        self._visit: Visit | None = None
        self._connections = 0
        self._came_at_s: float | None = None
        self._kept_a: float | None = None
        self._left_at_s = clock.monotonic_s()
        self._connectors: dict[int, Connector] = {}
        self._clearing: set[int] = set()
        self._station_clock = StationClock(clock)
        self._versions = Versions(self, clock, pace, station=entry.id, pin=entry.ocpp)
        self._phases_allowed = len(entry.wired)
        self.limits: Final = Limits(
            entry.id, clock, whole_amps=entry.whole_amps, max_a=entry.max_a, phases=len(entry.wired)
        )
        self.known: Final = Acquaintance(entry, pace, self.limits, learned or LearnedBook())
        """What it says it is, and what that tells of it."""
        self.security: Final = StationSecurity(entry, gate, self._here, clock)
        """Its passwords and certificates."""

        self._recount = Recount(entry.id, self.limits, self._station_clock, pace)
        self.observer: Observer = NOBODY
        """Who else follows it."""

        self.energy: Final = EnergyBook(self._publish, self._offer)
        """Limits that others set it, and what its car needs."""

        self.boot: Boot | None = None
        """Who it said it is; None until its first boot notification."""

        self.own_status: ConnectorStatus | None = None
        """What it last said of itself rather than of its connector."""

        self.configuration: Configuration | None = None
        """What it told of its settings; None until asked and since its last boot."""

    @property
    def station_id(self) -> str:
        return self.entry.id

    @property
    def state(self) -> StationState:
        return self._state

    @property
    def session(self) -> Transaction | None:
        """The running transaction."""
        return self.connector.transactions.running

    @property
    def ended_sessions(self) -> Sequence[Transaction]:
        """The last transactions that ended, oldest first."""
        return self.connector.transactions.ended

    @property
    def station_clock(self) -> StationClock:
        """Its own clock, as seen from here."""
        return self._station_clock

    @property
    def connector(self) -> Connector:
        """The connector of a home station."""
        return self._connector(1)

    @property
    def quirks(self) -> QuirkSection:
        """What is peculiar about it."""
        return self.known.match.quirks

    @property
    def is_paused(self) -> bool:
        return self.limits.is_paused

    @property
    def statuses(self) -> tuple[ConnectorStatus | None, ...]:
        return (self.own_status, self.connector.status)

    @property
    def told_settings(self) -> Mapping[str, Setting]:
        return {} if self.configuration is None else self.configuration.known

    @property
    def _firmware_now(self) -> str:
        return "" if self.boot is None else self.boot.firmware

    async def converse(self, socket: StationSocket) -> None:
        """Serve one connection until it closes. A newer one of the same station takes over at once."""
        visit = self._new_visit(socket)
        previous, self._visit = self._visit, visit
        if previous is not None:
            LOGGER.info("%s connected again; closing its older connection", self.entry.id)
            self.security.replaced(previous.heard_at_s)
            previous.dismiss(1000, "replaced")
        self._connections += 1
        if self._state.protocol not in {None, visit.speech.protocol}:
            self._forget()
        self._came()
        self.limits.refresh()
        self._publish(limits_due=True)
        self._adapt(visit)
        attendant = Attendant(self, visit, self._clock)
        visit.spawn(attendant.watch())
        visit.start_set_up(attendant.set_up())
        await visit.run()

    async def set_limit(self, lease: LeasedLimit) -> LimitReceipt:
        """See `StationLink.set_limit`. A newer call supersedes one that is still waiting."""
        visit = self._here()
        lease = self._while_clock_is_unset(self.while_servicing(lease))
        try:
            receipt = await self.limits.install(lease, visit.dialect, self._moment)
            self._phases_allowed = lease.phases
            self.known.limited(lease.limit_a, self._clock.monotonic_s())
            self.observer.limited(lease)
        finally:
            visit.limit_settled.set()
            self._publish()
        if lease.limit_a <= 0.0 and self.session is not None and self.quirks.stop_style == "remote_stop":
            visit.spawn(self.remote_stop())
        for profile_id in set(self.limits.losers) - self._clearing:
            self._clearing.add(profile_id)
            visit.spawn(self._clear_loser(profile_id, visit))
        return receipt

    def _while_clock_is_unset(self, lease: LeasedLimit) -> LeasedLimit:
        """Not above its fallback current while nobody knows when its schedules begin."""
        if not self._station_clock.is_unset or lease.limit_a <= lease.fallback_a:
            return lease
        LOGGER.info("%s has no time yet; it is given no more than its fallback current", self.entry.id)
        return replace(lease, limit_a=lease.fallback_a)

    def _start_profile(self) -> Profile | None:
        return self.limits.start_profile(self._moment())

    def booted(self, boot: Boot) -> bool:
        """Take note of a boot; False for a station that is not the one whose serial number is configured."""
        visit = self._here()
        if not self._is_ours(boot):
            LOGGER.warning("%s: refused a station with serial %s; another is configured", self.entry.id, boot.serials)
            visit.spawn(visit.close(1008, "another station is expected here"))
            return False
        self.boot = boot
        self.observer.told(boot)
        self._service_booted(boot)
        self.known.meet(boot)
        self._adapt(visit)
        asked_until_s, visit.boot_asked_until_s = visit.boot_asked_until_s, None
        visit.boot_heard = True
        other_version = visit.speech.take_change()
        if other_version or asked_until_s is None or self._clock.monotonic_s() > asked_until_s:
            self._restarted(visit)
        return True

    def time_told(self) -> None:
        """It was told our time."""
        self._station_clock.told()

    def status_reported(self, report: StatusReport) -> None:
        """Take note of a connector's state."""
        self._station_clock.heard(report.at)
        self.observer.told(report)
        self._service_status(report.status)
        if report.connector == 0:
            self.own_status = report.status or self.own_status
            return
        if report.connector == 1 and self._visit is not None:
            self._visit.status_heard = True
        self._connector(report.connector).status_reported(report)
        self._publish()

    def metered(self, report: MeterReport) -> None:
        """Take note of meter values; those of the station itself count while its connector gives none."""
        if report.connector == 0 and self.connector.metered_at_s is not None:
            return
        connector = self._connector(report.connector or 1)
        connector.metered(report, active_phases=self._phases_allowed, interval_s=self.known.pace.meter_values_s)
        self.security.metered(connector.car)
        self.observer.told(report)
        self._publish()

    def authorize(self, id_tag: str) -> TagVerdict:
        """Whether that tag may charge."""
        return self.observer.verdict(id_tag) or self._authorise(self.entry.id, id_tag)

    def transaction_started(self, report: StartReport) -> int:
        """Begin a transaction, or find the one that the station repeats."""
        self._station_clock.heard(report.at)
        transaction_id = self._connector(report.connector or 1).started(report, self._connections)
        self._service_started(report.id_tag, transaction_id)
        self._publish()
        return transaction_id

    def transaction_stopped(self, report: StopReport) -> None:
        """End the transaction that is meant, if it runs."""
        self._station_clock.heard(report.at)
        if not any(connector.stopped(report) for connector in self._connectors.values()):
            LOGGER.info("%s stopped a transaction that does not run here", self.entry.id)
        self._publish()

    def transaction_told(self, event: TransactionEvent) -> None:
        """Take note of one event of a transaction whose id is the station's own."""
        if not event.offline:
            self._station_clock.heard(event.at)
        self._connector(event.connector or 1).told(
            event, active_phases=self._phases_allowed, interval_s=self.known.pace.meter_values_s
        )
        self.observer.told(event)
        if event.step is Step.STARTED and not event.offline:
            self._service_started(event.id_tag, event.transaction_id)
        if self.session is None:
            self.energy.session_over(event.connector)
        self._publish()

    def recall(self, transactions: Iterable[Transaction]) -> None:
        """Go on from the transactions that an earlier run kept, oldest first."""
        for each in transactions:
            self._connector(each.connector).transactions.recall([each])

    def assume_available(self) -> None:
        """It never told its state: take it as usable, or as charging when a transaction runs (Q5)."""
        if self.connector.status is None:
            charging = self.session is not None
            self.connector.status = ConnectorStatus.CHARGING if charging else ConnectorStatus.AVAILABLE
            self._publish()

    def look_again(self) -> None:
        """Have the limits sent again when a clock was set meanwhile."""
        self._publish()

    def _new_visit(self, socket: StationSocket) -> Visit:
        speech = self._versions.speech(socket.subprotocol)
        rpc = Rpc(
            socket,
            consulting(partial(self._heard, speech), self.observer),
            self._clock,
            station=self.entry.id,
            give_way_s=self._pace.give_way_s,
            flooded=self.security.flooded,
        )
        speech.speak_on(rpc.lane)
        return Visit(socket, rpc, speech, self._clock, self._pace, station=self.entry.id, ended=self._ended)

    def _heard(
        self, speech: Speech, action: str, payload: Mapping[str, object], message_id: str
    ) -> Mapping[str, object]:
        self._station_clock.glance(payload)
        return speech.answer(action, payload, message_id)

    def _see_obedience(self) -> None:
        """Hold what the car draws against its limit."""
        car = self.connector.car
        if self.session is None or car is None:
            self.known.idle()
        else:
            self.known.metered(max(car.current_a, default=0.0), car.taken_at_s)

    def _adapt(self, visit: Visit) -> None:
        """Treat that connection as suits the station, as far as it is known by now."""
        visit.pace = self.known.pace
        self._station_clock.in_local_time = bool(self.quirks.time_zone_bug)
        visit.rpc.lane.patience_s = self.quirks.call_timeout_s or 0.0
        visit.rpc.lane.quickness = self.limits.search.quickness

    def _ended(self, visit: Visit) -> None:
        if self._visit is visit:
            self._visit = None
            self._left_at_s = self._clock.monotonic_s()
            self._publish()

    async def _clear_loser(self, profile_id: int, visit: Visit) -> None:
        """Remove what another construction left behind; if that fails, the next accepted limit tries again."""
        try:
            if profile_id in self.limits.losers:
                await visit.dialect.clear_profiles(profile_id=profile_id)
                self.limits.cleared(profile_id)
        finally:
            self._clearing.discard(profile_id)

    def _offer(self) -> None:
        """A car waits for a schedule: what the station may have, which its limit caps; its lease counts at once."""
        visit, session, way = self._visit, self.session, self.limits.way
        if visit is None or session is None or way is None or way.purpose is not Purpose.STATION_MAX:
            self._publish(limits_due=True)
            return
        offer = open_offer(way, self._moment(), self.entry.max_a, self._phases_allowed)
        self.limits.offered(offer.profile_id)
        visit.spawn(visit.dialect.offer(offer))

    def _restarted(self, visit: Visit) -> None:
        """Forget what the station has forgotten, and let everybody know that its limits are due again."""
        for connector in self._connectors.values():
            connector.restarted()
        self._forget()
        self._came()
        visit.status_heard = False
        visit.limit_settled.clear()
        # A station in the middle of its boot may never answer what it got before.
        visit.rpc.lane.hurry(even_limits=True)
        visit.start_set_up(Attendant(self, visit, self._clock).set_up())
        self._publish(limits_due=True)

    def _forget(self) -> None:
        """It may hold nothing that it was told: it booted, or speaks another version, which may have its own limits."""
        self.limits.forget()
        self.energy.restarted()
        self.configuration = None

    def _came(self) -> None:
        """Note when it came, and what it holds still: OCPP 1.6 promises nothing of what it holds after a boot."""
        self._came_at_s = self._clock.monotonic_s()
        self._kept_a = self.limits.resident_a

    def _is_ours(self, boot: Boot) -> bool:
        expected = self.entry.serial
        return expected is None or expected.lower() in {serial.lower() for serial in boot.serials}

    def _here(self) -> Visit:
        if self._visit is None:
            raise StationOffline(f"{self.entry.id} is not connected")
        return self._visit

    def _connector(self, number: int) -> Connector:
        number = min(max(number, 1), MOST_CONNECTORS)
        if number not in self._connectors:
            phases = len(self.entry.wired)
            self._connectors[number] = Connector(
                phases,
                self._ids,
                self._clock,
                self._station_clock,
                station_id=self.entry.id,
                number=number,
                told=self._tell_of,
            )
        return self._connectors[number]

    def _tell_of(self, transaction: Transaction) -> None:
        self._transaction_told(transaction)
        self.observer.told(transaction)

    def _moment(self) -> Moment:
        session = self.session
        self._recount.counted(self._basis())
        return Moment(
            station_now=self._station_clock.now(),
            guard_s=self._pace.clock_guard_s,
            transaction_id=session.transaction_id if session else None,
            charging_for_s=self._clock.monotonic_s() - self.connector.transactions.running_since_s if session else 0.0,
            drawing_phases=self.connector.drawing_phases,
        )

    def _basis(self) -> Basis:
        session = self.session
        transaction_id = session.transaction_id if session else None
        return Basis(self.connector.drawing_phases, transaction_id, not self._station_clock.is_unset)

    def _publish(self, *, limits_due: bool = False) -> None:
        """Tell when anything changed."""
        self._see_obedience()
        outdated = self._recount.is_due(self._basis())
        connector = self.connector
        state = StationState(
            station_id=self.entry.id,
            connected=self._visit is not None,
            connections=self._state.connections + (limits_due or outdated),
            protocol=self._visit.speech.protocol if self._visit is not None else self._state.protocol,
            status=connector.status,
            in_transaction=connector.transactions.running is not None,
            car=connector.car,
            came_at_s=self._came_at_s,
            kept_a=self._kept_a,
            hurried=self.energy.priority,
            upstream_a=self.observer.cap_a,
            upstream_overflowed=self.observer.overflowed,
            alarms=self.security.alarms(self._station_clock.skew_s, self._came_at_s),
            outside_a=self.energy.outside_a(self._station_clock.now()),
            left_at_s=self._left_at_s,
            peculiar=self.known.peculiar,
        )
        if state != self._state:
            self._state = state
            self._changed(state)
