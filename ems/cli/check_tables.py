"""What `ems check` prints for people: the tree of circuits, the proof as a table, the notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from ems.cli.check_caps import cap_lines, circuit_cap
from ems.config.schema import SiteFile
from ems.control.fallback import FuseProof, is_covered
from ems.model.electrical import PHASES_OF, Circuit, Wiring
from ems.model.site import Site, Station

PIPED_COLUMNS: Final = 200
"""Width where nobody watches: a pipe has no columns, and a fact cut off is a fact lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCheck:
    """A valid site file with all that `ems check` says about it."""

    name: str
    file: SiteFile
    site: Site
    rows: tuple[FuseProof, ...]
    notes: tuple[str, ...]

    @property
    def covered(self) -> bool:
        return is_covered(self.rows)


def print_check(checked: SiteCheck) -> None:
    """Print everything to standard output."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    console.print(_tree(checked))
    console.print(_table(checked.rows))
    for note in checked.notes:
        console.print(Text(f"· {note}"), soft_wrap=True)
    verdict = "Every fuse is covered." if checked.covered else "At least one fuse is NOT covered."
    console.print(Text(verdict, style="bold green" if checked.covered else "bold red"))


def _tree(checked: SiteCheck) -> Tree:
    site = checked.site
    root = Tree(Text(checked.name, style="bold"))
    branches: dict[str | None, Tree] = {None: root}
    for circuit in site.circuits:
        branch = branches[circuit.parent_id].add(Text(_circuit_line(checked, circuit)))
        branches[circuit.circuit_id] = branch
        for station in site.stations:
            if station.circuit_id == circuit.circuit_id:
                branch.add(Text(_station_line(station)))
    for line in cap_lines(site, checked.file):
        root.add(Text(line))
    return root


def _circuit_line(checked: SiteCheck, circuit: Circuit) -> str:
    unstated = circuit.parent_id is None and not checked.site.commissioned
    rating = f"{in_a(circuit.fuse.rating_a)} assumed" if unstated else in_a(circuit.fuse.rating_a)
    fuse = f"{len(circuit.phases)} × {rating} {circuit.fuse.device.value}"
    extras = [
        f"reserve {in_a(circuit.reserve_a)}" if circuit.reserve_a else "",
        f"derating {circuit.derating:g}" if circuit.derating < 1 else "",
        circuit_cap(circuit),
        _meter(checked, circuit),
    ]
    phases = "" if circuit.phases in PHASES_OF.values() else f" on {names_of(circuit.phases)}"
    return f"{circuit.circuit_id}: {fuse}{phases}, {', '.join(extra for extra in extras if extra)}"


def _meter(checked: SiteCheck, circuit: Circuit) -> str:
    meter = next((each for each in checked.file.meters if each.circuit == circuit.circuit_id), None)
    return f"meter {meter.id} every {meter.period_s:g} s" if meter else "no meter"


def _station_line(station: Station) -> str:
    words = [
        names_of(station.wiring),
        f"{station.min_a:g} to {in_a(station.max_a)}",
        f"fallback {in_a(station.fallback_a)}",
        "verified" if station.lease_verified else "not verified",
        "switches phases" if station.can_switch_phases else "",
        station.goal.mode.value,
    ]
    return f"station {station.station_id}: {', '.join(word for word in words if word)}"


def _table(rows: Iterable[FuseProof]) -> Table:
    table = Table(title="Without control", title_justify="left", title_style="bold")
    for heading in ("fuse", "phase"):
        table.add_column(heading, overflow="fold")
    for heading in ("stations", "other load", "sum", "bound"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("covered", overflow="fold")
    for row in rows:
        total_a = None if row.other_load_a is None else row.stations_a + row.other_load_a
        said = "yes" if row.covered else f"NO: {', '.join(row.culprits) or 'the other load alone'}"
        cells = (row.circuit_id, row.phase.name, *map(in_a, (row.stations_a, row.other_load_a, total_a, row.bound_a)))
        table.add_row(*map(Text, cells), Text(said, style="green" if row.covered else "bold red", overflow="fold"))
    return table


def in_a(current_a: float | None) -> str:
    """A current for people, such as `7.5 A`."""
    return "unknown" if current_a is None else f"{round(current_a, 1):g} A"


def names_of(wiring: Wiring) -> str:
    """Phases for people, such as `L2 L3 L1`."""
    return " ".join(phase.name for phase in wiring)
