"""A recording: what a real device said where its profile reads, as a file that can be sent and played again.

It holds the numbers that the profile reads and nothing else: no serial number, no name, no address, no login. The file
is JSON, described in `docs/devices.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ems.devices.config_error import DeviceConfigError
from ems.devices.modbus.register_point import RegisterKind

LONGEST_FILE: Final = 256 * 1024
"""Characters; a longer text is no recording."""

Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Registers = Annotated[dict[Word, Word], Field(max_length=5000)]
Number = int | float | str | None


class Recording(BaseModel):
    """One look at a device."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    recording: Literal[1] = 1
    """The version of this format."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
    registers: Annotated[dict[RegisterKind, Registers], Field(max_length=2)] = {}
    """Words by kind and address, of a device with registers."""

    answers: Annotated[dict[str, dict[str, Number]], Field(max_length=50)] = {}
    """Numbers by request and path, of one that answers HTTP."""

    @property
    def words(self) -> Mapping[tuple[RegisterKind, int], int]:
        """The registers in one table."""
        return {(kind, at): word for kind, each in self.registers.items() for at, word in each.items()}

    def text(self) -> str:
        """As it stands in the file."""
        return self.model_dump_json(exclude_defaults=False, indent=1) + "\n"


def recording_of(text: str) -> Recording:
    """The recording in a file. Raises DeviceConfigError when it is none."""
    if len(text) > LONGEST_FILE:
        raise DeviceConfigError(f"this is no recording: it is longer than {LONGEST_FILE} characters")
    try:
        return Recording.model_validate_json(text)
    except ValidationError as err:
        first: Any = err.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise DeviceConfigError(f"this is no recording: {place}: {first['msg']}") from err
