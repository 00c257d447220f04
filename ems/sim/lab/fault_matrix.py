"""The fault table of design §6 as short runs: hungry cars in fast mode on the site's own fuse, and one sudden load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ems.config.schema import SiteFile
from ems.config.translate import to_site
from ems.model.goals import ChargeMode
from ems.sim.lab.fault_house import QuietHouse, fuse_a, house_of, load_from_s, load_of, more_sun_w
from ems.sim.lab.fault_scene import Scene
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.lab.records import Stay
from ems.sim.plant.faults import BOOTS_WITHIN_S, Faults

MAIN: Final = "main"
CARS_CHARGE_AFTER_S: Final = 240.0
SEEN_FOR_S: Final = 60.0
"""How much longer than its promise allows a fault lasts."""

CAR_REACTS_WITHIN_S: Final = 5.0
"""IEC 61851-1."""

SAMPLE_S: Final = 2.0
"""A load just misses a sample, and one is on its way."""

LEASE_SLACK_S: Final = 10.0
FOLLOWS_WITHIN_S: Final = 60.0
"""How long the cars may take to settle on a new sun; the slowest policy looks every 30 s."""

BACK_WITHIN_S: Final = 120.0
"""From the end of the fault until the cars charge as before; a paused one waits a minute and rises by a ramp."""

LONGEST_RETRY_S: Final = 30.0
"""Between two attempts at a station that does not answer (`ems.runtime.lane`)."""

CLOCK_JUMP_S: Final = 3600.0
SPIKE_RATINGS: Final = 10.0

RETRIED: Final = frozenset({FaultKind.STATION_REJECTS, FaultKind.STATION_TIMES_OUT})

MATRIX: Final = tuple(FaultRow(fault=kind) for kind in FaultKind)
"""Every fault once, at the first station or the main meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One short run: the site as it is played, what its house does, who is at home, and what breaks."""

    scene: Scene
    site: SiteFile
    house: QuietHouse
    stays: tuple[Stay, ...]
    breakage: Breakage


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
                faults.service_hangs(**span)
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
            FaultKind.STATION_REBOOTS: faults.station_reboots,
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
    answer_s: float

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
            case FaultKind.INVERTER_LOST:
                return FOLLOWS_WITHIN_S + reaction_s, "a minute to follow, a message and 5 s for the car"
            case FaultKind.NOTHING | FaultKind.CLOCK_JUMPS | FaultKind.STORE_FULL:
                return reaction_s, "a message and 5 s for the car"
            case FaultKind.NOT_COMMISSIONED:
                return 0.0, "from the start"
            case FaultKind.STATION_REBOOTS:
                return BOOTS_WITHIN_S + reaction_s, "its boot, a message and 5 s for the car"
            case _:
                return self.lease_s + LEASE_SLACK_S, "lease and 10 s"


def play_of(site: SiteFile, row: FaultRow) -> Play | str:
    """The short run of this row on this site, or why there is none."""
    fault = row.fault
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
        house=house_of(site, scene),
        stays=_hungry_cars(site, scene.until_s + scene.back_within_s),
        breakage=Breakage(
            fault=fault,
            target=target,
            stations=stations,
            at_s=scene.from_s,
            for_s=scene.until_s - scene.from_s,
            late_s=_times(site, row).late_s + 0.1,
            spike_a=SPIKE_RATINGS * fuse_a(site),
        ),
    )


def _scene(site: SiteFile, row: FaultRow) -> Scene:
    times, target = _times(site, row), _target(site, row)
    answer_s, promise = times.promise(row.fault)
    from_s = CARS_CHARGE_AFTER_S if row.at is None else row.at
    alone = row.fault in {FaultKind.STATION_DISCONNECTS, FaultKind.STATION_REBOOTS}
    phases = {stay.station_id: stay.phases for stay in _hungry_cars(site, from_s)}
    model = to_site(site)
    return Scene(
        fault=row.fault,
        label=row.label,
        target=target,
        from_s=from_s,
        until_s=from_s + (answer_s + SEEN_FOR_S if row.lasts is None else row.lasts),
        answer_within_s=answer_s,
        promise=promise,
        fallback_a={each.id: each.fallback_a for each in site.stations if not alone or each.id == target},
        car_phases={each.station_id: each.wiring[: phases[each.station_id]] for each in model.stations},
        max_a={each.id: each.max_a for each in site.stations},
        behind={
            circuit.circuit_id: tuple(each.station_id for each in model.below(circuit.circuit_id))
            for circuit in model.circuits
        },
        load_a=load_of(site, row.fault, target),
        load_from_s=load_from_s(row.fault, from_s, answer_s),
        reacts_within_s=SAMPLE_S * times.meter_period_s + times.message_s + CAR_REACTS_WITHIN_S,
        back_within_s=BACK_WITHIN_S + (LONGEST_RETRY_S + times.answer_s if row.fault in RETRIED else 0.0),
        trusted_after_s=(model.policy.good_samples_to_trust - 1) * times.meter_period_s,
        lease_s=times.lease_s,
        more_sun_w=_more_sun_w(site) if row.fault is FaultKind.INVERTER_LOST else 0.0,
    )


def _more_sun_w(site: SiteFile) -> float:
    cars = _hungry_cars(site, 0.0)
    least_a = {station.id: station.min_a for station in site.stations}
    return more_sun_w(
        site,
        cars_a=sum(car.max_a * car.phases for car in cars),
        least_a=sum(least_a[car.station_id] * car.phases for car in cars),
    )


def _times(site: SiteFile, row: FaultRow) -> _Times:
    periods = {meter.circuit: meter.period_s for meter in site.meters}
    period_s = periods.get(row.target or MAIN, periods.get(MAIN, 1.0))
    return _Times(period_s, site.simulation.message_s, site.policy.lease_s, site.csms.answer_within_s)


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
