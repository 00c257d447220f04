"""Where a Modbus device of the site file answers, and how fast it may be asked: what its profile says, where the file
says nothing."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

from ems.config.schema import DeviceEntry, ModbusAddress, SiteFile
from ems.devices.config_error import DeviceConfigError
from ems.devices.library import profile, profile_ids
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.wire import Line, SerialSetting
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.profile_parts import Carrier

TLS_PORT: Final = 802
"""Modbus/TCP Security, registered as mbap-s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the slowest device behind one address needs."""

    gap_s: float
    """Silence between two requests."""

    connect_delay_s: float
    """Silence before the first request of a connection."""


def address_of(stated: ModbusAddress, found: Profile) -> ModbusAddress:
    """The address, with the profile's port, unit and patience where the site file states none."""
    if not isinstance(found, ModbusProfile | HybridProfile):
        return stated
    usual = {
        "port": TLS_PORT if stated.over == "tls" else found.defaults.port,
        "unit": found.defaults.unit,
        "timeout_s": found.limits.answer_within_ms / 1000,
    }
    missing = {key: value for key, value in usual.items() if key not in stated.model_fields_set}
    return stated.model_copy(update=missing)


def line_of(address: ModbusAddress, found: Profile) -> Line:
    """The connection that a device answers on. Raises DeviceConfigError for certificates that cannot be used."""
    setting = SerialSetting(baud=address.baud, parity=address.parity, stop_bits=address.stop_bits)
    if address.serial is not None:
        return Line(over="serial", host=address.serial, serial=setting)
    over = address.over or _usual_carrier(found)
    tls = _tls(address) if over == "tls" else None
    return Line(over=over, host=address.host, port=address.port, tls=tls)


def _usual_carrier(found: Profile) -> Carrier:
    return found.defaults.over if isinstance(found, ModbusProfile | HybridProfile) else "tcp"


def _tls(address: ModbusAddress) -> ssl.SSLContext:
    """Who the device is gets checked, by name too; Modbus/TCP Security §5."""
    try:
        context = ssl.create_default_context(cafile=address.ca)
        if address.certificate is not None:
            context.load_cert_chain(address.certificate, address.key)
    except (OSError, ValueError) as err:
        raise DeviceConfigError(
            f"the certificates for {address.host}:{address.port} cannot be used ({err}): "
            "give ca, certificate and key as PEM files that this program may read"
        ) from err
    return context


def pace_of(file: SiteFile, key: tuple[str, int]) -> Pace:
    """The longest silences that any device at that place needs."""
    limits = [
        found.limits
        for entry in (*file.meters, *file.solar, *([file.battery] if file.battery else []))
        if (found := _modbus_profile(entry)) is not None and _key(entry, found) == key
    ]
    return Pace(
        gap_s=max((each.request_gap_ms for each in limits), default=0) / 1000,
        connect_delay_s=max((each.connect_delay_ms for each in limits), default=0) / 1000,
    )


def _modbus_profile(entry: DeviceEntry) -> ModbusProfile | HybridProfile | SunSpecProfile | None:
    if entry.modbus is None or entry.profile not in profile_ids():
        return None
    found = profile(entry.profile)
    return found if isinstance(found, ModbusProfile | HybridProfile | SunSpecProfile) else None


def _key(entry: DeviceEntry, found: Profile) -> tuple[str, int] | None:
    address = None if entry.modbus is None else address_of(entry.modbus, found)
    return None if address is None else address.place
