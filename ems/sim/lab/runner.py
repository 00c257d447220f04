"""The runner: one policy controls one simulated house over days of virtual time.

"fusewise" is our own control as `ems run` has it: the real board, loop, dispatch and poller, over simulated devices and
stations. Any other policy gets the same plant, meters, stations and message delay.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from math import ceil, isfinite
from typing import Final, TypeAlias

from ems.clock import VirtualClock, WallClock, run_virtual
from ems.config.schema import SimulatedCar, SiteFile
from ems.config.translate import to_site
from ems.model.goals import Deadline, Goal, still_to_come_kwh
from ems.model.station import StationState
from ems.runtime.loop import Record
from ems.sim.lab.life import Life
from ems.sim.lab.measure import Measure
from ems.sim.lab.picture import Picture
from ems.sim.lab.records import RunRecord, StationCounts, Stay
from ems.sim.plant.faults import Schedule
from ems.sim.plant.house import Plant
from ems.sim.plant.link import PlantLink
from ems.sim.plant.plugged_car import USUAL_START_DELAY_S, CarKind
from ems.sim.plant.sheet import HouseDays
from ems.sim.policies.ports import Policy

FUSEWISE: Final = "fusewise"

TIDIED_AFTER: Final = 20_000
"""New values, a few megabytes, between two looks for garbage."""

PolicyFactory: TypeAlias = Callable[[], Policy]


def simulate(
    file: SiteFile,
    days: HouseDays,
    stays: Sequence[Stay],
    policy: str | PolicyFactory = FUSEWISE,
    *,
    start_utc: datetime,
    seed: int = 1,
    picture_day: int | None = None,
    faults: Schedule | None = None,
    records: Sequence[Record] = (),
    progress: Callable[[float], None] | None = None,
) -> RunRecord:
    """Play all `days` with these stays and return what came of it; the same arguments give the same record.

    `policy` is "fusewise" or what makes a fresh policy; `records` take down our own cycles. `progress` hears the share
    that is done, 0 to 1. Raises ValueError for any other name.
    """
    if isinstance(policy, str) and policy != FUSEWISE:
        raise ValueError(f"policy {policy!r} is unknown here; give {FUSEWISE!r} or what makes a policy")
    timer = WallClock()
    began_s = timer.monotonic_s()
    clock = VirtualClock(start_utc=start_utc)
    picture = None if picture_day is None else Picture(picture_day)
    theirs = None if isinstance(policy, str) else policy()
    run = _Run(file, plant_of(file, days, stays, clock), theirs, picture, seed, records)
    run.plant.faults.wall_clock_jumped = clock.jump_wall_clock
    if faults is not None:
        faults(run.plant.faults)
    with _seldom_tidied():
        run_virtual(run.play(progress), clock)
    return run.record(start_utc, wall_s=timer.monotonic_s() - began_s)


@contextmanager
def _seldom_tidied() -> Iterator[None]:
    """Python looks for rings of garbage less often meanwhile: a simulated second makes many values, hardly a ring."""
    usual = gc.get_threshold()
    gc.set_threshold(TIDIED_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def plant_of(file: SiteFile, days: HouseDays, stays: Sequence[Stay], clock: VirtualClock) -> Plant:
    """The plant that a site file's `simulation` section describes."""
    simulation = file.simulation
    return Plant(
        to_site(file),
        days,
        stays,
        clock,
        cars={car.station: _kind(car) for car in simulation.cars},
        battery=simulation.battery,
        inverter_max_w=simulation.inverter_max_w,
        reports_every_s=file.csms.meter_values_s,
    )


def _kind(car: SimulatedCar) -> CarKind:
    """The car's ways; what it can take and how many phases it has come with each stay."""
    return CarKind(
        battery_kwh=car.battery_kwh,
        dead_time_s=car.dead_time_s,
        start_delay_s=USUAL_START_DELAY_S if car.start_delay_s is None else car.start_delay_s,
        rise_a_per_s=car.rise_a_per_s,
        offset_a=car.offset_a,
    )


class _Run:
    """Plant, service and figures of one run."""

    def __init__(
        self,
        file: SiteFile,
        plant: Plant,
        policy: Policy | None,
        picture: Picture | None,
        seed: int,
        records: Sequence[Record],
    ) -> None:
        self._file = file
        self.plant: Final = plant
        self._policy = policy
        self._seed = seed
        self._cycles = 0
        self._records = records
        watching = None if picture is None else picture.watcher(plant)
        self._watchers = [] if watching is None else [watching]
        self._measure = Measure(plant.site, file.simulation.battery, picture)
        self._links = {
            station_id: PlantLink(
                bay,
                plant,
                message_s=file.simulation.message_s,
                answer_within_s=file.csms.answer_within_s,
                sent=None if watching is None else watching.sent,
            )
            for station_id, bay in plant.bays.items()
        }
        self._goals: dict[str, Goal] = {}
        self._registers_kwh: dict[str, float] = {}
        """Of the stations, when cars with a goal came."""

        self._life: Life | None = None
        self._failed = asyncio.Event()
        plant.arrived = self._arrived
        plant.left = lambda stay: self._measure.left(stay, plant.row)
        plant.day_done = self._measure.day_done
        plant.station_changed = self._station_changed
        plant.faults.service_changed = self._turn_service

    async def play(self, progress: Callable[[float], None] | None) -> None:
        """The whole run, from the first second to the last. Raises what control raised."""
        self._turn_service(True)
        plant = asyncio.create_task(self.plant.run(progress))
        failing = asyncio.create_task(self._failed.wait())
        await asyncio.wait([plant, failing], return_when=asyncio.FIRST_COMPLETED)
        failing.cancel()
        life = self._life
        self._turn_service(False)
        if life is not None and life.failure is not None:
            raise life.failure
        await plant

    def record(self, start_utc: datetime, *, wall_s: float) -> RunRecord:
        """What came of it."""
        measure = self._measure
        return RunRecord(
            policy=FUSEWISE if self._policy is None else self._policy.name,
            start_utc=start_utc,
            days=measure.days,
            cycles=self._cycles,
            wall_s=wall_s,
            stays=measure.stays(),
            counts={station_id: self._counts(station_id) for station_id in self._links},
            breakers=measure.breakers(),
            house_only=measure.house_only(),
            surplus_w_by_minute=measure.surplus_w_by_minute,
            ratings_a={circuit.circuit_id: circuit.fuse.rating_a for circuit in self.plant.site.circuits},
            picture=measure.drawn_day,
        )

    def _counts(self, station_id: str) -> StationCounts:
        link, bay = self._links[station_id].counts, self.plant.bays[station_id].counts
        return StationCounts(
            limit_changes=link.limit_changes,
            messages=link.messages,
            starts=bay.starts,
            phase_switches=bay.phase_switches,
            most_phase_switches_in_a_day=bay.most_switches_in_a_day,
        )

    def _turn_service(self, up: bool) -> None:
        """End the service that runs, and begin a new one if it is to be up."""
        if self._life is not None:
            self._life.end()
            self._life = None
        if not up:
            return
        life = Life(self._file, self.plant, self._links, seed=self._seed, ended=self._failed.set)
        if self._policy is None:
            life.control(beat=self._beat, watchers=self._watchers, records=self._records)
        else:
            life.obey(self._policy, beat=self._beat)
        self._life = life
        life.begin(self._goals)

    def _beat(self) -> None:
        self._cycles += 1

    def _arrived(self, stay: Stay) -> None:
        """A car came: what its people want counts from now on."""
        self._measure.arrived(stay, self.plant.row)
        goal = self.plant.site.station(stay.station_id).goal
        if stay.mode is not None:
            goal = replace(goal, mode=stay.mode)
        if stay.target_by_s is not None and isfinite(stay.energy_kwh):
            before_kwh = self.plant.bays[stay.station_id].register_kwh
            by_utc_s = self.plant.clock.utc_now().timestamp() + stay.target_by_s - ceil(stay.arrival_s)
            deadline = Deadline(by_utc_s=by_utc_s, left_kwh=stay.energy_kwh)
            goal = replace(goal, energy_kwh=stay.energy_kwh, deadline=deadline)
            self._registers_kwh[stay.station_id] = before_kwh
        self._wish(stay.station_id, goal)

    def _wish(self, station_id: str, goal: Goal) -> None:
        self._goals[station_id] = goal
        if self._life is not None:
            self._life.board.set_goal(station_id, goal)

    def _station_changed(self, state: StationState) -> None:
        self._count(state)
        if self._life is not None:
            self._life.station_changed(state)

    def _count(self, state: StationState) -> None:
        """What is still to come of a goal with a time, as the station's register tells."""
        goal = self._goals.get(state.station_id)
        if goal is None or goal.deadline is None or goal.energy_kwh is None or state.car is None:
            return
        in_car_kwh = (state.car.energy_kwh or 0.0) - self._registers_kwh[state.station_id]
        left_kwh = still_to_come_kwh(goal.energy_kwh, in_car_kwh)
        if left_kwh != goal.deadline.left_kwh:
            self._wish(state.station_id, replace(goal, deadline=replace(goal.deadline, left_kwh=left_kwh)))
