"""A house with other devices than its site file names: any meter, inverter and battery that has a profile. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ems.config.schema import BatteryEntry, BrokerSection, MeterEntry, SiteFile, SolarEntry
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import ObisProfile, P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import Profile, takes_of
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import phase_point
from ems.model.electrical import Phase
from ems.sim.wire.filling import tells_of
from ems.sim.wire.house_devices import CannotSimulate

LOOPBACK: Final = "127.0.0.1"
MODBUS_PORT: Final = 5030
HTTP_PORT: Final = 8130
SML_PORT: Final = 5090
"""The first of them; each device of its own has one of its own."""

BROKER_PORT: Final = 1884
UNIT_OF_NOBODY: Final = 1
"""Where the profile tells no unit."""


def with_devices(
    file: SiteFile, *, meter: str | None = None, inverter: str | None = None, battery: str | None = None
) -> SiteFile:
    """The same house with devices of those profiles; uses of one profile are one device.

    A meter that cannot tell three phases makes it a house of one phase. Raises CannotSimulate for a profile that does
    not exist or has no such use.
    """
    wanted: dict[Kind, str | None] = {"meter": meter, "inverter": inverter, "battery": battery}
    chosen = {kind: _chosen(name, kind) for kind, name in wanted.items() if name is not None}
    ids = sorted({found.id for found in chosen.values()})
    entries = {kind: _entry(found, kind, ids.index(found.id)) for kind, found in chosen.items()}
    if "meter" in entries:
        file = _metered(file, entries["meter"], one_phase=not _tells_three_phases(chosen["meter"]))
    if "inverter" in entries:
        peak_w = sum(each.peak_w or 0.0 for each in file.solar) or None
        solar = SolarEntry.model_validate({"id": "roof", "peak_w": peak_w, **entries["inverter"]})
        file = file.model_copy(update={"solar": (solar,)})
    if "battery" in entries:
        file = file.model_copy(update={"battery": _battery(entries["battery"], chosen)})
    if file.mqtt is None and any(isinstance(found, MqttProfile) for found in chosen.values()):
        file = file.model_copy(update={"mqtt": BrokerSection(host=LOOPBACK, port=BROKER_PORT)})
    return file


def _chosen(name: str, kind: Kind) -> Profile:
    try:
        found = profile(name)
    except DeviceConfigError as err:
        raise CannotSimulate(str(err)) from err
    if kind not in found.kinds:
        raise CannotSimulate(f"{name} describes no {kind}, but a {' and a '.join(found.kinds)}: take another")
    return found


def _entry(found: Profile, kind: Kind, number: int) -> Mapping[str, Any]:
    """What the site file says of it, but for its id."""
    entry: dict[str, Any] = {"profile": found.id, "period_s": max(1.0, _shortest_period_s(found))}
    if found.must_state_direction(kind):
        entry["invert"] = True
    if isinstance(found, MqttProfile):
        return entry | {"mqtt": {"prefix": found.id, "parameters": found.as_named}}
    if isinstance(found, HttpProfile):
        secure = {"tls": False} if found.tls else {}
        return entry | {"http": {"host": LOOPBACK, "port": HTTP_PORT + number, "parameters": found.as_named, **secure}}
    if isinstance(found, SmlPageProfile):
        return entry | {"http": {"host": LOOPBACK, "port": HTTP_PORT + number}}
    if isinstance(found, RctProfile):
        return entry | {"rct": {"host": LOOPBACK}}
    if isinstance(found, SmlProfile):
        return entry | {"sml": {"host": LOOPBACK, "port": SML_PORT + number}}
    if isinstance(found, P1Profile):
        return entry | {"p1": {"host": LOOPBACK}}
    if isinstance(found, SpeedwireProfile):
        return entry | {"speedwire": {"interface": LOOPBACK}}
    unit = found.defaults.unit if isinstance(found, ModbusProfile | HybridProfile) else UNIT_OF_NOBODY
    return entry | {"modbus": {"host": LOOPBACK, "port": MODBUS_PORT + number, "unit": unit}}


def _battery(entry: Mapping[str, Any], chosen: Mapping[Kind, Profile]) -> BatteryEntry:
    """With leave to be held, where it can be."""
    takes, is_hybrid = takes_of(chosen["battery"]), chosen.get("inverter") is chosen["battery"]
    orders = {"control": {"hold": True}} if takes is not None and takes.hold and not (takes.apart and is_hybrid) else {}
    direction = {"invert": False} if takes is not None and takes.direction_unsure else {}
    return BatteryEntry.model_validate({"id": "cellar", **entry, **direction, **orders})


def _shortest_period_s(found: Profile) -> float:
    if isinstance(found, SmlPageProfile):
        return found.limits.period_s
    return 0.0 if isinstance(found, MqttProfile | ObisProfile) else found.limits.period_s or 0.0


def _tells_three_phases(found: Profile) -> bool:
    told = set(tells_of(found)["meter"].told)
    return all(told & {phase_point("power", own), phase_point("current", own)} for own in Phase)


def _metered(file: SiteFile, entry: Mapping[str, Any], *, one_phase: bool) -> SiteFile:
    """With that meter at the main fuse; those of other circuits stay."""
    main = MeterEntry.model_validate({"id": "grid", **entry})
    others = tuple(each for each in file.meters if each.circuit != main.circuit)
    file = file.model_copy(update={"meters": (main, *others)})
    return _of_one_phase(file) if one_phase else file


def _of_one_phase(file: SiteFile) -> SiteFile:
    only = (Phase.L1.name,)
    stations = [each.model_copy(update={"wired": only, "phase_switching": False}) for each in file.stations]
    vehicles = [each.model_copy(update={"phases": 1}) for each in file.vehicles]
    cars = [each.model_copy(update={"phases": 1}) for each in file.simulation.cars]
    return file.model_copy(
        update={
            "connection": file.connection.model_copy(update={"phases": 1}),
            "circuits": tuple(each.model_copy(update={"phases": None}) for each in file.circuits),
            "stations": tuple(stations),
            "vehicles": tuple(vehicles),
            "simulation": file.simulation.model_copy(update={"cars": tuple(cars)}),
        }
    )
