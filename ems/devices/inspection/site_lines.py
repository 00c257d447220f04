"""What the site file says of a device that was found. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ems.devices.parameters import FilledProfile
from ems.devices.profile import Profile
from ems.devices.profile_parts import Kind

SECTIONS: Final[Mapping[Kind, tuple[str, str]]] = {
    "meter": ("meters", "grid"),
    "inverter": ("solar", "roof"),
    "battery": ("battery", "cellar"),
}
"""Where each use stands, and an id for it."""

TRANSPORTS: Final[Mapping[str, str]] = {
    "modbus": "modbus",
    "sunspec": "modbus",
    "mqtt": "mqtt",
    "http": "http",
    "p1": "p1",
    "speedwire": "speedwire",
    "rct": "rct",
    "sml": "sml",
    "sml_page": "http",
}
"""The key that says where such a profile's device answers."""

BROKER: Final = ("host", "port")
"""Of MQTT, these are the broker's."""


def site_lines(profile: Profile, where: Mapping[str, object], kinds: Sequence[Kind] = ()) -> tuple[str, ...]:
    """The lines for all uses of the device, or for those `kinds` alone; `where` is where it answers."""
    return tuple(_lines(profile, where, [kind for kind in profile.kinds if not kinds or kind in kinds]))


def _lines(profile: Profile, where: Mapping[str, object], kinds: Sequence[Kind]) -> Iterator[str]:
    key = TRANSPORTS[profile.transport]
    own = dict(where)
    if key == "mqtt":
        yield f"mqtt: {_flow({name: own.pop(name) for name in BROKER if name in own})}"
    if isinstance(profile, FilledProfile) and profile.parameters:
        own["parameters"] = profile.as_named
    for kind in kinds:
        section, name = SECTIONS[kind]
        yield f"{section}:"
        dash, indent = ("- ", "    ") if kind != "battery" else ("", "  ")
        yield f"  {dash}id: {name}"
        yield f"{indent}profile: {profile.id}"
        if profile.must_state_direction(kind):
            yield f"{indent}invert: false # or true: look at its direction"
        yield f"{indent}{key}: {_flow(own)}"


def _flow(values: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value)}" for name, value in values.items()) + "}"


def _scalar(value: object) -> str:
    """As YAML reads it back: texts with anything beside the plainest signs in quotation marks."""
    text = json.dumps(value)
    return str(value) if isinstance(value, str) and value.replace(".", "").replace("-", "").isalnum() else text
