"""What may stand in a site file (design §7): one pydantic model per section, unknown keys are errors.

Every number has its unit in its name and a range that real houses fit in; defaults are the safe ones.
`ems.config.loader` reads a file into a `SiteFile`; `ems.config.translate` turns it into the `Site` that control sees.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from ems.model.electrical import FuseDevice
from ems.model.goals import ChargeMode

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.|-]{0,47}$")]
PhaseName = Literal["L1", "L2", "L3"]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""Strict: neither `"16"` nor `true` is a number."""

Whole = Annotated[int, Field(strict=True)]
Amps = Annotated[Number, Field(ge=0, le=400)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Host = Annotated[str, Field(max_length=253, pattern=r"^([^\s/:@]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*:[0-9A-Za-z.:%]*)$")]
"""A name or address without scheme and port; colons only in an IPv6 address."""

Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^#+\x00]+$")]
"""One MQTT topic, without wildcards."""


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ClockTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""`07:30`; `24:00` is the end of the day."""


def _off_is_a_mode(value: object) -> object:
    """Editors that follow YAML 1.1 save the word `off` as `false`."""
    return ChargeMode.OFF if value is False else value


Mode = Annotated[ChargeMode, BeforeValidator(_off_is_a_mode)]


_UNITS: Final = {"a": "A", "s": "s", "w": "W", "kwh": "kWh"}


def _title(key: str, _: object) -> str:
    """The key as editors show it: `main_fuse_a` is `Main fuse (A)`."""
    words = key.split("_")
    unit = f" ({_UNITS[words.pop()]})" if words[-1] in _UNITS else ""
    return " ".join(words).capitalize() + unit


class Section(BaseModel):
    """Base of every section."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, field_title_generator=_title)


class Secret(Section):
    """A password kept outside this file."""

    env: Annotated[str, Field(min_length=1)] | None = None
    """Name of the environment variable that holds it."""

    file: Annotated[str, Field(min_length=1)] | None = None
    """Path of a file that holds it, counted from the folder of this file; one trailing line end is dropped."""

    @field_validator("file")
    @classmethod
    def _from_the_folder_of_the_site_file(cls, file: str | None, info: ValidationInfo) -> str | None:
        folder = info.context
        return str(folder / file) if file and isinstance(folder, Path) else file


class Naming(Section):
    """What people call this house."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")] = "Home"


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
    largest_other_load_a: Amps = 0.0
    """Largest current per phase of anything behind this fuse that is not a station."""


class ModbusAddress(Section):
    """Where a Modbus TCP device listens."""

    host: Host
    port: Port = 502
    unit: Annotated[Whole, Field(ge=0, le=255)] = 1
    timeout_s: Annotated[Number, Field(gt=0, le=30)] = 1.0


class MqttRule(Section):
    """Where one number is found in MQTT messages."""

    topic: Topic
    path: Annotated[str, Field(max_length=200)] = ""
    """Dotted path into a JSON message, such as `params.em:0.a_current`; empty when the message is a plain number."""

    scale: Number = 1.0
    """The message's number times this is ours; negative to turn a sign."""


class MqttSource(Section):
    """How a device speaks over MQTT: a profile with its prefix, or rules for plain topics."""

    prefix: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    """Fills `{prefix}` in the profile's topics, such as `shellypro3em-garage`."""

    points: dict[str, MqttRule] = Field(default_factory=dict)
    """Point name (`power`, `current_l1` …) to rule; for devices without a profile, or to replace one point of it."""

    availability: MqttRule | None = None
    """A topic that says whether the device is there (`true`/`online`/`1`)."""


class DeviceEntry(Section):
    """A meter, inverter or battery: who it is and where it speaks."""

    id: Id
    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")] | None = None
    """One of `ems devices list`; left out only with MQTT points of your own."""

    modbus: ModbusAddress | None = None
    mqtt: MqttSource | None = None
    period_s: Annotated[Number, Field(ge=0.2, le=60)] = 1.0
    """Time between two samples."""

    invert: bool = False
    """Turn the sign of power and current, for a meter that was wired the other way round."""


class MeterEntry(DeviceEntry):
    """A meter at the fuse of a circuit."""

    circuit: Id = "main"


class SolarEntry(DeviceEntry):
    """A solar inverter."""

    peak_w: Annotated[Number, Field(ge=100, le=200_000)] | None = None


class BatteryEntry(DeviceEntry):
    """A home battery."""

    capacity_kwh: Annotated[Number, Field(gt=0, le=1000)] | None = None


class StationEntry(Section):
    """A charging station and what the installer allows it."""

    id: Id
    identity: Annotated[str, Field(max_length=48)] | None = None
    """The last part of the address it connects to; the id when left out, "" for the one station that sends none."""

    serial: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    """Serial number, to recognise the station that sends no identity."""

    circuit: Id = "main"
    wired: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] = ("L1", "L2", "L3")
    """House phases behind the station's own L1, L2, L3, in that order; one for a one-phase station."""

    wiring_known: bool = True
    """False when nobody measured it: its current then counts on every phase in `wired`."""

    min_a: Annotated[Number, Field(ge=6, le=32)] = 6.0
    max_a: Annotated[Number, Field(ge=6, le=80)] = 16.0
    """Installer limit, never exceeded."""

    hardware_max_a: Annotated[Number, Field(ge=6, le=80)] | None = None
    """What it could draw if it ignored every limit; `max_a` when left out."""

    fallback_a: Annotated[Number, Field(ge=0, le=32)] = 0.0
    """What it falls back to by itself when it hears nothing: 0, or at least `min_a`."""

    whole_amps: bool = False
    """True for a station that takes whole amperes only."""

    phase_switching: bool = False
    """Whether it can change between three phases and one by command."""

    lease_verified: bool = False
    """Set it once the fall-back was seen: no message for lease + 10 s, and the current was at the fallback."""

    password: Secret | None = None
    """OCPP Basic authentication; without one, any client that knows the identity may connect."""

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

    min_on_s: Annotated[Number, Field(ge=0, le=3600)] = 60.0
    min_off_s: Annotated[Number, Field(ge=0, le=3600)] = 60.0
    export_bias_w: Annotated[Number, Field(ge=0, le=2000)] = 0.0
    """Surplus left for the grid; 60 to 100 beside a home battery."""


class BrokerSection(Section):
    """The MQTT broker that the site's MQTT devices publish to."""

    host: Host
    port: Port = 1883
    username: Annotated[str, Field(max_length=100)] | None = None
    password: Secret | None = None
    tls: bool = False


class CsmsSection(Section):
    """The OCPP central system that charging stations connect to."""

    host: Host = "0.0.0.0"  # noqa: S104 (stations sit elsewhere on the home network)
    port: Port = 9000
    heartbeat_s: Annotated[Whole, Field(ge=10, le=3600)] = 60
    meter_values_s: Annotated[Whole, Field(ge=1, le=300)] = 10
    """How often a charging station is asked to report its current."""

    answer_within_s: Annotated[Number, Field(gt=0, le=120)] = 30.0
    """How long a station may take to answer a request."""

    clock_guard_s: Annotated[Number, Field(ge=0, le=300)] = 30.0
    """G: how far back schedules start, so that a slow station clock does not leave them not yet begun."""


class HomeTime(Section):
    """When a simulated car stands at its station, in the time of the trace."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    arrives: ClockTime = "00:00"
    leaves: ClockTime = "24:00"
    """Not after `arrives`: on the next day."""


class SimulatedCar(Section):
    """The car that hangs on a station in `ems demo`, and comes and goes in `ems simulate`."""

    station: Id
    phases: Literal[1, 2, 3] = 3
    max_a: Annotated[Number, Field(ge=6, le=80)] = 16.0
    battery_kwh: Annotated[Number, Field(gt=0, le=500)] = 60.0
    soc: Annotated[Number, Field(ge=0, le=1)] = 0.4
    arrives_after_s: Annotated[Number, Field(ge=0)] = 0.0
    home: tuple[HomeTime, ...] = ()
    """For `ems simulate`: when it is at home; empty: always."""

    kwh_per_stay: Annotated[Number, Field(gt=0, le=500)] | None = None
    """For `ems simulate`: what it can take each time it comes home; drawn around this value. None: never full."""

    dead_time_s: Annotated[Number, Field(ge=0, le=5)] = 2.0
    """From a change of the offer to the first change of the current."""

    start_delay_s: Annotated[Number, Field(ge=0, le=120)] | None = None
    """From an offer after a pause to the first current; the simulation's own choice when left out."""

    rise_a_per_s: Annotated[Number, Field(gt=0, le=100)] = 2.0
    offset_a: Annotated[Number, Field(ge=-1, le=2)] = 0.3
    """How far it stays below its offer."""


class SimulatedBattery(Section):
    """A home battery in `ems simulate`, with its own inverter's loop that holds the grid at 0 W."""

    capacity_kwh: Annotated[Number, Field(gt=0, le=1000)] = 10.0
    max_w: Annotated[Number, Field(gt=0, le=50_000)] = 5000.0
    soc: Annotated[Number, Field(ge=0, le=1)] = 0.5
    reacts_within_s: Annotated[Number, Field(ge=0, le=60)] = 2.0
    """Time constant of its loop."""


class SimulationSection(Section):
    """What `ems demo` and `ems simulate` play around the real service."""

    seed: Whole = 1
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "11:30"
    """Local time of the generated summer day at which the demo starts."""

    sky: Literal["clear", "broken", "overcast"] = "broken"
    house_w: Annotated[Number, Field(ge=0, le=5000)] = 350.0
    """What the house of the demo draws all the time, before kettle, hob and oven."""

    cars: tuple[SimulatedCar, ...] = ()
    battery: SimulatedBattery | None = None
    inverter_max_w: Annotated[Number, Field(ge=100, le=200_000)] | None = None
    """Where the inverter of `ems simulate` clips; None: it has clipped already."""

    message_s: Annotated[Number, Field(ge=0, le=30)] = 0.5
    """From a limit decided to a limit in the station, in `ems simulate`."""

    meter_latency_s: Annotated[Number, Field(ge=0, le=30)] = 0.2
    meter_noise_a: Annotated[Number, Field(ge=0, le=5)] = 0.02


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
    mqtt: BrokerSection | None = None
    csms: CsmsSection = CsmsSection()
    simulation: SimulationSection = SimulationSection()
