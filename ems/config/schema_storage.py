"""The sections of the site file about what is kept and counted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ems.config.kinds import BesideSiteFile, Number, Secret, Section, Whole


class TariffSection(Section):
    """What energy costs, for the cost of a session."""

    import_per_kwh: Annotated[Number, Field(ge=0, le=10)]
    """Price of a kWh from the grid, in the currency."""

    feed_in_per_kwh: Annotated[Number, Field(ge=0, le=10)] = 0.0
    """What the grid pays for a kWh of sun: what it costs to charge with it instead."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    """Three letters, as in ISO 4217."""


class StorageSection(Section):
    """Where the service keeps what it must not forget."""

    path: BesideSiteFile | None = None
    """Folder of the database, counted from the folder of this file."""

    url: Annotated[str, Field(max_length=500, pattern=r"^postgresql://[^\s]+$")] | None = None
    """A database on a PostgreSQL server instead, such as postgresql://fusewise@nas/fusewise, without its password."""

    password: Secret | None = None
    """Of the user in `url`."""

    journal_mb: Annotated[Whole, Field(ge=10, le=5000)] = 200
    """The journal drops its oldest entries above this."""
