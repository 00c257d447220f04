"""The rows of quirks that ship: for each kind of station what is peculiar about it, and who says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Literal

from pydantic import Field
from ruamel.yaml import YAML

from ems.config.kinds import Section, Switch
from ems.config.schema_quirks import QuirkSection
from ems.csms.messages import Boot
from ems.csms.quirks.firmware import LONGEST, FirmwareRange

Reference = Annotated[str, Field(pattern=r"^([\w.-]+/[\w.-]+#\d+|evcc(:[\w-]+)?|hass-docs)$")]
Expression = Annotated[str, Field(min_length=1, max_length=200)]

CONFIDENCE_WORDS: Final = {"c": "several reports", "r": "one report", "i": "inferred"}


class Example(Section):
    """What a station may say of itself."""

    vendor: str
    model: str
    firmware: str
    matches: Switch = True
    """False for one that the row does not mean."""

    @property
    def boot(self) -> Boot:
        return Boot(vendor=self.vendor, model=self.model, firmware=self.firmware)


class QuirkRow(Section):
    """What is known of one kind of station."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    vendor: Expression
    """Regular expression for the vendor, without regard to case."""

    model: Expression | None = None
    """The same for the model."""

    firmware: Expression | None = None
    """Range of versions, such as `>=5,<6`."""

    confidence: Literal["c", "r", "i"]
    """Several reports, one report, or inferred."""

    why: Annotated[str, Field(min_length=1, max_length=400)]
    refs: Annotated[tuple[Reference, ...], Field(min_length=1)]
    examples: Annotated[tuple[Example, ...], Field(min_length=1)]
    quirks: QuirkSection


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row made ready for matching."""

    row: QuirkRow
    vendor: re.Pattern[str]
    model: re.Pattern[str] | None
    firmware: FirmwareRange | None

    @classmethod
    def of(cls, row: QuirkRow) -> Pattern:
        """Raises re.error or ValueError for what cannot be matched."""
        return cls(
            row=row,
            vendor=re.compile(row.vendor, re.IGNORECASE),
            model=None if row.model is None else re.compile(row.model, re.IGNORECASE),
            firmware=None if row.firmware is None else FirmwareRange(row.firmware),
        )

    @property
    def specificity(self) -> int:
        """More for a row that asks for more."""
        return 2 * (self.model is not None) + (self.firmware is not None)

    def takes(self, boot: Boot) -> bool:
        """Whether the row is about that station."""
        if self.vendor.search(boot.vendor[:LONGEST].strip()) is None:
            return False
        if self.model is not None and self.model.search(boot.model[:LONGEST].strip()) is None:
            return False
        return self.firmware is None or self.firmware.holds(boot.firmware)


@cache
def patterns() -> tuple[Pattern, ...]:
    """Every row, the general ones first."""
    return tuple(sorted((Pattern.of(row) for row in rows()), key=lambda pattern: pattern.specificity))


def rows() -> Iterator[QuirkRow]:
    """Every row as it stands in the file."""
    text = (files("ems.csms.quirks") / "vendors.yaml").read_text(encoding="utf-8")
    for each in YAML(typ="safe", pure=True).load(text):
        yield QuirkRow.model_validate(each)


def rows_for(boot: Boot) -> Iterator[QuirkRow]:
    """The rows about that station, the general ones first."""
    return (pattern.row for pattern in patterns() if pattern.takes(boot))
