"""From a site file to the simulated house's parts: day, world, cars, stations and devices. Nothing listens yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ems.clock import Clock
from ems.config.connectors import is_alone, together
from ems.config.schema import SimulatedBattery, SimulatedCar, SiteFile, StationEntry, VehicleEntry
from ems.config.secrets import reveal
from ems.config.translate import to_site
from ems.csms.charging_profiles import Purpose, resident_id
from ems.model.electrical import CircuitTree, Phase
from ems.sim.car import USUAL_FALL_A_PER_S, Car
from ems.sim.charging_profiles import Firmware
from ems.sim.day import SummerDay
from ems.sim.plant.battery import HomeBattery
from ems.sim.wire.difficulties import UnknownDifficulty, difficult
from ems.sim.wire.house_devices import USUAL_PEAK_W, CannotSimulate, HeardMeter, HouseDevices, Page, Unit
from ems.sim.wire.mqtt_devices import (
    EmbeddedBroker,
    MqttPublisher,
)
from ems.sim.wire.ocpp_station import SimulatedStation
from ems.sim.wire.station_box import StationBuild
from ems.sim.wire.version import Version
from ems.sim.world import STEP_S, Place, World

HOUSE_SHARE: Final = 0.55
"""The house alone stays below this share of the main fuse."""

UNSTATED_FUSE_A: Final = 25.0
"""What really sits in a house whose file does not state the main fuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything of a simulated house."""

    world: World
    stations: dict[str, SimulatedStation]
    """By the id of their first connectors in the site file."""

    units: dict[str, Unit]
    """Modbus devices by their id in the site file; a hybrid is one device under several."""

    pages: dict[str, Page]
    """HTTP devices likewise."""

    heard: dict[str, HeardMeter]
    """Devices on a line of their own, likewise: meters that speak by themselves, and framed languages."""

    publishers: dict[str, MqttPublisher]
    """MQTT devices by their id in the site file."""


def build(file: SiteFile, clock: Clock, broker: EmbeddedBroker) -> Parts:
    """All parts of that house. Raises CannotSimulate, and SecretError for a station's missing password."""
    world = _world(file, clock)
    devices = HouseDevices(file, clock, broker, world)
    return Parts(
        world=world,
        stations={
            group[0].id: SimulatedStation(_with_connectors(_station(file, group[0]), group), world, clock)
            for group in together(file.stations).values()
        },
        units=devices.units(),
        pages=devices.pages(),
        heard=devices.heard(),
        publishers=devices.publishers(),
    )


def _world(file: SiteFile, clock: Clock) -> World:
    circuits = _circuits(file)
    main = circuits.main
    room_a = main.fuse.rating_a * HOUSE_SHARE
    known_a = main.largest_other_load_a
    peaks_w = {entry.id: entry.peak_w or USUAL_PEAK_W for entry in file.solar}
    simulation = file.simulation
    hours, minutes = simulation.start.split(":")
    day = SummerDay(
        seed=simulation.seed,
        sky=simulation.sky,
        house_w=simulation.house_w,
        peak_w=sum(peaks_w.values()),
        phases=main.phases,
        ceiling_a=room_a if known_a is None else min(room_a, known_a),
    )
    return World(
        circuits=circuits,
        day=day,
        places=_places(file),
        peaks_w=peaks_w,
        start_s=clock.monotonic_s(),
        day_start_s=int(hours) * 3600.0 + int(minutes) * 60.0,
        battery=_battery(file),
        battery_wiring=tuple(Phase[name] for name in (file.battery.wired or ())) if file.battery else (),
    )


def _battery(file: SiteFile) -> HomeBattery | None:
    """The battery that the file has, played as its `simulation` section says."""
    if file.battery is None:
        return None
    kind = file.simulation.battery or SimulatedBattery()
    if file.battery.capacity_kwh is not None and file.simulation.battery is None:
        kind = kind.model_copy(update={"capacity_kwh": file.battery.capacity_kwh})
    return HomeBattery(kind, step_s=STEP_S)


def _circuits(file: SiteFile) -> CircuitTree:
    circuits = to_site(file).circuits
    if file.connection.main_fuse_a is not None:
        return circuits
    main, *rest = circuits
    return CircuitTree((replace(main, fuse=replace(main.fuse, rating_a=UNSTATED_FUSE_A)), *rest))


def _places(file: SiteFile) -> Iterator[Place]:
    """The cars that the simulation section names; one on every station when it names none."""
    vehicles = {vehicle.id: vehicle for vehicle in file.vehicles}
    named = {car.station: car for car in file.simulation.cars}
    for station in file.stations:
        car = named.get(station.id)
        if car is None:
            car = _usual_car(station, vehicles.get(station.vehicle or ""))
        comes = station.id in named or not named
        yield Place(
            station_id=station.id,
            circuit_id=station.circuit,
            wiring=tuple(Phase[name] for name in station.wired),
            car=_car(car),
            soc=car.soc,
            arrives_after_s=car.arrives_after_s if comes else float("inf"),
        )


def _usual_car(station: StationEntry, vehicle: VehicleEntry | None) -> SimulatedCar:
    usual = SimulatedCar(station=station.id, max_a=station.max_a)
    if vehicle is None:
        return usual
    told = {"phases": vehicle.phases, "max_a": vehicle.max_a, "battery_kwh": vehicle.battery_kwh}
    return usual.model_copy(update={key: value for key, value in told.items() if value is not None})


def _car(entry: SimulatedCar) -> Car:
    fall_a_per_s = max(USUAL_FALL_A_PER_S, entry.max_a / 2)
    return Car(phases=entry.phases, max_a=entry.max_a, battery_kwh=entry.battery_kwh, fall_a_per_s=fall_a_per_s)


def _station(file: SiteFile, entry: StationEntry) -> StationBuild:
    """As the file's `simulation` section wants it played. Raises CannotSimulate for a difficulty that nobody knows."""
    build = _well_bred(entry)
    played = next((each for each in file.simulation.stations if each.station == entry.id), None)
    if played is None:
        return build
    try:
        build = difficult(build, played.difficult)
    except UnknownDifficulty as err:
        raise CannotSimulate(f"{entry.id}: {err}") from err
    return replace(build, version=Version(played.protocol)) if "protocol" in played.model_fields_set else build


def _with_connectors(build: StationBuild, group: Sequence[StationEntry]) -> StationBuild:
    """The same with all its connectors. Raises CannotSimulate for one that lacks a connector between others."""
    if is_alone(group):
        return build
    if [entry.connector for entry in group] != list(range(1, len(group) + 1)):
        raise CannotSimulate(f"{group[0].id}: the connectors of a simulated station are 1, 2 and so on, without a gap")
    held = [(resident_id(Purpose.TX_DEFAULT, entry.connector), entry.fallback_a) for entry in group]
    firmware = replace(
        build.firmware,
        connectors=len(group),
        hardware_max_a=max(entry.hardware_max_a or entry.max_a for entry in group),
        wired_phases=max(len(entry.wired) for entry in group),
    )
    return replace(
        build,
        further_places=tuple(entry.id for entry in group[1:]),
        resident_a=None,
        residents_a=tuple(held) if all(entry.lease_verified for entry in group) else (),
        firmware=firmware,
    )


def _well_bred(entry: StationEntry) -> StationBuild:
    return StationBuild(
        station_id=entry.id,
        identity=entry.id if entry.identity is None else entry.identity,
        password=reveal(entry.password) if entry.password else None,
        version=Version(entry.ocpp or Version.V16),
        serial=entry.serial or f"SIM-{entry.id}"[:25],
        # Where the fall-back was verified, some earlier run of ours has put it into the station.
        resident_id=resident_id(Purpose.STATION_MAX, 0),
        resident_a=entry.fallback_a if entry.lease_verified else None,
        firmware=Firmware(
            hardware_max_a=entry.hardware_max_a or entry.max_a,
            wired_phases=len(entry.wired),
            switches_phases=entry.phase_switching,
            whole_amps=entry.whole_amps,
        ),
    )
