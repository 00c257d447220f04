"""One number of a Modbus device: where it is, and how its registers become our unit and our sign."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ems.devices.modbus.register_types import RegisterType, WordOrder, width
from ems.devices.profile_parts import Status

MAX_READ: Final = 125
"""Registers one read may ask for, Modbus application protocol §6.3 and §6.4."""

RegisterKind = Literal["input", "holding"]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]


class RegisterPoint(BaseModel):
    """One number of a device: where it is and how it becomes ours (raw x scale x sign)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    function: RegisterKind
    """`input` is read with function 4, `holding` with function 3."""

    address: Address
    """0-based, as on the wire."""

    type: RegisterType
    length: Annotated[int, Field(ge=1, le=MAX_READ)] | None = None
    """Registers of a string; numbers know their own."""

    words: tuple[Address, ...] = ()
    """Instead of `address`: each register of a number whose words are not side by side, as if they were."""

    word_order: WordOrder | None = None
    """Replaces the profile's word order for this point."""

    scale: float = 1.0
    exponent_at: Address | None = None
    """A register of the same kind that holds the power of ten that the number is multiplied with, from -10 to 10."""

    sign: Literal[1, -1] = 1
    """-1 where the maker counts the other way than we do (grid + import, solar + production, battery + discharge)."""

    signed: bool = False
    """For a current: it carries its direction itself. Otherwise it is a magnitude and the power tells the direction."""

    not_available: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Bit patterns, as unsigned numbers, by which the device says that it has no value."""

    status: Status = "verified"
    """Who says so."""

    @model_validator(mode="before")
    @classmethod
    def _begins_with_its_first_word(cls, content: object) -> object:
        if isinstance(content, dict) and content.get("words") and "address" not in content:
            return {**content, "address": content["words"][0]}
        return content

    @model_validator(mode="after")
    def _fits_its_type(self) -> RegisterPoint:
        if (self.type is RegisterType.STRING) != (self.length is not None):
            raise ValueError("length is for strings, and strings need one; numbers know their length")
        if self.words and (len(set(self.words)) != width(self.type) or self.words[0] != self.address):
            raise ValueError(f"words needs {width(self.type)} different registers for a {self.type}, and no address")
        if self.end > 0x10000:
            raise ValueError(f"a {self.type} at {self.address} would pass the last register, 65535")
        if self.span > MAX_READ:
            raise ValueError(f"its registers lie {self.span} apart; one read brings {MAX_READ}")
        return self

    @property
    def count(self) -> int:
        """Registers it takes."""
        return self.length or width(self.type) or 1

    @cached_property
    def cells(self) -> tuple[int, ...]:
        """The addresses of its words."""
        return self.words or tuple(range(self.address, self.address + self.count))

    @property
    def first(self) -> int:
        """The lowest address that a read must bring, its exponent's too: number and exponent come in one answer."""
        return min(self._needed)

    @property
    def end(self) -> int:
        """The first address behind everything that a read must bring."""
        return max(self._needed) + 1

    @property
    def span(self) -> int:
        """Registers of the shortest read that brings it."""
        return self.end - self.first

    @property
    def _needed(self) -> tuple[int, ...]:
        return self.cells if self.exponent_at is None else (*self.cells, self.exponent_at)
