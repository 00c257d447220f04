"""How `ems devices` prints: tables, JSON on one line, and the units of points."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from typing import Final

from rich.console import Console
from rich.table import Table

from ems.cli.check_tables import PIPED_COLUMNS

WRONG_USE: Final = 2


_UNITS: Final = (
    *(("power", "W"), ("current", "A"), ("voltage", "V"), ("frequency", "Hz"), ("energy", "kWh"), ("soc", "0 to 1")),
    ("capacity", "kWh"),
    *(("PhV", "V"), ("DCWH", "Wh"), ("DCW", "W"), ("DCA", "A"), ("DCV", "V"), ("TotWh", "Wh"), ("WH", "Wh")),
    *(("VAr", "var"), ("VA", "VA"), ("Hz", "Hz"), ("Tmp", "°C"), ("W", "W"), ("A", "A"), ("length", "registers")),
)
"""Beginnings of names, ours and SunSpec's, the first that fits counts."""


def unit_of(name: str) -> str:
    """The unit of a point, ours or SunSpec's; empty for texts, states and counts."""
    return next((unit for beginning, unit in _UNITS if name.startswith(beginning)), "")


def wrong_use(said: str) -> int:
    """Say what was wrong with the call. The exit code."""
    sys.stderr.write(f"{said}\n")
    return WRONG_USE


def table(*headings: str, whole: Collection[str] = ()) -> Table:
    """An empty table whose cells wrap, but for the columns named in `whole`: what stands there is copied."""
    empty = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        empty.add_column(heading, overflow="fold", no_wrap=heading in whole)
    return empty


def console() -> Console:
    """The terminal, or a wide page when the output is piped."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=PIPED_COLUMNS)


def print_json(said: object) -> None:
    """One value on one line."""
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
