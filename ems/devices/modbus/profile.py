"""Profiles of Modbus devices: what they can stand, and where their numbers are.

A device of one kind (`ModbusProfile`) has its points at the top; one that is several things at once, as a hybrid
inverter is (`HybridProfile`), has them under `uses`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from ems.devices.battery.profile import RegisterControl
from ems.devices.modbus.point_map import PointMap, check_texts
from ems.devices.modbus.register_point import MAX_READ, Address, RegisterKind, RegisterPoint
from ems.devices.modbus.register_types import WordOrder
from ems.devices.profile_parts import Carrier, Kind, ProfileHead, ProfilePart, Status, require_known_points, weakest

_TABLES: Final = ("points", "parts")


class ModbusDefaults(ProfilePart):
    """Where the device answers as it comes from its maker; the site file may say otherwise."""

    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    over: Carrier = "tcp"


class SerialLine(ProfilePart):
    """How the gateway in front of an RS-485 device must be set, as the device comes from its maker."""

    baudrate: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1

    def __str__(self) -> str:
        return f"{self.baudrate} baud, 8{self.parity}{self.stopbits}"


class ModbusLimits(ProfilePart):
    """What the device, or the gateway in front of it, can stand."""

    clients: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many may be connected at once; None when nobody knows of a limit."""

    connect_delay_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Silence between the connection and the first request on it."""

    request_gap_ms: Annotated[int, Field(ge=0, le=5000)] = 0
    """Silence between an answer and the next request on the same connection."""

    answer_within_ms: Annotated[int, Field(ge=100, le=30_000)] = 1000
    """How long an answer may take, where the site file does not say."""

    period_s: Annotated[float, Field(ge=0.02, le=60)] | None = None
    """The shortest time between two samples that does not overload the device."""

    max_registers_per_read: Annotated[int, Field(ge=2, le=MAX_READ)] = MAX_READ
    max_gap_registers: Annotated[int, Field(ge=0, le=MAX_READ)] = 0
    """Unused registers a read may bridge to save a request."""

    careful_registers_per_read: Annotated[int, Field(ge=2, le=MAX_READ)] = 10
    """Read no more at once, and bridge nothing, after the device refused a longer read."""


class WordOrderSetting(ProfilePart):
    """A register in which the device tells the word order that its owner chose; read after every connection."""

    function: RegisterKind
    address: Address
    values: Annotated[dict[int, WordOrder], Field(min_length=1)]


class IdentityRegisters(ProfilePart):
    """Registers in which the device says what it is."""

    function: RegisterKind
    address: Address
    length: Annotated[int, Field(ge=1, le=32)] = 1
    says: Annotated[tuple[int | str, ...], Field(min_length=1, max_length=50)]
    """Numbers of one register, or texts that begin with one of these."""

    status: Status = "verified"
    """Who says so."""


class ModbusHead(ProfileHead):
    """What all profiles of Modbus devices have."""

    transport: Literal["modbus"]
    defaults: ModbusDefaults = ModbusDefaults()
    serial: SerialLine | None = None
    word_order: WordOrder = WordOrder.BIG
    word_order_setting: WordOrderSetting | None = None
    limits: ModbusLimits = ModbusLimits()
    identity: IdentityRegisters | None = None
    sunspec_maker: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """How the maker's name begins in the SunSpec model 1 of such devices, beside their own registers."""
    control: RegisterControl | None = None
    """How its battery takes bounds of its power; None where that is not known well enough to be written."""

    every_point: dict[str, Any] = Field(default_factory=dict)
    """What all points have in common and need not repeat, such as `{function: input, type: float32}`."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_what_is_common(cls, content: object) -> object:
        if not isinstance(content, dict):
            return content
        common = content.get("every_point")
        return _filled(content, common) if isinstance(common, dict) else content

    @model_validator(mode="after")
    def _reads_fit(self) -> ModbusHead:
        if self.control is not None and "battery" not in self.maps:
            raise ValueError("control is for batteries")
        for kind, each in self.maps.items():
            require_known_points(kind, each.told)
            check_texts(each)
            for name, point in each.rows.items():
                if point.span > self.limits.max_registers_per_read:
                    raise ValueError(f"{name} is longer than one read of this device")
        return self

    @property
    @abstractmethod
    def maps(self) -> Mapping[Kind, PointMap]:
        """What each use of the device reads."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(self.maps)

    @property
    def status(self) -> Status:
        return weakest(each.vouched for each in self.maps.values())

    @property
    def experimental_as(self) -> Mapping[Kind, str]:
        return {kind: each.experimental for kind, each in self.maps.items() if each.experimental is not None}

    @property
    def careful_registers(self) -> int:
        """The longest read after a refusal: no point is ever split."""
        spans = [point.span for each in self.maps.values() for point in each.rows.values()]
        return max(self.limits.careful_registers_per_read, *spans)


class ModbusProfile(ModbusHead, PointMap):
    """A device of one kind with a fixed register map."""

    kind: Kind

    @property
    def maps(self) -> Mapping[Kind, PointMap]:
        return {self.kind: self}


class HybridProfile(ModbusHead):
    """A device that is several things at once, such as an inverter with its battery and its grid meter."""

    uses: Annotated[dict[Kind, PointMap], Field(min_length=1)]

    @property
    def maps(self) -> Mapping[Kind, PointMap]:
        return self.uses


def _filled(content: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """The same content, with `common` in every point that does not say otherwise."""
    unknown = set(common) - RegisterPoint.model_fields.keys()
    if unknown:
        raise ValueError(f"every_point has {', '.join(sorted(unknown))}, which no point has")
    filled = dict(content)
    for table in _TABLES:
        if isinstance(content.get(table), dict):
            filled[table] = {
                name: {**common, **point} if isinstance(point, dict) else point
                for name, point in content[table].items()
            }
    if isinstance(content.get("uses"), dict):
        filled["uses"] = {
            kind: _filled(use, common) if isinstance(use, dict) else use for kind, use in content["uses"].items()
        }
    return filled
