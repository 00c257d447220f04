"""Device profiles: one YAML file per device family under `profiles/`, checked against these models.

A profile says where a device's numbers are and how they become ours. Nine transports: `modbus` (a register map,
`modbus.profile`), `sunspec` (the device describes itself), `mqtt` (topics and paths, `mqtt.profile`), `http` (requests
and paths, `http.profile`), `rct` (numbered objects, `rct.profile`), and with OBIS codes (`obis_profile`) `p1`,
`speedwire`, `sml` and `sml_page`. Names of points: `ems.devices.sample`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.modbus.profile import HybridProfile, ModbusLimits, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile_parts import Kind, ProfileHead, Status
from ems.devices.rct.profile import RctProfile


class ProfileError(DeviceConfigError):
    """A text is no device profile; says which key is wrong, and why."""

    code: ClassVar[str] = "device_profile"


class SunSpecProfile(ProfileHead):
    """A device that describes itself by SunSpec models."""

    transport: Literal["sunspec"]
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    limits: ModbusLimits = ModbusLimits()
    sunspec_maker: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """How the maker's name begins in model 1; None for devices of any maker."""

    @property
    def status(self) -> Status:
        """SunSpec's own tables say where everything is."""
        return "vendor"


Profile = (
    ModbusProfile
    | HybridProfile
    | SunSpecProfile
    | MqttProfile
    | HttpProfile
    | P1Profile
    | SpeedwireProfile
    | RctProfile
    | SmlProfile
    | SmlPageProfile
)


def _shape(content: dict[str, object]) -> str:
    """Which model a profile's content is for."""
    transport = str(content.get("transport", "nothing"))
    return "hybrid" if transport == "modbus" and "uses" in content else transport


_PROFILE: Final[TypeAdapter[Profile]] = TypeAdapter(
    Annotated[
        Annotated[ModbusProfile, Tag("modbus")]
        | Annotated[HybridProfile, Tag("hybrid")]
        | Annotated[SunSpecProfile, Tag("sunspec")]
        | Annotated[MqttProfile, Tag("mqtt")]
        | Annotated[HttpProfile, Tag("http")]
        | Annotated[P1Profile, Tag("p1")]
        | Annotated[SpeedwireProfile, Tag("speedwire")]
        | Annotated[RctProfile, Tag("rct")]
        | Annotated[SmlProfile, Tag("sml")]
        | Annotated[SmlPageProfile, Tag("sml_page")],
        Discriminator(
            _shape,
            custom_error_type="transport",
            custom_error_message="transport is none of modbus, sunspec, mqtt, http, p1, speedwire, rct, sml, sml_page",
        ),
    ]
)


def parse_profile(text: str) -> Profile:
    """A profile from YAML. Raises ProfileError when it is not one."""
    try:
        content: Any = YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as err:
        raise ProfileError(f"this is no YAML: {err}") from err
    if not isinstance(content, dict):
        raise ProfileError("a profile must be a valid dictionary, beginning with id: …")
    try:
        return _PROFILE.validate_python(content)
    except ValidationError as err:
        raise ProfileError(f"profile {content.get('id')}: {'; '.join(_faults(content, err))}") from err


_PLAIN: Final[Mapping[str, str]] = {"missing": "is missing", "extra_forbidden": "is not a known key"}


def _faults(content: dict[str, Any], err: ValidationError) -> Iterator[str]:
    for fault in err.errors(include_url=False):
        place = ".".join(str(step) for step in fault["loc"][1:])
        if fault["type"] == "transport":
            place = f"transport {content.get('transport')}"
        words = _PLAIN.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        yield f"{place}: {words}" if place else words
