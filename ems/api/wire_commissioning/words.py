"""What the shapes of commissioning share."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ems.api.wire import Shape

PhaseWord = Literal["L1", "L2", "L3"]
SiteName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.|-]{0,47}$")]
"""As the site file names stations and circuits."""

FuseAmps = Annotated[float, Field(ge=6, le=125)]
Identity = Annotated[str, Field(max_length=200)]
PersonName = Annotated[str, Field(min_length=2, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Remark = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
MOST_CIRCUITS: Final = 40


class Limits(Shape):
    """Numbers that somebody sets: real ones only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
