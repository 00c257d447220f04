"""Which column or entity of somebody else's file is which quantity of a trace: `load_w=Verbrauch:kW`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ems.sim.traces.errors import TraceError
from ems.sim.traces.trace import COLUMNS, LOAD_PHASES, PRICE

_POWER_UNITS: Final = {"W": 1.0, "kW": 1000.0}
_PRICE_UNITS: Final = {"EUR/kWh": 1.0, "ct/kWh": 0.01, "EUR/MWh": 0.001}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a quantity is found."""

    role: str
    """One of `ems.sim.traces.trace.COLUMNS`."""

    column: str
    factor: float
    """The file's number times this is ours; negative where the file counts the other way round."""


def parse_sources(texts: Iterable[str]) -> list[Source]:
    """Sources from texts like `grid_w=sensor.meter:-kW`; a minus turns the sign. Raises TraceError."""
    sources = [_source(text) for text in texts]
    roles = [source.role for source in sources]
    twice = sorted({role for role in roles if roles.count(role) > 1})
    if twice:
        raise TraceError("--map", f"names {twice[0]} twice", "keep one of them")
    if not sources:
        raise TraceError("--map", "is missing", "say what is what, such as load_w=Verbrauch:kW")
    return sources


def check_load(sources: Iterable[Source]) -> None:
    """Raises TraceError where the grid stands alone: nobody can tell the house's load from it."""
    roles = {source.role for source in sources}
    if "grid_w" in roles and not {"load_w", "pv_w"} & roles and not set(LOAD_PHASES) <= roles:
        cure = "map pv_w too, or the same column as load_w for a house without sun"
        raise TraceError("--map", "has grid_w alone, which gives no load", cure)


def _source(text: str) -> Source:
    role, equals, rest = text.partition("=")
    column, colon, unit = rest.rpartition(":")
    if not (equals and colon and column):
        raise TraceError("--map", f"{text!r} says too little", "write it like load_w=Verbrauch:kW")
    if role not in COLUMNS:
        raise TraceError("--map", f"{role!r} is no quantity of a trace", f"use one of {', '.join(COLUMNS)}")
    units = _PRICE_UNITS if role == PRICE else _POWER_UNITS
    sign = -1.0 if unit.startswith("-") else 1.0
    size = units.get(unit.removeprefix("-"))
    if size is None:
        raise TraceError(
            "--map", f"{unit!r} is no unit of {role}", f"use one of {', '.join(units)}, or -{next(iter(units))}"
        )
    return Source(role=role, column=column, factor=sign * size)
