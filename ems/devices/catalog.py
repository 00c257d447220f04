"""The way from a site file to devices that can be read.

Nothing is connected yet when it has been gone: Modbus connects with the first `read`, MQTT with its background job.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ems.clock import Clock
from ems.config.feeders import MAIN, phases_by_circuit
from ems.config.schema import DeviceEntry, MeterEntry, ModbusAddress, SiteFile
from ems.config.secrets import reveal
from ems.devices.battery.entry import valve_of
from ems.devices.battery.valve import Valve
from ems.devices.config_error import DeviceConfigError
from ems.devices.entry_checks import check_names, check_phases, live_points
from ems.devices.entry_filling import as_stated, is_fillable
from ems.devices.entry_lines import line_device, rct_address, speedwire_device, spot_of
from ems.devices.entry_numbers import names_of, signed_of
from ems.devices.http.device import HttpDevice
from ems.devices.http.entry_requests import http_address_of, requests_of
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile
from ems.devices.modbus.address import address_of, line_of, pace_of
from ems.devices.modbus.device import ModbusDevice, RegisterReader
from ems.devices.modbus.link import ModbusLink
from ems.devices.modbus.proxy import ModbusProxy
from ems.devices.mqtt.device import MqttDevice, Topics
from ems.devices.mqtt.entry_topics import keepalive_of, point_of, portal_topic_of, topics_of
from ems.devices.mqtt.link import Broker, MqttLink
from ems.devices.mqtt.operator_signal import OperatorSignal
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.newest_reading import silence_limit_s
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.plausibility import Bounds
from ems.devices.ports import Device
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.profile_parts import Carrier, Kind
from ems.devices.pushed import Inlet, PushedDevice
from ems.devices.rct.device import RctDevice
from ems.devices.rct.link import RctAddress, RctLink
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import Sample, is_live
from ems.devices.speedwire.device import SpeedwireDevice
from ems.devices.speedwire.ear import SpeedwireEar, Spot
from ems.devices.sunspec.device import SunSpecDevice
from ems.devices.sunspec.ways import ways_of
from ems.devices.views import BatteryView, GridView, Mounting, SolarView
from ems.model.electrical import Phase
from ems.model.readings import BatteryReading, GridReading, Reading, SolarReading

R = TypeVar("R", bound=Reading)
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 (other programs sit elsewhere on the home network)
Job = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """Everything a site file reads from."""

    meters: Mapping[str, Device[GridReading]]
    """By the id of the circuit that the meter sits at."""

    solar: tuple[Device[SolarReading], ...] = ()
    battery: Device[BatteryReading] | None = None
    battery_valve: Valve | None = None
    """Where the battery takes its bounds; None where the site file gives no leave for that."""

    operator_signal: OperatorSignal | None = None
    pushed: Mapping[str, Inlet] = field(default_factory=dict)
    """Those among them that a program brings readings of, by their id."""

    background: tuple[Job, ...] = ()
    """Jobs that must run beside the readers; they never end by themselves."""

    links: tuple[ModbusLink | RctLink, ...] = field(default=(), repr=False)

    async def close(self) -> None:
        """Close every connection; background jobs close theirs when they are cancelled."""
        for link in self.links:
            await link.close()


def connect_devices(file: SiteFile, clock: Clock) -> Devices:
    """The devices of a site file, sharing one connection per Modbus address and one to the MQTT broker.

    Raises DeviceConfigError when an entry cannot be read, SecretError when the broker's password cannot be revealed.
    """
    build = _Build(file, clock)
    solar = tuple(
        build.device(entry, "inverter", SolarView(peak_w=entry.peak_w, invert=entry.invert).reading)
        for entry in file.solar
    )
    battery: Device[BatteryReading] | None = None
    if file.battery is not None:
        battery = build.device(file.battery, "battery", BatteryView(invert=file.battery.invert).reading)
    return Devices(
        meters={meter.circuit: build.meter(meter) for meter in file.meters},
        solar=solar,
        battery=battery,
        battery_valve=build.battery_valve(),
        operator_signal=build.operator_signal(),
        pushed=build.pushed,
        background=(
            *((build.mqtt.run,) if build.mqtt else ()),
            *(proxy.serve for proxy in build.proxies.values()),
            *(ear.run for ear in build.ears.values()),
        ),
        links=(*build.links.values(), *build.talks.values()),
    )


class _Build:
    """The connections made so far, and how an entry becomes a device."""

    def __init__(self, file: SiteFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self.links: dict[tuple[str, int, Carrier], ModbusLink] = {}
        self.mqtt: MqttLink | None = None
        self.proxies: dict[int, ModbusProxy] = {}
        self.pushed: dict[str, Inlet] = {}
        self.ears: dict[Spot, SpeedwireEar] = {}
        self.talks: dict[RctAddress, RctLink] = {}

    def meter(self, entry: MeterEntry) -> Device[GridReading]:
        phases = phases_by_circuit(self._file).get(entry.circuit)
        if phases is None:
            raise DeviceConfigError(f"meter {entry.id} sits at circuit {entry.circuit}, which is not there: correct it")
        fuses = {MAIN: self._file.connection.main_fuse_a, **{each.id: each.fuse_a for each in self._file.circuits}}
        found = None if entry.pushed else _profile_of(entry, "meter")
        names, signed = names_of(entry, found), signed_of(entry, found)
        if not entry.pushed and not isinstance(found, SunSpecProfile):
            check_phases(entry, names, len(phases), fillable=is_fillable(found))
        mounting = Mounting(
            bounds=Bounds(phases=tuple(Phase[name] for name in phases), fuse_a=fuses[entry.circuit]),
            invert=entry.invert,
            invert_swaps_counters=found is None or found.invert_swaps_counters,
            signed=signed,
        )
        return self.device(entry, "meter", GridView(mounting).reading, phases=len(phases))

    def device(self, entry: DeviceEntry, kind: Kind, view: Callable[[Sample], R], *, phases: int = 3) -> Device[R]:
        if entry.pushed:
            return self._pushed_device(entry, kind, view, phases)
        found = _profile_of(entry, kind)
        if isinstance(found, HttpProfile) or (found is None and entry.http is not None):
            return self._http_device(entry, kind, found, view)
        if isinstance(found, RctProfile):
            return self._rct_device(entry, kind, found, view)
        if isinstance(found, P1Profile | SmlProfile | SmlPageProfile):
            return line_device(entry, found, view, self._clock)
        if isinstance(found, SpeedwireProfile):
            return self._speedwire_device(entry, found, view)
        if found is None or isinstance(found, MqttProfile):
            return self._mqtt_device(entry, kind, found, view, live_points(kind, phases))
        if entry.modbus is None:
            raise DeviceConfigError(f"{entry.id} has no Modbus address: {found.id} needs modbus: {{host: …}}")
        address = address_of(entry.modbus, found)
        link = self._link(address, found)
        if address.proxy_port is not None and address.proxy_port not in self.proxies:
            self.proxies[address.proxy_port] = ModbusProxy(
                link, EVERYWHERE, address.proxy_port, self._clock, timeout_s=address.timeout_s
            )
        if isinstance(found, SunSpecProfile):
            return SunSpecDevice(
                name=entry.id,
                period_s=entry.period_s,
                link=link,
                address=address,
                ways=ways_of(kind, found.modules),
                view=view,
            )
        reader = RegisterReader(name=entry.id, link=link, address=address, profile=found, kind=kind)
        return ModbusDevice(period_s=entry.period_s, reader=reader, view=view)

    def battery_valve(self) -> Valve | None:
        entry = self._file.battery
        if entry is None or entry.control is None:
            return None
        found = None if entry.pushed else _profile_of(entry, "battery")
        return valve_of(entry, found, self._link)

    def operator_signal(self) -> OperatorSignal | None:
        operator, owner = self._file.grid_operator, "grid_operator.signal"
        if operator is None or operator.signal is None:
            return None
        signal = OperatorSignal(point_of(owner, operator.signal), self._clock)
        self._broker(owner).follow(signal)
        return signal

    def _mqtt_device(
        self,
        entry: DeviceEntry,
        kind: Kind,
        found: MqttProfile | None,
        view: Callable[[Sample], R],
        live: frozenset[str],
    ) -> Device[R]:
        points, availability = topics_of(entry, found)
        check_names(entry, kind, points)
        portal, required = portal_topic_of(entry, found), live & points.keys()
        if not required:
            raise DeviceConfigError(f"{entry.id} tells no power: add mqtt: {{points: {{power: {{topic: …}}}}}}")
        device = MqttDevice(
            name=entry.id,
            period_s=entry.period_s,
            silence_s=silence_limit_s(entry.period_s, found.limits.silent_after_s if found else None),
            topics=Topics(points=points, required=required, availability=availability, portal=portal),
            view=view,
            clock=self._clock,
        )
        broker = self._broker(entry.id)
        (broker.follow if portal is None else broker.follow_any)(device)
        if (keepalive := keepalive_of(entry, found)) is not None:
            broker.remind(keepalive)
        return device

    def _http_device(
        self, entry: DeviceEntry, kind: Kind, found: HttpProfile | None, view: Callable[[Sample], R]
    ) -> Device[R]:
        points = requests_of(entry, found, kind)
        check_names(entry, kind, points)
        if not any(is_live(name) for name in points):
            raise DeviceConfigError(f"{entry.id} tells no power: add http: {{points: {{power: {{path: …}}}}}}")
        return HttpDevice(
            name=entry.id,
            period_s=entry.period_s,
            address=http_address_of(entry, found),
            points=points,
            view=view,
            clock=self._clock,
        )

    def _speedwire_device(
        self, entry: DeviceEntry, found: SpeedwireProfile, view: Callable[[Sample], R]
    ) -> SpeedwireDevice[R]:
        heard = speedwire_device(entry, found, view, self._clock)
        spot = spot_of(entry, found)
        self.ears.setdefault(spot, SpeedwireEar(spot, self._clock)).follow(heard)
        return heard

    def _rct_device(
        self, entry: DeviceEntry, kind: Kind, found: RctProfile, view: Callable[[Sample], R]
    ) -> RctDevice[R]:
        address = rct_address(entry, found)
        link = self.talks.setdefault(address, RctLink(address, self._clock))
        return RctDevice(name=entry.id, period_s=entry.period_s, link=link, profile=found, kind=kind, view=view)

    def _pushed_device(
        self, entry: DeviceEntry, kind: Kind, view: Callable[[Sample], R], phases: int
    ) -> PushedDevice[R]:
        device = PushedDevice(
            name=entry.id, kind=kind, phases=phases, period_s=entry.period_s, view=view, clock=self._clock
        )
        self.pushed[entry.id] = device
        return device

    def _broker(self, owner: str) -> MqttLink:
        section = self._file.mqtt
        if section is None:
            raise DeviceConfigError(f"{owner} speaks MQTT but the site names no broker: add mqtt: {{host: …}}")
        if self.mqtt is None:
            broker = Broker(
                host=section.host,
                port=section.port,
                username=section.username,
                password=reveal(section.password) if section.password else None,
                tls=section.tls,
            )
            self.mqtt = MqttLink(broker, self._clock)
        return self.mqtt

    def _link(self, address: ModbusAddress, found: Profile) -> ModbusLink:
        line = line_of(address, found)
        key = (*address.place, line.over)
        if key not in self.links:
            pace = pace_of(self._file, address.place)
            self.links[key] = ModbusLink(line, self._clock, gap_s=pace.gap_s, connect_delay_s=pace.connect_delay_s)
        return self.links[key]


def _profile_of(entry: DeviceEntry, kind: Kind) -> Profile | None:
    """The entry's profile, filled in; None for a device with points of its own."""
    if entry.profile is None:
        if not (entry.mqtt and entry.mqtt.points) and not (entry.http and entry.http.points):
            raise DeviceConfigError(f"{entry.id} has no profile: name one of `ems devices list`, or points of its own")
        return None
    try:
        found = profile(entry.profile)
    except DeviceConfigError as err:
        raise DeviceConfigError(f"{entry.id}: {err}") from err
    if kind not in found.kinds:
        told = " or ".join(found.kinds)
        raise DeviceConfigError(f"{entry.id} is used as {kind}, but {found.id} describes a {told}: take another")
    return as_stated(entry, found)
