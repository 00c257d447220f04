"""Cars: what another program knows of them, and how full people want them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from ems.api.wire.words import Shape, VehicleName

MOST_REPORTS: Final = 20
GUEST: Final = "Guest"
OLDEST_S: Final = 31_536_000.0
"""A year: what a car told before is no older."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""0 to 1."""


class VehicleReport(Shape):
    """What a program knows of one car; null says nothing, and what was known stays."""

    vehicle: VehicleName
    age_s: Annotated[float, Field(ge=0, le=OLDEST_S, allow_inf_nan=False)]
    """How long ago the car told it, as this request is sent."""

    taken_at: AwareDatetime | None = None
    """The same as a time; where the two differ the older one counts."""

    soc: Share | None = None
    """State of charge."""

    range_km: Annotated[float, Field(ge=0, le=5000, allow_inf_nan=False)] | None = None
    at_home: bool | None = None
    capacity_kwh: Annotated[float, Field(gt=0, le=500, allow_inf_nan=False)] | None = None
    """Size of its battery, where the site file does not say it."""


class VehicleReports(Shape):
    """Body of `POST /vehicles/reports`."""

    reports: Annotated[tuple[VehicleReport, ...], Field(min_length=1, max_length=MOST_REPORTS)]


class VehicleWish(Shape):
    """Body of `PUT /vehicles/settings`; null clears."""

    vehicle: VehicleName
    target_soc: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    """There the car pauses."""

    minimum_soc: Share | None = None
    """Below it the car charges at once, whatever the sun does."""


class GuestWish(Shape):
    """Body of `PUT /stations/{id}/guest`."""

    vehicle: VehicleName = GUEST


class VehicleState(Shape):
    """One car."""

    name: str
    station: str | None
    """Whose car it is taken to be now."""

    guest: bool
    """Whether it is that for this stay only."""

    soc: float | None
    soc_age_s: float | None
    soc_stale: bool
    """So old that it stops no car."""

    range_km: float | None
    range_age_s: float | None
    at_home: bool | None
    at_home_age_s: float | None
    capacity_kwh: float | None
    target_soc: float | None
    minimum_soc: float | None
    to_target_kwh: float | None
    """What is missing from its state of charge as reported to its target; null where something of that is unknown."""

    below_minimum: bool
    """It charges for that, whatever the sun does."""

    client: str | None
    """Who reported last."""
