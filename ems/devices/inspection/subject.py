"""One device to look at: what a site file says of it, or what somebody says who has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from ems.config.cure_words import FORMS
from ems.config.schema import BrokerSection, DeviceEntry, ModbusAddress, SiteFile
from ems.config.secrets import reveal
from ems.devices.config_error import DeviceConfigError
from ems.devices.entry_filling import filled_in
from ems.devices.entry_lines import p1_keys, p1_line, page_address, rct_address, sml_line, spot_of
from ems.devices.http.address import HttpAddress
from ems.devices.http.entry_requests import http_address_of
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.site_lines import TRANSPORTS
from ems.devices.library import profile
from ems.devices.modbus.address import address_of
from ems.devices.mqtt.entry_topics import prefix_of, topics_of
from ems.devices.mqtt.link import Broker
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.p1.line import P1Line
from ems.devices.p1.sealed import Keys
from ems.devices.profile import Profile
from ems.devices.rct.link import RctAddress
from ems.devices.rct.profile import RctProfile
from ems.devices.speedwire.ear import Spot

ANSWER_WITHIN_S: Final = 3.0
"""More patience than the service has: an installer asks gateways that wake up slowly."""

Asked = Mapping[str, Any]
"""What was stated of a device, by the names of `KEYS`."""

KEYS: Final[Mapping[str, frozenset[str]]] = {
    "modbus": frozenset({"host", "serial", "port", "over", "unit", "baud", "parity"}),
    "http": frozenset(
        {"host", "port", "user", "password", "token", "trust_any_certificate", "fingerprint", "parameters"}
    ),
    "mqtt": frozenset({"host", "port", "user", "password", "prefix", "parameters"}),
    "p1": frozenset({"host", "serial", "port", "baud", "key", "authentication_key"}),
    "sml": frozenset({"host", "serial", "port", "baud"}),
    "rct": frozenset({"host", "port"}),
    "speedwire": frozenset({"port", "interface", "serial_number"}),
}
"""What may be stated of a device, by the key of the site file that says where it speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A device, and where it speaks."""

    entry: DeviceEntry
    profile: Profile
    broker_section: BrokerSection | None = None

    @property
    def address(self) -> ModbusAddress:
        """Of a Modbus device, with patience. Raises DeviceConfigError."""
        if self.entry.modbus is None:
            raise DeviceConfigError(f"{self.entry.id} has no Modbus address: add modbus: {{host: …}}")
        usual = address_of(self.entry.modbus, self.profile)
        return usual.model_copy(update={"timeout_s": max(usual.timeout_s, ANSWER_WITHIN_S)})

    def http_address(self, chosen: HttpProfile) -> HttpAddress:
        """Of a device with a web interface. Raises DeviceConfigError and SecretError."""
        return http_address_of(self.entry, chosen)

    def page(self, chosen: SmlPageProfile) -> HttpAddress:
        """Of a bridge with a page. Raises DeviceConfigError and SecretError."""
        return page_address(self.entry, chosen)

    def objects(self, chosen: RctProfile) -> RctAddress:
        """Of a device with numbered objects. Raises DeviceConfigError."""
        return rct_address(self.entry, chosen)

    @property
    def keys(self) -> Keys | None:
        """What opens the telegrams of a smart meter. Raises DeviceConfigError and SecretError."""
        return p1_keys(self.entry.id, self.entry.p1) if self.entry.p1 is not None else None

    def line(self, chosen: P1Profile | SmlProfile) -> P1Line:
        """Of a smart meter. Raises DeviceConfigError."""
        if isinstance(chosen, SmlProfile):
            if self.entry.sml is None:
                raise DeviceConfigError(f"{self.entry.id} has no SML line: add sml: {{host: …, port: …}}")
            return sml_line(self.entry.id, self.entry.sml, chosen)
        if self.entry.p1 is None:
            raise DeviceConfigError(f"{self.entry.id} has no P1 line: add p1: {{host: …}}")
        return p1_line(self.entry.p1, chosen)

    def spot(self, chosen: SpeedwireProfile) -> Spot:
        """Where an energy meter is heard."""
        return spot_of(self.entry, chosen)

    def prefix(self, chosen: MqttProfile) -> str | None:
        """Of its MQTT topics, `+` where the device says it itself. Raises DeviceConfigError."""
        topics_of(self.entry, chosen)
        return prefix_of(self.entry, chosen)

    @property
    def broker(self) -> Broker:
        """Where an MQTT device publishes. Raises DeviceConfigError and SecretError."""
        if self.broker_section is None:
            raise DeviceConfigError(f"{self.entry.id} speaks MQTT: name the broker that it publishes to")
        return broker_of(self.broker_section)

    @property
    def where(self) -> Mapping[str, str | int]:
        """Where it speaks, for people and programs; no login is in it."""
        if isinstance(self.profile, MqttProfile) and self.broker_section is not None:
            prefix = self.entry.mqtt.prefix if self.entry.mqtt and self.entry.mqtt.prefix else ""
            return {"host": self.broker_section.host, "port": self.broker_section.port, "prefix": prefix}
        if isinstance(self.profile, SpeedwireProfile):
            spot = self.spot(self.profile)
            return {"port": spot.port, **({"interface": spot.interface} if spot.interface else {})}
        if isinstance(self.profile, P1Profile | SmlProfile):
            line = self.line(self.profile)
            return {"serial": line.serial} if line.serial else {"host": line.host, "port": line.port}
        if isinstance(self.profile, HttpProfile | SmlPageProfile | RctProfile):
            return self._asked
        address = self.address
        unit: dict[str, str | int] = {"unit": address.unit}
        if address.serial:
            return {"serial": address.serial, **unit}
        return {"host": address.host, "port": address.port, **unit}

    @property
    def _asked(self) -> Mapping[str, str | int]:
        at: HttpAddress | RctAddress
        if isinstance(self.profile, RctProfile):
            at = self.objects(self.profile)
        elif isinstance(self.profile, SmlPageProfile):
            at = self.page(self.profile)
        elif isinstance(self.profile, HttpProfile):
            at = self.http_address(self.profile)
        else:
            raise DeviceConfigError(f"{self.profile.id} is not asked over a connection of its own")
        return {"host": at.host, "port": at.port}

    @property
    def whose(self) -> str:
        """The device, for messages."""
        where = self.where
        at = str(where.get("serial") or ":".join(str(where[key]) for key in ("host", "port") if key in where))
        return f"unit {where['unit']} at {at}" if "unit" in where else at


def broker_of(section: BrokerSection) -> Broker:
    """The broker of a site file. Raises SecretError."""
    return Broker(
        host=section.host,
        port=section.port,
        username=section.username,
        password=reveal(section.password) if section.password else None,
        tls=section.tls,
    )


def subject_in(file: SiteFile, device_id: str) -> Subject:
    """The device of a site file with that id. Raises DeviceConfigError."""
    entries = (*file.meters, *file.solar, *([file.battery] if file.battery is not None else []))
    entry = next((each for each in entries if each.id == device_id), None)
    if entry is None:
        known = ", ".join(each.id for each in entries)
        raise DeviceConfigError(f"there is no device {device_id} in the site file: it has {known}")
    if entry.profile is None:
        raise DeviceConfigError(f"{device_id} is read by points of its own, and only profiles are looked at alone")
    return Subject(entry=entry, profile=filled_in(entry, profile(entry.profile)), broker_section=file.mqtt)


def subject_at(chosen: Profile, asked: Asked) -> Subject:
    """The device that is meant. Raises DeviceConfigError for what such a device is not asked with."""
    key = TRANSPORTS[chosen.transport]
    strange = [name for name in asked if name not in KEYS[key] and not (key == "speedwire" and name == "host")]
    if strange:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in strange)
        raise DeviceConfigError(
            f"{chosen.id} speaks {chosen.transport}, and {options} says nothing of that: leave it out"
        )
    own = {name: value for name, value in asked.items() if name in KEYS[key]}
    broker = None
    try:
        if key == "mqtt":
            login = {"username": own.pop("user", None), "password": own.pop("password", None)}
            at = {name: own.pop(name) for name in ("host", "port") if name in own}
            broker = BrokerSection.model_validate({**at, **login})
        entry = DeviceEntry.model_validate({"id": chosen.id, "profile": chosen.id, key: own})
    except ValidationError as error:
        raise DeviceConfigError(_said(error)) from None
    return Subject(entry=entry, profile=filled_in(entry, chosen), broker_section=broker)


def _said(error: ValidationError) -> str:
    """What is wrong with the first of them; a secret is never repeated."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][-1]) if first["loc"] else "it"
    if name == "host":
        return f"host is {first['input']!r}: {FORMS['host']}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}"
