"""A profile as it is recorded and played: with the names of its parameters in place of what an owner filled in."""

from __future__ import annotations

from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile
from ems.devices.mqtt.profile import MqttProfile


def named_http(filled: HttpProfile) -> HttpProfile:
    """The same points, asked for by those names. Raises DeviceConfigError for a profile that does not ship."""
    own = profile(filled.id)
    if not isinstance(own, HttpProfile):
        return filled
    whole = own.filled(own.id, own.as_named)
    uses = {
        kind: use.model_copy(
            update={"points": {name: point for name, point in use.points.items() if name in filled.uses[kind].points}}
        )
        for kind, use in whole.uses.items()
    }
    return whole.model_copy(update={"uses": uses})


def named_mqtt(filled: MqttProfile) -> MqttProfile:
    """The same points, published under those names. Raises DeviceConfigError for a profile that does not ship."""
    own = profile(filled.id)
    if not isinstance(own, MqttProfile):
        return filled
    whole = own.filled(own.id, own.as_named)
    return whole.model_copy(
        update={"points": {name: point for name, point in whole.points.items() if name in filled.points}}
    )
