"""A whole simulated house behind real sockets, built from a site file.

    async with SimulatedHouse(file, clock) as house:
        service = start(house.relocated(file))
        house.connect_stations(service.port)
        ...
        print(house.report())

Everything listens on the loopback interface. `relocated` gives the same site file with the ports that are really used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

from ems.clock import Clock
from ems.config.schema import BatteryEntry, BrokerSection, MeterEntry, MqttRule, SiteFile, SolarEntry
from ems.devices.profile_parts import Carrier
from ems.model.electrical import PerPhase
from ems.sim.tally import CircuitFigures
from ems.sim.wire.house_devices import CannotSimulate, Page, Unit, address_in, entries_of
from ems.sim.wire.house_plan import Parts, build
from ems.sim.wire.modbus_devices import ModbusPort, SimulatedUnit
from ems.sim.wire.mqtt_devices import EmbeddedBroker, Message, MqttPublisher
from ems.sim.wire.ocpp_station import SimulatedStation, StationReport
from ems.sim.wire.outlet import Outlet
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.world import World

__all__ = ["CannotSimulate", "HouseReport", "SimulatedHouse"]

LOOPBACK: Final = "127.0.0.1"
OPERATOR: Final = "grid operator"

_Entry = TypeVar("_Entry", MeterEntry, SolarEntry, BatteryEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseReport:
    """How the house fared since its start, as the house itself saw it."""

    meter_samples: int
    """Samples that the meters at the main fuse gave out."""

    grid_max_a: PerPhase
    """Largest current at the main fuse, in either direction."""

    main_fuse_a: float
    seconds_over_rating: float
    """Time with any phase of the main fuse above its rating."""

    circuits: tuple[CircuitFigures, ...]
    stations: tuple[StationReport, ...]


class SimulatedHouse:
    """The devices of a site file, playing a summer day. Raises CannotSimulate for what it cannot play.

    With `keep_ports` devices listen at the file's own port numbers where those are free.
    """

    def __init__(self, file: SiteFile, clock: Clock, *, keep_ports: bool = False) -> None:
        self.broker: Final = EmbeddedBroker(LOOPBACK, file.mqtt.port if keep_ports and file.mqtt else 0)
        self._file = file
        self._clock = clock
        self._parts: Final[Parts] = build(file, clock, self.broker)
        self.ports: Final = _ports(file, self._parts, keep_ports=keep_ports)
        """The simulated Modbus sockets, by host and port of the site file."""

        self.grid_operator_calls = False
        """What the operator's contact says, where the site file has one; a test may change it."""

        self._contact = self._operator_contact()
        self._open = AsyncExitStack()

    @property
    def world(self) -> World:
        return self._parts.world

    @property
    def stations(self) -> Mapping[str, SimulatedStation]:
        """By the id of their first connectors in the site file."""
        return self._parts.stations

    def outlet(self, entry_id: str) -> tuple[SimulatedStation, Outlet]:
        """The station of an entry of the site file, and its connector that is meant."""
        return next(
            (station, outlet)
            for station in self.stations.values()
            for outlet in station.box.outlets
            if outlet.place_id == entry_id
        )

    @property
    def units(self) -> Mapping[str, SimulatedUnit]:
        """The Modbus devices that can be broken by name."""
        return {name: unit for name, unit in self._parts.units.items() if isinstance(unit, SimulatedUnit)}

    @property
    def publishers(self) -> Mapping[str, MqttPublisher]:
        """The MQTT devices."""
        return self._parts.publishers

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for port in self.ports.values():
                await _open_somewhere(port)
                stack.push_async_callback(port.close)
            for page in {id(page): page for page in self._parts.pages.values()}.values():
                await _open_somewhere(page)
                stack.push_async_callback(page.close)
            for meter in {id(meter): meter for meter in self._parts.heard.values()}.values():
                await meter.open()
                stack.push_async_callback(meter.close)
            talking = self._talking()
            if talking:
                await _start_somewhere(self.broker)
                stack.push_async_callback(self.broker.stop)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            running = [tasks.create_task(station.run()) for station in self.stations.values()]
            running += [tasks.create_task(publisher.run()) for publisher in talking]
            stack.callback(_cancel_all, running)
            self._open = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An error of whoever uses the house leaves as it is, not wrapped by the task group of the devices.
        await self._open.aclose()

    def connect_stations(self, port: int, host: str = LOOPBACK) -> None:
        """Where the central system listens; all stations connect to it from now on."""
        for station in self.stations.values():
            station.connect_to(host, port)

    def relocated(self, file: SiteFile | None = None) -> SiteFile:
        """The site file (this house's own when left out) with the endpoints that are really used."""
        file = file or self._file
        broker = BrokerSection(host=LOOPBACK, port=self.broker.port) if self._talking() else file.mqtt
        return file.model_copy(
            update={
                "meters": tuple(self._relocated(entry) for entry in file.meters),
                "solar": tuple(self._relocated(entry) for entry in file.solar),
                "battery": file.battery and self._relocated(file.battery),
                "mqtt": broker,
                "csms": file.csms.model_copy(update={"host": LOOPBACK}),
                "api": file.api.model_copy(update={"host": LOOPBACK, "announce": False}),
            }
        )

    def report(self) -> HouseReport:
        """The figures up to now."""
        self.world.advance_to(self._clock.monotonic_s())
        circuits = self.world.figures()
        main = circuits[0]
        at_main = [entry.id for entry in self._file.meters if entry.circuit == main.circuit_id]
        parts = self._parts
        every = {**parts.units, **parts.pages, **parts.heard, **parts.publishers}
        return HouseReport(
            meter_samples=sum(every[name].samples for name in at_main if name in every),
            grid_max_a=main.max_a,
            main_fuse_a=main.rating_a,
            seconds_over_rating=main.seconds_over_rating,
            circuits=circuits,
            stations=tuple(each for station in self.stations.values() for each in station.reports()),
        )

    def _talking(self) -> list[MqttPublisher]:
        """Everybody who speaks on the broker."""
        return [*self.publishers.values(), *([] if self._contact is None else [self._contact])]

    def _operator_contact(self) -> MqttPublisher | None:
        """The grid operator's contact, which nobody else would play."""
        operator = self._file.grid_operator
        if operator is None or operator.signal is None:
            return None
        rule = operator.signal
        return MqttPublisher(
            OPERATOR, self.broker, self._clock, lambda _: [_contact_message(rule, closed=self.grid_operator_calls)]
        )

    def _relocated(self, entry: _Entry) -> _Entry:
        if entry.http is not None:
            page = self._parts.pages[entry.id]
            let_in = {"user": None, "password": None, "token": None}
            source = {"host": page.host, "port": page.port, "tls": False, **let_in}
            return entry.model_copy(update={"http": entry.http.model_copy(update=source)})
        if entry.p1 is not None:
            telegrams = {**self._parts.heard[entry.id].where, "serial": None, "baud": None}
            return entry.model_copy(update={"p1": entry.p1.model_copy(update=telegrams)})
        if entry.rct is not None:
            objects = self._parts.heard[entry.id].where
            return entry.model_copy(update={"rct": entry.rct.model_copy(update=objects)})
        if entry.sml is not None:
            frames = {**self._parts.heard[entry.id].where, "serial": None, "baud": None}
            return entry.model_copy(update={"sml": entry.sml.model_copy(update=frames)})
        if entry.speedwire is not None:
            datagrams = self._parts.heard[entry.id].where
            return entry.model_copy(update={"speedwire": entry.speedwire.model_copy(update=datagrams)})
        address = address_in(entry)
        if address is None or entry.modbus is None:
            return entry
        port = self.ports[address.place]
        where = {"host": port.host, "port": port.port, "over": None, "serial": None, "unit": address.unit}
        return entry.model_copy(update={"modbus": entry.modbus.model_copy(update=where)})


def _ports(file: SiteFile, parts: Parts, *, keep_ports: bool) -> dict[tuple[str, int], ModbusPort[Unit]]:
    """One socket for all units that the file has behind one address."""
    groups: dict[tuple[str, int], dict[int, Unit]] = {}
    for entry in entries_of(file):
        address = address_in(entry)
        if address is not None:
            groups.setdefault(address.place, {})[address.unit] = parts.units[entry.id]
    return {
        place: ModbusPort(units.values(), LOOPBACK, place[1] if keep_ports else 0, over=_carrier(units.values()))
        for place, units in groups.items()
    }


def _carrier(units: Iterable[Unit]) -> Carrier:
    """What the devices behind one socket speak over."""
    return next((unit.over for unit in units if isinstance(unit, ProfileUnit)), "tcp")


async def _open_somewhere(port: ModbusPort[Unit] | Page) -> None:
    try:
        await port.open()
    except OSError:
        port.port = 0
        await port.open()


async def _start_somewhere(broker: EmbeddedBroker) -> None:
    try:
        await broker.start()
    except OSError:
        broker.port = 0
        await broker.start()


def _contact_message(rule: MqttRule, *, closed: bool) -> Message:
    """Retained, as the site file's page asks for."""
    told: object = closed
    for name in reversed(rule.path.split(".") if rule.path else ()):
        told = {name: told}
    return Message(topic=rule.topic, payload=json.dumps(told), retain=True)


def _cancel_all(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
