"""The fault table of design §6 as short runs: hungry cars in fast mode on the site's own fuse, and one sudden load."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import numpy as np

from ems.config.schema import SiteFile
from ems.model.electrical import NOMINAL_V
from ems.model.goals import ChargeMode
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.lab.fault_verdicts import Scene
from ems.sim.lab.records import Stay
from ems.sim.plant.faults import Faults
from ems.sim.traces.seconds import SecondsOfDay

MAIN: Final = "main"
START_UTC: Final = datetime(2026, 6, 1, tzinfo=UTC)
FUSE_IF_UNKNOWN_A: Final = 25.0
CARS_CHARGE_AFTER_S: Final = 240.0
SEEN_FOR_S: Final = 60.0
"""How much longer than its promise allows a fault lasts."""

CAR_REACTS_WITHIN_S: Final = 5.0
"""IEC 61851-1."""

LEASE_SLACK_S: Final = 10.0
SUDDEN_SHARE: Final = 0.4
"""Of the fuse rating: a step of the house that a breaker survives until control has answered (`control.md` §4)."""

UNSEEN_SHARE: Final = 0.1
"""Of the fuse rating: a step that a breaker carries for an hour on top of the 0.95 that control fills it to."""

BASE_SHARE: Final = 0.08
CLOCK_JUMP_S: Final = 3600.0
SPIKE_RATINGS: Final = 10.0
SUN_W: Final = 7000.0

MATRIX: Final = tuple(FaultRow(fault=kind) for kind in FaultKind)
"""Every fault once, at the first station or the main meter."""

COVERED_ELSEWHERE: Final = {
    FaultKind.STORE_FULL: (
        "the lab keeps no store; tests/unit/store/test_journal.py and test_recorder.py cover a full disk, "
        "test_database.py and test_recorder.py a corrupt file that is set aside"
    ),
}
"""What cannot be played in the lab, and where it is tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One short run: the site as it is played, what its house does, who is at home, and what breaks."""

    scene: Scene
    site: SiteFile
    house: QuietHouse
    stays: tuple[Stay, ...]
    breakage: Breakage


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHouse:
    """A house for a few minutes: a base load on every phase, and one load that comes on and goes off."""

    phases: int
    length_s: int
    base_a: float
    step_a: float
    step_from_s: float
    step_until_s: float
    sun_w: float

    days: int = 1

    def day(self, index: int) -> SecondsOfDay:
        """The seconds of the whole run. Raises IndexError for any day but the first."""
        if index != 0:
            raise IndexError(f"day {index} of {self.days}")
        second = np.arange(self.length_s)
        steps = (second >= self.step_from_s) & (second < self.step_until_s)
        amps = self.base_a + self.step_a * steps
        load_w = np.zeros((self.length_s, 3))
        load_w[:, : self.phases] = amps[:, None] * NOMINAL_V
        return SecondsOfDay(start_utc=START_UTC, load_w=load_w, pv_w=np.full(self.length_s, self.sun_w))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """Turns the plant's switches for one fault; a `Schedule` that can travel to another process."""

    fault: FaultKind
    target: str
    stations: tuple[str, ...]
    at_s: float
    for_s: float
    late_s: float
    spike_a: float

    def __call__(self, faults: Faults) -> None:
        span = {"at_s": self.at_s, "for_s": self.for_s}
        match self.fault:
            case FaultKind.NETWORK_CUT:
                for station in self.stations:
                    faults.station_offline(station, **span)
            case FaultKind.SERVICE_DIES:
                faults.service_killed(at_s=self.at_s)
            case FaultKind.CLOCK_JUMPS:
                faults.wall_clock_jumps(CLOCK_JUMP_S, at_s=self.at_s)
            case FaultKind.INVERTER_LOST:
                faults.inverter_lost(**span)
            case FaultKind.METER_LATE:
                faults.meter_late(self.target, self.late_s, **span)
            case FaultKind.METER_IMPOSSIBLE:
                faults.meter_spikes(self.target, self.spike_a, share=1.0, **span)
            case _:
                self._at_one_device(faults, **span)

    def _at_one_device(self, faults: Faults, *, at_s: float, for_s: float) -> None:
        switches = {
            FaultKind.METER_LOST: faults.meter_lost,
            FaultKind.METER_FROZEN: faults.meter_frozen,
            FaultKind.METER_BACKWARDS: faults.meter_backwards,
            FaultKind.STATION_DISCONNECTS: faults.station_offline,
            FaultKind.STATION_REJECTS: faults.station_refuses,
            FaultKind.STATION_TIMES_OUT: faults.station_deaf,
            FaultKind.STATION_IGNORES: faults.station_ignores,
        }
        if self.fault in switches:
            switches[self.fault](self.target, at_s=at_s, for_s=for_s)


@dataclass(frozen=True, slots=True)
class _Times:
    """How quick this site is."""

    meter_period_s: float
    message_s: float
    lease_s: float

    @property
    def late_s(self) -> float:
        return max(3 * self.meter_period_s, 3.0)

    @property
    def lost_s(self) -> float:
        return max(5 * self.meter_period_s, 5.0)

    def promise(self, fault: FaultKind) -> tuple[float, str]:
        """Seconds from the fault to the moment when its promise holds, and why so many."""
        reaction_s = self.message_s + CAR_REACTS_WITHIN_S
        match fault:
            case FaultKind.METER_LATE:
                return self.late_s + self.message_s + 2.0, "3 meter periods and a message"
            case FaultKind.METER_LOST | FaultKind.METER_BACKWARDS | FaultKind.METER_IMPOSSIBLE:
                return self.lost_s + reaction_s, "5 meter periods, a message and 5 s for the car"
            case FaultKind.METER_FROZEN:
                frozen_s = 60 * self.meter_period_s + self.lost_s
                return frozen_s + reaction_s, "60 equal samples, 5 meter periods, a message and 5 s for the car"
            case FaultKind.NOTHING | FaultKind.INVERTER_LOST | FaultKind.CLOCK_JUMPS:
                return reaction_s, "a message and 5 s for the car"
            case FaultKind.NOT_COMMISSIONED:
                return 0.0, "from the start"
            case _:
                return self.lease_s + LEASE_SLACK_S, "lease and 10 s"


def play_of(site: SiteFile, row: FaultRow) -> Play | str:
    """The short run of this row on this site, or why there is none."""
    fault = row.fault
    if fault in COVERED_ELSEWHERE:
        return COVERED_ELSEWHERE[fault]
    if fault is FaultKind.INVERTER_LOST and not site.solar:
        return "this site has no inverter"
    scene = _scene(site, row)
    if scene.until_s - scene.from_s <= scene.answer_within_s + 1.0:
        lasts = f"it lasts {scene.until_s - scene.from_s:g} s"
        return f"{lasts}, and only after {scene.answer_within_s:g} s ({scene.promise}) is there something to see"
    stations = tuple(station.id for station in site.stations)
    target = _target(site, row)
    return Play(
        scene=scene,
        site=_as_played(site, fault),
        house=_house(site, scene, target),
        stays=_hungry_cars(site, scene.until_s + SEEN_FOR_S),
        breakage=Breakage(
            fault=fault,
            target=target,
            stations=stations,
            at_s=scene.from_s,
            for_s=scene.until_s - scene.from_s,
            late_s=_times(site, row).late_s + 0.1,
            spike_a=SPIKE_RATINGS * _fuse_a(site),
        ),
    )


def _scene(site: SiteFile, row: FaultRow) -> Scene:
    answer_s, promise = _times(site, row).promise(row.fault)
    at_s = CARS_CHARGE_AFTER_S if row.at is None else row.at
    lasts_s = answer_s + SEEN_FOR_S if row.lasts is None else row.lasts
    alone = row.fault is FaultKind.STATION_DISCONNECTS
    concerned = [each for each in site.stations if not alone or each.id == _target(site, row)]
    return Scene(
        fault=row.fault,
        label=row.label,
        from_s=at_s,
        until_s=at_s + lasts_s,
        answer_within_s=answer_s,
        fallback_a={station.id: station.fallback_a for station in concerned},
        car_phases={stay.station_id: stay.phases for stay in _hungry_cars(site, at_s)},
        promise=promise,
    )


def _times(site: SiteFile, row: FaultRow) -> _Times:
    periods = {meter.circuit: meter.period_s for meter in site.meters}
    period_s = periods.get(row.target or MAIN, periods.get(MAIN, 1.0))
    return _Times(period_s, site.simulation.message_s, site.policy.lease_s)


def _target(site: SiteFile, row: FaultRow) -> str:
    return row.target or (MAIN if row.fault.value.startswith("meter_") else site.stations[0].id)


def _as_played(site: SiteFile, fault: FaultKind) -> SiteFile:
    """All cars in fast mode; where the inverter goes, on surplus above their minimum."""
    mode = ChargeMode.MIN_SOLAR if fault is FaultKind.INVERTER_LOST else ChargeMode.FAST
    changes: dict[str, object] = {
        "stations": tuple(station.model_copy(update={"mode": mode}) for station in site.stations),
        "simulation": site.simulation.model_copy(update={"battery": None}),
    }
    if fault is FaultKind.NOT_COMMISSIONED:
        changes["connection"] = site.connection.model_copy(update={"main_fuse_a": None})
    return site.model_copy(update=changes)


def _hungry_cars(site: SiteFile, length_s: float) -> tuple[Stay, ...]:
    """A car at every station that is never full: the simulated one where there is one."""
    cars = {car.station: car for car in site.simulation.cars}
    return tuple(
        Stay(
            station_id=station.id,
            arrival_s=0.0,
            departure_s=math.ceil(length_s),
            energy_kwh=math.inf,
            phases=min(len(station.wired), cars[station.id].phases if station.id in cars else 3),
            max_a=cars[station.id].max_a if station.id in cars else station.max_a,
        )
        for station in site.stations
    )


def _house(site: SiteFile, scene: Scene, target: str) -> QuietHouse:
    """Base load and one step: at once where control must answer it, after the promise where nobody can."""
    fuse_a = _fuse_a(site)
    highest_a = site.connection.largest_other_load_a
    highest_a = (BASE_SHARE + SUDDEN_SHARE) * fuse_a if highest_a is None else highest_a
    base_a = min(BASE_SHARE * fuse_a, highest_a)
    sudden_a = min(highest_a - base_a, SUDDEN_SHARE * fuse_a)
    plan = partial(
        QuietHouse,
        phases=site.connection.phases,
        length_s=math.ceil(scene.until_s + SEEN_FOR_S),
        base_a=base_a,
        sun_w=SUN_W if scene.fault is FaultKind.INVERTER_LOST else 0.0,
        step_until_s=scene.until_s,
    )
    match scene.fault:
        case FaultKind.METER_LATE:
            # Room that came free shortly before tempts to raise.
            early = plan(step_a=sudden_a, step_from_s=SEEN_FOR_S)
            return replace(early, step_until_s=scene.from_s - SEEN_FOR_S / 2)
        case FaultKind.METER_FROZEN:
            return plan(step_a=min(highest_a - base_a, UNSEEN_SHARE * fuse_a), step_from_s=scene.from_s + 10.0)
        case FaultKind.NOTHING | FaultKind.INVERTER_LOST:
            return plan(step_a=sudden_a, step_from_s=scene.from_s + 10.0)
        case FaultKind.CLOCK_JUMPS | FaultKind.NOT_COMMISSIONED:
            return plan(step_a=0.0, step_from_s=scene.from_s)
        case FaultKind.STATION_IGNORES:
            taken_a = max(station.max_a for station in site.stations if station.id == target)
            room_a = 0.95 * fuse_a - base_a - taken_a
            return plan(step_a=max(0.0, min(sudden_a, room_a)), step_from_s=scene.from_s + 10.0)
        case _:
            return plan(step_a=highest_a - base_a, step_from_s=scene.from_s + scene.answer_within_s + 1.0)


def _fuse_a(site: SiteFile) -> float:
    return site.connection.main_fuse_a or FUSE_IF_UNKNOWN_A
