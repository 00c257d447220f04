"""A recording: what a real device said where its profile reads, as a file that can be sent and played again.

It holds what the profile reads and little else: no address, no login, no serial number unless it was asked for. The
file is JSON, described in `docs/devices.md`. A further carrier has a list of its own here, a row in `recorder` and one
in `ems.sim.wire.replayed`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ems.devices.config_error import DeviceConfigError
from ems.devices.modbus.register_point import RegisterKind

NEWEST: Final = 2
"""The version of this format that is written; older ones are read."""

LONGEST_FILE: Final = 1024 * 1024
"""Characters; a longer text is no recording."""

MOST_HEARD: Final = 2000
"""Messages, telegrams or datagrams of one recording."""

MOST_HEARD_CHARACTERS: Final = 640 * 1024
"""Of all that was heard, so that the file stays below its limit."""

LONGEST_S: Final = 600.0

Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Registers = Annotated[dict[Word, Word], Field(max_length=5000)]
Number = int | float | str | None
ObjectName = Annotated[str, Field(pattern=r"^0x[0-9A-F]{8}$")]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S)]
"""Since the recording began."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HeardMessage(_Part):
    """One MQTT message, as far as the profile reads it."""

    at_s: Seconds
    topic: Annotated[str, Field(min_length=1, max_length=200)]
    """As in the profile, with its `{prefix}`."""

    values: Annotated[dict[Annotated[str, Field(max_length=200)], Number], Field(max_length=100)] = {}
    """By path; a plain number stands under the empty one."""

    retained: bool = False
    broken: bool = False
    """It was no message that anybody can read."""


class HeardTelegram(_Part):
    """One telegram of a smart meter, from its `/` to the end of its last line."""

    at_s: Seconds
    text: Annotated[str, Field(min_length=1, max_length=16 * 1024)]


class HeardDatagram(_Part):
    """One message of an energy meter."""

    at_s: Seconds
    content: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){1,2048}$")]
    """Its bytes in hexadecimal."""


class HeardFrame(_Part):
    """One SML telegram, from its first escape to its checksum."""

    at_s: Seconds
    content: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){16,10240}$")]
    """Its bytes in hexadecimal."""


class Recording(_Part):
    """One look at a device, or some time of listening to it."""

    recording: Literal[1, 2] = 2
    """The version of this format."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
    registers: Annotated[dict[RegisterKind, Registers], Field(max_length=2)] = {}
    """Words by kind and address, of a device with registers."""

    answers: Annotated[dict[str, dict[str, Number]], Field(max_length=50)] = {}
    """Numbers by request and path, of one that answers HTTP."""

    objects: Annotated[dict[ObjectName, float | None], Field(max_length=200)] = {}
    """Numbers by object, of a device with numbered objects; None for one that tells no number."""

    messages: Annotated[tuple[HeardMessage, ...], Field(max_length=MOST_HEARD)] = ()
    telegrams: Annotated[tuple[HeardTelegram, ...], Field(max_length=MOST_HEARD)] = ()
    datagrams: Annotated[tuple[HeardDatagram, ...], Field(max_length=MOST_HEARD)] = ()
    frames: Annotated[tuple[HeardFrame, ...], Field(max_length=MOST_HEARD)] = ()

    @property
    def words(self) -> Mapping[tuple[RegisterKind, int], int]:
        """The registers in one table."""
        return {(kind, at): word for kind, each in self.registers.items() for at, word in each.items()}

    @property
    def amounts(self) -> Mapping[str, int]:
        """How much of what is in it, with nouns in the plural; nothing is told of what there is none of."""
        counted = {
            "registers": len(self.words),
            "numbers": sum(map(len, self.answers.values())),
            "objects": len(self.objects),
            "messages": len(self.messages),
            "telegrams": len(self.telegrams),
            "datagrams": len(self.datagrams),
            "frames": len(self.frames),
        }
        return {noun: amount for noun, amount in counted.items() if amount}

    @property
    def is_empty(self) -> bool:
        """Whether the device said nothing that its profile reads."""
        read = any(self.registers.values()) or any(self.answers.values())
        told = any(value is not None for value in self.objects.values()) or any(each.values for each in self.messages)
        return not (read or told or self.telegrams or self.datagrams or self.frames)

    def text(self) -> str:
        """As it stands in the file."""
        return self.model_dump_json(exclude_defaults=False, exclude_unset=True, indent=1) + "\n"


def recording_of(text: str) -> Recording:
    """The recording in a file. Raises DeviceConfigError when it is none."""
    if len(text) > LONGEST_FILE:
        raise DeviceConfigError(f"this is no recording: it is longer than {LONGEST_FILE} characters")
    _check_version(text)
    try:
        return Recording.model_validate_json(text)
    except ValidationError as err:
        first: Any = err.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise DeviceConfigError(f"this is no recording: {place}: {first['msg']}") from err


def _check_version(text: str) -> None:
    """Say it plainly where a newer program wrote the file."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    version = content.get("recording") if isinstance(content, dict) else None
    if isinstance(version, int) and version > NEWEST:
        raise DeviceConfigError(
            f"this is no recording that this program knows: it has version {version}, and {NEWEST} is the newest here"
        )
