"""One life of the controlling service over a plant: from its start until it is ended or the run is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

from ems.clock import Clock
from ems.config.schema import SiteFile
from ems.config.translate import to_battery_rules
from ems.devices.library import KindsByProfile
from ems.model.battery import BatteryTakes
from ems.model.goals import Goal
from ems.model.station import StationState
from ems.runtime.battery_keeper import BatteryKeeper
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch
from ems.runtime.escalation import Escalations
from ems.runtime.loop import Loop, Record, Watcher
from ems.runtime.poller import follow
from ems.sim.lab.others import PolicyLoop
from ems.sim.plant.devices import PlantBattery, PlantInverter, PlantMeter, PlantValve
from ems.sim.plant.house import Plant
from ems.sim.plant.link import PlantLink
from ems.sim.policies.ports import Policy

METER_PAUSE_S: Final = 2.0
"""Longest pause between attempts to reach a silent grid meter, as in the service."""

Part: TypeAlias = Coroutine[object, object, None]


class Life:
    """A board with its devices, and the tasks that work on it. `ended` hears of a task that died."""

    def __init__(
        self, file: SiteFile, plant: Plant, links: Mapping[str, PlantLink], *, seed: int, ended: Callable[[], None]
    ) -> None:
        self._file = file
        self._plant = plant
        self._links = links
        self._seed = seed
        self._ended = ended
        self._tasks: list[asyncio.Task[None]] = []
        self.board: Final = Board(plant.site, plant.clock)
        self._dispatch: Dispatch | None = None
        self.failure: BaseException | None = None

    def control(self, *, beat: Callable[[], None], watchers: Sequence[Watcher], records: Sequence[Record] = ()) -> None:
        """Let our own control work, as `ems.app` has it."""
        clock: Clock = self._plant.clock
        self._dispatch = Dispatch(self._plant.site, self._links, self.board, clock)
        steps = Escalations(self._links, clock, resend=self._dispatch.resend)
        watchers = (steps.watch, *self._keep_battery(clock), *watchers)
        loop = Loop(self.board, self._dispatch, clock, beat=beat, watchers=watchers, records=records)
        self._begin(self._dispatch.run(), loop.run(), steps.run())

    def _keep_battery(self, clock: Clock) -> tuple[Watcher, ...]:
        """What keeps the battery at its orders, where the site file gives leave for them."""
        rules = to_battery_rules(self._file)
        if rules is None or self._plant.battery is None:
            return ()
        keeper = BatteryKeeper(rules, PlantValve(self._plant, self._taken()), clock)
        self.board.battery_standing = keeper.read_standing
        self._begin(keeper.run())
        return (keeper.watch,)

    def _taken(self) -> BatteryTakes:
        """What the battery of the site file can be ordered."""
        entry = self._file.battery
        known = entry is not None and entry.profile is not None and KindsByProfile().takes(entry.profile)
        return known or BatteryTakes(hold=True, charge_limit=True, discharge_limit=True)

    def obey(self, policy: Policy, *, beat: Callable[[], None]) -> None:
        """Let another policy work."""
        latency_s = self._file.simulation.meter_latency_s
        loop = PolicyLoop(policy, self._links, self.board, self._plant.clock, latency_s=latency_s, beat=beat)
        self._begin(loop.run(), *(carrier.run() for carrier in loop.carriers.values()))

    def begin(self, goals: Mapping[str, Goal]) -> None:
        """Hear of all stations and wishes, and follow the devices."""
        for station_id, link in self._links.items():
            self.station_changed(link.state)
            if station_id in goals:
                self.board.set_goal(station_id, goals[station_id])
        self._follow_devices()

    def station_changed(self, state: StationState) -> None:
        """What a station's protocol side says, as `ems.app` passes it on."""
        if self._dispatch is not None:
            self._dispatch.station_changed(state)
        self.board.post_station(state)

    def end(self) -> None:
        """End all tasks."""
        for task in self._tasks:
            task.cancel()

    def _follow_devices(self) -> None:
        file, plant, board, clock = self._file, self._plant, self.board, self._plant.clock
        simulation = file.simulation
        for entry in file.meters:
            meter = PlantMeter(
                entry.circuit,
                plant,
                period_s=entry.period_s,
                latency_s=simulation.meter_latency_s,
                noise_a=simulation.meter_noise_a,
                seed=self._seed,
            )
            post = partial(board.post_meter, entry.circuit)
            self._begin(follow(meter, post, clock, longest_pause_s=METER_PAUSE_S))
        for roof, share in zip(file.solar, _shares(file), strict=True):
            inverter = PlantInverter(
                roof.id, plant, share=share, period_s=roof.period_s, latency_s=simulation.meter_latency_s
            )
            self._begin(follow(inverter, partial(board.post_solar, roof.id), clock))
        if file.battery is not None and plant.battery is not None:
            battery = PlantBattery(
                file.battery.id, plant, period_s=file.battery.period_s, latency_s=simulation.meter_latency_s
            )
            self._begin(follow(battery, board.post_battery, clock))

    def _begin(self, *parts: Part) -> None:
        for part in parts:
            task = asyncio.create_task(part)
            task.add_done_callback(self._is_over)
            self._tasks.append(task)

    def _is_over(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and self.failure is None:
            self.failure = task.exception()
            self._ended()


def _shares(file: SiteFile) -> list[float]:
    """What part of the sun each inverter gives: by peak power where all state it, else the same."""
    peaks_w = [entry.peak_w for entry in file.solar]
    stated_w = [peak_w for peak_w in peaks_w if peak_w is not None]
    if len(stated_w) < len(peaks_w):
        return [1.0 / len(peaks_w)] * len(peaks_w)
    return [peak_w / sum(stated_w) for peak_w in stated_w]
