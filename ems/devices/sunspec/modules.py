"""Which modules of SunSpec's model 160 are a battery's, where a maker's devices say it so."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ems.devices.profile_parts import ProfilePart

Number = Annotated[int, Field(ge=1, le=20)]
"""Counted from 1."""


class StorageModules(ProfilePart):
    """The modules of a device that has a battery (model 124) and exactly so many of them."""

    strings: Annotated[tuple[Number, ...], Field(min_length=1)]
    """Where the sun comes in."""

    charge: Number
    discharge: Number

    @model_validator(mode="after")
    def _are_all(self) -> StorageModules:
        named = sorted((*self.strings, self.charge, self.discharge))
        if named != list(range(1, len(named) + 1)):
            raise ValueError("name every module from 1 on, each once")
        return self

    @property
    def count(self) -> int:
        """How many modules there are with the battery."""
        return len(self.strings) + 2
