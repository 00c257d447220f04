"""Which quirks a station has, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.config.schema_quirks import QuirkSection
from ems.csms.messages import Boot
from ems.csms.quirks.rows import rows_for

NONE: Final = QuirkSection()
SITE_FILE: Final = "site file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The quirks of one station."""

    quirks: QuirkSection = NONE
    rows: tuple[str, ...] = ()
    """Names of the rows that are about it, the general ones first; none for a station that nobody knows."""

    said_by: Mapping[str, str] = field(default_factory=dict)
    """For each quirk the row that says so, or `SITE_FILE`."""


def match(boot: Boot | None, own: QuirkSection | None = None) -> Match:
    """The rows about that station over each other, and over them what the site file says.

    None for a station that has not said yet who it is.
    """
    values: dict[str, object] = {}
    said_by: dict[str, str] = {}
    found = () if boot is None else tuple(rows_for(boot))
    for name, quirks in [*((row.name, row.quirks) for row in found), (SITE_FILE, own or NONE)]:
        for key in quirks.model_fields_set:
            values[key] = getattr(quirks, key)
            said_by[key] = name
    return Match(quirks=NONE.model_copy(update=values), rows=tuple(row.name for row in found), said_by=said_by)
