"""The meters, inverters and the battery of a simulated house, each of its own profile, fed from the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ems.clock import Clock
from ems.config.schema import MeterEntry, ModbusAddress, SiteFile, SolarEntry
from ems.devices.config_error import DeviceConfigError
from ems.devices.entry_filling import as_stated
from ems.devices.http.entry_requests import requests_of
from ems.devices.http.profile import HttpProfile, HttpUse
from ems.devices.library import profile
from ems.devices.modbus.address import address_of
from ems.devices.mqtt.entry_topics import portal_topic_of, prefix_of, topics_of
from ems.devices.mqtt.portal import ANY
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import Profile
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile
from ems.errors import EmsError
from ems.sim.wire.filling import CannotShow, Values, tells_of
from ems.sim.wire.heard_meters import SERIAL, PlayedDatagrams, PlayedTelegrams
from ems.sim.wire.house_groups import Entry, devices_of, kind_of
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import SimulatedUnit, sdm630, sunspec_inverter
from ems.sim.wire.mqtt_devices import (
    EmbeddedBroker,
    MqttPublisher,
    Presence,
    portal_messages,
    shelly_messages,
    shelly_presence,
    topic_messages,
)
from ems.sim.wire.object_devices import PlayedObjects
from ems.sim.wire.points import battery_points, grid_points, sun_points
from ems.sim.wire.profile_unit import ProfileUnit, RegisterProfile, Source
from ems.sim.wire.sml_page import SmlPagePort
from ems.sim.world import CircuitSample, SunSample, World

USUAL_PEAK_W: Final = 5000.0
LOOPBACK: Final = "127.0.0.1"
PORTAL: Final = "c0619ab00001"
"""The number of simulated devices that say one of themselves."""

LOWEST_OPEN_PORT: Final = 1024
"""Below it only the system's own programs may listen."""

Unit: TypeAlias = SimulatedUnit | ProfileUnit
Page: TypeAlias = HttpPort | SmlPagePort
HeardMeter: TypeAlias = PlayedTelegrams | PlayedDatagrams | PlayedObjects


class CannotSimulate(EmsError):
    """The site file names something that the simulated house cannot play."""

    code = "cannot_simulate"


def entries_of(file: SiteFile) -> tuple[Entry, ...]:
    """Every device of the file."""
    return (*file.meters, *file.solar, *([file.battery] if file.battery is not None else []))


def _with_a_number(entry: Entry, found: MqttProfile | None) -> Entry:
    """With a number of ours, where the entry leaves it to the device to say one."""
    if portal_topic_of(entry, found) is None or entry.mqtt is None:
        return entry
    prefix = (prefix_of(entry, found) or ANY).replace(ANY, PORTAL, 1)
    return entry.model_copy(update={"mqtt": entry.mqtt.model_copy(update={"prefix": prefix})})


def address_in(entry: Entry) -> ModbusAddress | None:
    """Where it answers Modbus, with what its profile says where the file says nothing."""
    if entry.modbus is None:
        return None
    found = _profile_of(entry)
    return entry.modbus if found is None else address_of(entry.modbus, found)


@dataclass(frozen=True, slots=True)
class HouseDevices:
    """Builds the devices of one house on one world."""

    file: SiteFile
    clock: Clock
    broker: EmbeddedBroker
    world: World

    def units(self) -> dict[str, Unit]:
        """The Modbus devices, by the ids of their entries; a hybrid is one device under several. Raises CannotSimulate,
        as the others do."""
        found: dict[str, Unit] = {}
        for group in self._by_unit():
            unit = self._unit(group)
            found |= dict.fromkeys((entry.id for entry in group), unit)
        return found

    def pages(self) -> dict[str, Page]:
        """The devices that answer HTTP, by the ids of their entries."""
        asked = [(each.http.host, each.http.port, each) for each in entries_of(self.file) if each.http is not None]
        found: dict[str, Page] = {}
        for several in devices_of(asked):
            found |= dict.fromkeys((entry.id for entry in several), self._page(several))
        return found

    def heard(self) -> dict[str, HeardMeter]:
        """The devices on a line of their own, by the ids of their entries."""
        spoken = [entry for entry in entries_of(self.file) if entry.p1 or entry.sml or entry.speedwire is not None]
        found = {entry.id: self._heard(entry, number) for number, entry in enumerate(spoken)}
        asked = [(each.rct.host, each.rct.port, each) for each in entries_of(self.file) if each.rct is not None]
        for several in devices_of(asked):
            found |= dict.fromkeys((entry.id for entry in several), self._objects(several))
        return found

    def publishers(self) -> dict[str, MqttPublisher]:
        """The devices that publish, by the ids of their entries."""
        return {
            entry.id: self._publisher(entry)
            for entry in entries_of(self.file)
            if all(own is None for own in (entry.modbus, entry.http, entry.p1, entry.sml, entry.speedwire, entry.rct))
        }

    def _by_unit(self) -> Iterator[list[Entry]]:
        groups: dict[tuple[tuple[str, int], int], list[Entry]] = {}
        for entry in entries_of(self.file):
            address = address_in(entry)
            if address is None:
                continue
            group = groups.setdefault((address.place, address.unit), [])
            if any(each.profile != entry.profile or kind_of(each) == kind_of(entry) for each in group):
                raise CannotSimulate(f"{entry.id} shares unit {address.unit} with another device; give it its own")
            group.append(entry)
        yield from groups.values()

    def _unit(self, group: Sequence[Entry]) -> Unit:
        entry = group[0]
        address, found = address_in(entry), _profile_of(entry)
        if address is None or not isinstance(found, RegisterProfile):
            raise CannotSimulate(f"{entry.id} with profile {entry.profile} cannot be simulated over Modbus")
        if len(group) == 1 and isinstance(entry, MeterEntry) and entry.profile == "eastron_sdm630":
            return sdm630(address.unit, self._grid(entry), self.clock)
        if len(group) == 1 and isinstance(entry, SolarEntry) and entry.profile == "sunspec":
            phases, peak_w = self.file.connection.phases, entry.peak_w or USUAL_PEAK_W
            return sunspec_inverter(address.unit, self._sun(entry), self.clock, phases=phases, peak_w=peak_w)
        try:
            return ProfileUnit(address.unit, found, self._source(group, found))
        except CannotShow as err:
            raise CannotSimulate(f"{entry.id} cannot be simulated: {err}") from err

    def _page(self, group: Sequence[Entry]) -> Page:
        entry = group[0]
        found = _profile_of(entry) if entry.profile is not None else _own_profile(entry)
        if not isinstance(found, HttpProfile | SmlPageProfile) or entry.http is None:
            raise CannotSimulate(f"{entry.id} with profile {entry.profile} cannot be simulated over HTTP")
        port = entry.http.port if entry.http.port and entry.http.port >= LOWEST_OPEN_PORT else 0
        if isinstance(found, SmlPageProfile):
            return SmlPagePort(found, LOOPBACK, port, self.clock, self._source(group, found))
        return HttpPort(found, port=port, source=self._source(group, found), clock=self.clock)

    def _heard(self, entry: Entry, number: int) -> HeardMeter:
        found = _profile_of(entry)
        if (isinstance(found, P1Profile) and entry.p1) or (isinstance(found, SmlProfile) and entry.sml):
            return PlayedTelegrams(found, LOOPBACK, 0, self.clock, self._source([entry], found))
        if isinstance(found, SpeedwireProfile) and entry.speedwire is not None:
            source, asked = self._source([entry], found), entry.speedwire
            serial_number = asked.serial_number or SERIAL + number
            return PlayedDatagrams(found, LOOPBACK, asked.port or 0, self.clock, source, serial_number=serial_number)
        raise CannotSimulate(f"{entry.id} with profile {entry.profile} speaks another way than its address says")

    def _objects(self, group: Sequence[Entry]) -> PlayedObjects:
        found = _profile_of(group[0])
        if not isinstance(found, RctProfile):
            raise CannotSimulate(f"{group[0].id} with profile {group[0].profile} has no numbered objects")
        return PlayedObjects(found, LOOPBACK, 0, self._source(group, found))

    def _publisher(self, entry: Entry) -> MqttPublisher:
        if entry.pushed:
            raise CannotSimulate(f"{entry.id} is pushed by another program, which cannot be simulated; leave it out")
        source, found = entry.mqtt, _profile_of(entry)
        if source is None or not (found is None or isinstance(found, MqttProfile)):
            raise CannotSimulate(f"{entry.id} with profile {entry.profile} cannot be simulated: it has no address")
        if isinstance(entry, MeterEntry) and entry.profile == "shelly_pro3em" and source.prefix:
            sample, prefix = self._grid(entry), source.prefix
            return MqttPublisher(
                entry.id,
                self.broker,
                self.clock,
                lambda number: shelly_messages(prefix, sample(), number),
                presence=shelly_presence(prefix),
            )
        try:
            entry = _with_a_number(entry, found)
            points, there = topics_of(entry, found)
        except DeviceConfigError as err:
            raise CannotSimulate(str(err)) from err
        values = self._values(entry)
        who = portal_messages(found, (entry.mqtt and entry.mqtt.prefix) or "") if found else ()
        return MqttPublisher(
            entry.id,
            self.broker,
            self.clock,
            lambda _: [*who, *topic_messages(points, values())],
            presence=Presence(topic=there.topic) if there and not there.path else None,
            period_s=entry.period_s,
        )

    def _source(self, group: Sequence[Entry], found: Profile) -> Source:
        """What a device with all these uses measures, of what such a device tells."""
        tells = tells_of(found)
        uses = {kind_of(entry): self._values(entry) for entry in group}

        def measured() -> Mapping[Kind, Values]:
            return {
                kind: {name: value for name, value in values().items() if name in tells[kind].told}
                for kind, values in uses.items()
            }

        return measured

    def _values(self, entry: Entry) -> Callable[[], Mapping[str, float]]:
        if isinstance(entry, MeterEntry):
            grid = self._grid(entry)
            return lambda: grid_points(grid())
        if isinstance(entry, SolarEntry):
            sun = self._sun(entry)
            return lambda: sun_points(sun())
        return self._battery

    def _battery(self) -> Mapping[str, float]:
        self.world.advance_to(self.clock.monotonic_s())
        seen = self.world.battery()
        return {} if seen is None else battery_points(seen)

    def _grid(self, entry: MeterEntry) -> Callable[[], CircuitSample]:
        def sample() -> CircuitSample:
            self.world.advance_to(self.clock.monotonic_s())
            seen = self.world.circuit(entry.circuit)
            return _wired_backwards(seen) if entry.invert else seen

        return sample

    def _sun(self, entry: SolarEntry) -> Callable[[], SunSample]:
        def sample() -> SunSample:
            self.world.advance_to(self.clock.monotonic_s())
            return self.world.sun(entry.id)

        return sample


def _profile_of(entry: Entry) -> Profile | None:
    if entry.profile is None:
        return None
    try:
        found = profile(entry.profile)
    except DeviceConfigError as err:
        raise CannotSimulate(f"{entry.id}: {err}") from err
    if kind_of(entry) not in found.kinds:
        raise CannotSimulate(f"{entry.id}: {found.id} describes no {kind_of(entry)}")
    try:
        return as_stated(entry, found)
    except DeviceConfigError as err:
        raise CannotSimulate(str(err)) from err


def _own_profile(entry: Entry) -> HttpProfile:
    """A device with requests of its own, as if it had a profile."""
    request = (entry.http.request if entry.http else None) or "/"
    points = requests_of(entry, None, kind_of(entry))
    uses = {kind_of(entry): HttpUse(points=points)}
    return HttpProfile(id="own", vendor="own", model="own", transport="http", request=request, uses=uses)


def _wired_backwards(seen: CircuitSample) -> CircuitSample:
    """What a meter shows whose sign the site file has to turn."""
    return replace(seen, current_a=-seen.current_a, import_kwh=seen.export_kwh, export_kwh=seen.import_kwh)
