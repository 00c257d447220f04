"""The MQTT topics of a device: its profile's, its prefix filled in, with rules of its own over them."""

from __future__ import annotations

from pydantic import ValidationError

from ems.config.schema import DeviceEntry, MqttRule
from ems.devices.config_error import DeviceConfigError
from ems.devices.mqtt.profile import KeepAlive, MqttProfile, TopicPoint


def topics_of(entry: DeviceEntry, found: MqttProfile | None) -> tuple[dict[str, TopicPoint], TopicPoint | None]:
    """The topic of every point, and the one that says whether the device is there. Raises DeviceConfigError."""
    source = entry.mqtt
    if source is None:
        raise DeviceConfigError(f"{entry.id} has no MQTT address: add mqtt: {{prefix: …}}")
    points = dict(found.points) if found else {}
    points |= {name: point_of(entry.id, rule) for name, rule in source.points.items()}
    availability = found.availability if found else None
    if source.availability:
        availability = point_of(entry.id, source.availability)
    topics = [*points.values(), *([availability] if availability else [])]
    if source.prefix is None and any("{p" in term.topic for each in topics for term in each.terms):
        raise DeviceConfigError(f"{entry.id} has no MQTT prefix: add mqtt: {{prefix: …}}, as the device shows it")
    prefix = source.prefix or ""
    return {name: each.under(prefix) for name, each in points.items()}, availability and availability.under(prefix)


def keepalive_of(entry: DeviceEntry, found: MqttProfile | None) -> KeepAlive | None:
    """What the device has to hear, lest it stop publishing."""
    if found is None or found.keepalive is None:
        return None
    return found.keepalive.under((entry.mqtt and entry.mqtt.prefix) or "")


def point_of(owner: str, rule: MqttRule) -> TopicPoint:
    """A rule as a point. Raises DeviceConfigError, in the name of its owner."""
    try:
        return TopicPoint(**rule.model_dump())
    except ValidationError as err:
        raise DeviceConfigError(f"{owner}: {err.errors()[0]['msg']}") from err
