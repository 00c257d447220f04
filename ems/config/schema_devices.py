"""The sections of devices in the site file: meters, inverters and batteries, and where they speak."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ems.config.kinds import BesideSiteFile, Host, Id, Number, PhaseName, Port, Secret, Section, Switch, Topic, Whole

Request = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^/[^\s#]*$")]
"""Path and query of a GET."""

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+( [A-Za-z0-9_-]+)*$")]
"""What stands in place of a profile's `{name}`: it can name something, and never change what is asked."""

Fingerprint = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
"""SHA-256 of a certificate, 32 bytes in hexadecimal."""


class ModbusAddress(Section):
    """Where a Modbus device answers: a host on the network, or a serial line of this machine."""

    host: Host = ""
    """Name or address; left out only with `serial`."""

    port: Port = 502
    over: Literal["tcp", "udp", "tls", "rtu_over_tcp"] | None = None
    """What requests travel over; what the profile says when left out. `rtu_over_tcp` is for gateways that pass RTU
    frames through as they are."""

    ca: BesideSiteFile | None = None
    """With `over: tls`: who signed the device's certificate (PEM); the system's authorities when left out."""

    certificate: BesideSiteFile | None = None
    """With `over: tls`: our own certificate (PEM), for devices that ask for one."""

    key: BesideSiteFile | None = None
    """The private key of `certificate`."""

    serial: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The device file of an RS-485 adapter, such as /dev/ttyUSB0; speaks RTU."""

    baud: Annotated[Whole, Field(ge=300, le=1_000_000)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    unit: Annotated[Whole, Field(ge=0, le=255)] = 1
    timeout_s: Annotated[Number, Field(gt=0, le=30)] = 1.0

    proxy_port: Port | None = None
    """Other programs may read the device here, through our connection; nothing is written for them."""

    @property
    def place(self) -> tuple[str, int]:
        """What devices behind one connection share: host and port, or the serial line and 0."""
        return (self.host, self.port) if self.serial is None else (self.serial, 0)


class MqttTerm(Section):
    """One number in MQTT messages."""

    topic: Topic
    path: Annotated[str, Field(max_length=200)] = ""
    """Dotted path into a JSON message, such as `params.em:0.a_current`; empty when the message is a plain number."""

    scale: Number = 1.0
    """The message's number times this is ours; negative to turn a sign."""


class MqttRule(MqttTerm):
    """Where one number of ours is found in MQTT messages."""

    signed: Switch = False
    """For a current: it carries its direction itself."""

    less: MqttTerm | None = None
    """Where export, or charging, is told apart: it is taken off."""


class MqttSource(Section):
    """How a device speaks over MQTT: a profile with its prefix, or rules for plain topics."""

    prefix: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    """Fills `{prefix}` in the profile's topics, such as `shellypro3em-garage`."""

    parameters: dict[str, Word] = Field(default_factory=dict)
    """Fills what else stands in braces in the profile's topics, by name; `ems devices show` tells what there is."""

    points: dict[str, MqttRule] = Field(default_factory=dict)
    """Point name (`power`, `current_l1` …) to rule; for devices without a profile, or to replace one point of it."""

    availability: MqttRule | None = None
    """A topic that says whether the device is there (`true`/`online`/`1`)."""


class HttpRule(Section):
    """Where one number is found in the answers of a device."""

    path: Annotated[str, Field(min_length=1, max_length=200)]
    """Dotted path into the JSON, such as `em:0.total_act_power`; `production[type=eim].wNow` chooses from a list."""

    request: Request | None = None
    """Its own request, where it is not the section's."""

    scale: Number = 1.0
    """The device's number times this is ours; negative to turn a sign."""

    signed: Switch = False
    """For a current: it carries its direction itself."""


class HttpSource(Section):
    """How a device answers over HTTP: a profile, or rules of its own."""

    host: Host
    port: Port | None = None
    """The profile's when left out."""

    tls: Switch | None = None
    """HTTPS; what the profile says when left out."""

    ca: BesideSiteFile | None = None
    """With TLS: who signed the device's certificate (PEM); the system's authorities when left out."""

    trust_any_certificate: Switch = False
    """With TLS: for devices that sign for themselves. Whoever sits between could then answer in its place."""

    fingerprint: Fingerprint | None = None
    """With TLS: the SHA-256 fingerprint of the device's own certificate; it is believed, and no other."""

    request: Request | None = None
    """Path and query to ask for; the profile's when left out."""

    user: Annotated[str, Field(max_length=100)] | None = None
    password: Secret | None = None
    login: Literal["basic", "digest"] | None = None
    """How `user` and `password` are told; what the profile says when left out, else basic."""

    token: Secret | None = None
    token_header: Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z-]+$")] | None = None
    """The header that carries `token`; what the profile says when left out, else `Authorization: Bearer …`."""

    parameters: dict[str, Word] = Field(default_factory=dict)
    """Fills what stands in braces in the profile's requests, by name; `ems devices show` tells what there is."""

    points: dict[str, HttpRule] = Field(default_factory=dict)
    """Point name (`power`, `current_l1` …) to rule; for devices without a profile, or to replace one point of it."""

    timeout_s: Annotated[Number, Field(gt=0, le=30)] | None = None
    """How long an answer may take; the profile's, else 2 s."""


class P1Address(Section):
    """Where the customer's port (P1) of a smart meter is heard: a bridge on the network, or a cable at this machine."""

    host: Host = ""
    """Name or address of the bridge; left out only with `serial`."""

    port: Port | None = None
    """Where the bridge passes the line through; the profile's when left out."""

    serial: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The device file of a P1 cable, such as /dev/ttyUSB0."""

    baud: Literal[9600, 115200] | None = None
    """Of the cable: 115200 since DSMR 4; 9600 before, with seven bits and even parity."""

    key: Secret | None = None
    """For a meter that encrypts: the 32 hexadecimal digits that the grid operator gives out."""

    authentication_key: Secret | None = None
    """With `key`: a second key, where the grid operator gives out one; Luxembourg's public one when left out."""


class SmlSource(Section):
    """Where a meter that speaks SML is heard: a bridge on the network, or a reading head at this machine."""

    host: Host = ""
    """Name or address of the bridge; left out only with `serial`."""

    port: Port | None = None
    """Where the bridge passes the line through."""

    serial: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The device file of a reading head, such as /dev/ttyUSB0."""

    baud: Annotated[Whole, Field(ge=300, le=1_000_000)] | None = None
    """Of the reading head; the profile's when left out."""


class SpeedwireSource(Section):
    """Which energy meter of those that speak to everybody."""

    serial_number: Annotated[Whole, Field(ge=1, le=4_294_967_295)] | None = None
    """As printed on it; without one the only meter that is heard is taken."""

    interface: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}$")] | None = None
    """This machine's own address on the meter's network; the system chooses when left out."""

    port: Port | None = None
    """The profile's when left out."""


class RctSource(Section):
    """Where an inverter of RCT Power answers."""

    host: Host
    port: Port | None = None
    """The profile's when left out."""

    timeout_s: Annotated[Number, Field(gt=0, le=30)] | None = None
    """How long the connection and each answer may take; the profile's when left out."""


class DeviceEntry(Section):
    """A meter, inverter or battery: who it is and where it speaks."""

    id: Id
    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")] | None = None
    """One of `ems devices list`; left out only with MQTT points of your own."""

    modbus: ModbusAddress | None = None
    mqtt: MqttSource | None = None
    http: HttpSource | None = None
    p1: P1Address | None = None
    speedwire: SpeedwireSource | None = None
    rct: RctSource | None = None
    sml: SmlSource | None = None
    pushed: Switch = False
    """A program brings its readings, such as Home Assistant from any of its sensors; needs a `period_s` of 1 to 30."""

    period_s: Annotated[Number, Field(ge=0.2, le=60)] = 1.0
    """Time between two samples."""

    invert: Switch = False
    """Turn the sign of power and current, for a meter that was wired the other way round."""


class MeterEntry(DeviceEntry):
    """A meter at the fuse of a circuit."""

    circuit: Id = "main"


class SolarEntry(DeviceEntry):
    """A solar inverter."""

    peak_w: Annotated[Number, Field(ge=100, le=200_000)] | None = None
    wired: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] | None = None
    """House phases behind the inverter's own L1, L2, L3, in that order; one for a one-phase inverter."""


class BatteryControlSection(Section):
    """What Fusewise may order the battery to do; without this section it never writes to it."""

    hold: Switch = False
    """No discharge for cars that charge from the grid, so that the battery is left for the house."""

    charge_at_most_w: Annotated[Number, Field(ge=0, le=200_000)] | None = None
    discharge_at_most_w: Annotated[Number, Field(ge=0, le=200_000)] | None = None
    """Bounds that hold all the time; none where they are left out."""


class BatteryEntry(DeviceEntry):
    """A home battery."""

    capacity_kwh: Annotated[Number, Field(gt=0, le=1000)] | None = None
    wired: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] | None = None
    """House phases that it feeds; one for a one-phase battery."""

    control: BatteryControlSection | None = None
