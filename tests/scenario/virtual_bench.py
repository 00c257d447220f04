"""An installer's bench in virtual time: the real board, control and dispatch over a simulated house, and its proofs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ems.clock import VirtualClock, run_virtual
from ems.commissioning.findings import Findings
from ems.commissioning.proofs import Progress, Proofs, Wanted
from ems.commissioning.watch import Watch
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import PhaseName, SiteFile
from ems.config.translate import to_site
from ems.model.decision import Decision, LimitReason
from ems.model.electrical import NOMINAL_V, PHASES_OF, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch
from ems.runtime.loop import Loop
from ems.runtime.poller import follow
from ems.sim.day import Sky, SummerDay
from ems.sim.lab.records import Stay
from ems.sim.lab.runner import plant_of
from ems.sim.plant.devices import PlantInverter, PlantMeter
from ems.sim.plant.faults import StationFaults
from ems.sim.plant.link import PlantLink
from ems.sim.traces.seconds import SecondsOfDay

_T = TypeVar("_T")

START = datetime(2026, 6, 21, 10, tzinfo=UTC)
SECONDS = 3000


@dataclass(frozen=True, slots=True)
class Switched:
    """A load that somebody switches on and off, in seconds since the start."""

    phase: Phase
    power_w: float
    from_s: int
    to_s: int


class Day:
    """An hour of a summer day, every appliance and cloud of it."""

    days = 1

    def __init__(
        self, file: SiteFile, *, seed: int, sky: Sky, from_s: float, switched: Sequence[Switched] = ()
    ) -> None:
        peak_w = sum(entry.peak_w or 0.0 for entry in file.solar)
        phases = PHASES_OF[file.connection.phases]
        self._day = SummerDay(seed=seed, sky=sky, peak_w=peak_w, phases=phases, ceiling_a=13.0)
        self._from_s = from_s
        self._switched = switched

    def day(self, index: int) -> SecondsOfDay:
        assert index == 0
        times = [self._from_s + second for second in range(SECONDS)]
        load_w = np.array([tuple(self._day.house_a(at_s)) for at_s in times]) * NOMINAL_V
        for each in self._switched:
            load_w[each.from_s : each.to_s, each.phase] += each.power_w
        return SecondsOfDay(start_utc=START, load_w=load_w, pv_w=np.array([self._day.sun_w(at_s) for at_s in times]))


def demo_site(**wired: tuple[PhaseName, ...]) -> SiteFile:
    """The demo house, with other wiring for the named stations."""
    file = load_site(example("demo"))
    stations = tuple(
        entry.model_copy(update={"wired": wired[entry.id]}) if entry.id in wired else entry for entry in file.stations
    )
    return file.model_copy(update={"stations": stations, "policy": file.policy.model_copy(update={"lease_s": 20.0})})


def stays(file: SiteFile, phases: Mapping[str, int]) -> list[Stay]:
    """A hungry car at every station, from the third second on."""
    return [
        Stay(
            station_id=entry.id,
            arrival_s=3,
            departure_s=SECONDS - 1,
            energy_kwh=60,
            phases=phases[entry.id],
            max_a=16,
            mode=ChargeMode.SOLAR,
        )
        for entry in file.stations
        if entry.id in phases
    ]


class LateMeter(PlantMeter):
    """Says of what was a while ago that it is now."""

    late_s = 0

    def _sample(self, row: int, taken_at_s: float) -> GridReading:
        return super()._sample(max(0, row - self.late_s), taken_at_s)


class VirtualBench:
    """`run(bench.work())` plays everything in virtual time."""

    def __init__(
        self,
        true: SiteFile,
        *,
        told: SiteFile | None = None,
        phases: Mapping[str, int] | None = None,
        seed: int = 1,
        sky: Sky = "clear",
        from_s: float = 15.5 * 3600,
        switched: Sequence[Switched] = (),
        meter_late_s: int = 0,
        message_s: float = 0.5,
    ) -> None:
        self.clock = VirtualClock(start_utc=START)
        self.file = true
        every_car = {entry.id: len(entry.wired) for entry in true.stations}
        self.plant = plant_of(
            true,
            Day(true, seed=seed, sky=sky, from_s=from_s, switched=switched),
            stays(true, every_car if phases is None else phases),
            self.clock,
        )
        self.site = to_site(told or true)
        self.board = Board(self.site, self.clock)
        self.links = {
            station_id: PlantLink(bay, self.plant, message_s=message_s, answer_within_s=30.0)
            for station_id, bay in self.plant.bays.items()
        }
        self.dispatch = Dispatch(self.site, self.links, self.board, self.clock)
        self.watch = Watch(self.board, self.clock)
        self.looks: list[tuple[Snapshot, Decision]] = []
        self.ended: list[Progress] = []
        self.proofs = Proofs(
            self.watch,
            self.board,
            self.dispatch,
            self.clock,
            report_s=true.csms.meter_values_s,
            ended=self.ended.append,
            wiring=lambda station_id: self.site.station(station_id).wiring,
        )
        self.plant.station_changed = self._station_changed
        self._seed = seed
        self._meter_late_s = meter_late_s

    def faults(self, station_id: str) -> StationFaults:
        """What is wrong with that station; a test may change it."""
        return self.plant.bays[station_id].faults

    def prove(self, wanted: Wanted) -> Findings:
        """Play until that proof has ended."""
        return self.run(lambda: self.proven(wanted))

    async def proven(self, wanted: Wanted) -> Findings:
        """One proof, once the house is ready."""
        await self.ready()
        self.proofs.start(wanted, self.site)
        await self.over()
        progress = self.proofs.progress
        assert progress is not None
        assert progress.findings is not None
        return progress.findings

    async def ready(self) -> None:
        """Until the meters are trusted and the cars hang on their cables."""
        await self.watch.until(lambda: self.watch.decision is not None and not self._lost() and self._plugged(), 120)
        await self.clock.sleep(5)

    async def over(self) -> None:
        """Until no proof runs any more."""
        await self.watch.until(lambda: not self.proofs.is_running, SECONDS)

    def run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Let the house live while that works."""
        return run_virtual(self._alive(work), self.clock)

    async def _alive(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        loop = Loop(self.board, self.dispatch, self.clock, beat=lambda: None, watchers=[self._see])
        for link in self.links.values():
            self._station_changed(link.state)
        parts = [loop.run(), self.dispatch.run(), self.plant.run(), *self._devices()]
        tasks = [asyncio.ensure_future(part) for part in parts]
        working = asyncio.ensure_future(work())
        try:
            done, _ = await asyncio.wait([working, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return await working
        finally:
            await self.proofs.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _devices(self) -> list[Coroutine[Any, Any, None]]:
        following: list[Coroutine[Any, Any, None]] = []
        for entry in self.file.meters:
            meter = LateMeter(
                entry.circuit, self.plant, period_s=entry.period_s, latency_s=0.2, noise_a=0.05, seed=self._seed
            )
            meter.late_s = self._meter_late_s
            following.append(follow(meter, partial(self.board.post_meter, entry.circuit), self.clock))
        for roof in self.file.solar:
            inverter = PlantInverter(roof.id, self.plant, share=1.0, period_s=roof.period_s, latency_s=0.2)
            following.append(follow(inverter, partial(self.board.post_solar, roof.id), self.clock))
        return following

    def _see(self, look: Snapshot, decision: Decision) -> None:
        self.looks.append((look, decision))
        self.watch.see(look, decision)

    def _station_changed(self, state: StationState) -> None:
        self.dispatch.station_changed(state)
        self.board.post_station(state)

    def _lost(self) -> bool:
        decision = self.watch.decision
        return decision is None or any(
            each.reason.code is LimitReason.METER_LOST for each in decision.setpoints.values()
        )

    def _plugged(self) -> bool:
        cars = [bay for bay in self.plant.bays.values() if bay.car is not None]
        return bool(cars) and all(self.watch.state_of(bay.station.station_id).in_transaction for bay in cars)


def goals_of(bench: VirtualBench) -> Mapping[str, Goal]:
    """The goals as control sees them now."""
    return bench.board.snapshot().goals


def phases(*names: str) -> tuple[Phase, ...]:
    return tuple(Phase[name] for name in names)
