"""What the central system does unasked for one connection: set-up, missing reports, cars that wait to be started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from ems.clock import Clock
from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import capabilities
from ems.csms.certificate_words import HeardSecurity
from ems.csms.connector import CHARGING, Connector
from ems.csms.energy_words import EnergyBook
from ems.csms.foreign_limits import AHEAD_S, ForeignLimits, Look, amps_now
from ems.csms.limits import Limits
from ems.csms.messages import Configuration, Report
from ems.csms.pace import Pace
from ems.csms.setup import read_configuration, write_settings
from ems.csms.visit import Visit
from ems.errors import StationRefused, StationSilent
from ems.model.station import ConnectorStatus

NOT_TOLD_IN: Final = "ocpp1.6"
"""The version that has no word for limits of others."""


class AttendedConnector(Protocol):
    """What the attendant needs of a connector that somebody configured."""

    @property
    def number(self) -> int: ...

    @property
    def entry(self) -> StationEntry: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def energy(self) -> EnergyBook: ...

    @property
    def security(self) -> HeardSecurity: ...

    @property
    def quirks(self) -> QuirkSection: ...

    @property
    def is_paused(self) -> bool:
        """Whether its limit is 0."""
        ...

    @property
    def connector(self) -> Connector: ...

    async def remote_start(self) -> None: ...

    def assume_available(self) -> None: ...

    def look_again(self) -> None: ...


class Attended(Protocol):
    """What the attendant needs of a station."""

    configuration: Configuration | None

    @property
    def station_id(self) -> str: ...

    @property
    def quirks(self) -> QuirkSection: ...

    @property
    def members(self) -> Sequence[AttendedConnector]: ...


class Attendant:
    """Serves one station during one connection. Limits come first: nothing here is in their way."""

    def __init__(self, station: Attended, visit: Visit, clock: Clock) -> None:
        self._station = station
        self._visit = visit
        self._clock = clock
        self._looks: dict[int, ForeignLimits] = {}

    @property
    def _pace(self) -> Pace:
        """As is known of the station by now."""
        return self._visit.pace

    async def set_up(self) -> None:
        """Read and write the station's configuration, once after each of its boots. Raises StationOffline."""
        try:
            async with self._clock.timeout(self._pace.limit_first_s):
                await self._visit.limits_settled.wait()
        except TimeoutError:
            pass
        await self._visit.dialect.prepare()
        if self._station.configuration is None:
            await self._configure()
        await self._visit.dialect.catch_up()

    async def _configure(self) -> None:
        quirks = self._station.quirks
        known = await read_configuration(self._visit.dialect, self._station.station_id, page=quirks.config_page)
        told: Mapping[str, str] = {key: setting.value for key, setting in known.items()} | {
            **self._visit.dialect.features()
        }
        if told:
            for member in self._station.members:
                member.limits.can = capabilities(told)
        await write_settings(self._visit.dialect, known, self._pace, quirks)
        self._station.configuration = Configuration(known=known)

    async def watch(self) -> None:
        """Look after the connection until it ends."""
        self._visit.spawn(self._ask_for_reports())
        while True:
            await self._clock.sleep(self._pace.watch_every_s)
            for member in self._station.members:
                member.look_again()
                self._start_waiting_car(member)
                self._ask_for_meter_values(member)
                self._look_for_foreign_limits(member)

    async def _ask_for_reports(self) -> None:
        """Boot and status, once each, when they did not come by themselves (Q4, Q5)."""
        await self._clock.sleep(self._pace.report_within_s)
        if not self._visit.boot_heard:
            self._visit.boot_asked_until_s = self._clock.monotonic_s() + self._pace.trigger_within_s
            self._visit.spawn(self._visit.dialect.trigger(Report.BOOT, None))
        for member in self._station.members:
            if member.number not in self._visit.statuses_heard:
                self._visit.spawn(self._visit.dialect.trigger(Report.STATUS, member.number))
        await self._clock.sleep(self._pace.report_within_s)
        for member in self._station.members:
            member.assume_available()

    def _start_waiting_car(self, member: AttendedConnector) -> None:
        connector = member.connector
        now_s = self._clock.monotonic_s()
        since_s = connector.preparing_since_s
        if since_s is None or connector.transactions.running or now_s - since_s < self._pace.preparing_s:
            return
        if member.is_paused and member.quirks.stop_style == "remote_stop":
            return
        before_s = self._visit.remote_start_at_s.get(member.number)
        if connector.status is ConnectorStatus.PREPARING and _due(before_s, now_s, self._pace.remote_start_every_s):
            self._visit.remote_start_at_s[member.number] = now_s
            self._visit.spawn(member.remote_start())

    def _ask_for_meter_values(self, member: AttendedConnector) -> None:
        connector = member.connector
        if connector.status not in CHARGING and connector.transactions.running is None:
            return
        now_s = self._clock.monotonic_s()
        longest_s = self._pace.missing_meter_values * self._pace.meter_values_s
        heard_s = connector.metered_at_s or 0.0
        asked_s = self._visit.meter_values_asked_at_s.get(member.number, 0.0)
        if now_s - max(heard_s, asked_s, self._visit.began_at_s) > longest_s:
            self._visit.meter_values_asked_at_s[member.number] = now_s
            self._visit.spawn(self._visit.dialect.trigger(Report.METER_VALUES, member.number))

    def _look_for_foreign_limits(self, member: AttendedConnector) -> None:
        """Stations of 2.x tell of them; one of 1.6 has to be asked, now and then while a car charges."""
        if self._visit.speech.protocol != NOT_TOLD_IN or member.connector.transactions.running is None:
            return
        looks = self._looks.get(member.number)
        if looks is None:
            looks = ForeignLimits(member.entry.id, member.energy, member.security, self._clock)
            self._looks[member.number] = looks
        if looks.is_due():
            self._visit.spawn(self._look(member, looks))

    async def _look(self, member: AttendedConnector, looks: ForeignLimits) -> None:
        told_a = member.limits.told_a
        try:
            composite = await self._visit.dialect.composite_schedule(member.number, AHEAD_S)
        except (StationRefused, StationSilent):
            looks.give_up()
            return
        said_a, car = amps_now(composite), member.connector.car
        if said_a is None or told_a is None or car is None or told_a != member.limits.told_a:
            return
        drawn_a = max(car.current_a, default=0.0)
        most_a = member.entry.hardware_max_a or member.entry.max_a
        looks.judge(Look(said_a=said_a, told_a=told_a, drawn_a=drawn_a, most_a=most_a))


def _due(before_s: float | None, now_s: float, every_s: float) -> bool:
    return before_s is None or now_s - before_s >= every_s
