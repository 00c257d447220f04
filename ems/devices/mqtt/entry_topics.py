"""The MQTT topics of a device: its profile's, its prefix filled in, with rules of its own over them."""

from __future__ import annotations

from pydantic import ValidationError

from ems.config.schema import DeviceEntry, MqttRule
from ems.devices.config_error import DeviceConfigError
from ems.devices.mqtt.portal import ANY
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
    prefix = prefix_of(entry, found)
    if prefix is None and any("{p" in term.topic for each in topics for term in each.terms):
        raise DeviceConfigError(f"{entry.id} has no MQTT prefix: add mqtt: {{prefix: …}}, as the device shows it")
    own = prefix or ""
    _check_place(entry, own, portal_topic_of(entry, found))
    return {name: each.under(own) for name, each in points.items()}, availability and availability.under(own)


def _check_place(entry: DeviceEntry, prefix: str, portal_topic: str | None) -> None:
    """Raises DeviceConfigError for a wildcard that stands for nothing."""
    rest = prefix.split("/")[0 if portal_topic is None else 1 :]
    if any(set(word) & {"+", "#"} for word in rest):
        raise DeviceConfigError(
            f"{entry.id} has the MQTT prefix {prefix}: + stands for a number that the device says itself, at the very "
            "front, and only of a profile that knows where; write the prefix as the device shows it"
        )


def prefix_of(entry: DeviceEntry, found: MqttProfile | None) -> str | None:
    """What fills `{prefix}`: `+` for a device that says its own number, where the site file says none."""
    stated = entry.mqtt.prefix if entry.mqtt else None
    return ANY if stated is None and found is not None and found.needs_no_prefix else stated


def portal_topic_of(entry: DeviceEntry, found: MqttProfile | None) -> str | None:
    """Where the device says its number, which its topics want; None where the site file states it."""
    prefix = prefix_of(entry, found)
    open_place = prefix is not None and prefix.partition("/")[0] == ANY
    return found.portal_topic if found is not None and open_place else None


def keepalive_of(entry: DeviceEntry, found: MqttProfile | None) -> KeepAlive | None:
    """What the device has to hear, lest it stop publishing."""
    if found is None or found.keepalive is None:
        return None
    return found.keepalive.under(prefix_of(entry, found) or "")


def point_of(owner: str, rule: MqttRule) -> TopicPoint:
    """A rule as a point. Raises DeviceConfigError, in the name of its owner."""
    try:
        return TopicPoint(**rule.model_dump())
    except ValidationError as err:
        raise DeviceConfigError(f"{owner}: {err.errors()[0]['msg']}") from err
