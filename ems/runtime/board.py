"""The newest of everything that devices and stations said, and the bell that wakes the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.clock import Clock
from ems.control.seen.in_force import LEASE_MARGIN_S
from ems.control.seen.sources import sun_a
from ems.control.seen.trust import LOST_PERIODS
from ems.model.battery import BatteryStanding
from ems.model.electrical import PerPhase
from ems.model.goals import Goal
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.model.site import Keenness, Site
from ems.model.snapshot import Snapshot
from ems.model.station import SendOutcome, SentLimit, StationState, remembered

SOLAR_LASTS_S: Final = 60.0
"""An older inverter reading says nothing about now. It is for show, and to find a meter with a wrong sign."""

BATTERY_LASTS_S: Final = 60.0

SENT_LASTS_S: Final = 50.0
"""Control looks back this far from a meter's last good sample, for reports of that time and limits before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualLoad:
    """Current that is not there, for the proof of an overload. It only adds: raises ValueError for anything else."""

    circuit_id: str
    current_a: PerPhase
    ends_at_s: float
    """It ends by itself then, whatever became of the proof."""

    def __post_init__(self) -> None:
        if not all(0.0 <= amps < float("inf") for amps in self.current_a):
            raise ValueError(f"a virtual load of {tuple(self.current_a)} A; it may only add to what the meter shows")


class Board:
    """Newest values only: a slow reader never sees a queue, and a fast writer never fills one."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self._site = self._in_force = site
        self._clock = clock
        self._news = asyncio.Event()
        self._meters: dict[str, GridReading] = {}
        self._solar: dict[str, SolarReading] = {}
        self._battery: BatteryReading | None = None
        self._stations: dict[str, StationState] = {}
        self._sent: dict[str, tuple[SentLimit, ...]] = {}
        self._known: dict[str, StationState] = {}
        """Stations with the record of what was sent to them, as asked for last."""

        self._goals: dict[str, Goal] = {}
        self._trial: Mapping[str, Goal] = {}
        """Goals of a proof, in place of people's while it runs. Never kept over a restart."""

        self._virtual_load: VirtualLoad | None = None
        self._virtual_a: dict[str, PerPhase] = {}
        """What of the newest meter samples is a proof's."""

        self._dimmed: bool | None = None
        self._import_cap_w: float | None = None
        self.battery_standing: Callable[[], BatteryStanding | None] = lambda: None
        """What the home battery is ordered; whoever orders it says so."""

        self._keenness: Keenness | None = None
        periods_s = [site.policy.meter_period_s, *site.meter_period_s.values()]
        self._keep_sent_s = SENT_LASTS_S + LOST_PERIODS * max(periods_s)

    def post_meter(self, circuit_id: str, reading: GridReading) -> None:
        """A sample of the meter at that circuit; wakes the loop."""
        load_a = self._virtual_load_a(circuit_id)
        self._virtual_a.pop(circuit_id, None)
        if load_a is not None:
            self._virtual_a[circuit_id] = load_a
            reading = replace(reading, current_a=reading.current_a + load_a)
        self._meters[circuit_id] = reading
        self._news.set()

    def post_solar(self, name: str, reading: SolarReading) -> None:
        """A sample of one inverter. It can wait for the next meter sample."""
        self._solar[name] = reading

    def post_battery(self, reading: BatteryReading) -> None:
        """A sample of the home battery. It can wait for the next meter sample."""
        self._battery = reading

    def post_station(self, state: StationState) -> None:
        """What a station's protocol side knows; wakes the loop when more than a measurement changed."""
        before = self._stations.get(state.station_id)
        self._stations[state.station_id] = state
        self._known.pop(state.station_id, None)
        if before is None or replace(before, car=state.car) != state:
            self._news.set()

    def set_goal(self, station_id: str, goal: Goal) -> None:
        """A person's wish; wakes the loop."""
        self._goals[station_id] = goal
        self._news.set()

    @property
    def site(self) -> Site:
        """The house as it is configured now, without what people put over it."""
        return self._site

    def goal_of(self, station_id: str) -> Goal:
        """The wish that counts now: a person's, else the site file's."""
        return self._goals.get(station_id) or self._site.station(station_id).goal

    def set_trial(self, goals: Mapping[str, Goal]) -> None:
        """The goals of a proof, in place of people's until it sets none; wakes the loop."""
        self._trial = dict(goals)
        self._news.set()

    def set_virtual_load(self, load: VirtualLoad | None) -> None:
        """A load that a proof adds to the currents of the coming samples of a circuit's meter; None ends it."""
        self._virtual_load = load

    def set_site(self, site: Site) -> None:
        """Other installer limits from the next look on; the devices stay the same. Wakes the loop."""
        self._site, self._in_force = site, site.with_keenness(self._keenness)
        self._news.set()

    def set_keenness(self, keenness: Keenness | None) -> None:
        """How keen on sun a person wants the house, None for the site file's; wakes the loop when that is news."""
        if keenness is not self._keenness:
            self._keenness = keenness
            self.set_site(self._site)

    @property
    def keenness(self) -> Keenness | None:
        """What a person chose."""
        return self._keenness

    def set_dimmed(self, dimmed: bool | None) -> None:
        """Whether the grid operator calls for its limit, None for unknown; wakes the loop when that is news."""
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self._news.set()

    def set_import_cap(self, import_cap_w: float | None) -> None:
        """What a person bounds the house's import to, None for nothing; wakes the loop when that is news."""
        if import_cap_w != self._import_cap_w:
            self._import_cap_w = import_cap_w
            self._news.set()

    @property
    def import_cap_w(self) -> float | None:
        """The bound that counts now."""
        return self._import_cap_w

    def record_sent(self, station_id: str, limit: SentLimit) -> None:
        """A limit on its way."""
        self._sent[station_id] = (*self.sent(station_id), limit)
        self._known.pop(station_id, None)

    def record_outcome(self, station_id: str, pending: SentLimit, settled: SentLimit) -> None:
        """What became of it; wakes the loop when the station did not take it."""
        limits = tuple(settled if limit is pending else limit for limit in self.sent(station_id))
        self._sent[station_id] = self._worth_keeping(limits)
        self._known.pop(station_id, None)
        if settled.outcome is not SendOutcome.ACCEPTED:
            self._news.set()

    def sent(self, station_id: str) -> tuple[SentLimit, ...]:
        return self._sent.get(station_id, ())

    def state_of(self, station_id: str) -> StationState:
        """The station with the record of what was sent to it."""
        known = self._known.get(station_id)
        if known is None:
            state = self._stations.get(station_id) or StationState(station_id=station_id)
            known = self._known[station_id] = replace(state, sent=self.sent(station_id))
        return known

    async def news(self, longest_s: float) -> None:
        """Wait until something happened, `longest_s` at most."""
        alarm = self._clock.call_after(longest_s, self._news.set)
        try:
            await self._news.wait()
        finally:
            alarm.cancel()
        self._news.clear()

    def snapshot(self) -> Snapshot:
        """The house as it is known at this instant, frozen."""
        now_s = self._clock.monotonic_s()
        return Snapshot(
            now_s=now_s,
            site=self._in_force,
            meters=dict(self._meters),
            stations={s.station_id: self.state_of(s.station_id) for s in self._site.stations},
            goals={**self._goals, **self._trial},
            solar=self._solar_sum(now_s),
            battery=self._battery_now(now_s),
            ordered=self.battery_standing(),
            dimmed=self._dimmed,
            import_cap_w=self._import_cap_w,
            utc_s=self._clock.utc_now().timestamp(),
            virtual_a=dict(self._virtual_a),
        )

    def _virtual_load_a(self, circuit_id: str) -> PerPhase | None:
        load = self._virtual_load
        if load is None or load.circuit_id != circuit_id or self._clock.monotonic_s() >= load.ends_at_s:
            return None
        return load.current_a

    def _worth_keeping(self, limits: tuple[SentLimit, ...]) -> tuple[SentLimit, ...]:
        """What control may still ask for. A station can leave limits unanswered for days, so those end some day too."""
        now_s = self._clock.monotonic_s()
        ended_s = now_s - self._keep_sent_s - LEASE_MARGIN_S
        return tuple(
            limit
            for limit in remembered(limits, now_s, self._keep_sent_s)
            if limit is limits[-1] or limit.outcome is not SendOutcome.UNANSWERED or limit.lease_ends_at_s >= ended_s
        )

    def _solar_sum(self, now_s: float) -> SolarReading | None:
        fresh = {name: each for name, each in self._solar.items() if now_s - each.taken_at_s <= SOLAR_LASTS_S}
        if not fresh:
            return None
        return SolarReading(
            power_w=sum([reading.power_w for reading in fresh.values()]),
            taken_at_s=min([reading.taken_at_s for reading in fresh.values()]),
            current_a=sun_a(self._site, fresh),
            complete=len(fresh) >= self._site.inverters,
        )

    def _battery_now(self, now_s: float) -> BatteryReading | None:
        battery = self._battery
        return battery if battery is not None and now_s - battery.taken_at_s <= BATTERY_LASTS_S else None

    @property
    def meters(self) -> Mapping[str, GridReading]:
        """Newest meter samples, for show."""
        return self._meters

    @property
    def solar(self) -> Mapping[str, SolarReading]:
        """Newest samples of the inverters, for show."""
        return self._solar
