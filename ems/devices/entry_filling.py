"""A profile as one owner has the device: with the parameters and the sign that the site file states."""

from __future__ import annotations

from typing import Final

from ems.config.schema import DeviceEntry
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.parameters import FilledProfile
from ems.devices.profile import Profile

STATE_IT: Final = "State `invert: false` where that is so, `invert: true` where it is not."


def as_stated(entry: DeviceEntry, found: Profile) -> Profile:
    """The profile, filled in. Raises DeviceConfigError for what is not stated, or is not there."""
    for unsure in found.direction_unsure.values():
        if unsure.must_be_stated and "invert" not in entry.model_fields_set:
            raise DeviceConfigError(f"{entry.id}: {unsure.why}. {STATE_IT}")
    return filled_in(entry, found)


def is_fillable(found: Profile | None) -> bool:
    """Whether its owner fills something in."""
    return isinstance(found, FilledProfile) and bool(found.parameters)


def filled_in(entry: DeviceEntry, found: Profile) -> Profile:
    """The profile with the parameters alone. Raises DeviceConfigError for those that are not there."""
    if isinstance(found, HttpProfile):
        return found.filled(f"{entry.id}: http", entry.http.parameters if entry.http else {})
    if isinstance(found, MqttProfile):
        return found.filled(f"{entry.id}: mqtt", entry.mqtt.parameters if entry.mqtt else {})
    return found
