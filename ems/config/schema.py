"""What may stand in a site file (design §7): one pydantic model per section, unknown keys are errors.

Every number has its unit in its name and a range that real houses fit in; defaults are the safe ones.
`ems.config.loader` reads a file into a `SiteFile`; `ems.config.translate` turns it into the `Site` that control sees.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from ems.config.kinds import Amps, Host, Id, Number, OcppVersion, PhaseName, Port, Secret, Section, Switch, Whole
from ems.config.schema_api import ApiSection, MqttPublishSection, TlsSection
from ems.config.schema_csms import BootAnswer, CsmsSection, CsmsTlsSection, Unknown
from ems.config.schema_devices import (
    BatteryControlSection,
    BatteryEntry,
    DeviceEntry,
    HttpSource,
    MeterEntry,
    ModbusAddress,
    MqttRule,
    MqttSource,
    MqttTerm,
    P1Address,
    RctSource,
    SmlSource,
    SolarEntry,
    SpeedwireSource,
)
from ems.config.schema_quirks import QuirkSection
from ems.config.schema_simulation import HomeTime, SimulatedBattery, SimulatedCar, SimulatedStation, SimulationSection
from ems.config.schema_storage import StorageSection, TariffSection
from ems.config.schema_upstream import UpstreamSection
from ems.model.electrical import FuseDevice
from ems.model.goals import ChargeMode
from ems.model.site import Keenness

__all__ = [
    "ApiSection",
    "BatteryControlSection",
    "BatteryEntry",
    "BrokerSection",
    "Connection",
    "CsmsSection",
    "CsmsTlsSection",
    "DeviceEntry",
    "GridOperatorSection",
    "HomeTime",
    "HttpSource",
    "MeterEntry",
    "ModbusAddress",
    "MqttPublishSection",
    "MqttRule",
    "MqttSource",
    "MqttTerm",
    "Naming",
    "P1Address",
    "PeakTariffSection",
    "PhaseName",
    "PolicySection",
    "RctSource",
    "Secret",
    "SimulatedBattery",
    "SimulatedCar",
    "SimulatedStation",
    "SimulationSection",
    "SiteFile",
    "SmlSource",
    "SolarEntry",
    "SpeedwireSource",
    "StationEntry",
    "StorageSection",
    "SubCircuit",
    "TariffSection",
    "TlsSection",
    "Unknown",
    "UpstreamSection",
    "VehicleEntry",
]


def _off_is_a_mode(value: object) -> object:
    """Editors that follow YAML 1.1 save the word `off` as `false`."""
    return ChargeMode.OFF if value is False else value


Mode = Annotated[ChargeMode, BeforeValidator(_off_is_a_mode)]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("there is no such time zone")
    return name


TimeZone = Annotated[str, Field(max_length=60), AfterValidator(_known_zone)]


class Naming(Section):
    """What people call this house."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")] = "Home"
    time_zone: TimeZone | None = None
    """Time zone of the house, such as `Europe/Berlin`, for days and clock times; the machine's own when left out."""


class PeakTariffSection(Section):
    """A tariff on the highest mean import of the month, such as the capacity tariff of Flanders."""

    limit_kw: Annotated[Number, Field(ge=1, le=200)]
    """Cars keep the mean import of every window below this, or below the month's highest mean so far."""

    window_min: Literal[15, 30, 60] = 15
    """Length of a window; windows begin at the full hour."""


class Connection(Section):
    """The house connection, as printed on the fuse holder."""

    phases: Literal[1, 3] = 3
    main_fuse_a: Annotated[Number, Field(ge=6, le=125)] | None = None
    """Rating of the main fuse. Without it the site is not commissioned: no car charges above 6 A on one phase."""

    main_fuse_device: FuseDevice = FuseDevice.MCB_B
    reserve_a: Annotated[Number, Field(ge=0, le=20)] = 2.0
    """Kept free below the fuse on every phase."""

    derating: Annotated[Number, Field(ge=0.5, le=1)] = 1.0
    """Factor on the fuse rating for heat in the cabinet; 0.8 to 0.95 where devices sit side by side."""

    largest_other_load_a: Amps | None = None
    """Largest current per phase that the house draws without its cars; the dead-man proof of `ems check` needs it."""

    max_import_kw: Annotated[Number, Field(ge=1, le=200)] | None = None
    """Contract power: what may be imported over all phases together."""

    max_imbalance_a: Annotated[Number, Field(ge=6, le=80)] | None = None
    """How far the cars on one or two phases may load one phase above another; 20 in Germany."""

    peak_tariff: PeakTariffSection | None = None


class SubCircuit(Section):
    """A part of the house behind a fuse of its own."""

    id: Id
    fed_from: Id = "main"
    """The circuit in front of it; `main` is the house connection."""

    phases: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] | None = None
    """House phases it has; all of its feeding circuit's when left out."""

    fuse_a: Annotated[Number, Field(ge=6, le=125)]
    fuse_device: FuseDevice = FuseDevice.MCB_C
    reserve_a: Annotated[Number, Field(ge=0, le=20)] = 0.0
    derating: Annotated[Number, Field(ge=0.5, le=1)] = 1.0
    largest_other_load_a: Amps | None = None
    """Largest current per phase of anything behind this fuse that is not a station; 0 where nothing else is there."""

    max_kw: Annotated[Number, Field(ge=1, le=200)] | None = None
    """What may flow through it over all phases together."""


class StationEntry(Section):
    """A charging station and what the installer allows it."""

    id: Id
    identity: Annotated[str, Field(max_length=48)] | None = None
    """The last part of the address it connects to; the id when left out, "" for the one station that sends none."""

    connector: Annotated[Whole, Field(ge=1, le=8)] = 1
    """Which connector of it (OCPP 2.x: which EVSE); one entry each for those of one station, under one identity."""

    serial: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    """Serial number, to recognise the station that sends no identity."""

    ocpp: OcppVersion | None = None
    """The OCPP version it has to speak; without one, what it offers decides, and 1.6 where it offers several."""

    boot: BootAnswer = BootAnswer.ACCEPT
    """What it is answered when it says that it booted; unless accepted it counts as one that nobody can reach."""

    circuit: Id = "main"
    wired: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] = ("L1", "L2", "L3")
    """House phases behind the station's own L1, L2, L3, in that order; one for a one-phase station."""

    wiring_known: Switch = True
    """False when nobody measured it: its current then counts on every phase in `wired`."""

    min_a: Annotated[Number, Field(ge=6, le=32)] = 6.0
    max_a: Annotated[Number, Field(ge=6, le=80)] = 16.0
    """Installer limit, never exceeded."""

    hardware_max_a: Annotated[Number, Field(ge=6, le=80)] | None = None
    """What it could draw if it ignored every limit; `max_a` when left out."""

    fallback_a: Annotated[Number, Field(ge=0, le=32)] = 0.0
    """What it falls back to by itself when it hears nothing: 0, or at least `min_a`."""

    whole_amps: Switch = False
    """True for a station that takes whole amperes only."""

    phase_switching: Switch = False
    """Whether it can change between three phases and one by command."""

    lease_verified: Switch = False
    """Set it once the fall-back was seen: no message for lease + 10 s, and the current was at the fallback."""

    password: Secret | None = None
    """OCPP Basic authentication; without one, any client that knows the identity may connect."""

    upstream: UpstreamSection | None = None
    """A second central system, an employer's or an operator's, that it serves at the same time."""
    security_profile: Annotated[Whole, Field(ge=0, le=3)] | None = None
    """Lowest OCPP security profile it may come by: 1 password, 2 TLS and password, 3 TLS and its own certificate."""

    quirks: QuirkSection | None = None
    """What is peculiar about it, over what is known of its vendor."""

    vehicle: Id | None = None
    mode: Mode = ChargeMode.SOLAR
    priority: Annotated[Whole, Field(ge=0, le=9)] = 0
    """Higher goes first; equal ones share."""


class VehicleEntry(Section):
    """A car and what it can take."""

    id: Id
    phases: Literal[1, 2, 3] | None = None
    max_a: Annotated[Number, Field(ge=6, le=80)] | None = None
    battery_kwh: Annotated[Number, Field(gt=0, le=500)] | None = None


class PolicySection(Section):
    """How eager and how careful control is."""

    lease_s: Annotated[Number, Field(ge=15, le=300)] = 60.0
    """A limit in a station ends by itself after this; renewed every third of it."""

    min_on_s: Annotated[Number, Field(ge=0, le=3600)] = 30.0
    min_off_s: Annotated[Number, Field(ge=0, le=3600)] = 60.0
    export_bias_w: Annotated[Number, Field(ge=0, le=2000)] = 0.0
    """Surplus left for the grid; 60 to 100 beside a home battery."""

    keenness: Keenness = Keenness.NORMAL
    """How much grid a solar car may take along for the sake of more sun: keen the most, purist the least."""

    keenness_fixed: Switch = False
    """True keeps people from choosing another keenness."""

    battery_share: Annotated[Number, Field(ge=0, le=1)] = 0.0
    """Share of the home battery's charging power that cars may take over; 0 lets the battery go first."""

    phase_switches_per_day: Annotated[Whole, Field(ge=0, le=100)] = 10
    """How often a station changes between one and three phases before it is made to wait longer."""

    start_wh: Annotated[Number, Field(ge=0, le=1000)] = 5.0
    """Sun that must have been missed before a car starts."""

    stop_wh: Annotated[Number, Field(ge=0, le=1000)] = 20.0
    """Loss that must have been suffered before a car stops."""

    switch_wh: Annotated[Number, Field(ge=0, le=1000)] = 110.0
    """And before it changes between one and three phases."""


class GridOperatorSection(Section):
    """A limit that the grid operator may call for."""

    rule: Literal["de14a"]
    """`de14a`: § 14a EnWG, Germany; the house keeps a minimum that grows with the number of devices."""

    devices: Annotated[Whole, Field(ge=1, le=500)]
    """Controllable devices above 4.2 kW: charging stations, heat pumps, cooling, batteries."""

    large_heat_pump_kw: Annotated[Number, Field(gt=11, le=200)] | None = None
    """Rating of a heat pump above 11 kW, where one is among the devices."""

    signal: MqttRule | None = None
    """Tells whether the operator calls for the limit now; without it the limit always holds."""


class BrokerSection(Section):
    """The MQTT broker that the site's MQTT devices publish to."""

    host: Host
    port: Port = 1883
    username: Annotated[str, Field(max_length=100)] | None = None
    password: Secret | None = None
    tls: Switch = False
    publish: MqttPublishSection | None = None
    """Publish what the house does there, for Home Assistant and others."""


class SiteFile(Section):
    """A whole site file."""

    site: Naming = Naming()
    connection: Connection
    circuits: tuple[SubCircuit, ...] = ()
    meters: tuple[MeterEntry, ...]
    solar: tuple[SolarEntry, ...] = ()
    battery: BatteryEntry | None = None
    stations: Annotated[tuple[StationEntry, ...], Field(min_length=1)]
    vehicles: tuple[VehicleEntry, ...] = ()
    policy: PolicySection = PolicySection()
    grid_operator: GridOperatorSection | None = None
    tariff: TariffSection | None = None
    storage: StorageSection = StorageSection()
    mqtt: BrokerSection | None = None
    csms: CsmsSection = CsmsSection()
    api: ApiSection = ApiSection()
    simulation: SimulationSection = SimulationSection()
