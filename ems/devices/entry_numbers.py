"""What the meter of an entry tells, by its profile and by points of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ems.config.schema import DeviceEntry, MqttSource
from ems.devices.http.entry_requests import requests_of
from ems.devices.http.profile import HttpProfile
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import ObisProfile
from ems.devices.profile import Profile
from ems.devices.rct.profile import RctProfile


def names_of(entry: DeviceEntry, found: Profile | None) -> frozenset[str]:
    """The numbers that the meter tells."""
    own: Iterable[str] = (entry.mqtt or entry.http or MqttSource()).points
    if isinstance(found, ModbusProfile | HybridProfile):
        return frozenset(found.maps["meter"].told)
    if isinstance(found, RctProfile):
        return frozenset(found.uses["meter"].points)
    if isinstance(found, HttpProfile):
        return frozenset(own) | frozenset(found.uses["meter"].points)
    if isinstance(found, ObisProfile):
        return frozenset(found.points)
    return frozenset(own) | frozenset(found.points if isinstance(found, MqttProfile) else ())


def signed_of(entry: DeviceEntry, found: Profile | None) -> frozenset[str]:
    """Its currents that carry their direction themselves."""
    if isinstance(found, HttpProfile) or (found is None and entry.http is not None):
        points = requests_of(entry, found, "meter")
        return frozenset(name for name, point in points.items() if point.signed)
    if isinstance(found, ModbusProfile | HybridProfile):
        return found.maps["meter"].signed
    own = {name: rule.signed for name, rule in (entry.mqtt.points if entry.mqtt else {}).items()}
    told = found.signed if isinstance(found, MqttProfile) else frozenset()
    return (told - own.keys()) | {name for name, signed in own.items() if signed}
