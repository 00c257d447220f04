"""What every section of the site file is made of: its base, and the kinds of value with their bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.|-]{0,47}$")]
PhaseName = Literal["L1", "L2", "L3"]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""Strict: neither `"16"` nor `true` is a number."""

Whole = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
"""Strict: neither `"yes"` nor 1 is true; what is told here may be a safety proof."""

Amps = Annotated[Number, Field(ge=0, le=400)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Host = Annotated[str, Field(max_length=253, pattern=r"^([^\s/:@]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*:[0-9A-Za-z.:%]*)$")]
"""A name or address without scheme and port; colons only in an IPv6 address."""

Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^#+\x00]+$")]
"""One MQTT topic, without wildcards."""


def _version(value: object) -> object:
    """1.6 without quotes is a number to YAML."""
    return f"{value:g}" if isinstance(value, float) else value


OcppVersion = Annotated[Literal["1.6", "2.0.1", "2.1"], BeforeValidator(_version)]

_UNITS: Final = {"a": "A", "s": "s", "min": "min", "w": "W", "kw": "kW", "wh": "Wh", "kwh": "kWh", "mb": "MB"}


def _title(key: str, _: object) -> str:
    """The key as editors show it: `main_fuse_a` is `Main fuse (A)`."""
    words = key.split("_")
    unit = f" ({_UNITS[words.pop()]})" if words[-1] in _UNITS else ""
    return " ".join(words).capitalize() + unit


def _from_the_folder_of_the_site_file(path: str, info: ValidationInfo) -> str:
    folder = info.context
    return str(folder / path) if isinstance(folder, Path) else path


BesideSiteFile = Annotated[str, Field(min_length=1), AfterValidator(_from_the_folder_of_the_site_file)]
"""A path, counted from the folder of the site file."""


class Section(BaseModel):
    """Base of every section."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, field_title_generator=_title)


class Secret(Section):
    """A password kept outside this file."""

    env: Annotated[str, Field(min_length=1)] | None = None
    """Name of the environment variable that holds it."""

    file: BesideSiteFile | None = None
    """Path of a file that holds it, counted from the folder of this file; one trailing line end is dropped."""
